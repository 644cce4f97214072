import { createApp } from "../_shared/app.ts";
import { campaignAnalytics } from "./campaign.ts";
import { smsDashboard } from "./sms_dashboard.ts";

/** How texts and campaigns do, over time and in detail. */
export const router = createApp("analytics");

smsDashboard(router);
campaignAnalytics(router);
