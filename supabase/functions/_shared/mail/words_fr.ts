import type { Content, Facts, Words } from "./words.ts";

const reportNotes = ({ run }: Facts): string[] => [
  ...(run?.empty ? ["Aucun enregistrement n’a été trouvé : il n’y a pas de lignes."] : []),
  ...(run?.truncated
    ? [
      "Il y a plus de lignes qu’un fichier n’en contient : il a les premières. Les totaux portent sur toutes.",
    ]
    : []),
  ...(run?.shown
    ? [
      `Le graphique ne montre que les ${run.shown.count} ${
        run.shown.groups === "newest" ? "groupes les plus récents" : "premiers groupes"
      } ; le fichier en contient plus.`,
    ]
    : []),
];

const reportFigures = ({ run }: Facts): NonNullable<Content["facts"]> =>
  run === undefined ? [] : [
    ["Période", run.period],
    ["Fuseau horaire", run.zone],
    ["Vu par", run.owner],
    ["Lignes", run.rows],
    ...run.totals,
  ];

export const fr: Words = {
  hello: (name) => name ? `Bonjour ${name},` : "Bonjour,",
  footer: {
    member: (organization) =>
      `Vous recevez cet e-mail en tant que membre de ${organization}. Vous choisissez les e-mails à recevoir sous Notifications.`,
    invited: (organization) =>
      `Vous recevez cet e-mail car une personne de ${organization} a invité cette adresse. Si vous n’attendiez rien, ignorez-le.`,
    outside: (organization) =>
      `Vous recevez cet e-mail parce que ${organization} partage un rapport avec cette adresse. Le lien est personnel et expire de lui-même.`,
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
      subject: `Import ${f.failed ? "interrompu" : "terminé"} : ${f.file ?? "prospects"}`,
      lines: [
        `L’import de ${f.file ?? "votre fichier"} ${
          f.failed ? "n’est pas allé à son terme" : "est terminé"
        }.`,
      ],
      facts: [
        ["Motif", f.reason],
        ["Ajoutés", f.counts.created?.toString()],
        ["Mis à jour", f.counts.updated?.toString()],
        ["Ignorés", f.counts.skipped?.toString()],
        ["En erreur", f.counts.invalid?.toString()],
      ],
      link: { label: "Voir le résultat", url: f.url },
    }),
    report_ready: (f) => ({
      subject: `Rapport prêt : ${f.report ?? f.title}`,
      lines: [`Votre rapport « ${f.report ?? f.title} » est prêt.`, ...reportNotes(f)],
      facts: reportFigures(f),
      bars: f.run?.bars,
      link: { label: "Ouvrir le rapport", url: f.url },
    }),
    note: (f) => ({
      subject: f.by ? `Une note de ${f.by}` : "Une note pour vous",
      lines: [
        f.by ? `${f.by} a envoyé une note à votre rôle.` : "Il y a une note pour votre rôle.",
      ],
      facts: [["Objet", f.subject]],
      link: { label: "Lire la note", url: f.url },
    }),
    report_shared: (f) => ({
      subject: `Rapport : ${f.report ?? f.title}`,
      lines: [
        `${f.run?.owner ?? f.organization} partage avec vous le rapport « ${
          f.report ?? f.title
        } ».`,
        ...reportNotes(f),
      ],
      facts: reportFigures(f),
      bars: f.run?.bars,
      link: { label: "Télécharger le fichier", url: f.url },
    }),
    churn: (f) => ({
      subject: f.counts.clients === 1
        ? "Un client risque de partir"
        : `${f.counts.clients ?? "Des"} clients risquent de partir`,
      lines: ["Leur risque de départ est entré dans la tranche la plus haute."],
      facts: [["Clients", f.body]],
      link: { label: "Voir les clients par risque", url: f.url },
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
