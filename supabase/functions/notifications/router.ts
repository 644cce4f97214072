import { createApp } from "../_shared/app.ts";
import { listEmails, resendEmail } from "./emails.ts";
import { listNotifications } from "./list.ts";
import { getPreferences, setPreferences } from "./preferences.ts";
import { readAllNotifications, readNotification } from "./read.ts";

/** Notifications of people, their preferences, and the e-mail outbox. */
export const router = createApp("notifications");

listNotifications(router);
readAllNotifications(router);
getPreferences(router);
setPreferences(router);
listEmails(router);
resendEmail(router);
readNotification(router);
