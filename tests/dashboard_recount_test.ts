import assert from "node:assert/strict";
import postgres from "postgres";
import { withDatabase } from "./support/db.ts";
import { call, expectStatus } from "./support/http.ts";
import { insertLeads, newTeam } from "./support/leads_in_sql.ts";
import { addMember, newOrganization } from "./support/organization.ts";
import { stackUnderTest } from "./support/stack.ts";

/** Numbers from a seed (mulberry32), so that a failure can be seen again. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What the totals say but a recount does not, and the other way round, in one snapshot. */
async function differences(organizationId: string): Promise<unknown[]> {
  return await withDatabase(async (sql) => [
    ...await sql`
      with told as (
        select t.person_id, t.team_id, t.status, t.outcome, t.source, t.sla_status, t.assigned,
          sum(t.leads)::bigint as leads, sum(t.value)::numeric as value
        from (select * from private.lead_totals union all select * from private.lead_total_deltas) t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4, 5, 6, 7
        having sum(t.leads) <> 0 or sum(t.value) <> 0
      ), counted as (
        select p.id, l.team_id, l.status, l.outcome, l.source, l.sla_status, l.assigned_to is not null, count(*), sum(l.value)
        from public.leads l
        cross join lateral (select null::uuid as id union select l.assigned_to union select l.created_by) p
        where l.organization_id = ${organizationId} and l.deleted_at is null group by 1, 2, 3, 4, 5, 6, 7
      ), told_held as (
        select t.holder_id, t.creator_id, t.team_id, t.outcome, t.sla_status, sum(t.leads)::bigint
        from (select * from private.holder_totals union all select * from private.holder_total_deltas) t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4, 5 having sum(t.leads) <> 0
      ), counted_held as (
        select l.assigned_to, p.id, l.team_id, l.outcome, l.sla_status, count(*)
        from public.leads l
        cross join lateral (select null::uuid as id union select nullif(l.created_by, l.assigned_to)) p
        where l.organization_id = ${organizationId} and l.deleted_at is null and l.assigned_to is not null group by 1, 2, 3, 4, 5
      ), told_events as (
        select t.person_id, t.team_id, t.outcome, t.response_minutes, sum(t.events)::bigint
        from (select * from private.sla_totals union all select * from private.sla_total_deltas) t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4 having sum(t.events) <> 0
      ), counted_events as (
        select p.id, e.team_id, case when e.event = 'breach' then 'breached' when e.met then 'met' else 'late' end,
          floor(e.response_minutes)::integer, count(*)
        from public.sla_events e
        join public.leads l on l.id = e.lead_id and l.deleted_at is null
        cross join lateral (select null::uuid as id union select e.assigned_to) p
        where e.organization_id = ${organizationId} and e.event in ('breach', 'response') group by 1, 2, 3, 4
      )
      select 'told' as side, row(d.*)::text from (table told except all table counted) d
      union all select 'counted', row(d.*)::text from (table counted except all table told) d
      union all select 'told held', row(d.*)::text from (table told_held except all table counted_held) d
      union all select 'counted held', row(d.*)::text from (table counted_held except all table told_held) d
      union all select 'told events', row(d.*)::text from (table told_events except all table counted_events) d
      union all select 'counted events', row(d.*)::text from (table counted_events except all table told_events) d`,
  ]);
}

const stages = ["new", "contacted", "qualified", "won", "lost"];

Deno.test("The totals equal a recount at every moment of many writers, folding and deleting meanwhile", async () => {
  const organization = await newOrganization();
  const people = [
    organization.admin,
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
    await addMember(organization, "manager"),
  ];
  const team = await newTeam(organization.id, "North", people.slice(1, 3));
  const leads = await insertLeads(
    organization.id,
    Array.from({ length: 40 }, (_, n) => ({
      assigned_to: people[n % 4]?.userId ?? null,
      created_by: people[n % 3]?.userId ?? null,
      source: `source ${n % 3}`,
      value: n,
    })),
  );
  const sql = postgres(stackUnderTest().db_url, { max: 6, onnotice: () => {} });
  /** One writer's random work. Two that lock the same leads in other orders may deadlock: one of them is undone whole. */
  async function write(seed: number) {
    const below = numbersFrom(seed);
    const lead = () => leads[below(leads.length)] ?? "";
    const person = () => [...people.map(({ userId }) => userId), null][below(5)] ?? null;
    const work = [
      () => sql`update public.leads set status = ${stages[below(5)] ?? "new"} where id = ${lead()}`,
      () => sql`update public.leads set assigned_to = ${person()} where id = ${lead()}`,
      () =>
        sql`update public.leads set value = ${below(1000)}, source = ${`source ${
          below(4)
        }`} where id = ${lead()}`,
      () =>
        sql`update public.leads set deleted_at = case when deleted_at is null then now() end where id = any (${[
          lead(),
          lead(),
          lead(),
        ]})`,
      () =>
        sql`update public.leads set assigned_to = ${person()} where organization_id = ${organization.id} and source = ${`source ${
          below(3)
        }`}`,
      () =>
        sql`update public.memberships set team_id = ${
          below(2) ? team : null
        } where organization_id = ${organization.id} and user_id = ${person()}`,
      () =>
        sql`insert into public.leads (organization_id, first_name, assigned_to, created_by, source)
          select ${organization.id}, 'More', ${person()}, ${person()}, 'import' from generate_series(1, 20)`,
      // As whoever records a response does: with the lead locked.
      () =>
        sql`with l as (select * from public.leads where id = ${lead()} for update)
          insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met, response_minutes)
          select l.organization_id, l.id, 'response', l.assigned_to, l.team_id, now(), ${
          below(2) === 0
        }, ${below(90)} from l`,
      () => sql`select private.fold_lead_totals()`,
      () =>
        sql.begin(async (sql) => {
          await sql`insert into public.leads (organization_id, first_name) values (${organization.id}, 'Undone')`;
          throw new Error("undone");
        }).catch((error: Error) => assert.equal(error.message, "undone")),
    ];
    for (let step = 0; step < 25; step++) {
      await work[below(work.length)]?.().catch((error: { code?: string; message: string }) => {
        if (error.code !== "40P01") throw error;
      });
    }
  }
  try {
    const writers = Promise.all([11, 22, 33, 44, 55].map(write));
    let done = false;
    writers.finally(() => done = true).catch(() => {});
    while (!done) assert.deepEqual(await differences(organization.id), []);
    await writers;
    assert.deepEqual(await differences(organization.id), []);
    await sql`select private.fold_lead_totals(), private.tidy_lead_totals()`;
    assert.deepEqual(await differences(organization.id), []);
  } finally {
    await sql.end({ timeout: 2 });
  }
  const [counted] = await withDatabase((sql) =>
    sql<
      { n: number }[]
    >`select count(*)::int as n from public.leads where organization_id = ${organization.id} and deleted_at is null`
  );
  const shown = await call(organization.admin, "GET", "/dashboard/metrics");
  assert.equal(expectStatus<{ total: number }>(shown, 200).total, counted?.n);
});

Deno.test("A dashboard reads as much after five thousand more leads of the same kinds as before", async () => {
  const organization = await newOrganization();
  const holder = await addMember(organization, "counselor");
  const rows = async () =>
    await withDatabase(async (sql) => {
      await sql`select private.fold_lead_totals()`;
      const [count] = await sql<{ n: number }[]>`
        select count(*)::int as n from (select * from private.lead_totals union all select * from private.lead_total_deltas) t
        where organization_id = ${organization.id}`;
      return count?.n ?? 0;
    });
  const add = (leads: number) =>
    withDatabase((sql) =>
      sql`insert into public.leads (organization_id, first_name, assigned_to, status, source, value)
        select ${organization.id}, 'Lead', ${holder.userId}, (array['new', 'won'])[1 + n % 2], 'import', n
        from generate_series(1, ${leads}) n`
    );
  await add(10);
  const before = await rows();
  await add(5_000);
  assert(before > 0);
  assert.equal(await rows(), before);
  const figures = await call(organization.admin, "GET", "/dashboard/metrics");
  const { total, won } = expectStatus<{ total: number; won: number }>(figures, 200);
  assert.deepEqual([total, won], [5_010, 2_505]);
});
