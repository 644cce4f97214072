import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { acceptMails, mailArrived, mailsTo, notify, refuseMails } from "../support/mail.ts";
import { addMember, newOrganization, type Session, uniqueEmail } from "../support/people.ts";
import { invite } from "../support/registration.ts";
import { functionUrl, stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

interface EmailBody {
  id: string;
  kind: string;
  to: string;
  title: string | null;
  status: string;
  attempts: number;
  reason: string | null;
  next_attempt_at: string | null;
  sent_at: string | null;
}

/** The e-mails to an address, as an admin sees them. */
async function emailsTo(admin: Session, to: string): Promise<EmailBody[]> {
  const answer = await call(admin, "GET", `/notifications/emails?to=${encodeURIComponent(to)}`);
  return expectStatus<{ data: EmailBody[] }>(answer, 200).data
    .filter(({ kind }) => kind !== "invitation");
}

/** The only e-mail to an address, once it has that status. */
function emailIs(admin: Session, to: string, status: string): Promise<EmailBody> {
  return until(async () => {
    const [email] = await emailsTo(admin, to);
    return email?.status === status && email;
  }, { timeoutMs: 120_000, what: `the e-mail to ${to} to be ${status}` });
}

/** What happens between the first try to send an e-mail and the second, which waits for it. */
async function afterFirstTry(to: string, happens: () => Promise<void>): Promise<void> {
  await withDatabase(async (sql) => {
    await until(async () => {
      const held =
        await sql`update public.emails set status = 'queued', attempts = 1, next_attempt_at = now() + interval '1 hour'
        where to_address = ${to} and status in ('queued', 'failed') and attempts > 0 returning id`;
      return held.length > 0;
    }, { what: "the first try" });
    await happens();
    await sql`update public.emails set next_attempt_at = now() where to_address = ${to}`;
    await sql`select private.invoke('jobs/send-emails')`;
  });
}

const assignment = (lead_id: string, name = "Ama Mensah") => ({
  kind: "assignment",
  title: `${name} was assigned to you`,
  data: {
    lead_id,
    lead_name: name,
    assigned_by_name: "Kofi Boss",
    note: "Call before noon.\nShe likes <b>short</b> calls.",
    deadline: "2026-11-23T09:30:00Z",
  },
});

Deno.test("An assignment is mailed once, in HTML and text, with the organization's name and a link to the lead", async () => {
  const organization = await newOrganization({ name: "Accra & Sons" });
  const counselor = await addMember(organization, "counselor");
  const lead = crypto.randomUUID();
  await Promise.all(
    [1, 2, 3].map(() =>
      notify([counselor], { ...assignment(lead), eventKey: `assignment:${lead}` })
    ),
  );
  const [mail] = await mailArrived(counselor.email, /Ama Mensah/);
  assert(mail);
  assert.equal(mail.subject, "Assigned to you: the lead Ama Mensah");
  assert.equal(mail.from, "no-reply@signalbox.test");
  const url = `${stackUnderTest().api_url}/leads/${lead}`;
  assert.match(mail.text, /Kofi Boss assigned the lead Ama Mensah to you\./);
  assert.match(mail.text, /> Call before noon\.\n> She likes <b>short<\/b> calls\./);
  assert.match(mail.text, /Respond by: Monday,? 23 November 2026/);
  assert(mail.text.includes(url), mail.text);
  assert(mail.html.includes(`<a href="${url}"`), mail.html);
  assert(mail.html.includes("Accra &amp; Sons"), mail.html);
  assert(mail.html.includes("She likes &lt;b&gt;short&lt;/b&gt; calls."), mail.html);
  const email = await emailIs(organization.admin, counselor.email, "sent");
  assert.deepEqual([email.attempts, email.reason, email.kind], [1, null, "assignment"]);
  assert.equal(mail.message_id, `<${email.id}@signalbox.test>`);
  assert.equal((await mailsTo(counselor.email)).length, 1 + await invitationsTo(counselor.email));
});

/** People of tests come by invitation, which is mailed too unless they were quicker. */
async function invitationsTo(address: string): Promise<number> {
  return (await mailsTo(address)).filter(({ subject }) => /invited to/.test(subject)).length;
}

Deno.test("What a lead is called cannot inject HTML or headers", async () => {
  const organization = await newOrganization({
    name: 'Evil" <x@example.com>, "All',
  });
  const counselor = await addMember(organization, "counselor");
  const name = 'Ama\r\nBcc: everyone@example.com\r\n\r\n<script>alert("x")</script>';
  await notify([counselor], assignment(crypto.randomUUID(), name));
  const [mail] = await mailArrived(counselor.email, /Ama/);
  assert(mail);
  assert.equal(
    mail.subject,
    'Assigned to you: the lead Ama Bcc: everyone@example.com <script>alert("x")</script>',
  );
  assert.deepEqual([mail.to, mail.from], [[counselor.email], "no-reply@signalbox.test"]);
  assert(!mail.html.includes("<script"), mail.html);
  assert(mail.html.includes("&lt;script&gt;"), mail.html);
});

Deno.test("E-mails are in the organization's language, with times of its time zone", async () => {
  const organization = await newOrganization({ name: "Lumière", country: "FR" });
  const { error } = await organization.admin.client.from("organizations")
    .update({ locale: "fr", time_zone: "Europe/Paris" }).eq("id", organization.id);
  assert.equal(error, null, JSON.stringify(error));
  const wrong = await organization.admin.client.from("organizations")
    .update({ locale: "xx" }).eq("id", organization.id);
  assert.equal(wrong.error?.code, "23514", "only languages that we have");
  await notify([organization.admin], {
    kind: "sla_breach",
    title: "Overdue",
    data: { lead_name: "Zoé", deadline: "2026-07-14T16:30:00Z" },
  });
  const [mail] = await mailArrived(organization.admin.email, /Zoé/);
  assert.equal(mail?.subject, "Délai de réponse dépassé : Zoé");
  assert.match(mail?.text ?? "", /mardi 14 juillet 2026/);
  assert.match(mail?.text ?? "", /18:30/);
  assert.match(mail?.html ?? "", /<html lang="fr">/);
});

Deno.test("A mail server that is down for two attempts and then up gets the mail to its recipient once", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await refuseMails(admin.email, 451, 2);
  await notify([admin], { kind: "system", title: "Third time lucky" });
  const mails = await mailArrived(admin.email, /Third time lucky/);
  assert.equal(mails.length, 1);
  const email = await emailIs(admin, admin.email, "sent");
  assert.equal(email.attempts, 3);
  assert.equal(email.reason, null);
});

Deno.test("A mail server that stays down dead-letters the mail with its reason, and it can be sent again", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await refuseMails(admin.email);
  await notify([admin], { kind: "system", title: "Nobody there" });
  const failed = await emailIs(admin, admin.email, "failed");
  assert.equal(failed.attempts, 3);
  assert.match(failed.reason ?? "", /refused for a test/);
  assert.equal((await mailsTo(admin.email)).length, 0);
  const listed = await call(admin, "GET", "/notifications/emails?status=failed&kind=system");
  assert.equal(expectStatus<{ total: number }>(listed, 200).total, 1);
  await acceptMails(admin.email);
  const again = await call(admin, "POST", `/notifications/emails/${failed.id}/resend`);
  const queued = expectStatus<EmailBody>(again, 202);
  assert.deepEqual([queued.status, queued.attempts, queued.reason], ["queued", 0, null]);
  assert.equal((await mailArrived(admin.email, /Nobody there/)).length, 1);
  await emailIs(admin, admin.email, "sent");
});

Deno.test("An unknown recipient fails at once", async () => {
  const { admin } = await newOrganization();
  await refuseMails(admin.email, 550);
  await notify([admin], { kind: "system", title: "Unknown user" });
  const failed = await emailIs(admin, admin.email, "failed");
  assert.equal(failed.attempts, 1);
  assert.match(failed.reason ?? "", /^550 /);
});

Deno.test("Two senders at once and one that died send no second copy", async () => {
  const organization = await newOrganization();
  const people = await Promise.all(
    ["manager", "counselor", "viewer"].map((role) => addMember(organization, role)),
  );
  for (const person of people) await refuseMails(person.email, 451, 1);
  await notify([organization.admin, ...people], { kind: "system", title: "Only once" });
  const { secret_key } = stackUnderTest();
  await Promise.all(Array.from({ length: 5 }, async () => {
    const started = await fetch(functionUrl("/jobs/send-emails"), {
      method: "POST",
      headers: { apikey: secret_key },
    });
    assert.equal(started.status, 202, await started.text());
  }));
  for (const person of [organization.admin, ...people]) {
    await mailArrived(person.email, /Only once/);
    await emailIs(organization.admin, person.email, "sent");
    assert.equal((await mailArrived(person.email, /Only once/)).length, 1);
  }
  const { admin } = organization;
  const dead = await withDatabase(async (sql) => {
    const [row] = await sql`
      insert into public.emails (organization_id, user_id, kind, to_address, event_key, status, attempts, claim, provider, sending_at)
      values (${organization.id}, ${admin.userId}, 'system', ${
      uniqueEmail("dead")
    }, 'dead', 'sending', 1, 1, 'smtp', now() - interval '1 hour')
      returning to_address`;
    return String(row?.["to_address"]);
  });
  await notify([admin], { kind: "system", title: "Starts a run" });
  const doubtful = await emailIs(admin, dead, "failed");
  assert.match(doubtful.reason ?? "", /may have been sent/);
  assert.equal((await mailsTo(dead)).length, 0);
});

Deno.test("Preferences decide what arrives by e-mail and what in the application", async () => {
  const organization = await newOrganization();
  const [quiet, mailed] = await Promise.all(
    ["counselor", "viewer"].map((role) => addMember(organization, role)),
  );
  assert(quiet && mailed);
  const off = { data: [{ kind: "assignment", email: false }] };
  expectStatus(await call(quiet, "PUT", "/notifications/preferences", off), 200);
  const inMail = { data: [{ kind: "assignment", in_app: false }] };
  expectStatus(await call(mailed, "PUT", "/notifications/preferences", inMail), 200);
  await notify([quiet, mailed], assignment(crypto.randomUUID()));
  await mailArrived(mailed.email, /Ama Mensah/);
  assert.deepEqual(await emailsTo(organization.admin, quiet.email), []);
  const seen = async (person: Session) =>
    expectStatus<{ total: number }>(await call(person, "GET", "/notifications"), 200).total;
  assert.deepEqual([await seen(quiet), await seen(mailed)], [1, 0]);
});

Deno.test("An invitation is mailed with its link, and its token is nowhere to be read afterwards", async () => {
  const organization = await newOrganization({ name: "Inviting" });
  const email = uniqueEmail("invited");
  const token = await invite(organization, email, "viewer");
  const [mail] = await mailArrived(email, /You are invited to Inviting/);
  const link = `${stackUnderTest().api_url}/accept-invitation?token=${token}`;
  assert(mail?.text.includes(link), mail?.text);
  assert(mail?.html.includes(link), mail?.html);
  assert.match(mail?.text ?? "", /Role: Viewer/);
  const { admin } = organization;
  const listed = await until(async () => {
    const answer = await call(admin, "GET", "/notifications/emails?kind=invitation");
    const [row] = expectStatus<{ data: EmailBody[] }>(answer, 200).data;
    return row?.status === "sent" && { row, text: JSON.stringify(answer.body) };
  }, { what: "the invitation to be sent" });
  assert(!listed.text.includes(token), listed.text);
  const direct = await admin.client.from("emails").select("data" as "id");
  assert.equal(direct.error?.code, "42501", "the contents are nobody's to read");
  const kept = await withDatabase((sql) =>
    sql`select from public.emails where data::text like ${`%${token}%`}
      union all select from private.email_secrets where token = ${token}`
  );
  assert.equal(kept.length, 0);
  const again = await call(
    admin,
    "POST",
    `/notifications/emails/${listed.row.id}/resend?force=true`,
  );
  expectStatus(again, 409);
});

Deno.test("An invitation that was accepted, withdrawn or replaced in the meantime is not mailed", async () => {
  const organization = await newOrganization({ name: "Changed Mind" });
  const { admin } = organization;
  const email = uniqueEmail("withdrawn");
  await refuseMails(email);
  await invite(organization, email, "viewer");
  await afterFirstTry(email, async () => {
    const { error } = await admin.client.from("invitations").delete().eq("email", email);
    assert.equal(error, null, JSON.stringify(error));
  });
  await until(async () => {
    const answer = await call(admin, "GET", `/notifications/emails?to=${email}`);
    return expectStatus<{ data: EmailBody[] }>(answer, 200).data[0]?.status === "canceled";
  }, { what: "the e-mail to be canceled" });
  assert.equal((await mailsTo(email)).length, 0);
});

Deno.test("A member who leaves before an e-mail goes out does not get it", async () => {
  const organization = await newOrganization();
  const leaver = await addMember(organization, "viewer");
  await refuseMails(leaver.email);
  await notify([leaver], { kind: "system", title: "Internal" });
  await afterFirstTry(leaver.email, async () => {
    const { error } = await organization.admin.client.from("memberships").update({
      status: "suspended",
    })
      .eq("user_id", leaver.userId);
    assert.equal(error, null, JSON.stringify(error));
  });
  await emailIs(organization.admin, leaver.email, "canceled");
  assert.equal(
    (await mailsTo(leaver.email)).filter(({ subject }) => subject === "Internal").length,
    0,
  );
});
