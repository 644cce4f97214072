import type { Bar, ReportFacts } from "./report.ts";

/** The content of an e-mail before layout. Everything in it is plain text. */
export interface Content {
  subject: string;
  lines: string[];
  /** A note of a person, shown as a quotation. */
  note?: string | undefined;
  /** Labels and values; those without a value are left out. */
  facts?: [label: string, value: string | undefined][];
  /** A chart that every mail program shows. */
  bars?: Bar[] | undefined;
  link?: { label: string; url: string | undefined };
}

/** The values for a template, already in the organization's language and time zone. Texts are single lines. */
export interface Facts {
  organization: string;
  title: string;
  body: string;
  lead: string | undefined;
  by: string | undefined;
  holder: string | undefined;
  task: string | undefined;
  role: string | undefined;
  file: string | undefined;
  report: string | undefined;
  subject: string | undefined;
  note: string | undefined;
  /** The deadline, due time or expiry. */
  until: string | undefined;
  /** Whether it failed, and why. */
  failed: boolean;
  reason: string | undefined;
  counts: {
    leads?: number;
    clients?: number;
    created?: number;
    updated?: number;
    skipped?: number;
    invalid?: number;
  };
  url: string | undefined;
  /** Of a scheduled report: its figures. */
  run: ReportFacts | undefined;
}

/** The kinds of e-mail; `system` shows the title and body that it was given. */
export const mailKinds = [
  "assignment",
  "sla_reminder",
  "sla_breach",
  "task_due",
  "import_finished",
  "report_ready",
  "note",
  "report_shared",
  "churn",
  "invitation",
  "system",
] as const;
export type MailKind = typeof mailKinds[number];

/** One language. */
export interface Words {
  hello: (name: string) => string;
  footer: Record<"member" | "invited" | "outside", (organization: string) => string>;
  kinds: Record<MailKind, (facts: Facts) => Content>;
}
