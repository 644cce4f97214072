import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { createLead } from "./create.ts";
import { deleteLead } from "./delete.ts";
import { leadFieldRoutes } from "./fields.ts";
import { getLead } from "./get.ts";
import { listLeads } from "./list.ts";
import { restoreLead } from "./restore.ts";
import { createStudent } from "./students/create.ts";
import { deleteStudent } from "./students/delete.ts";
import { listStudents } from "./students/list.ts";
import { updateStudent } from "./students/update.ts";
import { updateLead } from "./update.ts";

/** Leads: who might become a customer, and all that happens with them. Fixed paths come before `/{id}`. */
export const router = createApp("leads", { ready: loadPhoneNumbers });

listLeads(router);
createLead(router);
leadFieldRoutes(router);
getLead(router);
updateLead(router);
deleteLead(router);
restoreLead(router);
listStudents(router);
createStudent(router);
updateStudent(router);
deleteStudent(router);
