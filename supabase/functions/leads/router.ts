import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { createInteraction, listInteractions } from "./interactions.ts";
import { leadTimeline } from "./timeline.ts";

/** Leads: who might become a customer, and all that happens with them. Fixed paths come before `/{id}`. */
export const router = createApp("leads", { ready: loadPhoneNumbers });

listInteractions(router);
createInteraction(router);
leadTimeline(router);
