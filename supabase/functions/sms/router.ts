import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { listMessages } from "./list.ts";
import { send } from "./send.ts";
import { sendBulk } from "./send_bulk.ts";
import { sendTemplates } from "./send_template.ts";
import { resolveMessage } from "./resolve.ts";
import { messageStatus } from "./status.ts";

/** Messages to customers, leads and numbers. A request only queues; the dispatcher sends. */
export const router = createApp("sms", { ready: loadPhoneNumbers });

send(router);
sendBulk(router);
sendTemplates(router);
messageStatus(router);
listMessages(router);
resolveMessage(router);
