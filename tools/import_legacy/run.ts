import postgres from "postgres";
import { loadPhoneNumbers } from "../../supabase/functions/_shared/phone.ts";
import type { Problem } from "./cells.ts";
import { compareStep, type Comparison } from "./compare.ts";
import { newContext } from "./context.ts";
import { entities } from "./entities.ts";
import { suppressContacts } from "./entities/opt_outs.ts";
import type { Context } from "./entity.ts";
import { writeIdPairs } from "./id_pairs.ts";
import type { Kind, Step } from "./mapping.ts";
import { createMonths } from "./months.ts";
import { isOptOutStep, unprotected } from "./unprotected.ts";
import { type Progress, readProblems } from "./progress.ts";
import { countRows, requireIds, type RowCount } from "./batches.ts";
import { openSource, type ReadableStep, resolveStep } from "./source.ts";
import { runStep, type Transact } from "./step.ts";

export interface ImportOptions {
  /** The old service's database. */
  from: string;
  /** Signalbox's, as its owner. */
  to: string;
  kind: Kind;
  organizationId: string;
  /** The organization of the old service whose rows are meant; needed where it has several. */
  fromOrganization?: string | undefined;
  steps: Step[];
  /** Everything is tried and rolled back. */
  dryRun: boolean;
  /** Goes on although opt-outs could not be read. */
  acceptUnreadableOptOuts: boolean;
  batchSize: number;
  /** Where the files of the report go. */
  folder: string;
  onBatch: (step: string, progress: Progress) => void;
}

export interface StepReport extends Progress {
  step: string;
  comparison: Comparison | null;
}

export interface ImportReport {
  kind: Kind;
  organization_id: string;
  dry_run: boolean;
  /** Steps whose table the old database does not have. */
  missing: string[];
  /** Steps that began again, and why. */
  notices: string[];
  steps: StepReport[];
  problems: (Problem & { step: string })[];
  /** Why nothing after the opt-outs was imported; null: everything was. */
  stopped: string | null;
}

class RolledBack extends Error {}

/** Everything that is compared is equal, and nothing stopped the import. */
export const isComplete = ({ stopped, steps }: ImportReport): boolean =>
  stopped === null &&
  steps.every(({ comparison }) => comparison === null || comparison.equal);

async function resolveAll(
  source: postgres.Sql,
  { steps, fromOrganization }: Pick<ImportOptions, "steps" | "fromOrganization">,
  { place }: Context,
) {
  const found: ReadableStep[] = [];
  const missing: string[] = [];
  for (const step of steps) {
    const readable = await resolveStep(
      source,
      step,
      entities[step.into].required,
      fromOrganization,
      place,
    );
    if (readable === null) missing.push(step.name);
    else found.push(readable);
  }
  return { found, missing };
}

async function importAll(
  source: postgres.Sql,
  target: { sql: postgres.Sql; transact: Transact },
  context: Context,
  options: ImportOptions,
): Promise<ImportReport> {
  const { found, missing } = await resolveAll(source, options, context);
  const counts = new Map<ReadableStep, RowCount>();
  for (const step of found) {
    const count = await countRows(source, step);
    if (isOptOutStep(step)) requireIds(step, count);
    step.hasCopies = count.rows - count.withoutId > count.ids;
    counts.set(step, count);
  }
  const steps: StepReport[] = [];
  const notices: string[] = [];
  let stopped: string | null = null;
  for (const step of found) {
    if (
      !isOptOutStep(step) && stopped === null &&
      !options.acceptUnreadableOptOuts
    ) {
      stopped = unprotected(await readProblems(target.sql, context), found);
    }
    if (stopped !== null && !isOptOutStep(step)) break;
    const { rows = 0, ids = 0 } = counts.get(step) ?? {};
    const { notice, ...progress } = await runStep(source, target, step, context, {
      ...options,
      withoutId: rows - ids,
    });
    if (notice !== undefined) notices.push(notice);
    steps.push({ step: step.name, ...progress, comparison: null });
  }
  await target.transact((tx) => suppressContacts(tx, context));
  for (const report of steps) {
    const step = found.find(({ name }) => name === report.step);
    const { table, counted } = entities[step?.into ?? "opt_outs"];
    if (!step || (table === undefined && counted === undefined)) continue;
    report.comparison = await compareStep(
      source,
      target.transact,
      step,
      context,
      options.batchSize,
      counts.get(step) ?? await countRows(source, step),
    );
  }
  const problems = await readProblems(target.sql, context);
  return {
    kind: options.kind,
    organization_id: options.organizationId,
    dry_run: options.dryRun,
    missing,
    notices,
    steps,
    problems,
    stopped: stopped ?? (options.acceptUnreadableOptOuts ? null : unprotected(problems, found)),
  };
}

/** Takes the organization's lock on a connection of its own: it ends with the process. */
async function lock(
  sql: postgres.Sql,
  organizationId: string,
): Promise<postgres.ReservedSql> {
  const connection = await sql.reserve();
  const [row] = await connection`
    select pg_try_advisory_lock(hashtextextended('import_legacy|' || ${organizationId}, 0)) as free`;
  if (row?.["free"] !== true) {
    connection.release();
    throw new Error("Another import into this organization is running.");
  }
  return connection;
}

/** Runs in one transaction that is rolled back at the end. */
async function rehearse<T>(
  sql: postgres.Sql,
  work: (target: { sql: postgres.Sql; transact: Transact }) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  await sql.begin(async (outer) => {
    const transact = ((inner) => outer.savepoint(inner)) as Transact;
    result = {
      value: await work({ sql: outer as unknown as postgres.Sql, transact }),
    };
    throw new RolledBack();
  }).catch((error) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  if (!result) throw new Error("The rehearsal has no result.");
  return result.value;
}

/**
 * Imports an old service's database into an organization. Rows that are there already stay as they are; a run that was
 * killed goes on where it was. Throws a sentence if the databases or the mapping do not fit.
 */
export async function importLegacy(
  options: ImportOptions,
): Promise<ImportReport> {
  await loadPhoneNumbers();
  const source = openSource(options.from);
  const sql = postgres(options.to, {
    max: 3,
    onnotice: () => {},
    connection: {
      TimeZone: "UTC",
      statement_timeout: 0,
      application_name: "import-legacy",
    },
  });
  try {
    const locked = await lock(sql, options.organizationId);
    const old = await source.reserve();
    // One snapshot for the whole run, so that what is counted is what was read.
    await old`begin transaction isolation level repeatable read read only`;
    const context = await newContext(sql, options.kind, options.organizationId);
    if (options.steps.some(({ into }) => into === "messages")) await createMonths(sql, context);
    const report = options.dryRun
      ? await rehearse(
        sql,
        (target) => importAll(old, target, context, options),
      )
      : await importAll(
        old,
        { sql, transact: ((work) => sql.begin(work)) as Transact },
        context,
        options,
      );
    if (!options.dryRun) await writeIdPairs(options.folder, sql, context);
    await old`rollback`;
    old.release();
    locked.release();
    return report;
  } finally {
    // After a failure connections are still reserved: nothing more comes of them.
    await source.end({ timeout: 0 });
    await sql.end({ timeout: 0 });
  }
}
