import { createApp } from "../_shared/app.ts";
import { exportAuditLogs } from "./export.ts";
import { getAuditLog } from "./get.ts";
import { listAuditLogs } from "./list.ts";

/** The audit log. */
export const router = createApp("audit-logs");

listAuditLogs(router);
exportAuditLogs(router);
getAuditLog(router);
