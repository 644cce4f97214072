import type postgres from "postgres";
import { loadCustomers } from "./rls_data.ts";
import {
  alternate,
  type Bench,
  type Benchmark,
  median,
  type Row,
  timed,
} from "./support/benchmark.ts";

const rounds = 25;
/** A statement is repeated so often for one figure: a single one takes less than the clock's noise. */
const repeats = 10;

/** Who asks: a member of one of the organizations, as the Data API runs a request, or the owner of the tables. */
type Asker = "member" | "owner";

interface Statement {
  what: string;
  text: string;
  target?: Row["target"];
}

const org = "$1::uuid";
const list = (filters: string, sort: string) =>
  `select public.list_customers(${org}, '${filters}', '${sort}', 50, 0)`;
const plain = (where: string, order: string) =>
  `select * from public.customers where organization_id = ${org}${where} order by ${order}, id desc limit 50`;
const limit = { atMost: 1.3 };

const statements: Statement[] = [
  { what: "50 newest", text: plain("", "created_at desc"), target: limit },
  {
    what: "50 newest that are disconnected",
    text: plain(" and status = 'disconnected'", "created_at desc"),
    target: limit,
  },
  { what: "50 that owe most", text: plain("", "arrears desc"), target: limit },
  {
    what: "count by status",
    text:
      `select status, count(*) from public.customers where organization_id = ${org} group by status`,
    target: limit,
  },
  { what: "GET /customers: page and total", text: list("{}", "-created_at"), target: limit },
  {
    what: "GET /customers?status=…",
    text: list('{"status": "disconnected"}', "-created_at"),
    target: limit,
  },
  { what: "GET /customers?sort=-arrears", text: list("{}", "-arrears"), target: limit },
];

const forInformation: Statement[] = [
  {
    what: "GET /customers?search=… (one match)",
    text: list('{"search": "000123456"}', "-created_at"),
  },
  {
    what: "GET /customers?search=… (many matches)",
    text: list('{"search": "mensah 12"}', "-created_at"),
  },
  { what: "GET /customers/dashboard/data", text: `select public.customers_dashboard(${org})` },
];

/** Runs a statement as the Data API would for this caller. */
async function as<T>(
  sql: postgres.Sql,
  asker: Asker,
  work: (transaction: postgres.TransactionSql) => Promise<T>,
  { organization, user }: { organization: string; user: string },
) {
  return await sql.begin(async (transaction) => {
    const claims = JSON.stringify({ sub: user, role: "authenticated" });
    const headers = JSON.stringify({ "x-organization-id": organization });
    await transaction`
      select set_config('request.jwt.claims', ${claims}, true), set_config('request.headers', ${headers}, true)`;
    if (asker === "member") await transaction`set local role authenticated`;
    return await work(transaction);
  });
}

interface Subject {
  organization: string;
  user: string;
}

async function milliseconds(
  sql: postgres.Sql,
  asker: Asker,
  text: string,
  subject: Subject,
): Promise<number> {
  return await as(sql, asker, async (transaction) => {
    const run = () => transaction.unsafe(text, [subject.organization], { prepare: true });
    await run();
    return await timed(async () => {
      for (let i = 0; i < repeats; i++) await run();
    }) / repeats;
  }, subject);
}

async function run({ sql, say }: Bench) {
  say("loading 1,000,000 customers");
  const subject = await loadCustomers(sql);
  const rows: Row[] = [];
  for (const { what, text, target } of statements) {
    const measure = (asker: Asker) => () => milliseconds(sql, asker, text, subject);
    rows.push({
      what,
      ...await alternate(rounds, measure("member"), measure("owner")),
      unit: "ms",
      ...(target && { target }),
    });
  }
  for (const { what, text } of forInformation) {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await milliseconds(sql, "member", text, subject));
    rows.push({ what, ours: median(times), unit: "ms" });
  }
  return {
    rows,
    notes: [
      "1,000,000 customers in 20 organizations of 50,000. Ours: role `authenticated` with claims and `X-Organization-Id`, as " +
      "the Data API runs a request. Baseline: the same statement as the owner of the tables, without row level security. " +
      "Both inside the database, plans prepared.",
    ],
  };
}

/** What row level security costs at a million customers. */
export const rls: Benchmark = { title: "Row level security", run };
