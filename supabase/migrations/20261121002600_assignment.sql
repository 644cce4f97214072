-- Assignment: whose a lead is, who decided so, and who is next. Everybody who hands out leads takes locks in one order:
-- memberships, holders (both by person), then leads (by id). So a capacity is never exceeded and a turn never given twice
-- at the same moment, nobody is given a lead in the moment of leaving, and two assignments cannot deadlock.

-- What capacities and loads count: the open living leads of a person.
create index leads_open_by_assignee on public.leads (organization_id, assigned_to) where deleted_at is null and outcome is null;
-- Whether a lead's e-mail was asked for again a moment ago.
create index emails_again on public.emails (organization_id, lead_id, created_at desc)
  where lead_id is not null and event_key like 'assignment:%:again:%';

-- Locks the people as holders of leads, and answers those of them who may be given leads. A person's row appears here.
create function private.lock_holders(organization_id uuid, user_ids uuid[])
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  able uuid[];
begin
  -- Somebody who is being suspended or changes teams at this moment is waited for, and judged by what comes of it.
  with members as materialized (
    select m.user_id, m.role_id from public.memberships m
    where m.organization_id = lock_holders.organization_id and m.user_id = any (user_ids) and m.status = 'active'
    order by m.user_id for share
  )
  select coalesce(array_agg(m.user_id order by m.user_id), '{}') into able
  from members m join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold';
  insert into public.lead_holders (organization_id, user_id)
  select lock_holders.organization_id, u from unnest(able) u order by u
  on conflict on constraint lead_holders_pkey do nothing;
  perform from public.lead_holders h
  where h.organization_id = lock_holders.organization_id and h.user_id = any (able) order by h.user_id for update;
  return able;
end
$$;
comment on function private.lock_holders is
  'Locks people who are about to be given leads, before any lead is locked, and answers those who may hold leads.';

-- What people hold now. Of people locked by lock_holders it stays true until the end of the transaction.
create function private.holder_loads(organization_id uuid, user_ids uuid[])
returns table (user_id uuid, on_duty boolean, own_capacity integer, capacity integer, last_turn bigint, open bigint)
language sql stable set search_path = ''
as $$
  select u, coalesce(h.on_duty, true), h.capacity, coalesce(h.capacity, s.capacity), coalesce(h.last_turn, 0), (
    select count(*) from public.leads l
    where l.organization_id = holder_loads.organization_id and l.assigned_to = u and l.deleted_at is null and l.outcome is null)
  from unnest(user_ids) u
  left join public.lead_holders h on h.organization_id = holder_loads.organization_id and h.user_id = u
  left join public.lead_settings s on s.organization_id = holder_loads.organization_id
$$;

-- The people to whom the caller's permission to assign reaches: whoever may hold leads, those of its team, or itself.
-- Definer functions ask.
create function private.assignable_people(organization_id uuid)
returns uuid[]
language plpgsql stable set search_path = ''
as $$
declare
  reach text := private.require_scope(organization_id, 'leads:assign');
begin
  return array(
    select m.user_id from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
    where m.organization_id = assignable_people.organization_id and m.status = 'active'
      and (reach = 'organization' or m.user_id = auth.uid()
        or reach = 'team' and m.team_id = (
          select mine.team_id from public.memberships mine
          where mine.organization_id = assignable_people.organization_id and mine.user_id = auth.uid())));
end
$$;

-- Locks the people and refuses those who cannot be given leads by the caller: 422 for who may hold none, 403 for who is
-- beyond the caller's reach. paths: what each of them is called in the request.
create function private.require_holders(organization_id uuid, user_ids uuid[], paths text[])
returns void
language plpgsql set search_path = ''
as $$
declare
  able uuid[] := private.lock_holders(organization_id, user_ids);
  faults jsonb := (
    select jsonb_agg(jsonb_build_object('path', u.path, 'message', 'is no active member who may hold leads') order by u.place)
    from unnest(user_ids, paths) with ordinality u (id, path, place) where u.id <> all (able));
begin
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
  if not user_ids <@ private.assignable_people(organization_id) then
    perform private.problem(403, 'permission_denied', 'Your permission leads:assign does not reach all of these people.');
  end if;
end
$$;

-- Tells people what was assigned to them: each lead by itself, but a heap of them at once in one notice.
create function private.tell_of_assignments(organization_id uuid, assignments jsonb, note text)
returns void
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  assigned_by text := (select p.full_name from public.profiles p where p.id = auth.uid());
begin
  perform private.notify((
    with given as materialized (
      select a.*, count(*) over (partition by a.to_user) > 10 as in_heap
      from jsonb_to_recordset(assignments) as a (id uuid, lead_id uuid, lead_name text, to_user uuid, deadline timestamptz)
    ), told as (
      select g.to_user, g.id, 'A lead was assigned to you' as title, g.lead_name as body, g.lead_id, g.lead_name, g.deadline, 1 as leads
      from given g where not g.in_heap
      union all
      select g.to_user, (array_agg(g.id order by g.id))[1], count(*) || ' leads were assigned to you', '', null,
        count(*) || ' leads', min(g.deadline), count(*)
      from given g where g.in_heap group by g.to_user
    )
    select array_agg(row(tell_of_assignments.organization_id, t.to_user, 'assignment', 'assignment:' || t.id, t.title, t.body,
      jsonb_build_object('lead_id', t.lead_id, 'lead_name', t.lead_name, 'deadline', t.deadline,
        'assigned_by_name', assigned_by, 'note', tell_of_assignments.note, 'leads', t.leads), t.lead_id)::private.notice)
    from told t));
end
$$;

-- Gives lead_ids[i] to user_ids[i], or with null takes it from its holder; each lead at most once. Leads that are there
-- already (unless a deadline is given, which may be a new one), deleted or unknown are passed over. It judges neither the caller nor the people (lock_holders does), writes the
-- history, tells the people, and answers how many leads changed hands. deadline: instead of the one the clock would get.
create function private.assign_leads(
  organization_id uuid, lead_ids uuid[], user_ids uuid[], method text, note text default null, deadline timestamptz default null)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  given jsonb;
  changed integer;
begin
  perform from public.leads l
  where l.organization_id = assign_leads.organization_id and l.id = any (lead_ids) order by l.id for update;
  perform set_config('signalbox.deadline', coalesce(to_jsonb(deadline) #>> '{}', ''), true);
  with wanted as (
    select distinct on (w.lead_id) w.lead_id, w.to_user
    from unnest(lead_ids, user_ids) with ordinality w (lead_id, to_user, place) order by w.lead_id, w.place desc
  ), moved as (
    -- Each lead is looked up by its key: of a table without statistics the planner would read all of it for each one.
    select l.id, l.assigned_to as from_user, w.to_user, private.uuid_v7() as assignment
    from wanted w
    cross join lateral (
      select o.id, o.assigned_to, o.deleted_at from public.leads o
      where o.organization_id = assign_leads.organization_id and o.id = w.lead_id offset 0) l
    where l.deleted_at is null
      and (l.assigned_to is distinct from w.to_user or (assign_leads.deadline is not null and w.to_user is not null))
  ), changes as (
    update public.leads l set assigned_to = m.to_user
    from moved m where l.organization_id = assign_leads.organization_id and l.id = m.id
    returning l.id as lead_id, coalesce(nullif(l.full_name, ''), l.email, l.phone) as lead_name, l.sla_deadline,
      m.assignment as id, m.from_user, m.to_user
  ), written as (
    insert into public.lead_assignments
      (id, organization_id, lead_id, from_user, to_user, method, note, deadline, assigned_by, created_at)
    select c.id, assign_leads.organization_id, c.lead_id, c.from_user, c.to_user, assign_leads.method, assign_leads.note,
      case when c.to_user is not null then coalesce(assign_leads.deadline, c.sla_deadline) end, auth.uid(), clock_timestamp()
    from changes c
  )
  select count(*), jsonb_agg(jsonb_build_object('id', c.id, 'lead_id', c.lead_id, 'lead_name', c.lead_name,
    'to_user', c.to_user, 'deadline', coalesce(assign_leads.deadline, c.sla_deadline))) filter (where c.to_user is not null)
  into changed, given from changes c;
  perform set_config('signalbox.deadline', '', true);
  if given is not null then
    perform private.tell_of_assignments(organization_id, given, note);
  end if;
  return changed;
end
$$;
comment on function private.assign_leads is
  'Gives lead_ids[i] to user_ids[i] (null: to nobody), with history and notices. No checks; answers how many changed hands.';

-- PATCH and POST /leads/{id}/assign. Somebody who is off duty can still be chosen by name; only strategies pass over them.
-- Definer: leads and their assignments are nobody's to write directly.
create function private.assign_lead(organization_id uuid, lead_id uuid, assigned_to uuid, note text, deadline timestamptz)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  lead public.leads;
  load record;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- Before the body is judged, so that what is not the caller's is a 404 whatever it says.
  perform private.require_lead(organization_id, lead_id, 'leads:assign');
  if deadline <= now() then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', '[{"path": "deadline", "message": "is over already"}]');
  end if;
  if assigned_to is not null then
    perform private.require_holders(organization_id, array[assigned_to], array['assigned_to']);
  end if;
  lead := private.require_lead(organization_id, lead_id, 'leads:assign', true);
  if lead.assigned_to is distinct from assign_lead.assigned_to and assign_lead.assigned_to is not null and lead.outcome is null then
    select * into load from private.holder_loads(organization_id, array[assign_lead.assigned_to]);
    if load.open >= load.capacity then
      perform private.problem(409, 'over_capacity', 'This person holds as many open leads as it may.',
        jsonb_build_object('capacity', load.capacity, 'open', load.open));
    end if;
  end if;
  perform private.assign_leads(organization_id, array[lead_id], array[assign_lead.assigned_to], 'manual', note, deadline);
  select * into lead from public.leads l where l.organization_id = assign_lead.organization_id and l.id = assign_lead.lead_id;
  return private.remember_response(organization_id, private.lead_json(lead));
end
$$;

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

-- GET /leads/holders: those to whom the caller may assign leads. Definer: it counts leads beyond the caller's reach, of
-- people within it.
create function private.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  people uuid[] := private.assignable_people(organization_id);
begin
  return jsonb_build_object('total', cardinality(people), 'rows', (
    select coalesce(jsonb_agg(private.holder_json(organization_id, p.id) order by p.full_name, p.id), '[]')
    from (
      select p.id, p.full_name from public.profiles p where p.id = any (people)
      order by p.full_name, p.id limit page_limit offset page_offset
    ) p));
end
$$;

create function private.holder_json(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('user_id', p.id, 'full_name', p.full_name, 'email', p.email, 'team_id', m.team_id,
    'on_duty', l.on_duty, 'capacity', l.own_capacity, 'effective_capacity', l.capacity, 'open', l.open)
  from private.holder_loads(organization_id, array[user_id]) l
  join public.profiles p on p.id = l.user_id
  join public.memberships m on m.organization_id = holder_json.organization_id and m.user_id = l.user_id
$$;

-- change: { on_duty?, capacity? }; capacity null: the organization's. People set their own duty, whoever assigns leads
-- both of the people within reach. Definer: holders are nobody's to write directly.
create function private.update_holder(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if user_id = auth.uid() and not change ? 'capacity' then
    perform private.require_scope(organization_id, 'leads:hold');
  else
    perform private.require_scope(organization_id, 'leads:assign');
    if not private.may_hold_leads(organization_id, user_id) then
      perform private.problem(404, 'not_found', 'There is no such person who may hold leads.');
    elsif user_id <> all (private.assignable_people(organization_id)) then
      perform private.problem(403, 'permission_denied', 'Your permission leads:assign does not reach this person.');
    end if;
  end if;
  insert into public.lead_holders as h (organization_id, user_id, on_duty, capacity)
  values (organization_id, user_id, coalesce((change ->> 'on_duty')::boolean, true), (change ->> 'capacity')::integer)
  on conflict on constraint lead_holders_pkey do update
    set on_duty = coalesce((change ->> 'on_duty')::boolean, h.on_duty),
      capacity = case when change ? 'capacity' then excluded.capacity else h.capacity end;
  return private.holder_json(organization_id, user_id);
end
$$;

-- POST /leads/{id}/resend-email: the e-mail of the assignment that holds, again, at most once a minute.
-- Definer: the outbox is nobody's to write.
create function private.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  lead public.leads;
  given public.lead_assignments;
  address text;
  waits integer;
  mail public.emails;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  lead := private.require_lead(organization_id, lead_id, 'leads:assign', true);
  if lead.assigned_to is null then
    perform private.problem(409, 'not_assigned', 'The lead is assigned to nobody.');
  end if;
  select p.email into address
  from public.memberships m
  join public.profiles p on p.id = m.user_id
  left join public.notification_preferences f
    on f.organization_id = m.organization_id and f.user_id = m.user_id and f.kind = 'assignment'
  where m.organization_id = resend_assignment.organization_id and m.user_id = lead.assigned_to and m.status = 'active'
    and p.email <> '' and coalesce(f.email, true);
  if address is null then
    perform private.problem(409, 'not_by_email', 'The person to whom the lead is assigned takes no e-mail about assignments.');
  end if;
  select ceil(60 - extract(epoch from clock_timestamp() - max(e.created_at))) into waits from public.emails e
  where e.organization_id = resend_assignment.organization_id and e.lead_id = resend_assignment.lead_id
    and e.event_key like 'assignment:%:again:%';
  if waits > 0 then
    perform private.problem(429, 'rate_limited', 'This e-mail was sent again less than a minute ago.',
      jsonb_build_object('retry_after', waits));
  end if;
  select * into given from public.lead_assignments a
  where a.organization_id = resend_assignment.organization_id and a.lead_id = resend_assignment.lead_id
    and a.to_user = lead.assigned_to and a.merged_from is null
  order by a.id desc limit 1;
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  values (organization_id, lead.assigned_to, lead_id, 'assignment', address, jsonb_build_object(
      'lead_id', lead_id, 'lead_name', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone),
      'deadline', coalesce(lead.sla_deadline, given.deadline), 'note', given.note, 'leads', 1,
      'assigned_by_name', (select p.full_name from public.profiles p where p.id = given.assigned_by),
      'title', 'A lead was assigned to you', 'body', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)),
    'assignment:' || coalesce(given.id, lead_id) || ':again:' || private.uuid_v7())
  returning * into mail;
  return private.remember_response(organization_id,
    jsonb_build_object('email_id', mail.id, 'to', mail.to_address, 'status', mail.status));
end
$$;

create function public.assign_lead(
  organization_id uuid, lead_id uuid, assigned_to uuid default null, note text default null, deadline timestamptz default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_lead(organization_id, lead_id, assigned_to, note, deadline)
$$;
comment on function public.assign_lead is 'Gives a lead to a person, or with null takes it from its holder.';

-- Ten thousand leads take longer than a request may otherwise; the Data API applies the setting.
create function public.bulk_assign(
  organization_id uuid, lead_ids uuid[], choice jsonb, note text default null, deadline timestamptz default null)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.bulk_assign(organization_id, lead_ids, choice, note, deadline)
$$;
comment on function public.bulk_assign is 'Assigns up to 10,000 leads: to one person, or by turns or least load among several.';

create function public.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_holders(organization_id, page_limit, page_offset)
$$;
comment on function public.list_holders is 'One page of the people to whom the caller may assign leads, and what they hold.';

create function public.update_holder(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_holder(organization_id, user_id, change)
$$;
comment on function public.update_holder is 'Changes whether a person is on duty and how many open leads it may hold.';

create function public.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_assignment(organization_id, lead_id)
$$;
comment on function public.resend_assignment is 'Queues the e-mail of a lead''s assignment once more.';

grant execute on function private.assign_lead(uuid, uuid, uuid, text, timestamptz),
  private.bulk_assign(uuid, uuid[], jsonb, text, timestamptz), private.list_holders(uuid, integer, integer),
  private.update_holder(uuid, uuid, jsonb), private.resend_assignment(uuid, uuid) to authenticated;
grant execute on function public.assign_lead(uuid, uuid, uuid, text, timestamptz),
  public.bulk_assign(uuid, uuid[], jsonb, text, timestamptz), public.list_holders(uuid, integer, integer),
  public.update_holder(uuid, uuid, jsonb), public.resend_assignment(uuid, uuid) to authenticated;
