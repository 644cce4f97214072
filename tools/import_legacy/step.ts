import type postgres from "postgres";
import { batches, rowsWithoutId } from "./batches.ts";
import { cellsOf, type Problem } from "./cells.ts";
import { entities } from "./entities.ts";
import { type Context, type Draft, type Entity, PASSED_OVER, type Written } from "./entity.ts";
import { insertRows } from "./insert.ts";
import { withKeptIds } from "./kept_ids.ts";
import {
  addProblems,
  forgetProblems,
  type Progress,
  readProgress,
  writeIds,
  writeProblems,
  writeProgress,
} from "./progress.ts";
import { sparingRows } from "./refused.ts";
import type { ReadableStep, Row } from "./source.ts";
import { keptId } from "./text.ts";

/** Runs work in a transaction of the new database; a dry run nests it in one that is rolled back. */
export type Transact = <T>(
  work: (tx: postgres.TransactionSql) => Promise<T>,
) => Promise<T>;

/** The rows of a batch as they are to be inserted. */
export interface Batch {
  drafts: Draft[];
  problems: Problem[];
  passedOver: number;
}

/** Reads the rows of a batch. One that cannot be read for a reason that nobody thought of is a problem like others. */
export function readBatch(
  rows: Row[],
  step: ReadableStep,
  context: Context,
): Batch {
  const batch: Batch = { drafts: [], problems: [], passedOver: 0 };
  for (const row of rows) {
    const cells = cellsOf(row, step, context.place);
    let read: ReturnType<Entity["read"]> = null;
    try {
      read = entities[step.into].read(cells, context, step);
    } catch (error) {
      cells.leaveOut(
        "row",
        `The row cannot be read: ${error instanceof Error ? error.message : error}`,
      );
    }
    if (read === PASSED_OVER) batch.passedOver++;
    else if (read !== null) {
      batch.drafts.push(...[read].flat().map((row) => ({ oldId: cells.oldId, row })));
    }
    if (read !== PASSED_OVER) batch.problems.push(...cells.problems);
  }
  return batch;
}

const leftOut = (problems: Problem[]): number =>
  new Set(
    problems.filter((problem) => problem.left_out).map(({ old_id }) => old_id),
  ).size;

async function writeDrafts(
  tx: postgres.TransactionSql,
  step: ReadableStep,
  drafts: Draft[],
  context: Context,
): Promise<Written> {
  const entity = entities[step.into];
  await entity.prepare?.(tx, drafts, context);
  const written = await (entity.write ??
    ((tx, drafts) => insertRows(tx, entity, drafts, context)))(
      tx,
      drafts,
      context,
    );
  const refused = new Set(
    written.problems.filter(({ left_out }) => left_out).map(({ old_id }) => old_id),
  );
  const kept = drafts.filter(({ oldId }) => !refused.has(oldId));
  await entity.after?.(tx, kept, context);
  if (entity.table !== undefined && !entity.restarts) {
    await writeIds(
      tx,
      context,
      step.name,
      kept.map(({ oldId, row }) => ({ old_id: oldId, new_id: row["id"] })),
    );
  }
  return written;
}

async function writeBatch(
  tx: postgres.TransactionSql,
  step: ReadableStep,
  { drafts }: Batch,
  context: Context,
): Promise<Written> {
  await tx`select set_config('signalbox.legacy_import', ${context.kind}, true)`;
  await withKeptIds(tx, step, drafts, context);
  return await sparingRows(tx, drafts, (inner, some) => writeDrafts(inner, step, some, context));
}

/** Lists the rows that have no id of their own. */
async function listWithoutId(
  source: postgres.Sql,
  transact: Transact,
  step: ReadableStep,
  context: Context,
  progress: Progress,
): Promise<void> {
  for await (const problems of rowsWithoutId(source, step)) {
    progress.left_out += problems.length;
    await transact((tx) =>
      writeProblems(tx, context, step.name, problems.map(({ old_id }) => old_id), problems)
    );
  }
}

/** Imports the rows of a step, from where an interrupted run of it ended, and answers what became of them. */
export async function runStep(
  source: postgres.Sql,
  target: { sql: postgres.Sql; transact: Transact },
  step: ReadableStep,
  context: Context,
  options: {
    batchSize: number;
    /** Rows that have no id of their own. */
    withoutId: number;
    onBatch: (step: string, progress: Progress) => void;
  },
): Promise<Progress & { notice?: string }> {
  const entity = entities[step.into];
  const progress = await readProgress(target.sql, context, step, entity.restarts ?? false);
  if (progress.cursor === null) {
    await forgetProblems(target.sql, context, step.name);
    if (options.withoutId > 0) {
      await listWithoutId(source, target.transact, step, context, progress);
    }
  }
  await entity.begin?.(target.sql, context, step, source);
  for await (
    const { rows, cursor } of batches(
      source,
      step,
      progress.cursor,
      options.batchSize,
    )
  ) {
    const batch = readBatch(rows, step, context);
    await target.transact(async (tx) => {
      const written = await writeBatch(tx, step, batch, context);
      const problems = [...batch.problems, ...written.problems];
      progress.cursor = cursor;
      progress.brought += written.brought;
      progress.present += written.present;
      progress.left_out += leftOut(problems);
      progress.passed_over += batch.passedOver;
      await writeProblems(
        tx,
        context,
        step.name,
        rows.map((row) => keptId(String(row["signalbox_id"]))),
        problems,
      );
      await writeProgress(tx, context, step, progress);
    });
    options.onBatch(step.name, progress);
  }
  progress.finished = true;
  await target.transact(async (tx) => {
    await tx`select set_config('signalbox.legacy_import', ${context.kind}, true)`;
    const problems = await entity.finish?.(tx, context) ?? [];
    progress.left_out += leftOut(problems);
    await addProblems(tx, context, step.name, problems);
    await writeProgress(tx, context, step, progress);
  });
  return progress;
}
