import type postgres from "postgres";
import type { Problem } from "./cells.ts";
import type { Context } from "./entity.ts";
import type { ReadableStep } from "./source.ts";

/** How far a step is, and what became of its rows. */
export interface Progress {
  cursor: string | null;
  finished: boolean;
  brought: number;
  present: number;
  left_out: number;
  passed_over: number;
}

const none: Progress = {
  cursor: null,
  finished: false,
  brought: 0,
  present: 0,
  left_out: 0,
  passed_over: 0,
};

/**
 * Where a step that was interrupted goes on; one that was finished begins again, and so does one whose rows are read in
 * another way than before: notice says so then.
 */
export async function readProgress(
  sql: postgres.Sql,
  context: Context,
  { name: step, fingerprint }: ReadableStep,
  restarts: boolean,
): Promise<Progress & { notice?: string }> {
  const [row] = await sql<(Progress & { finished_at: string | null; fingerprint: string })[]>`
    select fingerprint, cursor, finished_at, brought::float8, present::float8, left_out::float8, passed_over::float8
    from private.legacy_steps
    where organization_id = ${context.organizationId} and kind = ${context.kind} and step = ${step}`;
  if (!row || restarts) return { ...none };
  if (row.fingerprint !== fingerprint) {
    const notice =
      `${step}: the mapping, --from-organization or the organization's country, currency or time zone ` +
      "is another one than when it was last imported. It begins again at its first row; rows that are here stay as " +
      "they were read then.";
    return { ...none, notice };
  }
  if (row.finished_at !== null) return { ...none };
  const { cursor, brought, present, left_out, passed_over } = row;
  return { cursor, finished: false, brought, present, left_out, passed_over };
}

/** Keeps how far a step is, in the transaction of its rows. */
export async function writeProgress(
  tx: postgres.TransactionSql,
  context: Context,
  step: ReadableStep,
  { cursor, finished, brought, present, left_out, passed_over }: Progress,
): Promise<void> {
  await tx`
    insert into private.legacy_steps as s (organization_id, kind, step, fingerprint, cursor, finished_at, brought, present,
      left_out, passed_over)
    values (${context.organizationId}, ${context.kind}, ${step.name}, ${step.fingerprint}, ${cursor}, ${
    finished ? context.now : null
  }, ${brought},
      ${present}, ${left_out}, ${passed_over})
    on conflict (organization_id, kind, step) do update set fingerprint = excluded.fingerprint,
      cursor = excluded.cursor, finished_at = excluded.finished_at,
      brought = excluded.brought, present = excluded.present, left_out = excluded.left_out,
      passed_over = excluded.passed_over`;
}

/** Forgets what an earlier run could not read: the old row may be gone since, or another step's. */
export async function forgetProblems(
  sql: postgres.Sql,
  { organizationId, kind }: Context,
  step: string,
): Promise<void> {
  await sql`delete from private.legacy_problems
    where organization_id = ${organizationId} and kind = ${kind} and step = ${step}`;
}

/** Replaces what is known about the problems of these rows. */
export async function writeProblems(
  tx: postgres.TransactionSql,
  { organizationId, kind }: Context,
  step: string,
  oldIds: string[],
  problems: Problem[],
): Promise<void> {
  await tx`
    delete from private.legacy_problems where organization_id = ${organizationId} and kind = ${kind} and step = ${step}
      and old_id = any (${oldIds})`;
  await addProblems(tx, { organizationId, kind }, step, problems);
}

/** Adds to what is known about the problems of rows. */
export async function addProblems(
  tx: postgres.TransactionSql,
  { organizationId, kind }: Pick<Context, "organizationId" | "kind">,
  step: string,
  problems: Problem[],
): Promise<void> {
  if (problems.length === 0) return;
  await tx`
    insert into private.legacy_problems (organization_id, kind, step, old_id, field, value, message, left_out)
    select ${organizationId}, ${kind}, ${step}, p.old_id, p.field, p.value, p.message, p.left_out
    from jsonb_to_recordset((${JSON.stringify(problems)}::text)::jsonb)
      as p (old_id text, field text, value text, message text, left_out boolean)
    on conflict (organization_id, kind, step, old_id, field) do nothing`;
}

/** All problems of the import, as the report lists them. */
export async function readProblems(
  sql: postgres.Sql,
  { organizationId, kind }: Context,
): Promise<(Problem & { step: string })[]> {
  return await sql`
    select step, old_id, field, value, message, left_out from private.legacy_problems
    where organization_id = ${organizationId} and kind = ${kind} order by step, old_id, field`;
}

/** Keeps under which id each row is whose old id is another. */
export async function writeIds(
  tx: postgres.TransactionSql,
  { organizationId, kind }: Context,
  step: string,
  pairs: { old_id: string; new_id: unknown }[],
): Promise<void> {
  const changed = pairs.filter(({ old_id, new_id }) =>
    typeof new_id === "string" && new_id !== old_id.toLowerCase()
  );
  if (changed.length === 0) return;
  await tx`
    insert into private.legacy_ids (organization_id, kind, step, old_id, new_id)
    select ${organizationId}, ${kind}, ${step}, p.old_id, p.new_id
    from jsonb_to_recordset((${
    JSON.stringify(changed)
  }::text)::jsonb) as p (old_id text, new_id uuid)
    on conflict do nothing`;
}
