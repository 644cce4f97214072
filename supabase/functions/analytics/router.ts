import { createApp } from "../_shared/app.ts";
import { campaignAnalytics } from "./campaign.ts";
import { smsDashboard } from "./sms_dashboard.ts";

/** Figures of messages and campaigns. */
export const router = createApp("analytics");

smsDashboard(router);
campaignAnalytics(router);
