import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { storeDifferentLeads } from "../support/lead_rows.ts";
import { withinOneDay } from "../support/one_day.ts";
import { addMember, addMemberWith, newOrganization, newTeam } from "../support/people.ts";

interface Metrics {
  total: number;
  open: number;
  won: number;
  lost: number;
  new_today: number;
  unassigned: number;
  due_soon: number;
  breached: number;
  conversion_rate: number | null;
  value: Record<string, string>;
  sla: Record<string, number | null>;
  by_status: { status: string; label: string; count: number; value: string }[];
  by_source: { source: string; count: number }[];
}

interface Assignee {
  user_id: string;
  full_name: string;
  open: number;
  converted: number;
}

const metrics = async (session: Caller): Promise<Metrics> =>
  expectStatus(await call(session, "GET", "/dashboard/metrics"), 200);
const perAssignee = async (session: Caller): Promise<Assignee[]> =>
  expectStatus(await call(session, "GET", "/dashboard/leads-per-assignee"), 200);

Deno.test("The dashboard of an organization without leads shows zeros and every stage", async () => {
  const { admin } = await newOrganization();
  const figures = await metrics(admin);
  assert.deepEqual(
    [figures.total, figures.new_today, figures.conversion_rate, figures.value["total"]],
    [0, 0, null, "0.00"],
  );
  assert.deepEqual(figures.sla, {
    met: 0,
    breached: 0,
    met_rate: null,
    responses: 0,
    median_response_minutes: null,
    p90_response_minutes: null,
  });
  assert.deepEqual(
    figures.by_status.map(({ status, count, value }) => [status, count, value]),
    ["new", "contacted", "qualified", "proposal", "won", "lost"].map((key) => [key, 0, "0.00"]),
  );
  assert.deepEqual(figures.by_source, []);
});

Deno.test("The figures count what there is", () => withinOneDay(["Africa/Accra"], countedFigures));

async function countedFigures(): Promise<void> {
  const organization = await newOrganization();
  const holder = await addMember(organization, "counselor");
  await storeDifferentLeads(organization, [
    { value: 10.5, source: "website", assigned_to: holder.userId },
    { value: 20, source: "website", status: "contacted" },
    { value: 100, source: "event", status: "won", assigned_to: holder.userId },
    { value: 7, source: "event", status: "lost" },
  ]);
  const [deleted] = await storeDifferentLeads(organization, [{ value: 999, source: "gone" }]);
  await withDatabase((sql) =>
    sql`update public.leads set deleted_at = now() where id = ${deleted ?? ""}`
  );
  const figures = await metrics(organization.admin);
  assert.deepEqual({ ...figures, sla: null, by_status: null, due_soon: 0 }, {
    total: 4,
    open: 2,
    won: 1,
    lost: 1,
    new_today: 4,
    unassigned: 1,
    due_soon: 0,
    breached: 0,
    conversion_rate: 0.25,
    value: { total: "137.50", open: "30.50", won: "100.00", lost: "7.00" },
    sla: null,
    by_status: null,
    by_source: [{ source: "event", count: 2 }, { source: "website", count: 2 }],
  });
  const shares = expectStatus<{ status: string; share: number }[]>(
    await call(organization.admin, "GET", "/dashboard/status-distribution"),
    200,
  );
  assert.deepEqual(shares.map(({ share }) => share), [0.25, 0.25, 0, 0, 0.25, 0.25]);
  const people = await perAssignee(organization.admin);
  const held = people.find(({ user_id }) => user_id === holder.userId);
  assert.deepEqual([held?.full_name, held?.open, held?.converted], ["Test Person", 1, 1]);
}

Deno.test("Own, team, organization: each role sees the figures of its reach", async () => {
  const organization = await newOrganization();
  const [manager, insider, outsider, viewer] = [
    await addMember(organization, "manager"),
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
    await addMember(organization, "viewer"),
  ];
  await newTeam(organization, [manager, insider], "North");
  await newTeam(organization, [outsider], "South");
  await storeDifferentLeads(organization, [
    { assigned_to: insider.userId },
    { assigned_to: insider.userId, created_by: outsider.userId },
    { assigned_to: outsider.userId, created_by: manager.userId },
    { assigned_to: outsider.userId },
    { created_by: insider.userId },
    {},
  ]);
  const totals = await Promise.all(
    [organization.admin, viewer, manager, insider, outsider].map(async (session) => [
      (await metrics(session)).total,
      (await perAssignee(session)).reduce((sum, { open }) => sum + open, 0),
    ]),
  );
  assert.deepEqual(totals, [[6, 4], [6, 4], [4, 3], [3, 2], [3, 3]]);
  const idle = (await perAssignee(manager)).find(({ user_id }) => user_id === manager.userId);
  assert.equal(idle?.open, 0, "who may hold leads and has none is there too");
});

Deno.test("New today is the organization's own day", async () => {
  const organization = await newOrganization();
  for (const zone of ["Pacific/Kiritimati", "Asia/Kathmandu", "America/Los_Angeles"]) {
    await withDatabase(async (sql) => {
      await sql`update public.organizations set time_zone = ${zone} where id = ${organization.id}`;
      // A minute before and after the midnight that began the day there.
      await sql`
        insert into public.leads (organization_id, first_name, created_at)
        select ${organization.id}, 'Lead', least(now(), midnight + make_interval(mins => m))
        from (select date_trunc('day', now() at time zone ${zone}) at time zone ${zone} as midnight) d, unnest(array[-1, 1]) m`;
    });
    await withinOneDay([zone], async () => {
      const counted = await withDatabase((sql) =>
        sql<{ n: number }[]>`
          select count(*)::int as n from public.leads
          where organization_id = ${organization.id}
            and (created_at at time zone ${zone})::date = (now() at time zone ${zone})::date`
      );
      assert.equal((await metrics(organization.admin)).new_today, counted[0]?.n, zone);
    });
  }
});

Deno.test("Response times are those of the single responses, and each person's own", async () => {
  const organization = await newOrganization();
  const [quick, slow] = [
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
  ];
  const leads = await storeDifferentLeads(organization, Array.from({ length: 10 }, () => ({})));
  await withDatabase(async (sql) => {
    const events = leads.map((lead_id, index) => ({
      organization_id: organization.id,
      lead_id,
      event: "response",
      assigned_to: index < 5 ? quick.userId : slow.userId,
      deadline: new Date(),
      met: index < 7,
      response_minutes: index * 10,
    }));
    await sql`insert into public.sla_events ${sql(events)}`;
    const late = events.slice(7).map((event) => ({
      ...event,
      event: "breach",
      met: null,
      response_minutes: null,
    }));
    await sql`insert into public.sla_events ${sql(late)}`;
  });
  const all = {
    met: 7,
    breached: 3,
    met_rate: 0.7,
    responses: 10,
    median_response_minutes: 40,
    p90_response_minutes: 80,
  };
  assert.deepEqual((await metrics(organization.admin)).sla, all);
  const performance = expectStatus<{ by_assignee: Record<string, unknown>[] }>(
    await call(organization.admin, "GET", "/dashboard/sla-performance"),
    200,
  );
  const { by_assignee, ...whole } = performance;
  assert.deepEqual(whole, all);
  const own = by_assignee.find(({ user_id }) => user_id === quick.userId);
  assert.deepEqual([own?.["met"], own?.["median_response_minutes"]], [5, 20]);
  assert.deepEqual((await metrics(quick)).sla["p90_response_minutes"], 40);
  await withDatabase((sql) =>
    sql`update public.leads set deleted_at = now() where id = any (${leads.slice(0, 9)})`
  );
  assert.deepEqual((await metrics(organization.admin)).sla["median_response_minutes"], 90);
});

Deno.test("Who lacks the permission sees no figures, and nobody another organization's", async () => {
  const organization = await newOrganization();
  const stranger = await addMemberWith(organization, ["leads:read"]);
  await storeDifferentLeads(organization, [{}]);
  const other = await newOrganization();
  assert.equal((await metrics(other.admin)).total, 0);
  for (
    const path of ["metrics", "leads-per-assignee", "sla-performance", "status-distribution"]
  ) {
    const denied = await call(stranger, "GET", `/dashboard/${path}`);
    expectProblem(denied, 403, "permission_denied");
    const named = { "x-organization-id": organization.id };
    const foreign = await call(other.admin, "GET", `/dashboard/${path}`, undefined, named);
    expectProblem(foreign, 403, "not_a_member");
  }
});
