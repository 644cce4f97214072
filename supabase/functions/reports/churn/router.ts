import type { App } from "../../_shared/app.ts";
import { churnBySegment } from "./by_segment.ts";
import { churnCohorts } from "./cohorts.ts";
import { churnFactors } from "./factors.ts";
import { retentionActions } from "./retention_actions.ts";
import { churnSurvival } from "./survival.ts";
import { churnTrends } from "./trends.ts";

/** How many clients and how much revenue come, stay and go. */
export function churnReports(app: App) {
  churnTrends(app);
  churnBySegment(app);
  churnCohorts(app);
  churnSurvival(app);
  churnFactors(app);
  retentionActions(app);
}
