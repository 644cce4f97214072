import assert from "node:assert/strict";
import { addCustomer, type CustomerBody } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { withinOneDay } from "../support/one_day.ts";
import { addMember, clientFor, newOrganization, type Organization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";

interface Entry {
  id: string;
  action: string;
  resource: string;
  resource_id: string;
  user_id: string | null;
  user_name: string | null;
  user_email: string | null;
  changed: string[];
  request_id: string | null;
  ip: string | null;
  created_at: string;
  before?: Record<string, unknown> | null;
  after?: Record<string, unknown> | null;
}

interface LogPage {
  logs: Entry[];
  total: number;
  total_is_capped: boolean;
  searched_from: string | null;
  page: number;
  limit: number;
}

const list = async (session: Caller, query = ""): Promise<LogPage> =>
  expectStatus(await call(session, "GET", `/audit-logs${query}`), 200);

/** An organization with a customer that a clerk added, changed and deleted. */
async function withHistory(): Promise<
  { organization: Organization; clerk: Caller & { userId: string; email: string }; id: string }
> {
  const organization = await newOrganization();
  const clerk = await addMember(organization, "operator");
  const { id } = await addCustomer(clerk, { name: '=Ama, "the" first', arrears: "10" });
  const changed = await call(clerk, "PUT", `/customers/${id}`, { arrears: "25.5" }, {
    "x-request-id": `request-${id}`,
    "cf-connecting-ip": "203.0.113.77",
  });
  expectStatus<CustomerBody>(changed, 200);
  expectStatus(await call(clerk, "DELETE", `/customers/${id}`), 204);
  return { organization, clerk, id };
}

Deno.test("GET /audit-logs lists who did what to a record, newest first, and the detail has both values", async () => {
  const { organization, clerk, id } = await withHistory();
  const page = await list(organization.admin, `?resource=customers&resource_id=${id}`);
  assert.deepEqual(
    [
      page.logs.map(({ action }) => action),
      page.total,
      page.total_is_capped,
      page.page,
      page.limit,
    ],
    [["delete", "update", "insert"], 3, false, 1, 50],
  );
  const [, update] = page.logs;
  assert(update);
  assert.deepEqual(
    { ...update, id: "", created_at: "" },
    {
      id: "",
      action: "update",
      resource: "customers",
      resource_id: id,
      user_id: clerk.userId,
      user_name: "Test Person",
      user_email: clerk.email,
      impersonator_id: null,
      impersonator_name: null,
      changed: ["arrears"],
      via: "function",
      request_id: `request-${id}`,
      ip: "203.0.113.77",
      created_at: "",
    },
  );
  const detail = expectStatus<Entry>(
    await call(organization.admin, "GET", `/audit-logs/${update.id}`),
    200,
  );
  assert.deepEqual([detail.before?.["arrears"], detail.after?.["arrears"]], [10, 25.5]);
  const added = expectStatus<Entry>(
    await call(organization.admin, "GET", `/audit-logs/${page.logs[2]?.id}`),
    200,
  );
  assert.equal(added.before, null);
});

Deno.test("GET /audit-logs is narrowed by person, action, resource, dates and search, page by page", async () => {
  const began = new Date().toISOString().slice(0, 10);
  const { organization, clerk, id } = await withHistory();
  const { admin } = organization;
  const counted = async (query: string) => (await list(admin, query)).total;
  const today = new Date().toISOString().slice(0, 10);
  assert.equal(await counted(`?user_id=${clerk.userId}`), 3);
  assert.equal(await counted(`?user_id=${clerk.userId}&action=delete`), 1);
  assert.equal(await counted(`?resource=customers&date_from=${began}&date_to=${today}`), 3);
  assert.equal(await counted("?resource=customers&date_from=2999-01-01"), 0);
  assert.equal(await counted("?resource=customers&date_to=2020-01-01T00:00:00%2B02:00"), 0);
  assert.equal(await counted(`?search=request-${id}`), 1);
  assert.equal(await counted(`?search=${id}`), 3);
  assert.equal(await counted(`?search=${encodeURIComponent(', "the" f')}&resource=customers`), 3);
  assert.equal(await counted(`?search=AMA&resource=customers`), 3, "without regard to case");
  assert.equal(await counted(`?search=${encodeURIComponent(clerk.email)}&action=delete`), 1);
  assert.equal(await counted("?search=%25%25%25"), 0, "a search has no wildcards");
  const third = await list(admin, "?resource=customers&limit=1&page=3");
  assert.deepEqual([third.logs[0]?.action, third.page, third.total], ["insert", 3, 3]);
  const second = await list(admin, "?resource=customers&limit=1&offset=1");
  assert.deepEqual([second.logs[0]?.action, second.page], ["update", 2]);
  for (
    const query of [
      "?action=truncate",
      "?date_from=yesterday",
      "?date_from=2026-02-30",
      "?date_to=0001-01-01",
      "?user_id=1",
      "?resource=Customers;",
      "?page=0",
      "?limit=1000",
      "?search=%00",
    ]
  ) {
    expectProblem(await call(admin, "GET", `/audit-logs${query}`), 422, "invalid_field");
  }
});

Deno.test("A day of the audit log is the organization's own", async () => {
  const zones = ["Pacific/Kiritimati", "America/Los_Angeles"];
  await withinOneDay(zones, async () => {
    const { organization, id } = await withHistory();
    for (const zone of zones) {
      const today = await withDatabase(async (sql) => {
        await sql`update public.organizations set time_zone = ${zone} where id = ${organization.id}`;
        const [row] = await sql<
          { day: string }[]
        >`select (now() at time zone ${zone})::date::text as day`;
        return row?.day;
      });
      const query = `?resource_id=${id}&date_from=${today}&date_to=${today}`;
      assert.equal((await list(organization.admin, query)).total, 3, zone);
    }
  });
});

Deno.test("GET /audit-logs/export streams everything that matches, safe for spreadsheets", async () => {
  const { organization, id } = await withHistory();
  await withDatabase((sql) =>
    sql`insert into public.customers (organization_id, name, account_number, phone, currency)
      select ${organization.id}, 'Row ' || n, 'R' || n, '+233244000003', 'GHS' from generate_series(1, 2300) n`
  );
  const file = await call(organization.admin, "GET", "/audit-logs/export?resource=customers");
  const text = expectStatus<string>(file, 200).replace("\uFEFF", "");
  assert(file.headers.get("content-type")?.startsWith("text/csv"));
  const lines = text.trimEnd().split("\r\n");
  assert.equal(lines.length, 1 + 3 + 2300);
  assert.equal(
    lines[0],
    "created_at,user_name,user_email,impersonator_name,action,resource,resource_id,changed,before,after,via,request_id,ip,id",
  );
  assert(!lines.some((line) => /(^|,)[=+@]/.test(line)), "no field begins like a formula");
  const found = await call(
    organization.admin,
    "GET",
    `/audit-logs/export?search=request-${id}&resource=customers`,
  );
  assert.equal(expectStatus<string>(found, 200).trimEnd().split("\r\n").length, 2);
});

Deno.test("Only those who may read the audit log read it, and only their organization's", async () => {
  const { organization, id } = await withHistory();
  const [manager, other] = [await addMember(organization, "manager"), await newOrganization()];
  const [entry] = (await list(organization.admin, `?resource_id=${id}`)).logs;
  for (const path of ["", "/export", `/${entry?.id}`]) {
    const denied = await call(manager, "GET", `/audit-logs${path}`);
    expectProblem(denied, 403, "permission_denied");
    const named = { "x-organization-id": organization.id };
    const foreign = await call(other.admin, "GET", `/audit-logs${path}`, undefined, named);
    expectProblem(foreign, 403, "not_a_member");
  }
  expectProblem(await call(other.admin, "GET", `/audit-logs/${entry?.id}`), 404, "not_found");
  assert.equal((await list(other.admin, `?search=${id}`)).total, 0);
});

Deno.test("Nobody changes the audit log over the Data API, the service role included", async () => {
  const { organization } = await withHistory();
  const before = (await list(organization.admin)).total;
  const service = clientFor();
  const { api_url, secret_key, publishable_key } = stackUnderTest();
  const callers = [
    { apikey: secret_key },
    { apikey: publishable_key },
    { apikey: publishable_key, authorization: `Bearer ${organization.admin.accessToken}` },
  ];
  for (const headers of callers) {
    for (const method of ["POST", "PATCH", "DELETE"]) {
      const response = await fetch(
        `${api_url}/rest/v1/audit_logs?organization_id=eq.${organization.id}`,
        {
          method,
          headers: { ...headers, "content-type": "application/json" } as Record<string, string>,
          ...(method === "DELETE" ? {} : {
            body: JSON.stringify({
              organization_id: organization.id,
              action: "insert",
              resource: "x",
            }),
          }),
        },
      );
      const text = await response.text();
      assert(
        [401, 403].includes(response.status),
        `${method} answered ${response.status}: ${text}`,
      );
    }
  }
  const { error } = await service.from("audit_logs").select("id").limit(1);
  assert(error, "the publishable key alone reads nothing");
  assert.equal((await list(organization.admin)).total, before);
});
