import type postgres from "postgres";
import { type Audience, openAllDay } from "./campaign_data.ts";
import { median, type Row, timed } from "./support/benchmark.ts";

const steps = 30;
const group = 100;
const others = 199;

/** Steps of a dispatcher that each claim a whole group; the median of their milliseconds. */
async function claims(sql: postgres.Sql): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < steps; i++) {
    times.push(
      await timed(async () => {
        const [row] =
          await sql`select public.exchange_dispatch_batch('[]'::jsonb, ${group}) as step`;
        const claimed = row?.step.messages.length;
        // A few wait for a person's decision about their reply.
        if (claimed < 0.8 * group) throw new Error(`A step claimed ${claimed} of ${group}.`);
      }),
    );
  }
  return median(times);
}

/** As if the campaign had gone on: all but the last targets are sent, and nobody has tidied up after them. */
async function nearItsEnd(sql: postgres.Sql, campaign: string): Promise<void> {
  await sql`
    update public.campaign_targets set status = 'sent', message_id = gen_random_uuid()
    where campaign_id = ${campaign} and status = 'pending' and position < 990000`;
}

/** Campaigns beside the first, each with some hundred targets of its own. */
async function addOthers(sql: postgres.Sql, audience: Audience, campaign: string): Promise<void> {
  await sql`
    with made as (
      insert into public.campaigns (organization_id, name, status, started_at, frozen_at, audience)
      select ${audience.organization}, 'Campaign ' || n, 'running', now(), now(), '{"filter": {}}'
      from generate_series(1, ${others}::integer) n returning id, organization_id
    ), wordings as (
      insert into public.campaign_templates (organization_id, campaign_id, template_id)
      select m.organization_id, m.id, ${audience.template} from made m
    ), numbers as (
      insert into public.campaign_numbers (organization_id, campaign_id, account_id)
      select m.organization_id, m.id, ${audience.account} from made m
    )
    insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status)
    select m.organization_id, m.id, t.position, t.lead_id, t.phone, t.variant_id, 'pending'
    from made m, (
      select * from public.campaign_targets
      where campaign_id = ${campaign} and position between 300000 and 300400 and reason is null) t`;
}

/** What one step costs whose campaign has a million targets: at its beginning, at its end, and among many campaigns. */
export async function claimRows(
  sql: postgres.Sql,
  audience: Audience,
  campaign: string,
): Promise<Row[]> {
  await openAllDay(sql);
  const measured = async (what: string) => ({
    what: `${group} targets claimed, ${what}`,
    ours: await claims(sql),
    unit: "ms",
  });
  const rows = [await measured("890,000 pending")];
  await nearItsEnd(sql, campaign);
  rows.push(await measured("the last of a million, none vacuumed"));
  await addOthers(sql, audience, campaign);
  rows.push(await measured(`${others + 1} campaigns running`));
  return rows;
}
