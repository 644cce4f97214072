import type postgres from "postgres";
import { entities } from "./entities.ts";
import type { Context, Draft } from "./entity.ts";
import type { Transact } from "./step.ts";
import { cellsOf } from "./cells.ts";
import { withKeptIds } from "./kept_ids.ts";
import { readBatch } from "./step.ts";
import { batches, type RowCount } from "./batches.ts";
import type { ReadableStep, Row } from "./source.ts";

/** Counts and sums of the same rows on one side. */
export interface Figures {
  rows: number;
  /** The sum of the step's money column, as decimal text; null: it has none. */
  sum: string | null;
  by: Record<string, number>;
}

export interface Comparison {
  /** Rows of the old table, and those of them without an id. */
  old_rows: number;
  without_id: number;
  /** What the old rows say that could be read, and what the new rows say. */
  read: Figures;
  there: Figures;
  /** What rows that are left out or refused say in the step's money column; null: it has none. */
  left_out_sum: string | null;
  equal: boolean;
}

const cents = (amount: unknown): bigint => BigInt(String(amount ?? "0").replace(".", ""));

const decimal = (amount: bigint): string => {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(3, "0");
  return `${amount < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

interface Sums {
  rows: number;
  cents: bigint;
  by: Map<string, number>;
}

const noSums = (): Sums => ({ rows: 0, cents: 0n, by: new Map() });

function add(sums: Sums, rows: number, amount: unknown, value: unknown): void {
  sums.rows += rows;
  sums.cents += cents(amount);
  if (value !== undefined) {
    sums.by.set(String(value), (sums.by.get(String(value)) ?? 0) + rows);
  }
}

const figuresOf = (sums: Sums, hasMoney: boolean): Figures => ({
  rows: sums.rows,
  sum: hasMoney ? decimal(sums.cents) : null,
  by: Object.fromEntries([...sums.by].sort(([a], [b]) => a < b ? -1 : 1)),
});

async function addThere(
  tx: postgres.TransactionSql,
  step: ReadableStep,
  drafts: Draft[],
  context: Context,
  sums: Sums,
): Promise<void> {
  const { table = "", counted, figures = {} } = entities[step.into];
  const identity = Object.entries(counted?.by ?? { id: "uuid" });
  const columns = identity.map(([name]) => name).join(", ");
  const rows = await tx.unsafe(
    `select count(*)::float8 as rows, round(coalesce(sum(${
      figures.money ?? "0"
    }), 0), 2)::text as sum,
       ${figures.by ?? "null"} as by
     from (
       select distinct on (${columns}) t.* from ${counted?.from ?? `public.${table}`} t
       join jsonb_to_recordset(($1::text)::jsonb) as d (${
      identity.map(([name, type]) => `${name} ${type}`).join(", ")
    }) using (${columns})
       where t.organization_id = $2
     ) t group by 3`,
    [
      JSON.stringify(
        drafts.map(({ row }) => Object.fromEntries(identity.map(([name]) => [name, row[name]]))),
      ),
      context.organizationId,
    ],
  );
  for (const { rows: count, sum, by } of rows) {
    add(sums, Number(count), sum, figures.by && by);
  }
}

/** What each of these old rows says in the step's money column, whatever became of the row. */
function amountsOf(rows: Row[], step: ReadableStep, context: Context): Map<string, string | null> {
  const amount = entities[step.into].figures?.amount;
  if (amount === undefined) return new Map();
  return new Map(rows.map((row) => {
    const cells = cellsOf(row, step, context.place);
    return [cells.oldId, amount(cells)];
  }));
}

/** Reads the old rows once more and counts the new ones that should be there. */
export async function compareStep(
  source: postgres.Sql,
  transact: Transact,
  step: ReadableStep,
  context: Context,
  batchSize: number,
  { rows: old_rows, withoutId }: RowCount,
): Promise<Comparison> {
  const { counted, figures = {} } = entities[step.into];
  const identity = Object.keys(counted?.by ?? { id: "uuid" });
  const refused = await transact(async (tx) => {
    const rows = await tx`
      -- What the database refused for another reason than a rule of ours is missing here.
      select distinct old_id from private.legacy_problems where left_out and field <> 'row' and organization_id = ${context.organizationId}
        and kind = ${context.kind} and step = ${step.name}`;
    return new Set(rows.map((row) => String(row["old_id"])));
  });
  const [read, there, said] = [noSums(), noSums(), noSums()];
  const seen = new Set<string>();
  for await (const { rows } of batches(source, step, null, batchSize)) {
    const amounts = amountsOf(rows, step, context);
    for (const amount of amounts.values()) add(said, 1, amount, undefined);
    const batch = readBatch(rows, step, context);
    await transact((tx) => withKeptIds(tx, step, batch.drafts, context));
    const drafts = batch.drafts.filter(
      ({ oldId, row }) => {
        const key = identity.map((name) => row[name]).join(" ");
        // Several old rows may be one here: two opt-outs of a number. Ids of tables are unique anyway.
        const isNew = counted === undefined || !seen.has(key);
        if (counted !== undefined) seen.add(key);
        return isNew && !refused.has(oldId);
      },
    );
    for (const { oldId, row } of drafts) {
      add(read, 1, amounts.get(oldId), figures.by && row[figures.by]);
    }
    await transact((tx) => addThere(tx, step, drafts, context, there));
  }
  const hasMoney = figures.money !== undefined;
  const [old, now] = [figuresOf(read, hasMoney), figuresOf(there, hasMoney)];
  return {
    old_rows,
    without_id: withoutId,
    read: old,
    there: now,
    left_out_sum: hasMoney ? decimal(said.cents - read.cents) : null,
    equal: JSON.stringify(old) === JSON.stringify(now),
  };
}
