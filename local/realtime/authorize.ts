import postgres from "postgres";
import { actAs, type Claims } from "../caller.ts";

/** Ends a transaction that only asked a question. */
class Answered extends Error {}

/** Whose rights on which topic. `headers` are those of the socket, for policies that read them. */
export interface Access {
  claims: Claims;
  topic: string;
  headers: Record<string, string>;
}

async function ask(
  sql: postgres.Sql,
  question: (transaction: postgres.TransactionSql) => Promise<void>,
): Promise<void> {
  try {
    await sql.begin(async (transaction) => {
      // Keeps the probe rows from being relayed.
      await transaction`set local session_replication_role = replica`;
      await question(transaction);
      throw new Answered();
    });
  } catch (error) {
    if (!(error instanceof Answered)) throw error;
  }
}

function enter(transaction: postgres.TransactionSql, { claims, topic, headers }: Access) {
  return actAs(transaction, claims, {
    "realtime.topic": topic,
    "request.headers": JSON.stringify(headers),
  });
}

/** Whether the policies on `realtime.messages` show the caller messages of this topic. */
export async function mayRead(sql: postgres.Sql, access: Access): Promise<boolean> {
  let readable = false;
  await ask(sql, async (transaction) => {
    const ids = [crypto.randomUUID(), crypto.randomUUID()];
    await transaction`
      insert into realtime.messages (id, topic, extension)
      select id, ${access.topic}, extension
      from unnest(${ids}::uuid[], array['broadcast', 'presence']) as probe (id, extension)`;
    await enter(transaction, access);
    const rows = await transaction`select 1 from realtime.messages where id = any (${ids}::uuid[])`;
    readable = rows.length > 0;
  });
  return readable;
}

/** Whether the policies let the caller insert messages of this topic. */
export async function mayWrite(sql: postgres.Sql, access: Access): Promise<boolean> {
  try {
    await ask(sql, async (transaction) => {
      await enter(transaction, access);
      await transaction`
        insert into realtime.messages (topic, extension) values (${access.topic}, 'broadcast')`;
    });
    return true;
  } catch (error) {
    if (error instanceof postgres.PostgresError && error.code === "42501") return false;
    throw error;
  }
}
