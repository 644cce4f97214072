import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { notify } from "../support/mail.ts";
import {
  addMember,
  addMemberWith,
  newOrganization,
  type Session,
  uniqueEmail,
} from "../support/people.ts";
import { invite } from "../support/registration.ts";

interface NotificationBody {
  id: string;
  kind: string;
  title: string;
  body: string;
  data: Record<string, unknown>;
  read_at: string | null;
  created_at: string;
}

interface NotificationPage {
  data: NotificationBody[];
  total: number;
  limit: number;
  offset: number;
  unread: number;
}

const list = async (person: Session, query = ""): Promise<NotificationPage> =>
  expectStatus(await call(person, "GET", `/notifications${query}`), 200);

Deno.test("GET /notifications shows the caller's own, newest first, by kind and by whether they are read", async () => {
  const organization = await newOrganization();
  const [mine, other] = await Promise.all(
    ["counselor", "viewer"].map((role) => addMember(organization, role)),
  );
  assert(mine && other);
  await notify([mine, other], { kind: "system", title: "For both" });
  await notify([mine], {
    kind: "assignment",
    title: "First",
    body: "Text",
    data: { lead_name: "Ama" },
  });
  await notify([mine], { kind: "task_due", title: "Second" });
  const all = await list(mine);
  assert.deepEqual(all.data.map(({ title }) => title), ["Second", "First", "For both"]);
  assert.deepEqual([all.total, all.unread, all.limit, all.offset], [3, 3, 50, 0]);
  const [first] = (await list(mine, "?kind=assignment")).data;
  assert(first);
  assert.deepEqual(
    [first.title, first.body, first.data, first.read_at],
    ["First", "Text", { lead_name: "Ama" }, null],
  );
  assert.deepEqual(Object.keys(first).sort(), [
    "body",
    "created_at",
    "data",
    "id",
    "kind",
    "read_at",
    "title",
  ]);
  const page = await list(mine, "?limit=1&offset=1");
  assert.deepEqual(page.data.map(({ title }) => title), ["First"]);
  assert.equal((await list(other)).total, 1);
  assert.equal((await list(organization.admin)).total, 0);
  expectProblem(await call(mine, "GET", "/notifications?unread=maybe"), 422);
  expectProblem(await call(mine, "GET", "/notifications?limit=0"), 422);
});

Deno.test("POST /notifications/{id}/read marks one, keeps the first time, and is 404 for what is another person's", async () => {
  const organization = await newOrganization();
  const [mine, other] = await Promise.all(
    ["counselor", "viewer"].map((role) => addMember(organization, role)),
  );
  assert(mine && other);
  await notify([mine], { kind: "system", title: "One" });
  await notify([mine], { kind: "system", title: "Two" });
  const [two, one] = (await list(mine)).data;
  assert(one && two);
  const read = async () =>
    expectStatus<NotificationBody>(await call(mine, "POST", `/notifications/${one.id}/read`), 200);
  const first = await read();
  assert(first.read_at);
  assert.equal((await read()).read_at, first.read_at, "reading again changes nothing");
  assert.deepEqual((await list(mine, "?unread=true")).data.map(({ title }) => title), ["Two"]);
  const done = await list(mine, "?unread=false");
  assert.deepEqual([done.data[0]?.title, done.total, done.unread], ["One", 1, 1]);
  for (const person of [other, organization.admin, (await newOrganization()).admin]) {
    expectProblem(await call(person, "POST", `/notifications/${two.id}/read`), 404, "not_found");
  }
  expectProblem(await call(mine, "POST", `/notifications/${crypto.randomUUID()}/read`), 404);
  expectProblem(await call(mine, "POST", "/notifications/abc/read"), 422);
  assert.equal((await list(mine)).unread, 1);
});

Deno.test("POST /notifications/read-all marks everything, or what was made until a time", async () => {
  const { admin } = await newOrganization();
  await notify([admin], { kind: "system", title: "Old" });
  const [old] = (await list(admin)).data;
  await notify([admin], { kind: "system", title: "New" });
  assert(old);
  // The database keeps microseconds, the API shows milliseconds.
  const until = encodeURIComponent(new Date(Date.parse(old.created_at) + 1).toISOString());
  const some = await call(admin, "POST", `/notifications/read-all?until=${until}`);
  assert.deepEqual(expectStatus(some, 200), { read: 1 });
  assert.deepEqual((await list(admin, "?unread=true")).data.map(({ title }) => title), ["New"]);
  assert.deepEqual(expectStatus(await call(admin, "POST", "/notifications/read-all"), 200), {
    read: 1,
  });
  assert.deepEqual(expectStatus(await call(admin, "POST", "/notifications/read-all"), 200), {
    read: 0,
  });
  expectProblem(await call(admin, "POST", "/notifications/read-all?until=tomorrow"), 422);
});

Deno.test("A person is notified of the same event once, and suspended people not at all", async () => {
  const organization = await newOrganization();
  const gone = await addMember(organization, "viewer");
  const { error } = await organization.admin.client.from("memberships").update({
    status: "suspended",
  })
    .eq("user_id", gone.userId);
  assert.equal(error, null);
  const notice = { kind: "system", title: "Once", eventKey: "once" };
  await Promise.all([1, 2, 3, 4].map(() => notify([organization.admin, gone], notice)));
  assert.equal((await list(organization.admin)).total, 1);
  const rows = await withDatabase((sql) =>
    sql`select from public.notifications where user_id = ${gone.userId}
      union all select from public.emails where user_id = ${gone.userId} and event_key = 'once'`
  );
  assert.equal(rows.length, 0);
});

Deno.test("A person who is suspended is refused by every endpoint of notifications", async () => {
  const organization = await newOrganization();
  const person = await addMember(organization, "admin");
  const paths = [
    ["GET", "/notifications"],
    ["POST", "/notifications/read-all"],
    ["POST", `/notifications/${crypto.randomUUID()}/read`],
    ["GET", "/notifications/preferences"],
    ["GET", "/notifications/emails"],
    ["POST", `/notifications/emails/${crypto.randomUUID()}/resend`],
  ] as const;
  await list(person);
  const { error } = await organization.admin.client.from("memberships").update({
    status: "suspended",
  })
    .eq("user_id", person.userId);
  assert.equal(error, null);
  for (const [method, path] of paths) expectProblem(await call(person, method, path), 403);
  const change = { data: [{ kind: "system", email: false }] };
  expectProblem(await call(person, "PUT", "/notifications/preferences", change), 403);
});

interface PreferencesBody {
  data: { kind: string; in_app: boolean; email: boolean }[];
}

Deno.test("Preferences show all kinds, change what is named, and are each person's own", async () => {
  const organization = await newOrganization();
  const person = await addMember(organization, "counselor");
  const get = async (who: Session) =>
    expectStatus<PreferencesBody>(await call(who, "GET", "/notifications/preferences"), 200).data;
  const before = await get(person);
  assert.deepEqual(before.map(({ kind }) => kind), [
    "assignment",
    "sla_reminder",
    "sla_breach",
    "task_due",
    "import_finished",
    "report_ready",
    "campaign",
    "note",
    "churn",
    "system",
  ]);
  // Notes have an inbox of their own.
  const usual = (all: PreferencesBody["data"]) =>
    all.every(({ kind, in_app, email }) => in_app === (kind !== "note") && email);
  assert(usual(before));
  const put = (data: unknown) => call(person, "PUT", "/notifications/preferences", { data });
  const off = await put([{ kind: "assignment", email: false }, {
    kind: "system",
    in_app: false,
    email: true,
  }]);
  assert.deepEqual(
    expectStatus<PreferencesBody>(off, 200).data.filter(({ in_app, email }) => !in_app || !email),
    [
      { kind: "assignment", in_app: true, email: false },
      { kind: "note", in_app: false, email: true },
      { kind: "system", in_app: false, email: true },
    ],
  );
  expectStatus(await put([{ kind: "assignment", in_app: false }]), 200);
  assert.deepEqual((await get(person))[0], { kind: "assignment", in_app: false, email: false });
  assert(usual(await get(organization.admin)));
  for (
    const wrong of [
      [],
      [{ kind: "nothing", email: true }],
      [{ email: true }],
      [{ kind: "system", email: "yes" }],
      [{ kind: "system" }, { kind: "system" }],
    ]
  ) expectProblem(await put(wrong), 422, "invalid_field");
  assert.deepEqual((await get(person))[0], { kind: "assignment", in_app: false, email: false });
});

Deno.test("Admins are notified of troubles of senders, unless they would rather not be", async () => {
  const organization = await newOrganization();
  const second = await addMember(organization, "admin");
  const off = { data: [{ kind: "system", in_app: false }] };
  expectStatus(await call(second, "PUT", "/notifications/preferences", off), 200);
  await withDatabase((sql) =>
    sql`select private.notify_admins(${organization.id}, 'sender_circuit_open', 'Texts are waiting', 'They wait.')`
  );
  assert.deepEqual((await list(organization.admin)).data.map(({ kind }) => kind), [
    "sender_circuit_open",
  ]);
  assert.equal((await list(second)).total, 0);
});

Deno.test("Only who manages e-mails sees the outbox and sends again", async () => {
  const organization = await newOrganization();
  const manager = await addMember(organization, "manager");
  expectProblem(await call(manager, "GET", "/notifications/emails"), 403, "permission_denied");
  const mailer = await addMemberWith(organization, ["emails:manage"]);
  for (let n = 0; n < 2; n++) await invite(organization, uniqueEmail(), "viewer");
  const page = expectStatus<{ data: { id: string; to: string }[]; total: number }>(
    await call(mailer, "GET", "/notifications/emails?limit=1&kind=invitation"),
    200,
  );
  assert.equal(page.data.length, 1);
  assert.equal(page.total, 2);
  const [email] = page.data;
  assert(email);
  const path = `/notifications/emails/${email.id}/resend`;
  expectProblem(await call(manager, "POST", path), 403, "permission_denied");
  expectProblem(await call((await newOrganization()).admin, "POST", path), 404, "not_found");
  for (const query of ["status=lost", "lead_id=x", "limit=999"]) {
    expectProblem(await call(mailer, "GET", `/notifications/emails?${query}`), 422);
  }
  expectProblem(await call(mailer, "POST", `${path}?force=perhaps`), 422);
  // Nobody writes the outbox past the functions.
  const direct = await organization.admin.client.from("emails").update({ status: "queued" }).eq(
    "id",
    email.id,
  );
  assert.equal(direct.error?.code, "42501");
});

Deno.test("Sending again: not while on its way, not when sent unless forced, and once for an Idempotency-Key", async () => {
  const { id, admin } = await newOrganization();
  const insert = (status: string) =>
    withDatabase(async (sql) => {
      const [row] = await sql`
        insert into public.emails (organization_id, user_id, kind, to_address, event_key, status, attempts, next_attempt_at, data)
        values (${id}, ${admin.userId}, 'system', ${admin.email}, ${crypto.randomUUID()}, ${status}, 3, now() + interval '1 hour',
          '{"title": "Again"}')
        returning id`;
      return String(row?.["id"]);
    });
  const resend = async (email: string, query = "", key?: string) =>
    await call(
      admin,
      "POST",
      `/notifications/emails/${email}/resend${query}`,
      undefined,
      key ? { "idempotency-key": key } : {},
    );
  const [queued, sent, failed] = await Promise.all(["queued", "sent", "failed"].map(insert));
  assert(queued && sent && failed);
  expectProblem(await resend(queued), 409, "on_its_way");
  expectProblem(await resend(sent), 409, "already_sent");
  expectStatus(await resend(sent, "?force=true"), 202);
  const first = expectStatus(await resend(failed, "", "key-1"), 202);
  assert.deepEqual(
    expectStatus(await resend(failed, "", "key-1"), 202),
    first,
    "a repeat gets the first answer",
  );
});
