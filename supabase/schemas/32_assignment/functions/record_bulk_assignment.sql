-- Executes the plan [{ id, assigned_to, to_user, reason? }] and reports the outcome for each requested lead.
create function private.record_bulk_assignment(
  organization_id uuid, lead_ids uuid[], leads jsonb, plan jsonb, strategy text, note text, deadline timestamptz)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  ids uuid[];
  people uuid[];
  skipped jsonb;
  by_user jsonb;
begin
  with outcome as materialized (
    select n.id, n.place, d.to_user,
      case
        when l.id is null then 'not_found'
        when not l.allowed then 'not_allowed'
        when strategy is not null and l.closed then 'closed'
        when d.reason is not null then d.reason
        when strategy is not null and d.to_user is null then 'nobody_available'
        when d.to_user = d.assigned_to then 'already_assigned'
      end as reason
    from (select u.id, min(u.place) as place from unnest(lead_ids) with ordinality u (id, place) group by u.id) n
    left join jsonb_to_recordset(leads) as l (id uuid, allowed boolean, closed boolean) on l.id = n.id
    left join jsonb_to_recordset(plan) as d (id uuid, assigned_to uuid, to_user uuid, reason text) on d.id = n.id
  )
  select array_agg(o.id) filter (where o.reason is null), array_agg(o.to_user) filter (where o.reason is null),
    coalesce(jsonb_agg(jsonb_build_object('lead_id', o.id, 'reason', o.reason)
      order by o.place) filter (where o.reason is not null), '[]')
  into ids, people, skipped from outcome o;
  select coalesce(jsonb_object_agg(c.person, c.leads), '{}') into by_user
  from (select p as person, count(*) as leads from unnest(people) p where p is not null group by p) c;
  return jsonb_build_object('assigned', private.assign_leads(organization_id, coalesce(ids, '{}'),
    coalesce(people, '{}'), coalesce(strategy, 'bulk'), note, deadline), 'skipped', skipped, 'by_user', by_user);
end
$$;
