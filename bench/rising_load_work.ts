import postgres from "postgres";
import { addAdmin } from "./scaling_data.ts";

export interface Tenant {
  organization: string;
  account: string;
  sender: string;
}

/** Draws the rank of a tenant, from 0, by Zipf's law. */
export function zipfDice(tenants: number): () => number {
  let sum = 0;
  const sums = Array.from({ length: tenants }, (_, n) => sum += 1 / (n + 1));
  return () => {
    const drawn = Math.random() * sum;
    let [low, high] = [0, tenants - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** The tenants by rank, the largest first. */
export async function tenantsOf(sql: postgres.Sql): Promise<Tenant[]> {
  return await sql<Tenant[]>`
    select a.organization_id as organization, a.id as account, a.sender_id as sender
    from public.sms_accounts a where a.sender_id like '+1555%' and length(a.sender_id) = 12 order by a.sender_id`;
}

let phones = 0;

/** Queues a text; gives its id. */
export async function queueText(sql: postgres.Sql, tenant: Tenant): Promise<string> {
  const to = `+1212${String(5_550_000 + phones++ % 4_000_000).padStart(7, "0")}`;
  const [row] = await sql`
    insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status, provider)
    values (${tenant.organization}, ${tenant.account}, ${to}, ${tenant.sender}, 'Your meter is read on Monday.', 'GSM-7', 1,
      'queued', 'twilio') returning id`;
  return row?.["id"];
}

/** What a provider reports of a text that it accepted. */
export const reportReceipt = (sql: postgres.Sql, id: string, status: string): Promise<unknown> =>
  sql`select public.record_receipt('twilio', ${`SM${id.replaceAll("-", "")}`}, ${status},
    message_id => ${id}::uuid)`;

/** Changes a lead of the tenant, with its history, counters, audit entry and broadcast. */
export const changeLead = (sql: postgres.Sql, tenant: Tenant): Promise<unknown> =>
  sql`update public.leads set last_name = ${`Changed ${phones}`}
    where id = (select l.id from public.leads l where l.organization_id = ${tenant.organization}
      order by l.id limit 1 offset ${Math.floor(Math.random() * 5)})`;

/** Lists the newest leads of some tenants as their admins do, under row level security. */
export async function leadLister(
  sql: postgres.Sql,
  ranks: number[],
): Promise<() => Promise<unknown>> {
  const admins: { organization: string; claims: string }[] = [];
  for (const rank of ranks) {
    const { organization, user } = await addAdmin(sql, rank);
    admins.push({ organization, claims: JSON.stringify({ sub: user, role: "authenticated" }) });
  }
  let turn = 0;
  return () => {
    const { organization, claims } = admins[turn++ % admins.length] ??
      { organization: "", claims: "" };
    return sql.begin(async (transaction) => {
      await transaction`
        select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
      await transaction`select public.list_leads(${organization}::uuid)`;
    });
  };
}

interface Claimed {
  id: string;
  attempts: number;
}

/**
 * A dispatcher whose provider accepts everything at once, until it is stopped; `onSent` is given each text when its outcome is
 * recorded.
 */
export async function dispatch(
  sql: postgres.Sql,
  isStopped: () => boolean,
  onSent: (ids: string[]) => void,
): Promise<void> {
  let outcomes: unknown[] = [];
  let recorded: string[] = [];
  while (!isStopped()) {
    const [row] = await sql`
      select public.exchange_dispatch_batch((${
      JSON.stringify(outcomes)
    }::text)::jsonb, 100) as step`;
    onSent(recorded);
    const claimed: Claimed[] = row?.["step"].messages ?? [];
    recorded = claimed.map(({ id }) => id);
    outcomes = claimed.map(({ id, attempts }) => ({
      id,
      attempt: attempts,
      kind: "accepted",
      provider_message_id: `SM${id.replaceAll("-", "")}`,
      segments: 1,
    }));
    if (claimed.length === 0) await new Promise((done) => setTimeout(done, 50));
  }
}
