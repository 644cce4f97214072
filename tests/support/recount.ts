import { withDatabase } from "./db.ts";

/** What the totals say but a recount does not, and the other way round, in one snapshot. */
export async function differences(organizationId: string): Promise<unknown[]> {
  return await withDatabase(async (sql) => [
    ...await sql`
      with told as (
        select t.person_id, t.team_id, t.status, t.outcome, t.source, t.sla_status, t.assigned,
          sum(t.leads)::bigint as leads, sum(t.value)::numeric as value
        from private.lead_totals t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4, 5, 6, 7
        having sum(t.leads) <> 0 or sum(t.value) <> 0
      ), counted as (
        select p.id, l.team_id, l.status, l.outcome, l.source, l.sla_status, l.assigned_to is not null, count(*), sum(l.value)
        from public.leads l
        cross join lateral (select null::uuid as id union select l.assigned_to union select l.created_by) p
        where l.organization_id = ${organizationId} and l.deleted_at is null group by 1, 2, 3, 4, 5, 6, 7
      ), told_held as (
        select t.holder_id, t.creator_id, t.team_id, t.outcome, t.sla_status, sum(t.leads)::bigint
        from private.holder_totals t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4, 5 having sum(t.leads) <> 0
      ), counted_held as (
        select l.assigned_to, p.id, l.team_id, l.outcome, l.sla_status, count(*)
        from public.leads l
        cross join lateral (select null::uuid as id union select nullif(l.created_by, l.assigned_to)) p
        where l.organization_id = ${organizationId} and l.deleted_at is null and l.assigned_to is not null group by 1, 2, 3, 4, 5
      ), told_events as (
        select t.person_id, t.team_id, t.outcome, t.response_minutes, sum(t.events)::bigint
        from private.sla_totals t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4 having sum(t.events) <> 0
      ), counted_events as (
        select p.id, e.team_id, case when e.event = 'breach' then 'breached' when e.met then 'met' else 'late' end,
          floor(e.response_minutes)::integer, count(*)
        from public.sla_events e
        join public.leads l on l.id = e.lead_id and l.deleted_at is null
        cross join lateral (select null::uuid as id union select e.assigned_to) p
        where e.organization_id = ${organizationId} and e.event in ('breach', 'response') group by 1, 2, 3, 4
      )
      select 'told' as side, row(d.*)::text from (table told except all table counted) d
      union all select 'counted', row(d.*)::text from (table counted except all table told) d
      union all select 'told held', row(d.*)::text from (table told_held except all table counted_held) d
      union all select 'counted held', row(d.*)::text from (table counted_held except all table told_held) d
      union all select 'told events', row(d.*)::text from (table told_events except all table counted_events) d
      union all select 'counted events', row(d.*)::text from (table counted_events except all table told_events) d`,
    ...await sql`
      with zone as (
        select o.time_zone from public.organizations o where o.id = ${organizationId}
      ), told as (
        select t.person_id, t.team_id, t.day, t.source, t.status, t.outcome, t.furthest_status, t.currency,
          sum(t.leads)::bigint as leads, sum(t.value)::numeric as value
        from private.lead_day_totals t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4, 5, 6, 7, 8
        having sum(t.leads) <> 0 or sum(t.value) <> 0
      ), counted as (
        select a.person_id, a.team_id, (l.created_at at time zone z.time_zone)::date, l.source, l.status, l.outcome,
          l.furthest_status, l.currency, count(*), sum(l.value)
        from public.leads l
        cross join zone z
        cross join lateral (
          select null::uuid as person_id, null::uuid as team_id union select null, l.team_id
          union select p.id, l.team_id from unnest(array[l.assigned_to, l.created_by]) p (id) where p.id is not null
        ) a
        where l.organization_id = ${organizationId} and l.deleted_at is null group by 1, 2, 3, 4, 5, 6, 7, 8
      ), told_held as (
        select t.holder_id, t.creator_id, t.team_id, t.day, t.source, t.status, t.outcome, t.currency,
          sum(t.leads)::bigint, sum(t.value)::numeric
        from private.holder_day_totals t
        where t.organization_id = ${organizationId} group by 1, 2, 3, 4, 5, 6, 7, 8
        having sum(t.leads) <> 0 or sum(t.value) <> 0
      ), counted_held as (
        select l.assigned_to, p.id, l.team_id, (l.created_at at time zone z.time_zone)::date, l.source, l.status,
          l.outcome, l.currency, count(*), sum(l.value)
        from public.leads l
        cross join zone z
        cross join lateral (select null::uuid as id union select nullif(l.created_by, l.assigned_to)) p
        where l.organization_id = ${organizationId} and l.deleted_at is null and l.assigned_to is not null
        group by 1, 2, 3, 4, 5, 6, 7, 8
      ), told_interactions as (
        select t.person_id, t.day, sum(t.interactions)::bigint from private.interaction_day_totals t
        where t.organization_id = ${organizationId} group by 1, 2 having sum(t.interactions) <> 0
      ), counted_interactions as (
        select i.created_by, (i.occurred_at at time zone z.time_zone)::date, count(*)
        from public.interactions i cross join zone z
        where i.organization_id = ${organizationId} and i.created_by is not null group by 1, 2
      )
      select 'told days' as side, row(d.*)::text from (table told except all table counted) d
      union all select 'counted days', row(d.*)::text from (table counted except all table told) d
      union all select 'told held days', row(d.*)::text from (table told_held except all table counted_held) d
      union all select 'counted held days', row(d.*)::text from (table counted_held except all table told_held) d
      union all select 'told interactions', row(d.*)::text
        from (table told_interactions except all table counted_interactions) d
      union all select 'counted interactions', row(d.*)::text
        from (table counted_interactions except all table told_interactions) d`,
  ]);
}
