import assert from "node:assert/strict";
import type postgres from "postgres";
import { until } from "./wait.ts";

/** The response clock of a lead, as the table holds it. */
export interface Clock {
  sla_status: string | null;
  sla_started_at: Date | null;
  sla_deadline: Date | null;
  sla_next_at: Date | null;
  sla_responded_at: Date | null;
  sla_breached_at: Date | null;
}

/** The clock of a lead now. */
export async function clockOf(sql: postgres.Sql, lead: string): Promise<Clock> {
  const [row] = await sql<Clock[]>`
    select sla_status, sla_started_at, sla_deadline, sla_next_at, sla_responded_at, sla_breached_at
    from public.leads where id = ${lead}`;
  assert(row, "the lead is there");
  return row;
}

/** Makes time pass for some clocks: as if they had started that many minutes earlier. */
export async function letPass(sql: postgres.Sql, leads: string[], minutes: number): Promise<void> {
  await sql`
    update public.leads set sla_started_at = sla_started_at - make_interval(mins => ${minutes}),
      sla_deadline = sla_deadline - make_interval(mins => ${minutes}),
      sla_next_at = sla_next_at - make_interval(mins => ${minutes})
    where id = any (${leads})`;
}

/** Runs the clocks until the lead has got that far: another run may hold it at this moment. */
export async function runClocksUntil(
  sql: postgres.Sql,
  lead: string,
  status: string,
): Promise<void> {
  await until(async () => {
    await sql`select private.run_sla()`;
    return (await clockOf(sql, lead)).sla_status === status;
  }, { what: `the clock to be ${status}` });
}

/** What became of a lead's clock, oldest first, its starts apart: `letPass` looks like one. */
export async function eventsOf(sql: postgres.Sql, lead: string) {
  return await sql<{ event: string; met: boolean | null; response_minutes: number | null }[]>`
    select event, met, response_minutes from public.sla_events
    where lead_id = ${lead} and event <> 'started' order by id`;
}

/** Who was told what of a lead: kind and person, in the application and by e-mail. */
export async function toldOf(sql: postgres.Sql, lead: string) {
  const inApp = await sql<{ kind: string; user_id: string; title: string; body: string }[]>`
    select kind, user_id, title, body from public.notifications where data ->> 'lead_id' = ${lead} order by id`;
  const mailed = await sql<{ kind: string; user_id: string }[]>`
    select kind, user_id from public.emails where lead_id = ${lead} order by id`;
  return { inApp: [...inApp], mailed: [...mailed] };
}
