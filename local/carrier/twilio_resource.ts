import { CARRIER_CREDENTIALS } from "./credentials.ts";
import type { CarrierAnswer } from "./http.ts";
import { type Message, statusAt, type Store } from "./store.ts";

const { twilioAccountSid } = CARRIER_CREDENTIALS;
const ROOT = `/2010-04-01/Accounts/${twilioAccountSid}/Messages`;

/** Twilio's word for the status of a message at a time. */
export function twilioStatus(message: Message, now: number): string {
  const status = statusAt(message, now);
  if (status === "prohibited") return "undelivered";
  return status === "queued" && message.messagingServiceSid ? "accepted" : status;
}

/** Twilio's Message resource, as the message is at a time. */
export function toResource(message: Message, now: number) {
  const status = twilioStatus(message, now);
  const undecided = status === "accepted";
  const updatedAt = message.canceledAt ??
    [message.doneAt, message.sentAt].find((at) => at <= now) ?? message.acceptedAt;
  const uri = `${ROOT}/${message.id}.json`;
  return {
    account_sid: twilioAccountSid,
    api_version: "2010-04-01",
    body: message.body,
    date_created: rfc2822(message.acceptedAt),
    date_sent: isSent(message, now) ? rfc2822(message.sentAt) : null,
    date_updated: rfc2822(updatedAt),
    direction: "outbound-api",
    error_code: status === "undelivered" ? message.errorCode : null,
    error_message: null,
    from: undecided ? null : message.from,
    messaging_service_sid: message.messagingServiceSid,
    num_media: "0",
    num_segments: undecided ? "0" : String(message.segments),
    // What we pay, so it is negative; it is known when the message is done.
    price: isSent(message, now) && now >= message.doneAt ? price(message) : null,
    price_unit: "USD",
    sid: message.id,
    status,
    subresource_uris: { media: `${ROOT}/${message.id}/Media.json` },
    to: message.to,
    uri,
  };
}

const price = ({ segments }: Message) => `-${(0.0079 * segments).toFixed(5)}`;

function isSent(message: Message, now: number): boolean {
  return message.canceledAt === null && now >= message.sentAt;
}

function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace("GMT", "+0000");
}

/**
 * Newest first, filtered by To, From and DateSent (also `DateSent<`, `DateSent>`). As messages that
 * still wait have no date_sent, a date filter leaves them out.
 */
export function listMessages(store: Store, url: URL): CarrierAnswer {
  const now = Date.now();
  const query = url.searchParams;
  const size = Math.min(1000, Math.max(1, Number(query.get("PageSize") ?? 50) || 50));
  const page = Number(query.get("Page") ?? 0) || 0;
  const before = Number(query.get("PageToken")?.replace(/^PA/, "") ?? Number.MAX_SAFE_INTEGER);
  const messages = [];
  let lastSeq = 0;
  let more = false;
  for (const { seq, message } of store.messagesBefore(before, query.get("To"))) {
    if (message.provider !== "twilio" || !matches(message, query, now)) continue;
    if (messages.length === size) {
      more = true;
      break;
    }
    messages.push(toResource(message, now));
    lastSeq = seq;
  }
  const uri = (next?: string) => {
    const params = new URLSearchParams(query);
    if (next) params.set("PageToken", next);
    params.set("Page", String(next ? page + 1 : page));
    return `${ROOT}.json?${params}`;
  };
  const nextUri = more ? uri(`PA${lastSeq}`) : null;
  const json = { messages, page, page_size: size, uri: uri(), next_page_uri: nextUri };
  return { status: 200, json };
}

function matches(message: Message, query: URLSearchParams, now: number): boolean {
  const from = query.get("From");
  if (from !== null && from !== message.from) return false;
  const filters = ["DateSent", "DateSent<", "DateSent>"].map((name) => query.get(name));
  const [on, until, since] = filters;
  if (!on && !until && !since) return true;
  if (!isSent(message, now)) return false;
  const iso = new Date(message.sentAt).toISOString();
  // Compared at the precision that was asked for: days by day, times by second.
  const cut = (filter: string) => iso.slice(0, Math.min(19, filter.length));
  return (!on || cut(on) === on.slice(0, 19)) &&
    (!until || cut(until) <= until.slice(0, 19)) &&
    (!since || cut(since) >= since.slice(0, 19));
}
