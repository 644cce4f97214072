import type { Content, Facts, Words } from "./words.ts";

const reportNotes = ({ run }: Facts): string[] => [
  ...(run?.empty ? ["No records were found, so there are no rows."] : []),
  ...(run?.truncated
    ? ["There are more rows than a file holds: it has the first ones. Totals are of all."]
    : []),
  ...(run?.shown
    ? [`The chart shows the ${run.shown.groups} ${run.shown.count} groups only; the file has more.`]
    : []),
];

const reportFigures = ({ run }: Facts): NonNullable<Content["facts"]> =>
  run === undefined ? [] : [
    ["Period", run.period],
    ["Time zone", run.zone],
    ["As seen by", run.owner],
    ["Rows", run.rows],
    ...run.totals,
  ];

export const en: Words = {
  hello: (name) => name ? `Hello ${name},` : "Hello,",
  footer: {
    member: (organization) =>
      `You get this e-mail as a member of ${organization}. Which e-mails reach you is set under Notifications.`,
    invited: (organization) =>
      `You get this e-mail because ${organization} invited this address. If you did not expect it, ignore it.`,
    outside: (organization) =>
      `You get this e-mail because ${organization} shares a report with this address. The link is for you only and expires.`,
  },
  kinds: {
    assignment: (f) => {
      const what = (f.counts.leads ?? 1) > 1
        ? `${f.counts.leads} leads`
        : `the lead ${f.lead ?? "(no name)"}`;
      return {
        subject: `Assigned to you: ${what}`,
        lines: [f.by ? `${f.by} assigned ${what} to you.` : `You were assigned ${what}.`],
        note: f.note,
        facts: [["Respond by", f.until]],
        link: { label: "Open in Signalbox", url: f.url },
      };
    },
    sla_reminder: (f) => ({
      subject: `Response due soon: ${f.lead ?? "a lead"}`,
      lines: [
        `The lead ${f.lead ?? ""} is waiting for a first response, which is due soon.`,
      ],
      facts: [["Respond by", f.until], ["Assigned to", f.holder]],
      link: { label: "Open the lead", url: f.url },
    }),
    sla_breach: (f) => ({
      subject: `Response overdue: ${f.lead ?? "a lead"}`,
      lines: [`The lead ${f.lead ?? ""} got no response in time.`],
      facts: [["Was due", f.until], ["Assigned to", f.holder]],
      link: { label: "Open the lead", url: f.url },
    }),
    task_due: (f) => ({
      subject: `Task due: ${f.task ?? f.title}`,
      lines: [`Your task “${f.task ?? f.title}” is due.`],
      facts: [["Due", f.until], ["Lead", f.lead]],
      link: { label: "Open the task", url: f.url },
    }),
    import_finished: (f) => ({
      subject: `Import ${f.failed ? "stopped" : "finished"}: ${f.file ?? "leads"}`,
      lines: [
        `The import of ${f.file ?? "your file"} ${f.failed ? "has stopped" : "has finished"}.`,
      ],
      facts: [
        ["Reason", f.reason],
        ["Added", f.counts.created?.toString()],
        ["Updated", f.counts.updated?.toString()],
        ["Skipped", f.counts.skipped?.toString()],
        ["With errors", f.counts.invalid?.toString()],
      ],
      link: { label: "See the result", url: f.url },
    }),
    report_ready: (f) => ({
      subject: `Report ready: ${f.report ?? f.title}`,
      lines: [`Your report “${f.report ?? f.title}” is ready.`, ...reportNotes(f)],
      facts: reportFigures(f),
      bars: f.run?.bars,
      link: { label: "Open the report", url: f.url },
    }),
    note: (f) => ({
      subject: f.by ? `A note from ${f.by}` : "A note for you",
      lines: [f.by ? `${f.by} sent a note to your role.` : "There is a note for your role."],
      facts: [["About", f.subject]],
      link: { label: "Read the note", url: f.url },
    }),
    report_shared: (f) => ({
      subject: `Report: ${f.report ?? f.title}`,
      lines: [
        `${f.run?.owner ?? f.organization} shares the report “${f.report ?? f.title}” with you.`,
        ...reportNotes(f),
      ],
      facts: reportFigures(f),
      bars: f.run?.bars,
      link: { label: "Download the file", url: f.url },
    }),
    churn: (f) => ({
      subject: f.title,
      lines: [`${f.title}.`],
      facts: [["Clients", f.body]],
      link: { label: "See clients by risk", url: f.url },
    }),
    invitation: (f) => ({
      subject: `You are invited to ${f.organization}`,
      lines: [
        f.by
          ? `${f.by} invites you to join ${f.organization} on Signalbox.`
          : `You are invited to join ${f.organization} on Signalbox.`,
      ],
      facts: [["Role", f.role], ["Valid until", f.until]],
      link: { label: "Accept the invitation", url: f.url },
    }),
    system: (f) => ({
      subject: f.title,
      lines: [f.body || f.title],
      link: { label: "Open Signalbox", url: f.url },
    }),
  },
};
