import type postgres from "postgres";

/** Somebody who asks for something in an organization. */
export interface Caller {
  organization: string;
  user: string;
}

/** Runs work in one transaction as the Data API would for this person. */
export async function asCaller<T>(
  sql: postgres.Sql,
  { organization, user }: Caller,
  work: (transaction: postgres.TransactionSql) => Promise<T>,
) {
  return await sql.begin(async (transaction) => {
    const claims = JSON.stringify({ sub: user, role: "authenticated" });
    const headers = JSON.stringify({ "x-organization-id": organization });
    await transaction`
      select set_config('request.jwt.claims', ${claims}, true), set_config('request.headers', ${headers}, true)`;
    await transaction`set local role authenticated`;
    return await work(transaction);
  });
}
