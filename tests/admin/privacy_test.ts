import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CFB } from "@e965/xlsx";
import { bearer, newApiKey } from "../support/api_keys.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization, type Organization } from "../support/people.ts";
import { build, ended as runEnded, exportReport } from "../support/reports.ts";
import { functionUrl } from "../support/stack.ts";
import { until } from "../support/wait.ts";

interface PrivacyRequest {
  id: string;
  status: string;
  subject: Record<string, string>;
  matched: { lead_ids: string[]; customer_ids: string[]; phones: string[] };
  records: Record<string, number>;
  kept: { what: string; why: string }[];
}

const path = "/admin/privacy/requests";

async function ask({ admin }: Organization, body: unknown): Promise<PrivacyRequest> {
  return expectStatus<PrivacyRequest>(await call(admin, "POST", path, body), 202);
}

/** Runs the task until the request is done: the stack's own clock may run it too. */
async function ended({ admin }: Organization, id: string): Promise<PrivacyRequest> {
  return await until(async () => {
    await database()`select private.run_privacy_requests()`;
    const request = expectStatus<PrivacyRequest>(await call(admin, "GET", `${path}/${id}`), 200);
    assert.notEqual(request.status, "failed", JSON.stringify(request));
    return request.status === "done" ? request : undefined;
  }, { what: "the end of the request" });
}

const newPhone = () => `+23324${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;

/** Tables of the whole database in which a row has one of these texts. */
async function tablesWith(...texts: string[]): Promise<string[]> {
  const tables = await database()<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await database().unsafe(
      `select 1 from ${name} x where x::text ~* $1 limit 1`,
      [texts.map((text) => text.replace("+", "")).join("|")],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** A lead, customer and texts of one person, and a note about them at another lead. */
async function person(organization: Organization) {
  const { admin } = organization;
  const phone = newPhone();
  const surname = `Privatson${
    phone.slice(-7).replace(/\d/g, (digit) => "abcdefghij"[+digit] ?? "")
  }`;
  const lead = {
    first_name: "Yaw",
    last_name: surname,
    phone,
    email: `yaw@${surname.toLowerCase()}.example`,
  };
  const { id } = expectStatus<{ id: string }>(await call(admin, "POST", "/leads", lead), 201);
  const customer = { name: `Yaw ${surname}`, account_number: "PRV-10001", phone, arrears: "10.00" };
  expectStatus(await call(admin, "POST", "/customers", customer), 201);
  const text = { to: phone, message: "Dear Yaw, please call us." };
  expectStatus(await call(admin, "POST", "/sms/send", text), 202);
  const other = expectStatus<{ id: string }>(
    await call(admin, "POST", "/leads", { first_name: "Efua", phone: newPhone() }),
    201,
  );
  const task = { title: `Ask Yaw ${surname} (${phone})`, lead_id: other.id };
  const mention = expectStatus<{ id: string }>(await call(admin, "POST", "/tasks", task), 201);
  return { phone, surname, lead: id, task: mention.id };
}

Deno.test("An export is a ZIP with a JSON and a CSV file for each table, for the admin who clicks", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const { phone, surname, lead } = await person(organization);
  const request = await ask(organization, { kind: "export", lead_id: lead });
  assert.deepEqual(request.matched.lead_ids, [lead]);
  assert.equal(request.matched.customer_ids.length, 1, "the customer with the same number");
  const file = `${path}/${request.id}/export`;
  const done = await ended(organization, request.id);
  assert(Number(done.records["public.messages"]) >= 1, JSON.stringify(done.records));
  const response = await fetch(functionUrl(file), {
    headers: { authorization: `Bearer ${admin.accessToken}` },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/zip");
  const archive = CFB.read(Buffer.from(await response.arrayBuffer()), { type: "buffer" });
  const textOf = (name: string) =>
    new TextDecoder().decode(Uint8Array.from(CFB.find(archive, name)?.content ?? []));
  const leads: { phone: string; last_name: string }[] = JSON.parse(textOf("/leads.json"));
  assert.deepEqual(leads.map((row) => [row.phone, row.last_name]), [[phone, surname]]);
  assert.match(textOf("/messages.csv"), /Dear Yaw, please call us\./);
  assert.match(textOf("/tasks.json"), /Ask Yaw Privatson/);
  const log = await call(admin, "GET", "/audit-logs?action=exported");
  assert.equal(expectStatus<{ total: number }>(log, 200).total, 1);
});

Deno.test("An erased person is gone, is never texted again, and the audit chain is whole", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const { phone, surname, lead, task } = await person(organization);
  const { report_id } = await build(admin, { fields: ["leads.last_name"] });
  const run = await exportReport(admin, report_id, "csv");
  await runEnded(admin, run);
  assert((await tablesWith(phone, surname)).length > 5, "the person is in many tables");
  const request = await ask(organization, { kind: "erase", phone });
  const done = await ended(organization, request.id);
  const pseudonym = done.subject["phone"] ?? "";
  assert.match(pseudonym, /^\+999\d{12}$/);
  assert.deepEqual(done.matched.phones, [pseudonym]);
  assert(done.kept.some(({ what }) => what === "public.consents"));

  const [row] =
    await database()`select first_name, last_name, email, phone, deleted_at is null as live
    from public.leads where id = ${lead}`;
  assert.deepEqual({ ...row }, {
    first_name: "[erased]",
    last_name: "",
    email: null,
    phone: pseudonym,
    live: false,
  });
  const kept = await call(admin, "GET", `/tasks/${task}`);
  assert.equal(expectStatus<{ title: string }>(kept, 200).title, "Ask [erased] ([erased])");
  const audit = await call(admin, "GET", `/audit-logs?search=${surname}`);
  assert.equal(expectStatus<{ total: number }>(audit, 200).total, 0);
  const chain = await call(admin, "GET", "/admin/audit-logs/verify");
  assert.notEqual(expectStatus<{ status: string }>(chain, 200).status, "tampered");

  const text = { to: phone, message: "Are you still there?" };
  const sent = expectStatus<{ message_id: string }>(
    await call(admin, "POST", "/sms/send", text),
    202,
  );
  await until(async () => {
    const status = await call(admin, "GET", `/sms/status/${sent.message_id}`);
    return expectStatus<{ status: string }>(status, 200).status === "suppressed" || undefined;
  }, { what: "that the text is suppressed" });
  expectStatus(await call(admin, "POST", "/leads", { first_name: "Yaw", phone }), 201);
  const found = await call(admin, "GET", `/suppressions?phone=${encodeURIComponent(phone)}`);
  const [suppression] = expectStatus<{ data: { source: string }[] }>(found, 200).data;
  assert.equal(suppression?.source, "erased");
});

Deno.test("Only admins in a session of their own ask, and only about their organization", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const { lead } = await person(other);
  const body = { kind: "export", email: "nobody@person.example" };
  const manager = await addMember(organization, "manager");
  expectProblem(await call(manager, "POST", path, body), 403, "permission_denied");
  const key = bearer(await newApiKey(organization, "admin"));
  expectProblem(await call(key, "POST", path, body), 403);
  const second = await addMember(organization, "admin");
  const started = await call(
    organization.admin,
    "POST",
    `/admin/users/${second.userId}/impersonate`,
    { reason: "A test of what is closed" },
  );
  const acting = {
    accessToken: expectStatus<{ impersonation_token: string }>(started, 201).impersonation_token,
  };
  expectProblem(await call(acting, "POST", path, body), 403);
  const theirs = { kind: "erase", lead_id: lead };
  expectProblem(await call(organization.admin, "POST", path, theirs), 404, "not_found");
  const both = { ...body, phone: newPhone() };
  expectProblem(await call(organization.admin, "POST", path, both), 422);
  const { id } = await ask(organization, { ...body, kind: "erase" });
  expectProblem(await call(other.admin, "GET", `${path}/${id}`), 404, "not_found");
  expectProblem(
    await call(organization.admin, "GET", `${path}/${id}/export`),
    409,
    "not_an_export",
  );
  const page = await call(organization.admin, "GET", path);
  assert.equal(expectStatus<{ total: number }>(page, 200).total, 1);
});
