import { withDatabase } from "./db.ts";

/** The tables of what hangs under a lead and can be told apart by nothing else. */
const children = ["interactions", "tasks", "students", "consents", "messages", "emails"];

/** Stores one row of everything under the lead. */
export async function equip(organization: { id: string }, lead: string): Promise<void> {
  await withDatabase(async (sql) => {
    const own = { organization_id: organization.id, lead_id: lead };
    await sql`insert into public.interactions ${sql({ ...own, type: "call", body: "Hello" })}`;
    await sql`insert into public.tasks ${sql({ ...own, title: "Call again" })}`;
    await sql`insert into public.students ${sql({ ...own, first_name: "Esi" })}`;
    const consent = { event: "granted", phone: "+233244000001", source: "form" };
    await sql`insert into public.consents ${sql({ ...own, ...consent, occurred_at: new Date() })}`;
    await sql`insert into public.messages (organization_id, lead_id, account_id, provider, from_number, to_number, body,
        segments, encoding, status)
      select ${organization.id}, ${lead}, a.id, a.provider, a.sender_id, '+233244000001', 'Hello', 1, 'GSM-7', 'delivered'
      from public.sms_accounts a where a.organization_id = ${organization.id}`;
    const mail = { kind: "system", to_address: "a@b.test", event_key: crypto.randomUUID() };
    await sql`insert into public.emails ${sql({ ...own, ...mail })}`;
  });
}

/** How many rows of each kind the lead has. */
export async function countOf(lead: string): Promise<Record<string, number>> {
  return await withDatabase(async (sql) => {
    const counts: Record<string, number> = {};
    for (const table of children) {
      const rows = await sql<{ n: number }[]>`
        select count(*)::int as n from public.${sql(table)} where lead_id = ${lead}`;
      counts[table] = rows[0]?.n ?? 0;
    }
    return counts;
  });
}

/** The same number of rows of each kind. */
export const all = (n: number) => Object.fromEntries(children.map((table) => [table, n]));
