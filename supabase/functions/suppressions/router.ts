import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { consentRoutes } from "./consents.ts";
import { dncListRoutes } from "./dnc_lists.ts";
import { numberRoutes } from "./numbers.ts";
import { reviewRoutes } from "./reviews.ts";
import { ruleRoutes } from "./rules.ts";
import { suppressionRoutes } from "./suppressions.ts";
import { undeliverableRoutes } from "./undeliverable.ts";

/** Suppressions, undeliverable numbers, consent, reply rules and do-not-call lists. Fixed paths come before `/{id}`. */
export const router = createApp("suppressions", {
  largerBodies: { "/dnc-lists": 52 * 1024 * 1024 },
  ready: loadPhoneNumbers,
});

numberRoutes(router);
undeliverableRoutes(router);
ruleRoutes(router);
reviewRoutes(router);
consentRoutes(router);
dncListRoutes(router);
suppressionRoutes(router);
