import assert from "node:assert/strict";
import { type MailData, renderMail } from "../../supabase/functions/_shared/mail/template.ts";
import { mailKinds } from "../../supabase/functions/_shared/mail/words.ts";

const organization = {
  name: "Accra Power",
  locale: "en",
  country: "GB",
  time_zone: "Africa/Accra",
};
const lead = "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11";

const render = (
  kind: string,
  data: Record<string, unknown>,
  more: Partial<MailData> = {},
  appUrl: string | undefined = "https://app.example.com/",
) => renderMail({ kind, name: "Ama", data, organization, ...more }, appUrl);

Deno.test("Every kind has a subject, HTML and text in each language, whatever is missing", () => {
  for (const locale of ["en", "fr", "unknown"]) {
    for (const kind of [...mailKinds, "sender_circuit_open"]) {
      for (
        const data of [{}, { lead_id: 7, lead_name: [], deadline: "soon", leads: "x", title: null }]
      ) {
        const mail = render(kind, data, { organization: { ...organization, locale }, name: null });
        assert(
          mail.subject.length > 0 && mail.html.includes("<body") && mail.text.length > 20,
          kind,
        );
        assert(
          !/undefined|null|NaN|\[object/.test(mail.subject + mail.html + mail.text),
          `${kind}: ${mail.text}`,
        );
      }
    }
  }
});

Deno.test("Nothing that people wrote becomes markup, a header, or a link", () => {
  const nasty =
    '"><script>x</script><a href="javascript:alert(1)">&\r\nBcc: all@example.com\u202e\u0000';
  const data = Object.fromEntries(
    [
      "title",
      "body",
      "lead_name",
      "assigned_by_name",
      "assigned_to_name",
      "task_title",
      "role_name",
      "file_name",
      "report_name",
      "note",
      "token",
      "url",
    ]
      .map((field) => [field, nasty]),
  );
  for (const kind of mailKinds) {
    const mail = render(kind, { ...data, lead_id: nasty, report_id: nasty, import_id: nasty }, {
      name: nasty,
      organization: { ...organization, name: nasty },
    });
    assert(
      !/[\p{Cc}\u202e]/u.test(mail.subject + mail.fromName),
      JSON.stringify(mail.subject),
    );
    assert(!/<script|<a href="javascript|\u202e/.test(mail.html), mail.html);
    for (const [, href = ""] of mail.html.matchAll(/href="([^"]*)"/g)) {
      assert(href.startsWith("https://app.example.com/"), href);
    }
  }
});

Deno.test("Links lead into the frontend, and there are none without its address", () => {
  const urlOf = (kind: string, data: Record<string, unknown>) =>
    /href="([^"]*)"/.exec(render(kind, data).html)?.[1];
  assert.equal(urlOf("assignment", { lead_id: lead }), `https://app.example.com/leads/${lead}`);
  assert.equal(urlOf("assignment", { leads: 12 }), "https://app.example.com/leads");
  assert.equal(urlOf("task_due", {}), "https://app.example.com/tasks");
  assert.equal(
    urlOf("import_finished", { import_id: lead }),
    `https://app.example.com/leads/import/${lead}`,
  );
  assert.equal(
    urlOf("report_ready", { report_id: lead }),
    `https://app.example.com/reports/${lead}`,
  );
  assert.equal(
    urlOf("invitation", { token: "a b" }),
    "https://app.example.com/accept-invitation?token=a%20b",
  );
  const without = renderMail({
    kind: "assignment",
    name: null,
    data: { lead_id: lead },
    organization,
  }, undefined);
  assert(!/https?:/.test(without.html + without.text));
});

Deno.test("Times are the organization's own, also across a change of its clocks", () => {
  const at = (deadline: string, time_zone: string, locale = "en", country = "GB") =>
    render("sla_reminder", { lead_name: "Ama", deadline }, {
      organization: { ...organization, time_zone, locale, country },
    }).text;
  assert.match(at("2026-03-29T00:30:00Z", "Europe/Paris"), /Sunday,? 29 March 2026 at 01:30/);
  assert.match(at("2026-03-29T01:30:00Z", "Europe/Paris"), /Sunday,? 29 March 2026 at 03:30/);
  assert.match(
    at("2026-11-23T15:00:00Z", "America/New_York", "en", "US"),
    /Monday, November 23, 2026 at 10:00\sAM/,
  );
  assert.match(at("2026-11-23T09:30:00Z", "Africa/Abidjan", "fr", "CI"), /lundi 23 novembre 2026/);
});

Deno.test("Several leads are told as a number", () => {
  assert.equal(
    render("assignment", { leads: 12, assigned_by_name: "Kofi" }).subject,
    "Assigned to you: 12 leads",
  );
  const french = render("assignment", { leads: 12 }, {
    organization: { ...organization, locale: "fr" },
  });
  assert.match(french.text, /On vous a attribué 12 prospects\./);
});

Deno.test("The end of an import is mailed with its counts, and a failed one with the reason", () => {
  const data = {
    file_name: "a.csv",
    created: 3,
    updated: 2,
    skipped: 1,
    invalid: 4,
    status: "done",
  };
  const done = render("import_finished", data);
  assert.equal(done.subject, "Import finished: a.csv");
  assert.match(done.text, /Added: 3\s+Updated: 2\s+Skipped: 1\s+With errors: 4/);
  const failed = render("import_finished", { ...data, status: "failed", error: "It broke" });
  assert.equal(failed.subject, "Import stopped: a.csv");
  assert.match(failed.text, /has stopped/);
  assert.match(failed.text, /Reason: It broke/);
});
