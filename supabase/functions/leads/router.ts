import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { assignLead } from "./assign.ts";
import { bulkAssignLeads } from "./bulk_assign.ts";
import { leadHolders } from "./holders.ts";
import { mergeLeads } from "./merge.ts";
import { moveLead } from "./move.ts";
import { resendAssignmentEmail } from "./resend_email.ts";

/** Leads: who might become a customer, and all that happens with them. Fixed paths come before `/{id}`. */
export const router = createApp("leads", { ready: loadPhoneNumbers });

leadHolders(router);
bulkAssignLeads(router);
assignLead(router);
moveLead(router);
mergeLeads(router);
resendAssignmentEmail(router);
