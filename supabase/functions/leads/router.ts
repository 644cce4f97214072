import { createApp } from "../_shared/app.ts";
import { importErrors } from "../_shared/file_import/errors_route.ts";
import { previewImport } from "../_shared/file_import/preview_route.ts";
import { importStatus } from "../_shared/file_import/status_routes.ts";
import { importUploads } from "../_shared/file_import/upload_routes.ts";
import { leadFiles } from "../_shared/lead_import/kind.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { assignLead } from "./assign.ts";
import { bulkAssignLeads } from "./bulk_assign.ts";
import { leadCalendar } from "./calendar.ts";
import { createLead } from "./create.ts";
import { deleteLead } from "./delete.ts";
import { exportLeads } from "./export.ts";
import { leadFieldRoutes } from "./fields.ts";
import { getLead } from "./get.ts";
import { leadHolders } from "./holders.ts";
import { executeLeadImport } from "./import_execute.ts";
import { LeadImport, toLeadImport } from "./import/schemas.ts";
import { createInteraction, listInteractions } from "./interactions.ts";
import { listLeads } from "./list.ts";
import { mergeLeads } from "./merge.ts";
import { moveLead } from "./move.ts";
import { resendAssignmentEmail } from "./resend_email.ts";
import { restoreLead } from "./restore.ts";
import { leadSettings } from "./settings.ts";
import { createStudent } from "./students/create.ts";
import { deleteStudent } from "./students/delete.ts";
import { listStudents } from "./students/list.ts";
import { updateStudent } from "./students/update.ts";
import { leadTimeline } from "./timeline.ts";
import { updateLead } from "./update.ts";

/**
 * Leads, their import and export, assignment, settings and history. Fixed paths come before `/{id}`. A file may have
 * 50 MB; the rest is for the form around it.
 */
export const router = createApp("leads", {
  largerBodies: { "/import/preview": 52 * 1024 * 1024 },
  ready: loadPhoneNumbers,
});

listLeads(router);
createLead(router);
leadFieldRoutes(router);
leadCalendar(router);
leadSettings(router);
leadHolders(router);
bulkAssignLeads(router);
previewImport(router, leadFiles);
executeLeadImport(router);
importUploads(router, leadFiles);
importStatus(router, leadFiles, LeadImport, toLeadImport);
importErrors(router, leadFiles);
exportLeads(router);

getLead(router);
updateLead(router);
deleteLead(router);
restoreLead(router);
assignLead(router);
resendAssignmentEmail(router);
moveLead(router);
mergeLeads(router);
listInteractions(router);
createInteraction(router);
leadTimeline(router);
listStudents(router);
createStudent(router);
updateStudent(router);
deleteStudent(router);
