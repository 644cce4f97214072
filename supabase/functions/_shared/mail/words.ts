/** What an e-mail says, before it is laid out. Everything in it is plain text. */
export interface Content {
  subject: string;
  lines: string[];
  /** What somebody wrote, shown as a quotation. */
  note?: string | undefined;
  /** Labels and values, those without a value left out. */
  facts?: [label: string, value: string | undefined][];
  link?: { label: string; url: string | undefined };
}

/** What a template fills in, already in the organization's language and time zone. Texts are single lines. */
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
  note: string | undefined;
  /** The deadline, due time or end of validity. */
  until: string | undefined;
  counts: { leads?: number; created?: number; updated?: number; skipped?: number; failed?: number };
  url: string | undefined;
}

/** The kinds of e-mail there are; `system` says what it was given. */
export const mailKinds = [
  "assignment",
  "sla_reminder",
  "sla_breach",
  "task_due",
  "import_finished",
  "report_ready",
  "invitation",
  "system",
] as const;
export type MailKind = typeof mailKinds[number];

/** One language. */
export interface Words {
  hello: (name: string) => string;
  footer: Record<"member" | "invited", (organization: string) => string>;
  kinds: Record<MailKind, (facts: Facts) => Content>;
}

const en: Words = {
  hello: (name) => name ? `Hello ${name},` : "Hello,",
  footer: {
    member: (organization) =>
      `You get this e-mail as a member of ${organization}. Which e-mails reach you is set under Notifications.`,
    invited: (organization) =>
      `You get this e-mail because somebody at ${organization} invited this address. If you expected nothing, ignore it.`,
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
        `The lead ${
          f.lead ?? ""
        } waits for its first response, and the time for it is nearly over.`,
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
      subject: `Import finished: ${f.file ?? "leads"}`,
      lines: [`The import of ${f.file ?? "your file"} has finished.`],
      facts: [
        ["Added", f.counts.created?.toString()],
        ["Updated", f.counts.updated?.toString()],
        ["Skipped", f.counts.skipped?.toString()],
        ["With errors", f.counts.failed?.toString()],
      ],
      link: { label: "See the result", url: f.url },
    }),
    report_ready: (f) => ({
      subject: `Report ready: ${f.report ?? f.title}`,
      lines: [`Your report “${f.report ?? f.title}” is ready.`],
      link: { label: "Open the report", url: f.url },
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

const fr: Words = {
  hello: (name) => name ? `Bonjour ${name},` : "Bonjour,",
  footer: {
    member: (organization) =>
      `Vous recevez cet e-mail en tant que membre de ${organization}. Vous choisissez les e-mails à recevoir sous Notifications.`,
    invited: (organization) =>
      `Vous recevez cet e-mail car une personne de ${organization} a invité cette adresse. Si vous n’attendiez rien, ignorez-le.`,
  },
  kinds: {
    assignment: (f) => {
      const many = (f.counts.leads ?? 1) > 1;
      const what = many ? `${f.counts.leads} prospects` : `le prospect ${f.lead ?? "(sans nom)"}`;
      return {
        subject: many
          ? `Vous avez ${what} de plus`
          : `Prospect attribué : ${f.lead ?? "(sans nom)"}`,
        lines: [f.by ? `${f.by} vous a attribué ${what}.` : `On vous a attribué ${what}.`],
        note: f.note,
        facts: [["Répondre avant", f.until]],
        link: { label: "Ouvrir dans Signalbox", url: f.url },
      };
    },
    sla_reminder: (f) => ({
      subject: `Réponse attendue bientôt : ${f.lead ?? "un prospect"}`,
      lines: [
        `Le prospect ${f.lead ?? ""} attend une première réponse et le délai touche à sa fin.`,
      ],
      facts: [["Répondre avant", f.until], ["Attribué à", f.holder]],
      link: { label: "Ouvrir le prospect", url: f.url },
    }),
    sla_breach: (f) => ({
      subject: `Délai de réponse dépassé : ${f.lead ?? "un prospect"}`,
      lines: [`Le prospect ${f.lead ?? ""} n’a pas reçu de réponse à temps.`],
      facts: [["Échéance", f.until], ["Attribué à", f.holder]],
      link: { label: "Ouvrir le prospect", url: f.url },
    }),
    task_due: (f) => ({
      subject: `Tâche à faire : ${f.task ?? f.title}`,
      lines: [`Votre tâche « ${f.task ?? f.title} » arrive à échéance.`],
      facts: [["Échéance", f.until], ["Prospect", f.lead]],
      link: { label: "Ouvrir la tâche", url: f.url },
    }),
    import_finished: (f) => ({
      subject: `Import terminé : ${f.file ?? "prospects"}`,
      lines: [`L’import de ${f.file ?? "votre fichier"} est terminé.`],
      facts: [
        ["Ajoutés", f.counts.created?.toString()],
        ["Mis à jour", f.counts.updated?.toString()],
        ["Ignorés", f.counts.skipped?.toString()],
        ["En erreur", f.counts.failed?.toString()],
      ],
      link: { label: "Voir le résultat", url: f.url },
    }),
    report_ready: (f) => ({
      subject: `Rapport prêt : ${f.report ?? f.title}`,
      lines: [`Votre rapport « ${f.report ?? f.title} » est prêt.`],
      link: { label: "Ouvrir le rapport", url: f.url },
    }),
    invitation: (f) => ({
      subject: `Invitation à rejoindre ${f.organization}`,
      lines: [
        f.by
          ? `${f.by} vous invite à rejoindre ${f.organization} sur Signalbox.`
          : `Vous êtes invité(e) à rejoindre ${f.organization} sur Signalbox.`,
      ],
      facts: [["Rôle", f.role], ["Valable jusqu’au", f.until]],
      link: { label: "Accepter l’invitation", url: f.url },
    }),
    system: (f) => ({
      subject: f.title,
      lines: [f.body || f.title],
      link: { label: "Ouvrir Signalbox", url: f.url },
    }),
  },
};

/** The languages of e-mails, by the organization's locale. */
export const words: Record<string, Words> = { en, fr };

/** The words of a locale; English where it is unknown. */
export const wordsOf = (locale: string): Words => words[locale] ?? en;
