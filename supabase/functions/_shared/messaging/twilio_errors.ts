import type { FailureClass } from "./provider.ts";

/**
 * What Twilio's error codes mean for a message, synchronous ones (21xxx, 20xxx, 35xxx) and those of
 * callbacks (30xxx). `outage` is what stops a whole account or sender and needs a person;
 * `transient` may succeed later; `filtered` counts against content and reputation.
 * Source: Twilio's error dictionary, https://www.twilio.com/docs/api/errors.
 */
const CODES: Readonly<Record<string, readonly [FailureClass, string]>> = {
  "20003": ["outage", "authentication failed"],
  "20404": ["outage", "account or resource not found"],
  "20429": ["transient", "too many requests"],
  "21211": ["invalidNumber", "invalid To number"],
  "21212": ["outage", "invalid From number"],
  "21214": ["invalidNumber", "the To number cannot be reached"],
  "21408": ["permanent", "sending to this country is not enabled"],
  "21601": ["outage", "the From number cannot send texts"],
  "21602": ["permanent", "the text is empty"],
  "21603": ["outage", "the From number is missing"],
  "21604": ["permanent", "the To number is missing"],
  "21606": ["outage", "the From number cannot send texts to this To number"],
  "21608": ["permanent", "the To number is not verified for this trial account"],
  "21609": ["outage", "invalid status callback"],
  "21610": ["optOut", "the recipient has opted out"],
  "21611": ["transient", "the queue of the From number is full"],
  "21612": ["permanent", "no route from this From number to the To number"],
  "21614": ["invalidNumber", "the To number is not a mobile number"],
  "21617": ["permanent", "the text is longer than 1600 characters"],
  "21620": ["permanent", "invalid media URL"],
  "21623": ["permanent", "unsupported media"],
  "21635": ["invalidNumber", "the To number is a landline"],
  "21703": ["outage", "the messaging service has no sender"],
  "21704": ["outage", "the messaging service has no number for this recipient"],
  "21705": ["outage", "invalid messaging service"],
  "21730": ["transient", "under maintenance"],
  "30001": ["transient", "queue overflow"],
  "30002": ["outage", "account suspended"],
  "30003": ["transient", "unreachable handset"],
  "30004": ["permanent", "message blocked"],
  "30005": ["invalidNumber", "unknown handset"],
  "30006": ["invalidNumber", "landline or unreachable carrier"],
  "30007": ["filtered", "filtered by the carrier"],
  "30008": ["transient", "unknown carrier error"],
  "30010": ["permanent", "price over the limit"],
  "30017": ["transient", "carrier congestion"],
  "30018": ["outage", "the destination needs a registered sender"],
  "30019": ["permanent", "content too large"],
  "30022": ["transient", "10DLC rate exceeded"],
  "30023": ["transient", "daily cap of the brand reached"],
  "30024": ["outage", "sender not provisioned with the carrier"],
  "30027": ["transient", "daily cap at T-Mobile reached"],
  "30032": ["outage", "toll-free number not verified"],
  "30034": ["outage", "10DLC number not registered"],
  "30035": ["outage", "number still being set up"],
  "30047": ["transient", "could not be rescheduled"],
  // Twilio does not retry this to avoid a second delivery; neither may we.
  "30410": ["permanent", "provider timeout"],
  "30450": ["filtered", "blocked as SMS pumping"],
  "30610": ["transient", "quiet hours"],
  "30640": ["optOut", "the recipient must not be contacted"],
  "35111": ["permanent", "invalid time to send at"],
  "35114": ["permanent", "time to send at is too near or too far"],
  "35115": ["permanent", "time to send at is too near"],
  "35117": ["permanent", "time to send at is too far"],
  "35118": ["outage", "scheduling needs a messaging service"],
  "60410": ["filtered", "blocked as fraud"],
};

/** What a Twilio error code means; `permanent` for codes that are not in the table. */
export function asyncClass(code: string | number | null): FailureClass {
  return CODES[String(code)]?.[0] ?? "permanent";
}

/** Whether the code says that the recipient must be suppressed as opted out. */
export function isOptOut(code: string | number | null): boolean {
  return asyncClass(code) === "optOut";
}

/** A few words for a Twilio error code, or null for an unknown one. */
export function describeTwilioError(code: string | number | null): string | null {
  return CODES[String(code)]?.[1] ?? null;
}
