import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { leadCalendar } from "./calendar.ts";
import { leadSettings } from "./settings.ts";

/** Leads: who might become a customer, and all that happens with them. Fixed paths come before `/{id}`. */
export const router = createApp("leads", { ready: loadPhoneNumbers });

leadCalendar(router);
leadSettings(router);
