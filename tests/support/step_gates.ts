import type postgres from "postgres";
import { until } from "./wait.ts";

/** A step of some work: a trigger on the table that it writes first. */
export interface Step {
  name: string;
  /** When and where, as `create trigger` takes it: `before insert on public.emails`. */
  trigger: string;
  /** Which rows are of this step; of all when left out. */
  when?: string;
}

/** Of the advisory locks by which a gate shows that somebody stands before it. */
const lockClass = 7_311;

/**
 * Gates before the steps of some work, all closed. Who comes to a closed gate waits, inside its transaction. They outlive
 * the death of the stack and of whoever waits.
 */
export async function closeGates(sql: postgres.Sql, steps: readonly Step[]): Promise<void> {
  await sql`create table private.test_gates (step integer primary key, is_open boolean not null default false)`;
  await sql`insert into private.test_gates select generate_series(0, ${steps.length - 1}::int)`;
  await sql`
    create function private.wait_at_gate() returns trigger language plpgsql security definer as $$
    declare
      gate integer := tg_argv[0];
    begin
      perform pg_try_advisory_xact_lock(${sql.unsafe(String(lockClass))}, gate);
      while exists (select from private.test_gates g where g.step = gate and not g.is_open) loop
        perform pg_sleep(0.02);
      end loop;
      return new;
    end $$`;
  for (const [step, { trigger, when }] of steps.entries()) {
    await sql.unsafe(`create trigger test_gate_${step} ${trigger} for each row
      ${when ? `when (${when})` : ""} execute function private.wait_at_gate('${step}')`);
  }
}

/** Waits until somebody stands before a gate. */
export async function reached(sql: postgres.Sql, step: number, name: string): Promise<void> {
  await until(async () => {
    const found =
      await sql`select from pg_locks l join private.test_gates g on g.step = l.objid::int
      where l.locktype = 'advisory' and l.classid = ${lockClass} and l.objid = ${step} and not g.is_open`;
    return found.length > 0;
  }, { what: `the step "${name}"` });
}

/** Opens a gate for good. */
export async function openGate(sql: postgres.Sql, step: number): Promise<void> {
  await sql`update private.test_gates set is_open = true where step = ${step}`;
}
