import { createApp } from "../_shared/app.ts";
import { campaignAnalytics } from "./campaign.ts";
import { leadCharts } from "./charts.ts";
import {
  conversionBySource,
  counselorPerformance,
  leadAlerts,
  leadFunnel,
  leadKpis,
  leadVolume,
} from "./leads.ts";
import { smsDashboard } from "./sms_dashboard.ts";

/** Figures of leads, messages and campaigns. */
export const router = createApp("analytics");

leadKpis(router);
leadVolume(router);
leadFunnel(router);
conversionBySource(router);
counselorPerformance(router);
leadAlerts(router);
leadCharts(router);
smsDashboard(router);
campaignAnalytics(router);
