import { createApp } from "../_shared/app.ts";
import { createPhoneNumber } from "./create.ts";
import { deletePhoneNumber } from "./delete.ts";
import { listPhoneNumbers } from "./list.ts";
import { updatePhoneNumber } from "./update.ts";

/** The pool of numbers that messages are sent from. */
export const router = createApp("phone-numbers");

listPhoneNumbers(router);
createPhoneNumber(router);
updatePhoneNumber(router);
deletePhoneNumber(router);
