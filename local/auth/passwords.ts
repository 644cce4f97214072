import bcrypt from "bcryptjs";
import type postgres from "postgres";

/** The least that bcrypt allows; GoTrue's cost is 10. Local passwords protect nothing. */
const COST = 4;

const inJavaScript = bcrypt.compare;

/** The bcrypt hash of a password, as GoTrue stores it. */
export async function hashPassword(sql: postgres.Sql, password: string): Promise<string> {
  const [row] = await sql`
    select extensions.crypt(${password}, extensions.gen_salt('bf', ${COST}::int)) as hash`;
  return String(row?.hash);
}

async function isPassword(sql: postgres.Sql, password: string, hash: string): Promise<boolean> {
  // The only kind that pgcrypto knows of those in use.
  if (!hash.startsWith("$2a$")) return await inJavaScript(password, hash);
  const [row] = await sql`select extensions.crypt(${password}, ${hash}) = ${hash} as same`;
  return row?.same === true;
}

/** Lets the database do what Lite would do in JavaScript for many milliseconds while every other request waits. */
export function hashInDatabase(sql: postgres.Sql): void {
  Object.assign(bcrypt, {
    hash: (password: string) => hashPassword(sql, password),
    compare: (password: string, hash: string) => isPassword(sql, password, hash),
  });
}
