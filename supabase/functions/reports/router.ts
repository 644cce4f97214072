import { createApp } from "../_shared/app.ts";
import { buildReport, previewReport } from "./build.ts";
import { churnReports } from "./churn/router.ts";
import { reportCharts } from "./chart.ts";
import { copyReport } from "./copy.ts";
import { deleteReport, restoreReport } from "./delete.ts";
import { exportReport } from "./export.ts";
import { listReportFields } from "./fields.ts";
import { downloadReport } from "./file.ts";
import { getReport, previewSavedReport } from "./get.ts";
import { reportLinks } from "./links.ts";
import { listReports } from "./list.ts";
import { getReportRun, listReportHistory, listReportRunRows } from "./runs.ts";
import { reportSchedules } from "./schedules.ts";
import { reportSettings } from "./settings.ts";
import { openReportLink } from "./shared.ts";
import { listReportTemplates } from "./templates.ts";
import { updateReport } from "./update.ts";

/**
 * Reports: the catalogue, definitions, runs and their files. Public because a link for people without an account is
 * opened here; every other route requires a permission. Fixed paths come before `/{id}`.
 */
export const router = createApp("reports", { callers: "public", maxBodyBytes: 512 * 1024 });

listReportFields(router);
listReportTemplates(router);
buildReport(router);
previewReport(router);
exportReport(router);
listReportHistory(router);
reportSchedules(router);
reportSettings(router);
getReportRun(router);
listReportRunRows(router);
downloadReport(router);
reportCharts(router);
reportLinks(router);
openReportLink(router);
churnReports(router);

listReports(router);
getReport(router);
previewSavedReport(router);
updateReport(router);
deleteReport(router);
restoreReport(router);
copyReport(router);
