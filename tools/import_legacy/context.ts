import type postgres from "postgres";
import type { Context } from "./entity.ts";
import { leadFields } from "./lead_fields.ts";
import { optOutDigits } from "./opt_out_digits.ts";
import { peopleIndex } from "./people.ts";

/** What is known before the first row. Throws a sentence if there is no such organization. */
export async function newContext(
  sql: postgres.Sql,
  kind: string,
  organizationId: string,
): Promise<Context> {
  const [organization] = await sql`
    select o.country, o.currency, o.time_zone, l.reminder_minutes,
      to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
      to_char((now() - make_interval(months => o.message_retention_months)) at time zone 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as messages_since
    from public.organizations o join public.lead_settings l on l.organization_id = o.id
    where o.id = ${organizationId}`;
  if (!organization) {
    throw new Error(`There is no organization ${organizationId}.`);
  }
  const stages = await sql`
    select key, outcome from public.pipeline_stages where organization_id = ${organizationId}`;
  return {
    kind,
    organizationId,
    place: {
      origin: `${organizationId} ${kind}`,
      country: organization["country"],
      currency: organization["currency"],
      timeZone: organization["time_zone"],
    },
    stages: new Set(stages.map(({ key }) => String(key))),
    closedStages: new Set(
      stages.filter(({ outcome }) => outcome !== null).map(({ key }) => String(key)),
    ),
    reminderMinutes: Number(organization["reminder_minutes"]),
    messagesSince: organization["messages_since"],
    now: organization["now"],
    people: peopleIndex(),
    optOuts: optOutDigits(),
    replies: new Map(),
    leadFields: leadFields(),
  };
}
