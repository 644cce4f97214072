import postgres from "postgres";
import { stackUnderTest } from "./stack.ts";

let shared: postgres.Sql | undefined;

/** The stack's database as its owner, whom row level security does not bind. All tests of a process share these connections. */
export function database(): postgres.Sql {
  return shared ??= postgres(stackUnderTest().db_url, { max: 8, onnotice: () => {} });
}

/** Does some work on the stack's database as its owner. It has begun when this returns: a query alone begins with `await`. */
export async function withDatabase<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  return await work(database());
}

/** Does some work on connections of its own, whose settings nobody else has. */
export async function withOwnDatabase<T>(
  connection: Record<string, string | number>,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(stackUnderTest().db_url, { max: 2, onnotice: () => {}, connection });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}
