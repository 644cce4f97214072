import type postgres from "postgres";
import { cellsOf, type Problem } from "./cells.ts";
import { entities } from "./entities.ts";
import { type Context, type Draft, PASSED_OVER, type Written } from "./entity.ts";
import { insertRows } from "./insert.ts";
import {
  forgetProblems,
  type Progress,
  readProgress,
  writeIds,
  writeProblems,
  writeProgress,
} from "./progress.ts";
import { batches, type ReadableStep, type Row } from "./source.ts";

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

/** Reads the rows of a batch. */
export function readBatch(
  rows: Row[],
  step: ReadableStep,
  context: Context,
): Batch {
  const batch: Batch = { drafts: [], problems: [], passedOver: 0 };
  for (const row of rows) {
    const cells = cellsOf(row, step, context.place);
    const read = entities[step.into].read(cells, context, step);
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

async function writeBatch(
  tx: postgres.TransactionSql,
  step: ReadableStep,
  { drafts }: Batch,
  context: Context,
): Promise<Written> {
  const entity = entities[step.into];
  await tx`select set_config('signalbox.legacy_import', ${context.kind}, true)`;
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

/** Imports the rows of a step, from where an interrupted run of it ended, and answers what became of them. */
export async function runStep(
  source: postgres.Sql,
  target: { sql: postgres.Sql; transact: Transact },
  step: ReadableStep,
  context: Context,
  options: {
    batchSize: number;
    onBatch: (step: string, progress: Progress) => void;
  },
): Promise<Progress> {
  const entity = entities[step.into];
  const progress = await readProgress(
    target.sql,
    context,
    step.name,
    entity.restarts ?? false,
  );
  if (progress.cursor === null) await forgetProblems(target.sql, context, step.name);
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
        rows.map((row) => String(row["signalbox_id"])),
        problems,
      );
      await writeProgress(tx, context, step.name, progress);
    });
    options.onBatch(step.name, progress);
  }
  progress.finished = true;
  await target.transact(async (tx) => {
    await tx`select set_config('signalbox.legacy_import', ${context.kind}, true)`;
    await entity.finish?.(tx, context);
    await writeProgress(tx, context, step.name, progress);
  });
  return progress;
}
