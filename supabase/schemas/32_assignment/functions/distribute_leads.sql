-- For POST /leads/bulk-assign, after people and leads are locked: the assignee of each lead. leads: [{ id,
-- assigned_to, place }] in the requested order. Returns the same with `to_user`.
create function private.distribute_leads(organization_id uuid, leads jsonb, among uuid[], strategy text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  lead_count integer := jsonb_array_length(leads);
  released uuid[] := array(
    select l.assigned_to from jsonb_to_recordset(leads) as l (assigned_to uuid) where l.assigned_to = any (among));
  assignees uuid[] := array(select s.user_id from private.distribution_plan(organization_id, among, strategy,
    lead_count, released) s order by s.place);
begin
  -- Without enough capacity some leads keep their assignee, so capacity that reassignments would free cannot be
  -- counted on.
  if cardinality(assignees) < lead_count and cardinality(released) > 0 then
    assignees := array(select s.user_id from private.distribution_plan(organization_id, among, strategy, lead_count,
      '{}') s order by s.place);
  end if;
  if strategy = 'round_robin' then
    update public.lead_holders h set last_turn = b.turn + t.place
    from (select max(t.place) as place, t.user_id from unnest(assignees) with ordinality t (user_id, place)
      group by t.user_id) t,
      (select max(o.last_turn) as turn from public.lead_holders o
        where o.organization_id = distribute_leads.organization_id and o.user_id = any (among)) b
    where h.organization_id = distribute_leads.organization_id and h.user_id = t.user_id;
  end if;
  return (
    select jsonb_agg(jsonb_build_object('id', l.id, 'assigned_to', l.assigned_to, 'to_user', assignees[l.turn])
      order by l.turn)
    from (
      select l.id, l.assigned_to, row_number() over (order by l.place) as turn
      from jsonb_to_recordset(leads) as l (id uuid, assigned_to uuid, place bigint)) l);
end
$$;
