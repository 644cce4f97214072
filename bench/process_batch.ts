import type postgres from "postgres";
import { demoOrganization, type Session, signIn } from "./support/api.ts";
import { alternate, type Bench, type Benchmark, timed } from "./support/benchmark.ts";
import { phoneOf } from "./support/numbers.ts";

const rows = 10_000;
const rounds = 5;

/** An upload that waits to be processed, as POST /upload/excel leaves it. `prefix` makes its customers new ones. */
async function makeUpload(sql: postgres.Sql, prefix: string): Promise<string> {
  const list = Array.from({ length: rows }, (_, index) => ({
    row: index + 2,
    name: `Kwame Mensah ${index}`,
    account_number: `${prefix}-${index}`,
    phone: phoneOf(index),
    arrears: (index * 1.37).toFixed(2),
    status: null,
  }));
  const [upload] = await sql`
    insert into public.uploads (organization_id, file_name, rows, summary)
    values (${demoOrganization}, 'bench.xlsx', ${sql.json(list)}, '{}') returning id`;
  return String(upload?.id);
}

/** The whole request, as a client sees it. */
async function ours({ sql }: Bench, session: Session): Promise<number> {
  const upload_id = await makeUpload(sql, crypto.randomUUID().slice(0, 8));
  const body = { upload_id, action: "disconnect", send_sms: true };
  return await timed(async () => {
    const answer = await session.call({ path: "/upload/process-batch", body });
    const { created, actions, messages_queued } = await answer.json();
    if (created !== rows || actions !== rows || messages_queued !== rows) {
      throw new Error(
        `${created} customers, ${actions} actions and ${messages_queued} texts of ${rows}.`,
      );
    }
  });
}

/** What cannot be done without: the rows themselves, with their defaults, constraints and indexes, but no triggers of ours. */
const bareStatements = [
  `insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
   select $1::uuid, r.name, r.account_number, r.phone, 'disconnected', r.arrears, 'GHS'
   from public.uploads u, jsonb_to_recordset(u.rows) as r (name text, account_number text, phone text, arrears numeric)
   where u.id = $2::uuid`,
  ...["disconnect", "sms_sent"].map((action) =>
    `insert into public.customer_actions (organization_id, customer_id, action, source)
     select $1::uuid, c.id, '${action}', 'batch'
     from public.uploads u, jsonb_to_recordset(u.rows) as r (account_number text)
     join public.customers c on c.organization_id = $1::uuid and lower(c.account_number) = lower(r.account_number)
     where u.id = $2::uuid`
  ),
  `insert into public.messages (organization_id, purpose, customer_id, account_id, to_number, from_number, body, encoding,
     segments, status, provider)
   select $1::uuid, 'disconnection', c.id, a.id, c.phone, a.sender_id, 'Dear ' || c.name || ', account ' ||
     c.account_number || ' has been disconnected because GHS ' || c.arrears || ' is unpaid. Please pay to be reconnected.',
     'GSM-7', 1, 'queued', a.provider
   from public.uploads u, jsonb_to_recordset(u.rows) as r (account_number text)
   join public.customers c on c.organization_id = $1::uuid and lower(c.account_number) = lower(r.account_number)
   join public.sms_accounts a on a.organization_id = $1::uuid and a.is_default
   where u.id = $2::uuid`,
];

class Undo extends Error {}

async function baseline({ sql }: Bench): Promise<number> {
  const upload = await makeUpload(sql, crypto.randomUUID().slice(0, 8));
  let spent = 0;
  await sql.begin(async (transaction) => {
    for (const table of ["customers", "customer_actions", "messages"]) {
      await transaction`alter table ${transaction(`public.${table}`)} disable trigger user`;
    }
    spent = await timed(async () => {
      for (const text of bareStatements) await transaction.unsafe(text, [demoOrganization, upload]);
    });
    throw new Undo();
  }).catch((error) => {
    if (!(error instanceof Undo)) throw error;
  });
  return spent;
}

/** It is always night, so that texts are queued as ever but wait: no dispatcher works on the same two cores meanwhile. */
async function holdTexts(sql: postgres.Sql): Promise<void> {
  await sql`
    update public.organizations
    set quiet_hours_start = (now() at time zone time_zone - interval '1 hour')::time(0),
      quiet_hours_end = (now() at time zone time_zone + interval '3 hours')::time(0)
    where id = ${demoOrganization}`;
}

async function run(bench: Bench) {
  await holdTexts(bench.sql);
  const session = await signIn(bench.status, "clerk");
  const figures = await alternate(rounds, () => ours(bench, session), () => baseline(bench));
  const what = `${rows.toLocaleString("en")} new customers disconnected and texted`;
  return {
    rows: [{ what, ...figures, unit: "ms", target: { atMost: 3 } }],
    notes: [
      "Ours is the request over HTTP with everything in it: permissions, rate limit, upsert, templates, segments, " +
      "suppressions, totals, audit log. The baseline is four `insert … select from jsonb` into the same tables in one " +
      "transaction that is rolled back. The organization is in its quiet hours, so the texts wait and nothing is sent meanwhile.",
    ],
  };
}

/** How long a batch takes, against the bare statements that write the same rows. */
export const processBatch: Benchmark = { title: "Processing an upload", run };
