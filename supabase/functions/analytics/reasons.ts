/** Why a message did not arrive, for people who run campaigns: what happened and, where it helps, what to do. */
const REASONS: Readonly<Record<string, string>> = {
  "20003": "The account's credentials are wrong.",
  "20429": "Too many requests at once.",
  "21211": "The number is not a valid phone number.",
  "21212": "The sending number is not valid.",
  "21214": "The number cannot be reached by text.",
  "21408": "Texting to this country is not enabled in the account.",
  "21606": "The sending number cannot text this recipient.",
  "21608": "A trial account may only text verified numbers.",
  "21610": "The recipient has opted out at the provider.",
  "21611": "The sending number's queue is full: send more slowly.",
  "21612": "There is no route from the sending number to this recipient.",
  "21614": "The number is not a mobile number.",
  "21617": "The text is too long.",
  "21635": "The number is a landline.",
  "30001": "The provider's queue overflowed: send more slowly.",
  "30002": "The provider has suspended the account.",
  "30003": "The phone was switched off or out of reach.",
  "30004": "The recipient or its carrier blocks texts from this sender.",
  "30005": "The number does not exist any more.",
  "30006": "The number is a landline, or its carrier cannot be reached.",
  "30007": "A carrier filtered the message as unwanted: check text, links and consent.",
  "30008": "The carrier gave no reason.",
  "30010": "The text would have cost more than the account allows.",
  "30017": "The carrier's network was congested.",
  "30018": "This destination needs a registered sender.",
  "30019": "The carrier does not take messages of this size.",
  "30022": "Sent faster than the registered campaign (10DLC) may.",
  "30023": "The brand's daily limit at the carrier is used up.",
  "30024": "The carrier does not know the sending number yet.",
  "30027": "The brand's daily limit at T-Mobile is used up.",
  "30032": "The toll-free number is not verified.",
  "30034": "The sending number is not registered for texting to the US (10DLC).",
  "30035": "The sending number is still being set up.",
  "30410": "The provider gave up waiting for the carrier.",
  "30450": "Blocked as possible SMS pumping.",
  "30610": "It would have arrived in quiet hours.",
  "30640": "The recipient must not be contacted (known litigator).",
  "60410": "Blocked as possible fraud.",
  suppressed: "The recipient had opted out before it was sent.",
  consent_revoked: "The recipient had withdrawn consent before it was sent.",
  no_consent: "There is no consent of the recipient.",
  dnc: "The number is on a do-not-call list.",
  litigator: "The number is on a list of litigators.",
  doubtful_reply: "The recipient's reply may be an opt-out: a person decides.",
  campaign_canceled: "The campaign was canceled first.",
  expired: "It could not be sent in time.",
  superseded: "The recipient had opted in again before the confirmation was sent.",
};

/** What an error code means, or null for an unknown one. */
export function reasonText(code: string | null): string | null {
  return code === null ? null : REASONS[code] ?? null;
}

/** Why a recipient was excluded. */
const EXCLUSIONS: Readonly<Record<string, string>> = {
  no_phone: "The lead has no phone number.",
  duplicate_number: "Another lead with the same number is in the audience.",
  suppressed: "The recipient has opted out.",
  dnc: "The number is on a do-not-call list.",
  litigator: "The number is on a list of litigators.",
  no_consent: "There is no consent of the recipient.",
  consent_revoked: "The recipient has withdrawn consent.",
  frequency_cap: "The recipient has received as many marketing messages as allowed.",
  lead_deleted: "The lead was deleted.",
  number_changed: "The lead's number changed after the audience was chosen.",
  missing_variable: "The lead lacks a value that the text needs.",
  text_too_long: "With the lead's values the text has more than 1,600 characters.",
  window_closed: "There was no hour left in which the recipient may be texted.",
};

/** What an exclusion reason means, or null for an unknown one. */
export function exclusionText(reason: string | null): string | null {
  return reason === null ? null : EXCLUSIONS[reason] ?? null;
}
