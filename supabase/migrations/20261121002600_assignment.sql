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

-- Gives lead_ids[i] to user_ids[i], or with null takes it from its holder; each lead at most once. Leads that are deleted,
-- unknown or there already are passed over, the last unless a deadline is given, which may be a new one. It judges neither
-- the caller nor the people (lock_holders does), writes the history, tells the people, and answers how many leads it
-- assigned. deadline: instead of the one the clock would get.
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

create function public.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_assignment(organization_id, lead_id)
$$;
comment on function public.resend_assignment is 'Queues the e-mail of a lead''s assignment once more.';

grant execute on function private.assign_lead(uuid, uuid, uuid, text, timestamptz), private.resend_assignment(uuid, uuid)
  to authenticated;
grant execute on function public.assign_lead(uuid, uuid, uuid, text, timestamptz), public.resend_assignment(uuid, uuid)
  to authenticated;
