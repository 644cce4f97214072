import type postgres from "postgres";
import { entities } from "./entities.ts";
import type { Context, Draft } from "./entity.ts";
import type { ReadableStep } from "./source.ts";

/**
 * Gives rows that were imported before the ids they have: one without a time got the time of its import, and a corrected
 * time, zone or mapping would give another one.
 */
export async function withKeptIds(
  tx: postgres.TransactionSql,
  step: ReadableStep,
  drafts: Draft[],
  { organizationId, kind }: Context,
): Promise<void> {
  const { table, restarts } = entities[step.into];
  if (table === undefined || restarts) return;
  const derived = drafts.filter(({ oldId, row }) =>
    typeof row["id"] === "string" && row["id"] !== oldId.toLowerCase()
  );
  if (derived.length === 0) return;
  const found = await tx<{ old_id: string; new_id: string }[]>`
    select old_id, new_id from private.legacy_ids where organization_id = ${organizationId} and kind = ${kind}
      and step = ${step.name} and old_id = any (${derived.map(({ oldId }) => oldId)})`;
  const kept = new Map(found.map(({ old_id, new_id }) => [old_id, new_id]));
  for (const { oldId, row } of derived) row["id"] = kept.get(oldId) ?? row["id"];
}
