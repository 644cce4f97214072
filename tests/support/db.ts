import postgres from "postgres";
import { stackUnderTest } from "./stack.ts";

/** Does some work on the stack's database as its owner, whom row level security does not bind. */
export async function withDatabase<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(stackUnderTest().db_url, { max: 2, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}
