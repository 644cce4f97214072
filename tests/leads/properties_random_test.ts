import assert from "node:assert/strict";
import type { Sql } from "postgres";
import { withDatabase } from "../support/db.ts";
import { dice, pick, SEED, tries } from "../support/dice.ts";
import { type Answer, call, patiently } from "../support/http.ts";
import { openLeads, setCapacity, storeLeads } from "../support/lead_rows.ts";
import { newOffice, type Office } from "../support/office.ts";
import type { Session } from "../support/people.ts";

/*
 * Whatever is done to leads at the same moment, their histories, owners and counters agree afterwards. What is done is
 * drawn from a seed; the order in which it happens is the machine's.
 */

const capacity = 6;
const stages = ["new", "contacted", "qualified", "proposal", "won", "lost"];

/** Somebody who does things to the office's leads, drawn from the seed. */
function player(office: Office, ids: string[], seed: number) {
  const roll = dice(seed);
  const people = [office.manager, office.counselor, office.colleague].map(({ userId }) => userId);
  const one = <T>(from: readonly T[]): T => pick(roll, from);
  const some = (most: number) => Array.from({ length: 1 + roll(most) }, () => one(ids));

  /** One request. */
  function request(): Promise<Answer> {
    const session: Session = one([office.admin, office.manager]);
    const [lead, kind] = [one(ids), roll(100)];
    if (kind < 30) {
      const body = { assigned_to: one([...people, null]) };
      return patiently(session, "PATCH", `/leads/${lead}/assign`, body);
    }
    if (kind < 50) {
      const strategy = one(["round_robin", "least_loaded"]);
      const body = { lead_ids: some(8), strategy, among: people };
      return patiently(session, "POST", "/leads/bulk-assign", body);
    }
    if (kind < 60) {
      const body = { lead_ids: some(8), assigned_to: one(people) };
      return patiently(session, "POST", "/leads/bulk-assign", body);
    }
    if (kind < 85) {
      return patiently(session, "PATCH", `/leads/${lead}/status`, { status: one(stages) });
    }
    return patiently(session, "POST", `/leads/${lead}/merge`, { duplicate_id: one(ids) });
  }

  /** What other parts of the system do inside the database: leads are taken from their holders. */
  async function take(sql: Sql): Promise<void> {
    const taken = some(4);
    await sql`select private.assign_leads(${office.organization.id}, ${taken},
      ${taken.map(() => null)}::uuid[], 'departure')`;
  }

  return { people, request, take };
}

/** Lets nobody come back from a closed stage: a capacity limits what is given, not what is reopened. */
async function closeForGood(office: Office): Promise<void> {
  await withDatabase((sql) =>
    sql`update public.pipeline_stages set next_stages = '{}'
      where organization_id = ${office.organization.id} and outcome is not null`
  );
}

async function assertConsistent(sql: Sql, office: Office, ids: string[]): Promise<void> {
  const organization = office.organization.id;
  const broken = await sql`
    with moves as (
      select coalesce(h.merged_from, h.lead_id) as origin, h.from_status, h.to_status, h.seconds_in_stage,
        lag(h.to_status, 1, 'new') over own as before, lead(h.id) over own is null as last
      from public.lead_history h where h.organization_id = ${organization}
      window own as (partition by coalesce(h.merged_from, h.lead_id) order by h.id)
    )
    select m.* from moves m join public.leads l on l.id = m.origin
    where m.from_status is distinct from m.before or m.seconds_in_stage < 0 or (m.last and m.to_status <> l.status)`;
  assert.deepEqual([...broken], [], "each move begins where the last one ended");
  const lost = await sql`
    with given as (
      select coalesce(a.merged_from, a.lead_id) as origin, a.from_user, a.to_user,
        lag(a.to_user) over own as before, lead(a.id) over own is null as last
      from public.lead_assignments a where a.organization_id = ${organization}
      window own as (partition by coalesce(a.merged_from, a.lead_id) order by a.id)
    )
    select g.* from given g join public.leads l on l.id = g.origin
    where g.from_user is distinct from g.before or (g.last and g.to_user is distinct from l.assigned_to)`;
  assert.deepEqual([...lost], [], "the last assignment says who holds the lead");
  const rows = await sql<{ id: string; gone: boolean; home: boolean }[]>`
    select l.id, l.deleted_at is not null as gone, r.id is not null as home
    from public.leads l left join public.leads r on r.id = l.merged_into and r.deleted_at is null
    where l.organization_id = ${organization}`;
  assert.equal(rows.length, ids.length, "no lead is lost");
  for (const { id, gone, home } of rows) assert.equal(gone, home, `${id} went into a living lead`);
  const strayed = await sql`
    select h.lead_id from public.lead_history h join public.leads l on l.id = h.lead_id
    where h.organization_id = ${organization} and l.deleted_at is not null`;
  assert.deepEqual([...strayed], [], "no history stays with a lead that was merged");
  const open = await openLeads(sql, organization);
  for (const [person, leads] of open) {
    assert(leads <= capacity, `${person} holds ${leads} open leads`);
  }
  const answer = await call(office.admin, "GET", "/leads/holders?limit=200");
  const { data } = answer.body as { data: { user_id: string; open: number }[] };
  for (const holder of data) assert.equal(holder.open, open.get(holder.user_id) ?? 0);
  const summary = await call(office.admin, "GET", "/pipeline/summary");
  const counted = await sql<{ status: string; n: number }[]>`
    select status, count(*)::int as n from public.leads
    where organization_id = ${organization} and deleted_at is null group by 1`;
  const counts = new Map(counted.map(({ status, n }) => [status, n]));
  for (const { stage, count } of summary.body as { stage: string; count: number }[]) {
    assert.equal(count, counts.get(stage) ?? 0, `the summary of ${stage}`);
  }
  const untold = await sql`
    select a.id from public.lead_assignments a
    where a.organization_id = ${organization} and a.to_user is not null
      and not exists (
        select from public.notifications n
        where n.organization_id = a.organization_id and n.user_id = a.to_user and n.event_key = 'assignment:' || a.id)`;
  assert.deepEqual([...untold], [], "everybody is told what was assigned to them");
}

Deno.test("Assignments, moves and merges at the same moment leave everything consistent", async () => {
  for (let seed = SEED; seed < SEED + tries(1, 4); seed++) {
    const office = await newOffice();
    const ids = await storeLeads(office, 30, { team_id: office.team });
    await setCapacity(office, capacity);
    await closeForGood(office);
    const { request, take } = player(office, ids, seed);
    let done = 0;
    await withDatabase(async (sql) => {
      for (let round = 0; round < 6; round++) {
        const [answers] = await Promise.all([
          Promise.all(Array.from({ length: 14 }, request)),
          take(sql),
          take(sql),
        ]);
        for (const answer of answers) {
          const text = `SEED=${seed}: ${JSON.stringify(answer.body)}`;
          assert([200, 404, 409, 422].includes(answer.status), text);
          if (answer.status === 200) done++;
          assert((answer.body as { code?: string }).code !== "try_again", `a deadlock: ${text}`);
        }
        await assertConsistent(sql, office, ids);
      }
    });
    assert(done > 30, `SEED=${seed}: only ${done} requests did anything`);
  }
});

Deno.test("Round robin stays fair to within one lead while everything else goes on", async () => {
  const office = await newOffice();
  const ids = await storeLeads(office.organization, 10, { team_id: office.team });
  const { people } = player(office, ids, 42);
  const fresh = await storeLeads(office.organization, 60);
  const given: Promise<Answer>[] = [];
  for (let at = 0; at < fresh.length; at += 4) {
    const lead_ids = fresh.slice(at, at + 4);
    const body = { lead_ids, strategy: "round_robin", among: people };
    given.push(patiently(office.admin, "POST", "/leads/bulk-assign", body));
    const [lead, status] = [ids[at % 10] ?? "", stages[at % 4]];
    given.push(patiently(office.manager, "PATCH", `/leads/${lead}/status`, { status }));
    given.push(
      patiently(office.manager, "PATCH", `/leads/${lead}/assign`, {
        assigned_to: people[at % 3] ?? null,
      }),
    );
  }
  for (const { status, body } of await Promise.all(given)) {
    assert.equal(status, 200, JSON.stringify(body));
  }
  const turns = await withDatabase(async (sql) => {
    const rows = await sql<{ n: number }[]>`
      select count(*)::int as n from public.lead_assignments
      where organization_id = ${office.organization.id} and method = 'round_robin' group by to_user`;
    return rows.map(({ n }) => n);
  });
  assert.deepEqual(turns, [20, 20, 20]);
});
