import type postgres from "postgres";
import { demoOrganization } from "../support/api.ts";

/** Rows of the demo organization in each table. */
const size = 10_000;

/** Adds customers with actions, and leads, to the demo organization. Gives a customer's id. */
export async function loadPeerData(sql: postgres.Sql): Promise<string> {
  const organization = demoOrganization;
  await sql`
    insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
    select ${organization}, 'Kwame Mensah ' || i, 'PEER-' || i, '+23324' || lpad(i::text, 7, '0'),
      (array['connected', 'disconnected', 'warned'])[1 + i % 3], (i * 137 % 500000) / 100.0, 'GHS'
    from generate_series(1, ${size}) i`;
  await sql`
    insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, value, currency)
    select ${organization}, 'Ama', 'Owusu ' || i, 'lead' || i || '@peer.example', '+23320' || lpad(i::text, 7, '0'),
      'website', s.key, (i * 137 % 500000) / 100.0, 'GHS'
    from generate_series(1, ${size}) i
    join (
      select key, row_number() over (order by position) - 1 as n, count(*) over () as stages
      from public.pipeline_stages where organization_id = ${organization} and outcome is null
    ) s on s.n = i % s.stages`;
  await sql`select private.roll_up_counters()`;
  await sql`vacuum (analyze) public.customers`;
  await sql`vacuum (analyze) public.leads`;
  const [customer] = await sql`
    select id from public.customers where organization_id = ${organization} and account_number = 'PEER-77'`;
  return String(customer?.id);
}
