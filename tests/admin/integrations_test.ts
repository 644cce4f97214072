import assert from "node:assert/strict";
import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { RESEND_API_KEY } from "../../local/mail/resend.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { mailArrived, mailsTo, notify } from "../support/mail.ts";
import { OwnMailServer } from "../support/mail_server.ts";
import { newOrganization, type Organization, uniqueEmail } from "../support/people.ts";
import { until } from "../support/wait.ts";

interface Integration {
  type: string;
  name: string;
  status: string;
  config: Record<string, unknown>;
  last_sync: string | null;
  last_error: string | null;
}

const path = "/admin/integrations";

async function listed({ admin }: Organization): Promise<Record<string, Integration>> {
  const all = expectStatus<Integration[]>(await call(admin, "GET", path), 200);
  return Object.fromEntries(all.map((integration) => [integration.type, integration]));
}

const connect = ({ admin }: Organization, type: string, body: unknown) =>
  call(admin, "POST", `${path}/${type}/connect`, body);

const disconnect = ({ admin }: Organization, type: string) =>
  call(admin, "DELETE", `${path}/${type}/disconnect`);

const resend = (api_key = RESEND_API_KEY) => ({
  credentials: { api_key },
  config: { from_email: "office@acme.example" },
});

const smtp = (server: OwnMailServer, changes: Record<string, unknown> = {}) => ({
  credentials: { ...OwnMailServer.credentials, ...changes },
  config: { host: "127.0.0.1", port: server.port, from_email: "office@acme.example" },
});

/** What the Vault and the senders hold of an organization. */
async function stored({ id }: Organization): Promise<number> {
  const [row] = await database()`
    select (select count(*) from public.integrations i where i.organization_id = ${id})
      + (select count(*) from public.sms_accounts a
        where a.organization_id = ${id} and a.credentials_secret_id is not null) as stored`;
  return Number(row?.["stored"]);
}

Deno.test("Every type is listed; what is refused is not stored, and keeps what was there", async () => {
  const organization = await newOrganization();
  const before = await listed(organization);
  assert.deepEqual(Object.keys(before), ["twilio", "arkesel", "smtp", "resend", "google_sheets"]);
  for (const { status, config } of Object.values(before)) {
    assert.deepEqual([status, config], ["not_connected", {}]);
  }
  expectProblem(await connect(organization, "resend", resend("re_wrong")), 422, "test_mail_failed");
  expectProblem(await disconnect(organization, "resend"), 404, "not_connected");
  expectProblem(await connect(organization, "fax", resend()), 404, "not_found");
  const key = { credentials: { api_key: "wrong" }, config: { senders: ["ACME"] } };
  expectProblem(await connect(organization, "arkesel", key), 422, "credentials_refused");
  assert.equal(await stored(organization), 0);
  expectStatus(await connect(organization, "resend", resend()), 200);
  expectProblem(await connect(organization, "resend", resend("re_wrong")), 422, "test_mail_failed");
  const answer = await call(organization.admin, "GET", path);
  assert(!JSON.stringify(answer.body).includes(RESEND_API_KEY));
  const { status, config, last_error } = (await listed(organization))["resend"] ?? {};
  assert.deepEqual({ status, config, last_error }, {
    status: "connected",
    config: { from_email: "office@acme.example" },
    last_error: null,
  });
});

Deno.test("Resend: a test goes to the admin, invitations and notices come from the own address", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  expectStatus(await connect(organization, "resend", resend()), 200);
  const [test] = await mailArrived(admin.email, /mail server works/);
  assert.equal(test?.from, "office@acme.example");
  const invited = uniqueEmail("invited");
  expectStatus(await call(admin, "POST", "/users", { email: invited, role: "viewer" }), 201);
  const [invitation] = await mailArrived(invited, /./);
  assert.equal(invitation?.from, "office@acme.example");
  await notify([admin], { kind: "system", title: "Own notice" });
  assert.equal((await mailArrived(admin.email, /Own notice/))[0]?.from, "office@acme.example");
  expectStatus(await disconnect(organization, "resend"), 204);
  await notify([admin], { kind: "system", title: "Later notice" });
  assert.equal(
    (await mailArrived(admin.email, /Later notice/))[0]?.from,
    "no-reply@signalbox.test",
  );
  const audited = expectStatus<{ logs: { action: string }[] }>(
    await call(admin, "GET", "/admin/audit-logs?resource=integrations"),
    200,
  );
  assert.deepEqual(audited.logs.map(({ action }) => action), ["disconnected", "connected"]);
});

Deno.test("An own mail server: what it cannot take goes through the platform's, the admins are told once, it recovers", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await using server = await OwnMailServer.start();
  const wrong = smtp(server, { password: "wrong" });
  expectProblem(await connect(organization, "smtp", wrong), 422, "test_mail_failed");
  assert.equal(server.mails.length, 0);
  expectStatus(await connect(organization, "smtp", smtp(server)), 200);
  assert.equal(server.mailsTo(admin.email).length, 1);
  expectProblem(await connect(organization, "resend", resend()), 409, "other_mail_server");

  await notify([admin], { kind: "system", title: "First" });
  await until(
    () => Promise.resolve(server.mails.some(({ raw }) => raw.includes("Subject: First"))),
    {
      what: "the first notice at the own server",
    },
  );
  assert.equal(server.mails.at(-1)?.from, "office@acme.example");

  server.goDown();
  await notify([admin], { kind: "system", title: "Second" });
  const [second] = await mailArrived(admin.email, /Second/);
  assert.equal(second?.from, "no-reply@signalbox.test");
  assert.equal((await listed(organization))["smtp"]?.status, "failing");
  await mailArrived(admin.email, /Mail server \(SMTP\) does not work/);
  await notify([admin], { kind: "system", title: "Third" });
  await mailArrived(admin.email, /Third/);
  const told = await database()`
    select from public.notifications n
    where n.organization_id = ${organization.id} and n.kind = 'integration_failing'`;
  assert.equal(told.length, 1);
  const health = expectStatus<{ integrations: { type: string; status: string }[] }>(
    await call(admin, "GET", "/admin/health"),
    200,
  );
  assert.deepEqual(health.integrations.map(({ type, status }) => [type, status]), [
    ["smtp", "degraded"],
  ]);

  server.comeUp();
  await database()`
    update public.integrations i set retry_at = now() where i.organization_id = ${organization.id}`;
  await notify([admin], { kind: "system", title: "Fourth" });
  await until(async () => (await listed(organization))["smtp"]?.status === "connected", {
    what: "the own server to be used again",
  });
  assert(server.mails.some(({ raw }) => raw.includes("Subject: Fourth")));
  assert.equal(
    (await mailsTo(admin.email)).filter(({ subject }) => /First|Fourth/.test(subject)).length,
    0,
  );
});

Deno.test("A mail server's host must be public, whatever it is called", async () => {
  const organization = await newOrganization();
  const hosts = ["localhost", "mail.internal", "169.254.169.254", "10.0.0.1", "::1", "0.0.0.0"];
  for (const host of hosts) {
    const body = {
      credentials: OwnMailServer.credentials,
      config: { host, port: 587, from_email: "office@acme.example" },
    };
    const { errors } = expectProblem(
      await connect(organization, "smtp", body),
      422,
      "invalid_field",
    );
    assert.equal(errors?.[0]?.path, "config.host", host);
  }
  assert.equal(await stored(organization), 0);
});

Deno.test("Twilio: the senders get the credentials, texts go through them, disconnecting takes them away", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const number = `+1555${String(Math.random()).slice(2, 9)}`;
  const credentials = {
    account_sid: CARRIER_CREDENTIALS.twilioAccountSid,
    auth_token: CARRIER_CREDENTIALS.twilioAuthToken,
  };
  const config = { senders: [number] };
  const wrong = { credentials: { ...credentials, auth_token: "wrong" }, config };
  expectProblem(await connect(organization, "twilio", wrong), 422, "credentials_refused");
  expectProblem(await connect(organization, "twilio", { credentials }), 422, "invalid_field");
  const connected = expectStatus<Integration>(
    await connect(organization, "twilio", { credentials, config }),
    200,
  );
  assert.deepEqual(connected.config, {
    senders: [number],
    account_sids: [credentials.account_sid],
  });
  const numbers = expectStatus<{ data: { number: string; has_credentials: boolean }[] }>(
    await call(admin, "GET", "/phone-numbers"),
    200,
  );
  assert.equal(numbers.data.find((one) => one.number === number)?.has_credentials, true);
  expectStatus(await connect(organization, "twilio", { credentials }), 200);
  expectStatus(await disconnect(organization, "twilio"), 204);
  assert.equal((await listed(organization))["twilio"]?.status, "not_connected");
  assert.equal(await stored(organization), 0);
});
