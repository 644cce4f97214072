import type postgres from "postgres";
import type { Context } from "./entity.ts";

const TRIES = 5;

const isThere = async (sql: postgres.Sql, month: string): Promise<boolean> => {
  const [row] = await sql`
    select to_regclass('partitions.messages_' || to_char(${month}::timestamptz, 'YYYY_MM')) is not null as there`;
  return row?.["there"] === true;
};

/**
 * Creates the partitions that old messages go to. Each is attached in a transaction of its own: what that locks would
 * otherwise be locked until the end of a rehearsal. Throws a sentence if another transaction stays in the way.
 */
export async function createMonths(sql: postgres.Sql, { messagesSince }: Context): Promise<void> {
  const months = await sql<{ month: string }[]>`
    select m::text as month
    from generate_series(date_trunc('month', ${messagesSince}::timestamptz), now(), interval '1 month') m`;
  for (const { month } of months) {
    for (let tried = 0; tried < TRIES && !await isThere(sql, month); tried++) {
      await sql`select private.create_month_partition('public.messages', ${month}::timestamptz)`;
    }
    if (await isThere(sql, month)) continue;
    throw new Error(
      `The partition of messages of ${
        month.slice(0, 7)
      } cannot be created, because another transaction ` +
        "holds the table. Try again.",
    );
  }
}
