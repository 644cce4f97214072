import { createApp } from "../_shared/app.ts";
import { dispatchMessages } from "./dispatch.ts";
import { freezeCampaigns } from "./freeze_campaigns.ts";
import { sendQueuedEmails } from "./send_emails.ts";
import { importDncLists } from "./import_dnc.ts";
import { importLeadFiles } from "./import_leads.ts";
import { reconcileMessages } from "./reconcile.ts";
import { settleMessages } from "./settle.ts";

/** Background work, started by pg_cron and database webhooks with a secret key. Each answers 202 and goes on behind it. */
export const router = createApp("jobs", { callers: "service" });

dispatchMessages(router);
settleMessages(router);
reconcileMessages(router);
sendQueuedEmails(router);
importLeadFiles(router);
freezeCampaigns(router);
importDncLists(router);
