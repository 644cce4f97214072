import { createApp } from "../_shared/app.ts";
import { deliverWebhooks } from "./deliver_webhooks.ts";
import { dispatchMessages } from "./dispatch.ts";
import { snapshotAudiences } from "./snapshot_audiences.ts";
import { sendQueuedEmails } from "./send_emails.ts";
import { importDncLists } from "./import_dnc.ts";
import { importLeadFiles } from "./import_leads.ts";
import { reconcileMessages } from "./reconcile.ts";
import { resolveUnknownOutcomes } from "./resolve_unknown_outcomes.ts";

/** Background work, started by pg_cron and database webhooks with a secret key. Each answers 202 and goes on behind it. */
export const router = createApp("jobs", { callers: "service", document: "none" });

dispatchMessages(router);
resolveUnknownOutcomes(router);
reconcileMessages(router);
sendQueuedEmails(router);
importLeadFiles(router);
snapshotAudiences(router);
importDncLists(router);
deliverWebhooks(router);
