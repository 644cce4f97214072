import { createApp } from "../_shared/app.ts";
import { reportFiles } from "./run_reports.ts";

/** The background work of reports, apart from `jobs` because the package that writes PDF is as large as all others. */
export const router = createApp("report-jobs", { callers: "service", document: "none" });

reportFiles(router);
