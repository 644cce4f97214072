import assert from "node:assert/strict";
import postgres from "postgres";
import { withDatabase } from "../support/db.ts";
import { dice, SEED } from "../support/dice.ts";
import { call, expectStatus } from "../support/http.ts";
import { storeDifferentLeads } from "../support/lead_rows.ts";
import { addMember, newOrganization, newTeam } from "../support/people.ts";
import { differences } from "../support/recount.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

const stages = ["new", "contacted", "qualified", "won", "lost"];

Deno.test("The totals equal a recount at every moment of many writers, folding and deleting meanwhile", async () => {
  const organization = await newOrganization();
  const people = [
    organization.admin,
    await addMember(organization, "counselor"),
    await addMember(organization, "counselor"),
    await addMember(organization, "manager"),
  ];
  const team = await newTeam(organization, people.slice(1, 3), "North");
  const leads = await storeDifferentLeads(
    organization,
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
    const below = dice(seed);
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
      // As a recorded response does: with the lead locked.
      () =>
        sql`with l as (select * from public.leads where id = ${lead()} for update)
          insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met, response_minutes)
          select l.organization_id, l.id, 'response', l.assigned_to, l.team_id, now(), ${
          below(2) === 0
        }, ${below(90)} from l`,
      () =>
        sql`insert into public.interactions (organization_id, lead_id, type, created_by, occurred_at)
          values (${organization.id}, ${lead()}, 'note', ${person()}, now() - ${
          below(900)
        } * interval '7 minutes')`,
      () =>
        sql`update public.organizations set time_zone = ${
          ["Asia/Kathmandu", "America/New_York", "Africa/Accra"][below(3)] ?? ""
        } where id = ${organization.id}`,
      () => sql`select private.roll_up_counters()`,
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
    const writers = Promise.all([11, 22, 33, 44, 55].map((writer) => write(SEED + writer)));
    let done = false;
    writers.finally(() => done = true).catch(() => {});
    while (!done) assert.deepEqual(await differences(organization.id), []);
    await writers;
    assert.deepEqual(await differences(organization.id), []);
    await sql`select private.roll_up_counters(), private.compact_counters()`;
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
      // A folding that meets another one leaves everything to it.
      await until(async () => {
        await sql`select private.roll_up_counters()`;
        const unfolded = await sql`
          select from private.lead_totals where not rolled_up and organization_id = ${organization.id} limit 1`;
        return unfolded.length === 0;
      }, { what: "a folding" });
      const [count] = await sql<{ n: number }[]>`
        select count(*)::int as n from private.lead_totals where organization_id = ${organization.id}`;
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
