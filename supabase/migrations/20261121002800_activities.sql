-- Tasks: what is to be done by whom until when, mostly about a lead. A task is reached by those whose it is (assigned to
-- or created by them), by who leads their team, and by those who see its lead. Tasks of deleted leads are nobody's.

alter table public.tasks
  add column remind_minutes_before integer default 30
    constraint tasks_remind_minutes check (remind_minutes_before between 0 and 43200),
  add column lead_deleted boolean not null default false,
  add constraint tasks_due_at_sane check (due_at between '2000-01-01 00:00+00' and '2200-01-01 00:00+00');
comment on column public.tasks.remind_minutes_before is 'How long before due_at the assignee is reminded; null: not at all.';
comment on column public.tasks.lead_deleted is 'Whether the lead is deleted. Kept here, so that lists and counts need not look at leads.';

create index tasks_listing on public.tasks (organization_id, created_at desc) include (lead_deleted);
create index tasks_by_status on public.tasks (organization_id, status, due_at) include (lead_deleted);

-- What follows from a task's own columns, whoever writes it: when it was completed, when to remind of it, its version.
-- The reminder is armed anew when the due time, the assignee or the state changes; being reminded is no change that people
-- make. Definer: reads leads, which writers of tasks need not see.
create function private.keep_task()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  open_now boolean := new.status in ('open', 'in_progress');
begin
  if tg_op = 'INSERT' or new.lead_id is distinct from old.lead_id then
    new.lead_deleted := exists (
      select from public.leads l
      where l.organization_id = new.organization_id and l.id = new.lead_id and l.deleted_at is not null);
  end if;
  new.completed_at := case when new.status = 'done' then coalesce(new.completed_at, now()) end;
  if tg_op = 'INSERT' or (new.due_at, new.remind_minutes_before, new.assigned_to, new.lead_deleted, open_now)
    is distinct from (old.due_at, old.remind_minutes_before, old.assigned_to, old.lead_deleted, old.status in ('open', 'in_progress')) then
    new.remind_at := case when open_now and not new.lead_deleted and new.assigned_to is not null
      then new.due_at - make_interval(mins => new.remind_minutes_before) end;
  end if;
  if tg_op = 'UPDATE' and (new.title, new.description, new.status, new.priority, new.due_at, new.remind_minutes_before,
      new.assigned_to, new.lead_id)
    is distinct from (old.title, old.description, old.status, old.priority, old.due_at, old.remind_minutes_before,
      old.assigned_to, old.lead_id) then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end
$$;
create trigger keep_task before insert or update on public.tasks
  for each row execute function private.keep_task();

-- Definer: writes tasks, which nobody may write directly.
create function private.hide_tasks_with_lead()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.tasks t set lead_deleted = new.deleted_at is not null
  where t.organization_id = new.organization_id and t.lead_id = new.id;
  return null;
end
$$;
create trigger hide_tasks after update of deleted_at on public.leads
  for each row when ((old.deleted_at is null) <> (new.deleted_at is null)) execute function private.hide_tasks_with_lead();

-- Definer: see organizations_with. Pairs in one text each: somebody may be of the caller's team here and not there.
create function private.team_mates(permission text)
returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id || ' ' || m.user_id), '{}')
  from public.memberships m
  where m.team_id = any (private.teams_with(permission))
$$;
comment on function private.team_mates is
  'Who is in the teams whose rows the caller reaches by a permission of team scope: "organization_id user_id".';

alter policy "people read tasks as far as their permission reaches" on public.tasks
  using (not lead_deleted and organization_id = any ((select private.organizations_reached('tasks:read'))::uuid[]) and (
    organization_id = any ((select private.organizations_with('tasks:read'))::uuid[])
    or assigned_to = (select auth.uid()) or created_by = (select auth.uid())
    or organization_id || ' ' || assigned_to = any ((select private.team_mates('tasks:read'))::text[])
    or organization_id || ' ' || created_by = any ((select private.team_mates('tasks:read'))::text[])
    or exists (
      select from public.leads l
      where l.organization_id = tasks.organization_id and l.id = tasks.lead_id
        and (l.assigned_to = (select auth.uid()) or l.created_by = (select auth.uid())
          or l.team_id = any ((select private.teams_with('tasks:read'))::uuid[])))));

-- How people call a lead.
create function private.lead_label(lead public.leads)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)
$$;

-- Reminds assignees of the tasks whose time has come, each once: what is claimed is disarmed in the same statement, and
-- rows that another run holds are passed over. The lead is named where the assignee may see it. Late runs catch up.
create function private.run_task_reminders(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  notices private.notice[];
begin
  with due as materialized (
    select t.id from public.tasks t where t.remind_at <= run_task_reminders.at
    order by t.remind_at limit 10000 for update skip locked
  ), claimed as (
    update public.tasks t set remind_at = null from due where t.id = due.id returning t.*
  )
  select array_agg(row(t.organization_id, t.assigned_to, 'task_due',
      'task_due:' || t.id || ':' || extract(epoch from t.due_at)::bigint, 'A task is due', t.title,
      jsonb_build_object('task_id', t.id, 'task_title', t.title, 'due_at', t.due_at, 'deadline', t.due_at)
        || case when l.id is null then '{}' else jsonb_build_object('lead_id', l.id, 'lead_name', private.lead_label(l.lead)) end,
      l.id)::private.notice)
  into notices
  from claimed t
  left join lateral (
    select x.id, x as lead from public.leads x
    join public.memberships m on m.organization_id = x.organization_id and m.user_id = t.assigned_to and m.status = 'active'
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where x.organization_id = t.organization_id and x.id = t.lead_id
      and (p.scope = 'organization' or m.user_id in (x.assigned_to, x.created_by) or (p.scope = 'team' and x.team_id = m.team_id))
  ) l on true;
  perform private.notify(coalesce(notices, '{}'));
  return coalesce(cardinality(notices), 0);
end
$$;
comment on function private.run_task_reminders is 'Tells assignees of the tasks that are to be reminded of by now; answers how many.';

select cron.schedule('task-reminders', '* * * * *', 'select private.run_task_reminders()');

grant execute on function private.team_mates(text) to authenticated;
