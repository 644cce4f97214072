import postgres from "postgres";
import type { Problem } from "./cells.ts";
import type { Draft, Written } from "./entity.ts";

/**
 * Errors that say something about the database, its connections or this program, not about a row: connection (08),
 * transaction state (25, 40), resources (53), locks (55P03), shutdown (57), system (58, XX), and statements that do not fit
 * the schema (42 but for 42501, which triggers raise).
 */
const NOT_OF_A_ROW = /^(08|25|26|40|42(?!501)|53|55P03|57|58|XX)/;

/** Refused as a copy of another row, or by a rule that says why: nothing that could be here is missing. */
const BY_RULE = /^(23505|P0|PT)/;

/** Whether an error is about a row that is written, so that others can still be. */
export const isOfARow = (error: unknown): error is postgres.PostgresError =>
  error instanceof postgres.PostgresError && !NOT_OF_A_ROW.test(error.code);

/** The problem of a row that is not here, with the database's reason. */
export const refused = (oldId: string, message: string, field = "row"): Problem => ({
  old_id: oldId,
  field,
  value: null,
  message,
  left_out: true,
});

/** The problem of a row that the database refused. */
export const refusedBy = (oldId: string, { code, message }: postgres.PostgresError): Problem =>
  refused(oldId, message, BY_RULE.test(code) ? "rule" : "row");

/** The halves of a list, between two old rows; null: it is of one old row. */
function halves(drafts: Draft[]): [Draft[], Draft[]] | null {
  const first = drafts[0]?.oldId;
  if (drafts.every(({ oldId }) => oldId === first)) return null;
  let middle = Math.ceil(drafts.length / 2);
  while (middle < drafts.length && drafts[middle]?.oldId === drafts[middle - 1]?.oldId) middle++;
  if (middle === drafts.length) {
    const last = drafts.at(-1)?.oldId;
    middle = drafts.findIndex(({ oldId }) => oldId === last);
  }
  return [drafts.slice(0, middle), drafts.slice(middle)];
}

/**
 * Writes rows, and what follows from them, in a savepoint. Where the database refuses that because of a row, the others are
 * written without it, and it is a problem with the database's reason.
 */
export async function sparingRows(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  write: (tx: postgres.TransactionSql, drafts: Draft[]) => Promise<Written>,
): Promise<Written> {
  const [first] = drafts;
  if (first === undefined) return { brought: 0, present: 0, problems: [] };
  try {
    return await tx.savepoint(async (inner) => {
      const written = await write(inner, drafts);
      // What is checked at the end of the transaction is checked while it can still be told by which row.
      await inner`set constraints all immediate`;
      return written;
    });
  } catch (error) {
    if (!isOfARow(error)) throw error;
    const parts = halves(drafts);
    if (parts === null) {
      return { brought: 0, present: 0, problems: [refusedBy(first.oldId, error)] };
    }
    const [left, right] = [
      await sparingRows(tx, parts[0], write),
      await sparingRows(tx, parts[1], write),
    ];
    return {
      brought: left.brought + right.brought,
      present: left.present + right.present,
      problems: [...left.problems, ...right.problems],
    };
  }
}
