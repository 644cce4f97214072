import type postgres from "postgres";
import { alternate, type Bench, type Benchmark } from "./support/benchmark.ts";
import { usageOf } from "./support/process_cpu.ts";

const leads = 10_000;
const rounds = 7;

const undo = new Error("The transaction is undone.");

/** The processor time (ms) of adding leads in one statement, undone afterwards; with a webhook for them or without. */
async function addLeads(
  { sql, pid }: Bench,
  organization: string,
  subscribed: boolean,
): Promise<number> {
  const before = usageOf(pid).postgres;
  await sql.begin(async (transaction: postgres.TransactionSql) => {
    if (subscribed) {
      await transaction`
        insert into public.webhook_endpoints (organization_id, url, events)
        values (${organization}, 'https://hooks.example.com/', '{lead.created}')`;
    }
    await transaction`
      insert into public.leads (organization_id, first_name, phone)
      select ${organization}, 'Lead ' || n, '+23324' || lpad(n::text, 7, '0')
      from generate_series(1, ${leads}::integer) n`;
    throw undo;
  }).catch((error) => {
    if (error !== undo) throw error;
  });
  return usageOf(pid).postgres - before;
}

/** What recording events for webhooks costs the statement that changes something. */
export const webhookEvents: Benchmark = {
  title: "Webhooks out",
  async run(bench) {
    const [organization] = await bench.sql`
      insert into public.organizations (name) values ('Webhooks') returning id`;
    const id = String(organization?.["id"]);
    const { ours, baseline } = await alternate(
      rounds,
      () => addLeads(bench, id, true),
      () => addLeads(bench, id, false),
    );
    return {
      rows: [{
        what: "10,000 leads in one statement with a webhook for them, and without (processor time)",
        ours,
        baseline,
        unit: "ms",
        target: { atMost: 1.25 },
      }],
    };
  },
};
