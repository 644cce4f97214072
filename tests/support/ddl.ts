import type postgres from "postgres";
import { withDatabase } from "./db.ts";
import { until } from "./wait.ts";

/**
 * Does some work in a transaction that locks a table which all tests use. It waits for the lock a moment at a time, so that
 * nobody waits behind it for those who were there before.
 */
export async function withTableLocked(
  work: (sql: postgres.TransactionSql) => Promise<unknown>,
): Promise<void> {
  await withDatabase((sql) =>
    until(() =>
      sql.begin(async (tx) => {
        await tx`set local lock_timeout = '200ms'`;
        await work(tx);
        return true;
      }).catch((error: { code?: string }) => {
        if (error.code !== "55P03") throw error;
        return false;
      }), { timeoutMs: 300_000, what: "the table's lock" })
  );
}
