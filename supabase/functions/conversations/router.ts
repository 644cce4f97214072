import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { assignConversation } from "./assign.ts";
import { getConversation } from "./get.ts";
import { listConversations } from "./list.ts";
import { readConversation } from "./read.ts";
import { replyToConversation } from "./reply.ts";
import { startConversation } from "./start.ts";
import { closeConversation, reopenConversation } from "./status.ts";

/** Two-way messages: one thread for each pair of a sender of the organization and another number. */
export const router = createApp("conversations", { ready: loadPhoneNumbers });

listConversations(router);
startConversation(router);
getConversation(router);
replyToConversation(router);
assignConversation(router);
closeConversation(router);
reopenConversation(router);
readConversation(router);
