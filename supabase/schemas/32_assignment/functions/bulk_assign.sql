-- Which of the leads are assigned to the chosen person: all but those the person holds already and those beyond the
-- capacity.
create function private.assign_leads_to(organization_id uuid, leads jsonb, assigned_to uuid)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  free_capacity bigint := (
    select l.capacity - l.open from private.holder_loads(organization_id, array[assign_leads_to.assigned_to]) l
    where assign_leads_to.assigned_to is not null);
begin
  return (
    select jsonb_agg(jsonb_build_object('id', l.id, 'assigned_to', l.assigned_to, 'to_user',
      assign_leads_to.assigned_to,
      'reason', case when l.already_assigned then 'already_assigned' when not l.closed and l.requested > free_capacity
        then 'over_capacity' end))
    from (
      select l.id, l.assigned_to, l.closed, h.already_assigned,
        count(*) filter (where not l.closed and not h.already_assigned) over (order by l.place) as requested
      from jsonb_to_recordset(leads) as l (id uuid, assigned_to uuid, closed boolean, place bigint)
      cross join lateral (select l.assigned_to is not distinct from assign_leads_to.assigned_to as already_assigned) h
    ) l);
end
$$;

-- The leads that the caller may see, locked in the order of their ids: [{ id, assigned_to, closed, allowed, place }].
-- allowed: within the scope of leads:assign.
create function private.lock_leads(organization_id uuid, lead_ids uuid[])
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb;
begin
  execute format(
    'with named as (
       select n.id, min(n.place) as place from unnest($1) with ordinality n (id, place) group by n.id
     ), locked as materialized (
       select x.id, x.assigned_to, x.outcome is not null as closed, (%s) as allowed from public.leads x
       where %s and x.id = any ($1) order by x.id for update
     )
     select coalesce(jsonb_agg(jsonb_build_object(''id'', l.id, ''assigned_to'', l.assigned_to, ''closed'', l.closed,
       ''allowed'', l.allowed, ''place'', n.place) order by n.place), ''[]'') from locked l join named n using (id)',
    private.lead_scope(organization_id, 'leads:assign'), private.lead_scope(organization_id, 'leads:read'))
  into answer using lead_ids;
  return answer;
end
$$;

-- choice: { assigned_to } (null: unassign), or { strategy, among }. One transaction; leads that cannot be assigned
-- are skipped with a reason. Security definer: see assign_lead.
create function private.bulk_assign(organization_id uuid, lead_ids uuid[], choice jsonb, note text,
  deadline timestamptz)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  strategy text := choice ->> 'strategy';
  assignee uuid := (choice ->> 'assigned_to')::uuid;
  among uuid[] := array(
    select distinct u::uuid from jsonb_array_elements_text(case when strategy is not null then choice -> 'among'
      else '[]' end) u);
  leads jsonb;
  plan jsonb;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if cardinality(lead_ids) > 10000 or cardinality(among) > 500 or strategy not in ('round_robin', 'least_loaded') then
    perform private.problem(422, 'invalid_field', 'There are too many leads or people, or the strategy is unknown.');
  elsif deadline <= now() then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "deadline", "message": "is in the past"}]');
  end if;
  if strategy is not null then
    perform private.require_holders(organization_id, array_agg(u.id::uuid order by u.place),
      array_agg('among.' || u.place - 1 order by u.place))
    from jsonb_array_elements_text(choice -> 'among') with ordinality u (id, place);
  elsif assignee is not null then
    perform private.require_holders(organization_id, array[assignee], array['assigned_to']);
  end if;
  leads := private.lock_leads(organization_id, lead_ids);
  if strategy is null then
    select private.assign_leads_to(organization_id, jsonb_agg(n), assignee) into plan
    from jsonb_array_elements(leads) n where (n ->> 'allowed')::boolean;
  else
    -- Strategies distribute open leads only.
    select private.distribute_leads(organization_id, jsonb_agg(n), among, strategy) into plan
    from jsonb_array_elements(leads) n where (n ->> 'allowed')::boolean and not (n ->> 'closed')::boolean;
  end if;
  return private.store_idempotent_response(organization_id,
    private.record_bulk_assignment(organization_id, lead_ids, leads, coalesce(plan, '[]'), strategy, note, deadline));
end
$$;
grant execute on function private.bulk_assign(uuid, uuid[], jsonb, text, timestamptz) to authenticated;

-- Ten thousand leads take longer than the usual limit; the Data API applies this setting.
create function public.bulk_assign(
  organization_id uuid, lead_ids uuid[], choice jsonb, note text default null, deadline timestamptz default null)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.bulk_assign(organization_id, lead_ids, choice, note, deadline)
$$;
comment on function public.bulk_assign is
  'Assigns up to 10,000 leads: to one person, or by round robin or least load among several.';
grant execute on function public.bulk_assign(uuid, uuid[], jsonb, text, timestamptz) to authenticated;
