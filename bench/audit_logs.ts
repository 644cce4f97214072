import type postgres from "postgres";
import { alternate, type Bench, type Benchmark, type Row, timed } from "./support/benchmark.ts";
import { demoOrganization, signIn } from "./support/api.ts";

const entries = Number(Deno.env.get("AUDIT_ENTRIES") ?? 5_000_000);
/** Entries that one statement writes. */
const portion = 100_000;
const rounds = 9;
/** A statement is repeated so often for one figure: a single one takes less than the clock's noise. */
const repeats = 5;

/** What the log is filtered by, all but a search in texts. */
const filters = (actor: string, resource: string): Record<string, Record<string, string>> => ({
  "no filter": {},
  "action=update": { action: "update" },
  "action=delete (one in a thousand)": { action: "delete" },
  "action=rotated (200 in all)": { action: "rotated" },
  "resource=tasks (one in 50)": { resource: "tasks" },
  "resource and resource_id": { resource: "leads", resource_id: resource },
  "user_id (one in 20)": { user_id: actor },
  "date_from": { date_from: new Date(Date.now() - 3_600_000).toISOString() },
});

/** Fills the log of the demo organization; one resource has 200 entries. */
async function load(sql: postgres.Sql, actors: string[], resource: string): Promise<void> {
  for (let first = 0; first < entries; first += portion) {
    await sql`
      insert into public.audit_logs (organization_id, actor_id, action, resource, resource_id, after, changed, via)
      select ${demoOrganization}, (${actors}::uuid[])[1 + n % ${actors.length}],
        case when n % (${entries}::integer / 200) = 2 then 'rotated' when n % 1000 = 0 then 'delete' when n % 3 = 0 then 'insert' else 'update' end,
        case when n % 50 = 0 then 'tasks' else 'leads' end,
        case when n % (${entries}::integer / 200) = 1 then ${resource}::uuid else gen_random_uuid() end,
        '{"status": "contacted", "value": "100.00"}', '{status,value}', 'function'
      from generate_series(${first}::integer, ${first + portion - 1}::integer) n`;
  }
  await sql`vacuum analyze public.audit_logs`;
}

async function milliseconds(sql: postgres.Sql, admin: string | null, text: string) {
  return await sql.begin(async (transaction) => {
    if (admin !== null) {
      const claims = JSON.stringify({ sub: admin, role: "authenticated" });
      const headers = JSON.stringify({ "x-organization-id": demoOrganization });
      await transaction`
        select set_config('request.jwt.claims', ${claims}, true), set_config('request.headers', ${headers}, true)`;
      await transaction`set local role authenticated`;
    }
    const ask = () => transaction.unsafe(text, [], { prepare: true });
    await ask();
    return await timed(async () => {
      for (let i = 0; i < repeats; i++) await ask();
    }) / repeats;
  });
}

/** The rows of a page again, by their primary key. */
async function byKey(sql: postgres.Sql, page: string, admin: string): Promise<string> {
  const ids = await sql.begin(async (transaction) => {
    const claims = JSON.stringify({ sub: admin, role: "authenticated" });
    await transaction`select set_config('request.jwt.claims', ${claims}, true)`;
    const [row] = await transaction.unsafe(page);
    return row?.["answer"].rows.map(({ id }: { id: string }) => id);
  });
  return `select jsonb_agg(private.audit_json(x, false) order by x.id desc) from public.audit_logs x
    where x.id = any ('{${ids.join(",")}}')`;
}

async function run({ sql, status, say }: Bench) {
  // The stack's own runs of each minute must not meet what is measured.
  await sql`select cron.unschedule(jobname) from cron.job`;
  say(`loading ${entries.toLocaleString("en")} audit entries`);
  const admin = (await signIn(status, "admin")).userId;
  const actors = [admin, ...Array.from({ length: 19 }, () => crypto.randomUUID())];
  const resource = crypto.randomUUID();
  await load(sql, actors, resource);
  const rows: Row[] = [];
  for (const [what, filter] of Object.entries(filters(admin, resource))) {
    const page = `select public.list_audit_logs('${demoOrganization}', '${
      JSON.stringify(filter)
    }', 50, 0) as answer`;
    const keys = await byKey(sql, page, admin);
    rows.push({
      what: `first page of the audit log, ${what}`,
      ...await alternate(
        rounds,
        () => milliseconds(sql, admin, page),
        () => milliseconds(sql, null, keys),
      ),
      unit: "ms",
      target: { atMost: 5 },
    });
  }
  return {
    rows,
    notes: [
      `${
        entries.toLocaleString("en")
      } entries of one organization. Ours: the function that the route calls, as role ` +
      "`authenticated`, with its total up to 10,000. Baseline: the same 50 rows by their primary keys, in the same form.",
    ],
  };
}

/** What the first page of the audit log costs, whatever it is filtered by. */
export const auditLogs: Benchmark = { title: "Audit log", run };
