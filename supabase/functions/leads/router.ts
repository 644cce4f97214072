import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { exportLeads } from "./export.ts";
import { leadImportErrors } from "./import_errors.ts";
import { executeLeadImport } from "./import_execute.ts";
import { previewLeadImport } from "./import_preview.ts";
import { leadImportRoutes } from "./import_status.ts";

/**
 * Leads: who might become a customer, and all that happens with them. Fixed paths come before `/{id}`. A file has 50 MB,
 * the rest is the form around it.
 */
export const router = createApp("leads", {
  largerBodies: { "/import/preview": 52 * 1024 * 1024 },
  ready: loadPhoneNumbers,
});

previewLeadImport(router);
executeLeadImport(router);
leadImportRoutes(router);
leadImportErrors(router);
exportLeads(router);
