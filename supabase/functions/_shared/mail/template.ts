import { cleanText } from "../clean_text.ts";
import { asHtml, asText } from "./layout.ts";
import { nameInMail } from "./name.ts";
import { oneLine } from "./provider.ts";
import { reportFacts } from "./report.ts";
import { type Facts, type MailKind, mailKinds, type Words } from "./words.ts";
import { en } from "./words_en.ts";
import { fr } from "./words_fr.ts";

/** The values of an e-mail for its template. All of them are untrusted. */
export interface MailData {
  kind: string;
  /** The name of the recipient, if known. */
  name: string | null;
  data: Record<string, unknown>;
  organization: { name: string; locale: string; country: string; time_zone: string };
}

/** A rendered e-mail. */
export interface RenderedMail {
  fromName: string;
  subject: string;
  html: string;
  text: string;
}

/** The languages of e-mails, by the organization's locale; English for any other. */
const languages: Record<string, Words> = { en, fr };

const isKind = (kind: string): kind is MailKind => mailKinds.some((known) => known === kind);

/**
 * Renders an e-mail in the organization's language, with times in the organization's time zone.
 * @param appUrl URL of the frontend; without it the e-mail has no links to it
 * @param apiUrl URL of the project, for links of people without an account
 */
export function renderMail(
  mail: MailData,
  appUrl: string | undefined,
  apiUrl?: string,
): RenderedMail {
  const kind = isKind(mail.kind) ? mail.kind : "system";
  const { locale } = mail.organization;
  const words = languages[locale] ?? en;
  const organization = nameInMail(mail.organization.name) ?? "Signalbox";
  const content = words.kinds[kind](factsOf(kind, mail, organization, { appUrl, apiUrl }));
  const frame = {
    locale,
    organization,
    hello: words.hello(nameInMail(mail.name) ?? ""),
    footer: words.footer[footers[kind] ?? "member"](organization),
  };
  return {
    fromName: organization,
    subject: oneLine(content.subject, 200) || organization,
    html: asHtml(content, frame),
    text: asText(content, frame),
  };
}

/** Why those who are no members get an e-mail. */
const footers: Partial<Record<MailKind, "invited" | "outside">> = {
  invitation: "invited",
  report_shared: "outside",
};

interface Addresses {
  appUrl: string | undefined;
  apiUrl: string | undefined;
}

function factsOf(
  kind: MailKind,
  { data, organization: { locale, country, time_zone } }: MailData,
  organization: string,
  addresses: Addresses,
): Facts {
  const time = data["deadline"] ?? data["due_at"] ?? data["expires_at"];
  return {
    organization,
    title: line(data["title"]) ?? organization,
    body: lines(data["body"]) ?? "",
    lead: line(data["lead_name"]),
    by: nameInMail(
      data["assigned_by_name"] ?? data["invited_by_name"] ?? data["sender_name"],
    ),
    holder: nameInMail(data["assigned_to_name"]),
    task: line(data["task_title"]),
    role: nameInMail(data["role_name"]),
    file: line(data["file_name"]),
    report: line(data["report_name"]),
    subject: line(data["note_title"]),
    note: lines(data["note"]),
    until: timeIn(time, { locale, country, time_zone }),
    failed: data["status"] === "failed",
    reason: line(data["error"]),
    counts: {
      ...count("leads", data["leads"]),
      ...count("clients", data["clients"]),
      ...count("created", data["created"]),
      ...count("updated", data["updated"]),
      ...count("skipped", data["skipped"]),
      ...count("invalid", data["invalid"]),
    },
    url: linkTo(kind, data, addresses),
    run: reportFacts(data, { locale, country }),
  };
}

/** Untrusted text as one line; undefined if it is empty. */
function line(value: unknown): string | undefined {
  return typeof value === "string" ? oneLine(cleanText(value)) || undefined : undefined;
}

/** Untrusted text with line breaks and without other control characters; undefined if it is empty. */
function lines(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.slice(0, 5_000).split(/\r\n|[\r\n]/).map((one) => oneLine(one, 5_000)).join("\n")
    .trim() || undefined;
}

function count<K extends string>(name: K, value: unknown): Partial<Record<K, number>> {
  return typeof value === "number" && Number.isSafeInteger(value)
    ? { [name]: value } as Record<K, number>
    : {};
}

function timeIn(
  value: unknown,
  { locale, country, time_zone: timeZone }: { locale: string; country: string; time_zone: string },
): string | undefined {
  const at = typeof value === "string" ? new Date(value) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) return undefined;
  return new Intl.DateTimeFormat(`${locale}-${country}`, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    timeZone,
  }).format(at);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The link of an e-mail: to the frontend, or for people without an account to the file; never to where data point. */
function linkTo(
  kind: MailKind,
  data: Record<string, unknown>,
  addresses: Addresses,
): string | undefined {
  if (kind === "report_shared") return sharedFile(data["token"], addresses.apiUrl);
  return addresses.appUrl === undefined
    ? undefined
    : pageOf(kind, data, addresses.appUrl.replace(/\/+$/, ""));
}

function sharedFile(token: unknown, apiUrl: string | undefined): string | undefined {
  if (apiUrl === undefined || typeof token !== "string") return undefined;
  return `${apiUrl}/functions/v1/reports/shared?token=${encodeURIComponent(token)}`;
}

function pageOf(kind: MailKind, data: Record<string, unknown>, appUrl: string): string {
  const id = (name: string): string | undefined => {
    const value = data[name];
    return typeof value === "string" && uuid.test(value) ? value : undefined;
  };
  const [lead, importId, report] = [id("lead_id"), id("import_id"), id("report_id")];
  const note = id("note_id");
  const run = id("run_id");
  if (kind === "invitation") {
    const token = typeof data["token"] === "string" ? data["token"] : "";
    return `${appUrl}/accept-invitation?token=${encodeURIComponent(token)}`;
  }
  if (kind === "import_finished" && importId) {
    return `${appUrl}/${data["kind"] === "clients" ? "clients" : "leads"}/import/${importId}`;
  }
  if (kind === "report_ready" && run) return `${appUrl}/reports/runs/${run}`;
  if (kind === "report_ready") return report ? `${appUrl}/reports/${report}` : `${appUrl}/reports`;
  if (kind === "churn") return `${appUrl}/clients?sort=-score`;
  if (kind === "note") return note ? `${appUrl}/notes/${note}` : `${appUrl}/notes`;
  if (lead) return `${appUrl}/leads/${lead}`;
  if (kind === "task_due") return `${appUrl}/tasks`;
  return kind === "assignment" ? `${appUrl}/leads` : `${appUrl}/notifications`;
}
