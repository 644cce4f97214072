import { type DeliveryReport, type FindQuery, LookupError, type SentPage } from "./provider.ts";
import { type Answer, isRecord, textOf } from "./provider_http.ts";
import { resourceReport } from "./twilio_reports.ts";

// Two clocks (ours, Twilio's) may differ by this much.
const CLOCK_SKEW_MS = 5 * 60_000;
const PAGE_SIZE = 1000;
const MAX_PAGES = 10;
// Trial accounts prepend this to every message.
const TRIAL_PREFIX = /^Sent from your Twilio trial account - /;

/**
 * Searches the recipient's messages, newest first, until a page has none that is recent enough.
 * Without the list's DateSent filter: a message that still waits in Twilio's queue has no date_sent,
 * and if it were taken for missing, it would be sent twice.
 * @throws LookupError when a page cannot be read, or there are too many: no answer is not "none".
 */
export async function findMessages(
  get: (path: string) => Promise<Answer>,
  baseUrl: string,
  listPath: string,
  query: FindQuery,
): Promise<DeliveryReport[]> {
  const oldest = query.since.getTime() - CLOCK_SKEW_MS;
  const found = new Map<string, DeliveryReport>();
  const first = new URLSearchParams({ To: query.to, PageSize: String(PAGE_SIZE) });
  let path: string | null = `${listPath}?${first}`;
  for (let page = 0; path !== null; page++) {
    if (page === MAX_PAGES) throw new LookupError("twilio", "too many messages to this number");
    const answer: Answer = await get(path);
    const { messages } = answer.json;
    if (answer.status !== 200 || !Array.isArray(messages)) throw notOk(answer);
    const recent = messages.filter(isRecord).filter((m) => createdAt(m) >= oldest);
    for (const resource of recent.filter((m) => matches(m, query))) {
      const report = resourceReport(resource);
      // By id, because a message that arrives meanwhile can shift another onto a second page.
      // An unreadable one may be the one sought; ignoring it would send that again.
      if (report === null) throw new LookupError("twilio", "junk");
      found.set(report.providerMessageId, report);
    }
    path = recent.length === 0 ? null : nextPage(answer.json, baseUrl);
  }
  return Array.from(found.values());
}

/**
 * One page of what a number sent on a day. Unreadable entries are left out: they are looked up one by one later.
 * @throws LookupError when the page cannot be read.
 */
export async function sentOn(
  get: (path: string) => Promise<Answer>,
  baseUrl: string,
  listPath: string,
  { from, day, page }: { from: string; day: string; page: string | null },
): Promise<SentPage> {
  const first = new URLSearchParams({ From: from, DateSent: day, PageSize: String(PAGE_SIZE) });
  const answer = await get(page ?? `${listPath}?${first}`);
  const { messages } = answer.json;
  if (answer.status !== 200 || !Array.isArray(messages)) throw notOk(answer);
  const reports = messages.filter(isRecord).map(resourceReport).filter((one) => one !== null);
  return { reports, next: nextPage(answer.json, baseUrl) };
}

/** The error for an unexpected answer. */
export function notOk({ status, retryAfterSeconds }: Answer): LookupError {
  return new LookupError("twilio", `http_${status}`, status, retryAfterSeconds);
}

/** A message without a readable date counts as recent: better to check it than to miss it. */
function createdAt(resource: Record<string, unknown>): number {
  const at = Date.parse(textOf(resource, "date_created") ?? "");
  return Number.isNaN(at) ? Infinity : at;
}

function matches(resource: Record<string, unknown>, query: FindQuery): boolean {
  if (!(textOf(resource, "direction") ?? "").startsWith("outbound")) return false;
  const { from } = query;
  const sender = from?.startsWith("MG") ? "messaging_service_sid" : "from";
  if (from !== undefined && textOf(resource, sender) !== from) return false;
  const body = (textOf(resource, "body") ?? "").trim();
  return body.replace(TRIAL_PREFIX, "") === query.body.trim();
}

function nextPage(json: Record<string, unknown>, baseUrl: string): string | null {
  const next = textOf(json, "next_page_uri");
  if (next === null) return null;
  // The credentials are sent along, so the next page must be on the same host.
  const url = new URL(next, baseUrl);
  if (url.origin !== new URL(baseUrl).origin) throw new LookupError("twilio", "foreign next page");
  return url.pathname + url.search;
}
