-- Assigning many leads at once: to one person, or shared out among several by turns or by load.

-- Who gets each of `wanted` leads: by round robin whoever's last turn is longest ago, by least load whoever has the least,
-- passing over those who are off duty or full. Slots are ranked in one sort instead of one lead after another: a slot is
-- a person at a level (the round, or the load it would have), and levels are filled from below.
-- released: people from whom leads of this very assignment will have gone, once for each such lead.
create function private.share_out(organization_id uuid, among uuid[], strategy text, wanted integer, released uuid[])
returns table (place bigint, user_id uuid)
language sql stable set search_path = ''
as $$
  with people as materialized (
    select l.user_id, l.last_turn, case strategy when 'least_loaded' then l.open - r.leads else 0 end as start,
      case when l.capacity is null then wanted::bigint else greatest(0, least(wanted, l.capacity - (l.open - r.leads))) end as room
    from private.holder_loads(organization_id, among) l
    cross join lateral (select count(*) as leads from unnest(released) g where g = l.user_id) r
    where l.on_duty
  ), ranked as (
    select p.start + p.room as full_at, row_number() over by_start as k, sum(p.start) over by_start as load
    from people p window by_start as (order by p.start, p.room desc, p.user_id rows unbounded preceding)
  ), bounded as (
    -- The k least loaded alone could take all at this level, so nobody needs slots beyond the lowest of these.
    select ceil((wanted + r.load) / r.k) as level, min(r.full_at) over (order by r.k rows unbounded preceding) as full_at from ranked r
  ), top as (
    select coalesce(min(b.level) filter (where b.full_at >= b.level), (select max(p.start + p.room) from people p)) as level
    from bounded b
  )
  select row_number() over (order by s.level, p.last_turn, p.user_id), p.user_id
  from people p
  cross join top t
  cross join lateral generate_series(p.start + 1, least(p.start + p.room, t.level::bigint)) s (level)
  order by s.level, p.last_turn, p.user_id
  limit wanted
$$;

-- POST /leads/bulk-assign, once people and leads are locked: who gets which of the leads that can be handed out.
-- leads: [{ id, assigned_to, place }] in the order in which they were named. Answers the same with `to_user`.
create function private.deal_leads(organization_id uuid, leads jsonb, among uuid[], strategy text)
returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  wanted integer := jsonb_array_length(leads);
  released uuid[] := array(
    select l.assigned_to from jsonb_to_recordset(leads) as l (assigned_to uuid) where l.assigned_to = any (among));
  turns uuid[] := array(select s.user_id from private.share_out(organization_id, among, strategy, wanted, released) s order by s.place);
begin
  -- With too little room some leads stay where they are. Then nobody can count on the leads that it has going.
  if cardinality(turns) < wanted and cardinality(released) > 0 then
    turns := array(select s.user_id from private.share_out(organization_id, among, strategy, wanted, '{}') s order by s.place);
  end if;
  if strategy = 'round_robin' then
    update public.lead_holders h set last_turn = b.turn + t.place
    from (select max(t.place) as place, t.user_id from unnest(turns) with ordinality t (user_id, place) group by t.user_id) t,
      (select max(o.last_turn) as turn from public.lead_holders o
        where o.organization_id = deal_leads.organization_id and o.user_id = any (among)) b
    where h.organization_id = deal_leads.organization_id and h.user_id = t.user_id;
  end if;
  return (
    select jsonb_agg(jsonb_build_object('id', l.id, 'assigned_to', l.assigned_to, 'to_user', turns[l.turn]) order by l.turn)
    from (
      select l.id, l.assigned_to, row_number() over (order by l.place) as turn
      from jsonb_to_recordset(leads) as l (id uuid, assigned_to uuid, place bigint)) l);
end
$$;

-- The leads as the caller may assign them, locked in the order of their ids:
-- [{ id, assigned_to, closed, allowed, place }]; those that it does not see are missing.
create function private.lock_named_leads(organization_id uuid, lead_ids uuid[])
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
    private.reach(organization_id, 'leads:assign'), private.reach(organization_id, 'leads:read'))
  into answer using lead_ids;
  return answer;
end
$$;

-- Who of the named leads goes to the one person that was chosen: all but those it holds and those beyond its capacity.
create function private.give_leads(organization_id uuid, leads jsonb, assigned_to uuid)
returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  room bigint := (
    select l.capacity - l.open from private.holder_loads(organization_id, array[give_leads.assigned_to]) l
    where give_leads.assigned_to is not null);
begin
  return (
    select jsonb_agg(jsonb_build_object('id', l.id, 'assigned_to', l.assigned_to, 'to_user', give_leads.assigned_to,
      'reason', case when l.held then 'already_assigned' when not l.closed and l.claim > room then 'over_capacity' end))
    from (
      select l.id, l.assigned_to, l.closed, h.held, count(*) filter (where not l.closed and not h.held) over (order by l.place) as claim
      from jsonb_to_recordset(leads) as l (id uuid, assigned_to uuid, closed boolean, place bigint)
      cross join lateral (select l.assigned_to is not distinct from give_leads.assigned_to as held) h
    ) l);
end
$$;

-- choice: { assigned_to } (null: take them from whoever holds them), or { strategy, among }. One transaction; what cannot
-- be assigned is skipped with its reason. Definer: see assign_lead.
create function private.bulk_assign(organization_id uuid, lead_ids uuid[], choice jsonb, note text, deadline timestamptz)
returns jsonb
language plpgsql security definer set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  answer jsonb;
  strategy text := choice ->> 'strategy';
  chosen uuid := (choice ->> 'assigned_to')::uuid;
  among uuid[] := array(
    select distinct u::uuid from jsonb_array_elements_text(case when strategy is not null then choice -> 'among' else '[]' end) u);
  named jsonb;
  dealt jsonb;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if cardinality(lead_ids) > 10000 or cardinality(among) > 500 or strategy not in ('round_robin', 'least_loaded') then
    perform private.problem(422, 'invalid_field', 'These are too many at once, or an unknown strategy.');
  elsif deadline <= now() then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', '[{"path": "deadline", "message": "is over already"}]');
  end if;
  if strategy is not null then
    perform private.require_holders(organization_id, array_agg(u.id::uuid order by u.place), array_agg('among.' || u.place - 1 order by u.place))
    from jsonb_array_elements_text(choice -> 'among') with ordinality u (id, place);
  elsif chosen is not null then
    perform private.require_holders(organization_id, array[chosen], array['assigned_to']);
  end if;
  named := private.lock_named_leads(organization_id, lead_ids);
  if strategy is null then
    select private.give_leads(organization_id, jsonb_agg(n), chosen) into dealt
    from jsonb_array_elements(named) n where (n ->> 'allowed')::boolean;
  else
    -- Work is shared out: a lead that is closed is none.
    select private.deal_leads(organization_id, jsonb_agg(n), among, strategy) into dealt
    from jsonb_array_elements(named) n where (n ->> 'allowed')::boolean and not (n ->> 'closed')::boolean;
  end if;
  return private.remember_response(organization_id,
    private.record_bulk(organization_id, lead_ids, named, coalesce(dealt, '[]'), strategy, note, deadline));
end
$$;

-- Assigns what was dealt: [{ id, assigned_to, to_user, reason? }], and tells what became of each named lead.
create function private.record_bulk(
  organization_id uuid, lead_ids uuid[], named jsonb, dealt jsonb, strategy text, note text, deadline timestamptz)
returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
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
    left join jsonb_to_recordset(named) as l (id uuid, allowed boolean, closed boolean) on l.id = n.id
    left join jsonb_to_recordset(dealt) as d (id uuid, assigned_to uuid, to_user uuid, reason text) on d.id = n.id
  )
  select array_agg(o.id) filter (where o.reason is null), array_agg(o.to_user) filter (where o.reason is null),
    coalesce(jsonb_agg(jsonb_build_object('lead_id', o.id, 'reason', o.reason) order by o.place) filter (where o.reason is not null), '[]')
  into ids, people, skipped from outcome o;
  select coalesce(jsonb_object_agg(c.person, c.leads), '{}') into by_user
  from (select p as person, count(*) as leads from unnest(people) p where p is not null group by p) c;
  return jsonb_build_object('assigned', private.assign_leads(organization_id, coalesce(ids, '{}'), coalesce(people, '{}'),
    coalesce(strategy, 'bulk'), note, deadline), 'skipped', skipped, 'by_user', by_user);
end
$$;

-- Ten thousand leads take longer than a request may otherwise; the Data API applies the setting.
create function public.bulk_assign(
  organization_id uuid, lead_ids uuid[], choice jsonb, note text default null, deadline timestamptz default null)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.bulk_assign(organization_id, lead_ids, choice, note, deadline)
$$;
comment on function public.bulk_assign is 'Assigns up to 10,000 leads: to one person, or by turns or least load among several.';

grant execute on function private.bulk_assign(uuid, uuid[], jsonb, text, timestamptz) to authenticated;
grant execute on function public.bulk_assign(uuid, uuid[], jsonb, text, timestamptz) to authenticated;
