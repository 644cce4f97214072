import type postgres from "postgres";
import { actAs, type Claims } from "../caller.ts";

/** What Storage works with. */
export interface StorageContext {
  sql: postgres.Sql;
  /** Where the files are; each is named by its version. */
  folder: string;
}

/** Runs in one transaction as the caller, so that policies decide. */
export async function asCaller<T>(
  sql: postgres.Sql,
  claims: Claims,
  run: (transaction: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  const results: T[] = [];
  await sql.begin(async (transaction) => {
    await actAs(transaction, claims);
    results.push(await run(transaction));
  });
  const [result] = results;
  if (result === undefined) throw new Error("The transaction gave no result.");
  return result;
}
