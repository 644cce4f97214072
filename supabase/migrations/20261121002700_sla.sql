-- The response clock of a lead. Its deadline is computed once, when it starts, and stored; `sla_next_at` says when it next
-- needs attention, so the job reads only what is due. A trigger keeps the clock, whoever changes the lead:
-- - It starts when a lead is assigned (or, by the organization's setting, exists), and counts the stage's minutes, else
--   the organization's. Entering a stage with minutes of its own starts a new one; 0 minutes is none.
-- - As long as it runs, its deadline is what its start and the minutes of the lead's stage come to, or the one that was
--   given explicitly. Moves, settings and the calendar change it accordingly.
-- - Reassigning restarts what is unanswered, breached ones too (the breach stays in the events), or keeps it, by the
--   organization's setting. What was answered stays answered.
-- - Taking the lead from its holder, closing and deleting stop what runs. Reopening and restoring start what was stopped anew.

alter table public.leads add column sla_explicit boolean not null default false;
comment on column public.leads.sla_explicit is 'The deadline was given by a person: neither settings nor calendar move it.';
alter table public.leads add constraint leads_clock_lives check (
  sla_next_at is null or (sla_status in ('running', 'due_soon') and sla_deadline is not null and deleted_at is null and outcome is null));

create table public.sla_events (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  event text not null constraint sla_events_event check (event in ('started', 'reminder', 'breach', 'response', 'stopped')),
  assigned_to uuid,
  team_id uuid,
  deadline timestamptz not null,
  met boolean,
  response_minutes integer,
  merged_from uuid,
  created_at timestamptz not null default now(),
  constraint sla_events_response check ((event = 'response') = (met is not null) and (event = 'response') = (response_minutes is not null)),
  constraint sla_events_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id) on delete cascade
);
comment on table public.sla_events is 'What became of response clocks. Append-only.';
comment on column public.sla_events.assigned_to is 'Who held the lead then. No reference: what was the case does not change with people and teams that go.';
comment on column public.sla_events.met is 'Whether the response came in time.';
comment on column public.sla_events.response_minutes is 'The organization''s whole working minutes from the clock''s start to the response.';
comment on column public.sla_events.merged_from is 'The lead to whose clock it happened, where a merge moved it here; null: to this one''s.';
create index sla_events_of_lead on public.sla_events (organization_id, lead_id, id desc);

create table private.clock_recounts (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  due_at timestamptz not null,
  again boolean not null default true,
  after_created timestamptz not null default '-infinity',
  after_id uuid not null default '00000000-0000-0000-0000-000000000000'
);
comment on table private.clock_recounts is 'Organizations whose running clocks are to be computed again, and how far that has come.';
comment on column private.clock_recounts.again is
  'Another round follows: a clock that started at the same moment may have been computed from what was in force before.';

-- Stops what runs, and starts or moves the clock as the change of the lead asks. Fires after keep_lead, which decides
-- whether the lead is open. signalbox.deadline is the deadline that comes with an assignment.
-- Definer: reads settings, stages and calendars, which writers of leads need not see.
create function private.keep_sla()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  fixed timestamptz := nullif(current_setting('signalbox.deadline', true), '');
  settings record;
  moved boolean := tg_op = 'INSERT' or new.status <> old.status;
  handed boolean := tg_op = 'INSERT' or new.assigned_to is distinct from old.assigned_to;
  reopened boolean := tg_op = 'UPDATE' and (old.deleted_at is not null or old.outcome is not null);
  unanswered boolean;
begin
  select s.sla_minutes as own, coalesce(s.sla_minutes, l.sla_minutes) as minutes,
    make_interval(mins => l.reminder_minutes) as reminder, l.on_reassignment = 'restart' as restarts,
    l.clock_starts = 'creation' as from_creation
  into settings
  from public.lead_settings l
  left join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = new.status
  where l.organization_id = new.organization_id;

  if new.deleted_at is not null or new.outcome is not null or (new.assigned_to is null and not settings.from_creation) then
    return private.without_clock(new);
  end if;
  if tg_op = 'UPDATE' and new.sla_responded_at is distinct from old.sla_responded_at then
    new := private.answered(new);
  end if;

  fixed := case when new.assigned_to is not null then fixed end;
  unanswered := new.sla_status is not null and new.sla_responded_at is null;
  if (new.sla_status is null and (moved or handed or reopened)) or (moved and settings.own is not null) or fixed is not null
    or (unanswered and settings.restarts and handed and new.assigned_to is not null
      and (old.assigned_to is not null or not settings.from_creation)) then
    if coalesce(settings.minutes, 0) = 0 and fixed is null then
      return private.without_clock(new);
    end if;
    new.sla_started_at := now();
    new.sla_explicit := fixed is not null;
    new.sla_deadline := coalesce(fixed, private.deadline_after(new.organization_id, now(), settings.minutes));
    new.sla_responded_at := null;
    new.sla_breached_at := null;
    new.sla_status := case when new.sla_deadline - settings.reminder > now() then 'running' else 'due_soon' end;
  elsif moved and new.sla_status in ('running', 'due_soon') and not new.sla_explicit then
    new.sla_deadline := case when settings.minutes > 0
      then private.deadline_after(new.organization_id, new.sla_started_at, settings.minutes) end;
    if new.sla_status = 'due_soon' and new.sla_deadline - settings.reminder > now() then
      new.sla_status := 'running';
    end if;
  else
    return new;
  end if;
  if new.sla_deadline is null then
    return private.without_clock(new);
  end if;
  new.sla_next_at := case new.sla_status when 'running' then new.sla_deadline - settings.reminder else new.sla_deadline end;
  return new;
end
$$;

-- The lead with its clock stopped. What was met or breached stays: that is how it ended.
create function private.without_clock(lead public.leads)
returns public.leads
language plpgsql stable set search_path = ''
as $$
begin
  if lead.sla_status in ('running', 'due_soon') or lead.sla_status is null then
    lead.sla_status := null;
    lead.sla_started_at := null;
    lead.sla_deadline := null;
    lead.sla_responded_at := null;
    lead.sla_explicit := false;
  end if;
  lead.sla_next_at := null;
  return lead;
end
$$;

-- The lead whose sla_responded_at was set: in time, if that was at the deadline at the latest, whenever it is recorded.
create function private.answered(lead public.leads)
returns public.leads
language plpgsql stable set search_path = ''
as $$
begin
  if lead.sla_status is null then
    lead.sla_responded_at := null;
  elsif lead.sla_status in ('running', 'due_soon') and lead.sla_responded_at <= lead.sla_deadline then
    lead.sla_status := 'met';
    lead.sla_next_at := null;
  elsif lead.sla_status in ('running', 'due_soon') and lead.sla_responded_at is not null then
    lead.sla_status := 'breached';
    lead.sla_breached_at := now();
    lead.sla_next_at := null;
  end if;
  return lead;
end
$$;

create trigger keep_sla_of_new before insert on public.leads
  for each row execute function private.keep_sla();
create trigger keep_sla before update on public.leads
  for each row when (new.status <> old.status or new.assigned_to is distinct from old.assigned_to
    or new.deleted_at is distinct from old.deleted_at or new.outcome is distinct from old.outcome
    or new.sla_responded_at is distinct from old.sla_responded_at
    or coalesce(current_setting('signalbox.deadline', true), '') <> '')
  execute function private.keep_sla();

-- What became of clocks follows from how they were before and are now, so no way to change a lead can forget it.
-- No nested loops: see private.audit.
create function private.record_sla()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  to_tell uuid[];
begin
  if tg_op = 'INSERT' then
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline)
    select n.organization_id, n.id, 'started', n.assigned_to, n.team_id, n.sla_deadline
    from new_rows n where n.sla_status in ('running', 'due_soon');
    return null;
  end if;
  with changes as (
    select n.organization_id, n.id, n.assigned_to, n.team_id, n.sla_started_at, n.sla_responded_at, o.assigned_to as old_holder,
      o.sla_deadline as old_deadline, n.sla_deadline, n.sla_status, n.sla_status = 'met' as met,
      o.sla_status in ('running', 'due_soon') as ran, n.sla_status in ('running', 'due_soon') as runs,
      o.sla_status = 'running' and n.sla_status = 'due_soon' as nears,
      n.sla_started_at is distinct from o.sla_started_at as anew,
      n.sla_responded_at is not null and o.sla_responded_at is null as responded
    from new_rows n
    join old_rows o using (id)
    where (n.sla_status, n.sla_started_at, n.sla_responded_at) is distinct from (o.sla_status, o.sla_started_at, o.sla_responded_at)
      -- A merge brings a clock together with its events.
      and n.id::text is distinct from current_setting('signalbox.merging', true)
  ), happened as (
    select c.*, unnest(array_remove(array[case when c.ran and c.sla_status is null then 'stopped' end,
      case when c.runs and c.anew then 'started' end, case when c.nears and not c.anew then 'reminder' end,
      case when c.ran and c.sla_status = 'breached' then 'breach' end, case when c.responded then 'response' end], null)) as event
    from changes c
  ), made as (
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met, response_minutes)
    select h.organization_id, h.id, h.event, case when h.event = 'stopped' then h.old_holder else h.assigned_to end, h.team_id,
      case when h.event = 'stopped' then h.old_deadline else h.sla_deadline end,
      case when h.event = 'response' then h.met end, case when h.event = 'response'
        then floor(private.working_minutes_between(h.organization_id, h.sla_started_at, h.sla_responded_at)) end
    from happened h
    returning id, event
  )
  select array_agg(m.id) into to_tell from made m where m.event in ('reminder', 'breach');
  if to_tell is not null then
    perform private.tell_of_clocks(to_tell);
  end if;
  return null;
end
$$;

-- What the clock's jobs do is in sla_events, not also in the audit log: with before and after of whole leads that would
-- be most of the log, and most of the jobs' work. They say so for their own statement.
drop trigger audit_update on public.leads;
create trigger audit_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement when (coalesce(current_setting('signalbox.clockwork', true), '') = '')
  execute function private.audit('search_text');

create trigger record_sla_of_new after insert on public.leads referencing new table as new_rows
  for each statement execute function private.record_sla();
create trigger record_sla after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_sla();

-- Reminders go to the holder, breaches also to the creator and to those who may assign the lead in its team. Where there is
-- no such team or nobody in it, and for reminders where nobody holds the lead, the admins stand in: somebody is told.
create function private.tell_of_clocks(events uuid[])
returns void
language plpgsql set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform private.notify((
    with told as materialized (
      select e.id, e.organization_id, e.lead_id, e.event = 'breach' as breach, e.assigned_to, e.team_id, l.created_by, e.deadline,
        coalesce(nullif(l.full_name, ''), l.email, l.phone) as lead_name, coalesce(nullif(p.full_name, ''), p.email) as holder,
        to_char(e.deadline at time zone o.time_zone, 'FMDay, FMDD FMMonth YYYY, HH24:MI') || ' (' || o.time_zone || ')' as local_deadline
      from public.sla_events e
      join public.leads l on l.id = e.lead_id
      join public.organizations o on o.id = e.organization_id
      left join public.profiles p on p.id = e.assigned_to
      where e.id = any (events)
    ), teams as materialized (
      select distinct t.organization_id, t.team_id from told t where t.breach or t.assigned_to is null
    ), leaders as materialized (
      select t.organization_id, t.team_id, m.user_id
      from teams t
      join public.memberships m on m.organization_id = t.organization_id and m.team_id = t.team_id and m.status = 'active'
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:assign'
    ), in_charge as materialized (
      select l.organization_id, l.team_id, l.user_id from leaders l
      union all
      select t.organization_id, t.team_id, m.user_id
      from teams t
      join public.memberships m on m.organization_id = t.organization_id and m.status = 'active'
      join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
      where not exists (select from leaders l where l.organization_id = t.organization_id and l.team_id = t.team_id)
    ), people as (
      select t.id, t.assigned_to as user_id from told t where t.assigned_to is not null
      union
      select t.id, t.created_by from told t where t.breach and t.created_by is not null
      union
      select t.id, c.user_id
      from told t
      join in_charge c on c.organization_id = t.organization_id and c.team_id is not distinct from t.team_id
      where t.breach or t.assigned_to is null
    )
    select array_agg(row(t.organization_id, p.user_id,
      case when t.breach then 'sla_breach' else 'sla_reminder' end,
      case when t.breach then 'sla_breach:' else 'sla_reminder:' end || t.lead_id || ':' || extract(epoch from t.deadline),
      case when t.breach then t.lead_name || ' was not answered in time' else t.lead_name || ' is to be answered soon' end,
      case when t.breach then format('%s, %s, was to be answered by %s.', t.lead_name,
          coalesce('assigned to ' || t.holder, 'assigned to nobody'), t.local_deadline)
        else format('%s is to be answered by %s.', t.lead_name, t.local_deadline) end,
      jsonb_build_object('lead_id', t.lead_id, 'lead_name', t.lead_name, 'deadline', t.deadline,
        'deadline_text', t.local_deadline, 'assigned_to_name', t.holder),
      t.lead_id)::private.notice)
    from told t join people p using (id)));
end
$$;

-- One batch of what is due: reminders, and breaches where the deadline has passed too. What another run or a person holds
-- at this moment is passed over and found again a minute later. The plan is made for the values: one for any values would
-- have to fear that half the leads are due.
create function private.run_sla_batch(at timestamptz, size integer, without uuid[])
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  touched integer;
begin
  perform set_config('signalbox.clockwork', 'on', true);
  with due as materialized (
    select l.id from public.leads l
    where l.sla_next_at <= at and l.id <> all (without)
    order by l.sla_next_at limit size for update skip locked
  )
  update public.leads l set
    sla_status = case when l.sla_deadline <= at then 'breached' else 'due_soon' end,
    sla_breached_at = case when l.sla_deadline <= at then at end,
    sla_next_at = case when l.sla_deadline > at then l.sla_deadline end
  from due where l.id = due.id;
  get diagnostics touched = row_count;
  perform set_config('signalbox.clockwork', '', true);
  return touched;
end
$$;

-- The job of each minute; gives how many clocks it touched. Reminders and breaches are recorded and told by the trigger, in
-- this very transaction: once, or not yet. After a standstill it works off 20,000 a minute. A lead that makes a batch
-- fail is passed over, with a warning, so that it keeps nobody else waiting.
create function private.run_sla(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  size integer := 1000;
  touched integer := 0;
  batch integer;
  failing uuid[] := array[]::uuid[];
begin
  loop
    begin
      batch := private.run_sla_batch(at, size, failing);
      touched := touched + batch;
      exit when batch < size or touched >= 20000;
      size := 1000;
    exception when others then
      if size = 1 then
        failing := failing || (
          select l.id from public.leads l where l.sla_next_at <= at and l.id <> all (failing) order by l.sla_next_at limit 1);
        raise warning 'The clock of lead % was passed over: %', failing[cardinality(failing)], sqlerrm;
        exit when cardinality(failing) >= 100;
      end if;
      size := greatest(1, size / 10);
    end;
  end loop;
  return touched;
end
$$;

-- Computes the next running clocks of an organization again, oldest leads first, and says whether that was the last of
-- them. Where a new deadline is farther away, the reminder is yet to come; what is past now, the next run of run_sla finds.
create function private.recount_clocks_of(organization_id uuid, size integer)
returns boolean
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  recount private.clock_recounts;
  reached record;
begin
  select * into recount from private.clock_recounts r where r.organization_id = recount_clocks_of.organization_id for update;
  if recount.organization_id is null then
    return true;
  end if;
  perform set_config('signalbox.clockwork', 'on', true);
  with slice as materialized (
    select l.id, l.created_at, l.sla_status as status, l.sla_started_at as started_at, l.sla_explicit as explicit,
      case when l.sla_explicit then l.sla_deadline end as fixed, coalesce(s.sla_minutes, o.sla_minutes) as minutes,
      make_interval(mins => o.reminder_minutes) as reminder
    from public.leads l
    join public.lead_settings o on o.organization_id = l.organization_id
    join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = l.status
    where l.organization_id = recount.organization_id and l.deleted_at is null and l.sla_status in ('running', 'due_soon')
      and (l.created_at, l.id) > (recount.after_created, recount.after_id)
    order by l.created_at, l.id limit size for update of l
  ), deadlines as materialized (
    select d.started_at, d.minutes,
      case when d.minutes > 0 then private.deadline_after(recount.organization_id, d.started_at, d.minutes) end as deadline
    from (select distinct s.started_at, s.minutes from slice s where not s.explicit) d
  ), computed as (
    select s.id, s.started_at, s.reminder, s.status, coalesce(s.fixed, d.deadline) as deadline
    from slice s left join deadlines d on d.started_at = s.started_at and d.minutes = s.minutes and not s.explicit
  ), wanted as (
    select c.id, c.deadline, c.reminder, case when c.deadline is not null then c.started_at end as started_at,
      case when c.deadline is null then null
        when c.status = 'due_soon' and c.deadline - c.reminder <= now() then 'due_soon' else 'running' end as status
    from computed c
  ), changed as (
    update public.leads l set sla_status = w.status, sla_started_at = w.started_at, sla_deadline = w.deadline,
      sla_next_at = case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end
    from wanted w
    where l.id = w.id and (l.sla_status, l.sla_deadline, l.sla_next_at) is distinct from
      (w.status, w.deadline, case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end)
  )
  select count(*) as leads, (array_agg(s.created_at order by s.created_at desc, s.id desc))[1] as created_at,
    (array_agg(s.id order by s.created_at desc, s.id desc))[1] as id
  into reached from slice s;
  perform set_config('signalbox.clockwork', '', true);
  if reached.leads >= size then
    update private.clock_recounts r set after_created = reached.created_at, after_id = reached.id, due_at = clock_timestamp()
    where r.organization_id = recount.organization_id;
    return false;
  end if;
  if recount.again then
    update private.clock_recounts r set after_created = default, after_id = default, again = false,
      due_at = clock_timestamp() + interval '1 minute'
    where r.organization_id = recount.organization_id;
  else
    delete from private.clock_recounts r where r.organization_id = recount.organization_id;
  end if;
  return true;
end
$$;

-- Has the running clocks of an organization computed again: those of 2,000 leads at once, so that nearly everybody sees the
-- outcome right away, the others by the job.
create function private.recount_clocks_soon(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.clock_recounts (organization_id, due_at) values (organization_id, now())
  on conflict on constraint clock_recounts_pkey do update
    set due_at = excluded.due_at, again = true, after_created = default, after_id = default;
  perform private.recount_clocks_of(organization_id, 2000);
end
$$;

-- The job. It ends after a while, because people who change a lead that it has locked wait for it.
create function private.recount_clocks()
returns void
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
begin
  while clock_timestamp() < now() + interval '15 seconds' loop
    select r.organization_id into organization from private.clock_recounts r
    where r.due_at <= clock_timestamp() order by r.due_at limit 1 for update skip locked;
    exit when organization is null;
    perform private.recount_clocks_of(organization, 2000);
  end loop;
end
$$;

-- Definer, like the two below: whoever may change settings, stages or the organization need not be able to write leads.
create function private.recount_after_settings()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.recount_clocks_soon(new.organization_id);
  return null;
end
$$;
create trigger recount_clocks after update on public.lead_settings
  for each row when (new.sla_minutes <> old.sla_minutes or new.reminder_minutes <> old.reminder_minutes)
  execute function private.recount_after_settings();

create function private.recount_after_stages()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.recount_clocks_soon(c.organization_id)
  from (
    select distinct n.organization_id from new_rows n join old_rows o using (id) where n.sla_minutes is distinct from o.sla_minutes
  ) c;
  return null;
end
$$;
create trigger recount_clocks after update on public.pipeline_stages referencing old table as old_rows new table as new_rows
  for each statement execute function private.recount_after_stages();

create function private.recount_after_moving()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.calendars c where c.organization_id = new.id and c.enabled and c.time_zone is null) then
    perform private.recount_clocks_soon(new.id);
  end if;
  return null;
end
$$;
create trigger recount_clocks after update on public.organizations
  for each row when (new.time_zone <> old.time_zone) execute function private.recount_after_moving();

create function private.calendar_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'enabled', coalesce(bool_or(c.enabled), false),
    'time_zone', max(c.time_zone),
    'week', case when count(c.id) > 0 then (
      select jsonb_object_agg(d.name, coalesce((
        select jsonb_agg(jsonb_build_array(to_char(p.opens, 'HH24:MI'), to_char(p.closes, 'HH24:MI')) order by p.opens)
        from public.calendar_periods p
        where p.organization_id = calendar_json.organization_id and p.weekday = d.number), '[]'))
      from unnest(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']) with ordinality d (name, number)) end,
    'holidays', coalesce((
      select jsonb_agg(jsonb_build_object('date', h.day, 'name', h.name) order by h.day)
      from public.calendar_holidays h where h.organization_id = calendar_json.organization_id), '[]'))
  from public.calendars c where c.organization_id = calendar_json.organization_id
$$;

-- GET /leads/calendar. Definer: it judges the caller itself, so that a suspended one gets 403 and not "no calendar".
create function private.lead_calendar(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.calendar_json(organization_id);
end
$$;

create function public.lead_calendar(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_calendar(organization_id)
$$;
comment on function public.lead_calendar is 'The organization''s business hours: { enabled, time_zone, week, holidays }; week null: it has none.';

-- The periods of a week such as {"mon": [["09:00", "12:00"], …]}, each with its place for errors.
create function private.week_periods(week jsonb)
returns table (weekday smallint, opens time, closes time, path text)
language sql immutable set search_path = ''
as $$
  select array_position(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], d.key)::smallint,
    (p.value ->> 0)::time, (p.value ->> 1)::time, format('week.%s.%s', d.key, p.ordinality - 1)
  from jsonb_each(week) d cross join jsonb_array_elements(d.value) with ordinality p
$$;

-- What is wrong with a calendar, as a list of faulty fields; null: nothing.
create function private.calendar_faults(calendar jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  with periods as materialized (
    select * from private.week_periods(calendar -> 'week')
  ), days as materialized (
    select (d.value ->> 'date')::date as day, d.ordinality - 1 as place from jsonb_array_elements(calendar -> 'holidays') with ordinality d
  ), faults as (
    select p.path, 'must name a day as mon, tue, wed, thu, fri, sat or sun' as message from periods p where p.weekday is null
    union all
    select p.path, 'must end after it begins' from periods p where p.opens >= p.closes
    union all
    select p.path, 'overlaps another period of the day' from periods p
    where exists (
      select from periods o where o.weekday = p.weekday and o.path <> p.path and o.opens < p.closes and p.opens < o.closes
        and (o.opens, o.path) < (p.opens, p.path))
    union all
    select 'week', 'must have at least one period: a calendar with no open time has no deadlines' where not exists (select from periods)
    union all
    select 'holidays', 'must be 1,000 at most' where (select count(*) from days) > 1000
    union all
    select format('holidays.%s.date', d.place), 'is a holiday already' from days d
    where exists (select from days o where o.day = d.day and o.place < d.place)
    union all
    select 'time_zone', 'must be an IANA time zone' where not private.is_time_zone(coalesce(calendar ->> 'time_zone', 'UTC'))
  )
  select jsonb_agg(jsonb_build_object('path', f.path, 'message', f.message)) from (select * from faults limit 100) f
$$;

-- PUT /leads/calendar: the whole calendar anew, or none (week is null). Rows that stay the same are not written.
-- Definer: calendars are nobody's to write.
create function private.set_calendar(organization_id uuid, calendar jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  faults jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  if jsonb_typeof(calendar -> 'week') is distinct from 'object' then
    delete from public.calendars c where c.organization_id = set_calendar.organization_id;
    perform private.recount_clocks_soon(organization_id);
    return private.calendar_json(organization_id);
  end if;
  calendar := '{"holidays": []}' || jsonb_strip_nulls(calendar);
  faults := private.calendar_faults(calendar);
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
  insert into public.calendars as c (organization_id, enabled, time_zone)
  values (organization_id, coalesce((calendar ->> 'enabled')::boolean, true), calendar ->> 'time_zone')
  on conflict on constraint calendars_one do update set enabled = excluded.enabled, time_zone = excluded.time_zone;
  delete from public.calendar_periods p
  where p.organization_id = set_calendar.organization_id and not exists (
    select from private.week_periods(calendar -> 'week') w
    where w.weekday = p.weekday and w.opens = p.opens and w.closes = p.closes);
  insert into public.calendar_periods (organization_id, weekday, opens, closes)
  select set_calendar.organization_id, w.weekday, w.opens, w.closes from private.week_periods(calendar -> 'week') w
  on conflict on constraint calendar_periods_once do nothing;
  delete from public.calendar_holidays h
  where h.organization_id = set_calendar.organization_id and not exists (
    select from jsonb_to_recordset(calendar -> 'holidays') as w (date date) where w.date = h.day);
  insert into public.calendar_holidays as h (organization_id, day, name)
  select set_calendar.organization_id, w.date, coalesce(w.name, '')
  from jsonb_to_recordset(calendar -> 'holidays') as w (date date, name text)
  on conflict on constraint calendar_holidays_once do update set name = excluded.name where h.name <> excluded.name;
  if private.deadline_after(organization_id, now(), 0) is null
    or private.deadline_after(organization_id, now(), 0) > now() + interval '1 year' then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "holidays", "message": "must leave open time within the next year"}]');
  end if;
  perform private.recount_clocks_soon(organization_id);
  return private.calendar_json(organization_id);
end
$$;

create function public.set_calendar(organization_id uuid, calendar jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_calendar(organization_id, calendar)
$$;
comment on function public.set_calendar is 'Replaces the organization''s business hours; running clocks follow. week null: wall-clock time.';

create function private.settings_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(s) - array['id', 'organization_id'] from public.lead_settings s where s.organization_id = settings_json.organization_id
$$;

-- GET /leads/settings. Definer: see lead_calendar.
create function private.lead_settings(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.settings_json(organization_id);
end
$$;

create function public.read_lead_settings(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_settings(organization_id)
$$;
comment on function public.read_lead_settings is 'How the organization runs its leads.';

-- PATCH /leads/settings. What is left out stays; capacity null: any number. Definer: settings are nobody's to write.
create function private.update_lead_settings(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:configure');
  update public.lead_settings s set
    sla_minutes = coalesce((changes ->> 'sla_minutes')::integer, s.sla_minutes),
    reminder_minutes = coalesce((changes ->> 'reminder_minutes')::integer, s.reminder_minutes),
    clock_starts = coalesce(changes ->> 'clock_starts', s.clock_starts),
    on_reassignment = coalesce(changes ->> 'on_reassignment', s.on_reassignment),
    capacity = case when changes ? 'capacity' then (changes ->> 'capacity')::integer else s.capacity end
  where s.organization_id = update_lead_settings.organization_id;
  return private.settings_json(organization_id);
end
$$;

create function public.update_lead_settings(organization_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead_settings(organization_id, changes)
$$;
comment on function public.update_lead_settings is 'Changes how the organization runs its leads; running clocks follow.';

create trigger keep_evidence before update on public.sla_events
  for each row execute function private.keep_evidence();

alter table public.sla_events enable row level security;
create policy "those who see the lead read its clock's events" on public.sla_events for select to authenticated
  using (exists (select from public.leads l where l.organization_id = sla_events.organization_id and l.id = sla_events.lead_id));
revoke all on public.sla_events, private.clock_recounts from public, anon, authenticated, service_role;
grant select on public.sla_events to authenticated, service_role;

grant execute on function private.lead_calendar(uuid), private.set_calendar(uuid, jsonb), private.lead_settings(uuid),
  private.update_lead_settings(uuid, jsonb) to authenticated;
grant execute on function public.lead_calendar(uuid), public.set_calendar(uuid, jsonb), public.read_lead_settings(uuid),
  public.update_lead_settings(uuid, jsonb) to authenticated;

select cron.schedule('sla', '* * * * *', $$select private.run_sla()$$);
select cron.schedule('recount-clocks', '* * * * *', $$select private.recount_clocks()$$);
