import assert from "node:assert/strict";
import postgres from "postgres";
import { newOrganization } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

const LIMIT_MS = 60_000;

/** Two sessions, each in a transaction of its own, which leaves nothing behind. */
async function twoSessions(
  work: (first: postgres.Sql, second: postgres.Sql) => Promise<void>,
): Promise<void> {
  const session = () =>
    postgres(stackUnderTest().db_url, {
      max: 1,
      onnotice: () => {},
      connection: { statement_timeout: LIMIT_MS },
    });
  const [first, second] = [session(), session()];
  try {
    await Promise.all([first`begin`, second`begin`]);
    await work(first, second);
    await Promise.all([first`rollback`, second`rollback`]);
  } finally {
    await Promise.all([first.end(), second.end()]);
  }
}

const makeMonth = (sql: postgres.Sql) =>
  sql`select private.create_month_partition('public.messages', now() + interval '40 months')`;

const isThere = async (sql: postgres.Sql) => {
  const [row] = await sql`
    select exists (
      select from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'public.messages'::regclass
        and c.relname = 'messages_' || to_char(now() at time zone 'UTC' + interval '40 months', 'YYYY_MM')) as there`;
  return row?.["there"];
};

Deno.test("while a month's partition is made, texts are written", async () => {
  const { id } = await newOrganization();
  await twoSessions(async (texts, maintenance) => {
    // Other tests may be in the way of it for a moment.
    await until(async () => {
      await makeMonth(maintenance);
      return await isThere(maintenance);
    }, { what: "a new month's partition" });
    const written = await texts`
      insert into public.messages (organization_id, to_number, from_number, body, encoding, segments, status, provider)
      values (${id}, '+233244000001', 'School', 'Hello', 'GSM-7', 1, 'delivered', 'arkesel') returning id`;
    assert.equal(written.length, 1);
  });
});

Deno.test("a month's partition that somebody is in the way of is left for the next night", async () => {
  await twoSessions(async (writer, maintenance) => {
    await writer`lock table public.organizations in row exclusive mode`;
    await makeMonth(maintenance);
    assert.equal(await isThere(maintenance), false);
  });
});
