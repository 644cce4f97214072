import { createApp } from "../_shared/app.ts";
import { leadsPerAssignee } from "./leads_per_assignee.ts";
import { metrics, statusDistribution } from "./metrics.ts";
import { slaPerformance } from "./sla_performance.ts";

/** Figures of leads, assignees and response times. */
export const router = createApp("dashboard");

metrics(router);
leadsPerAssignee(router);
slaPerformance(router);
statusDistribution(router);
