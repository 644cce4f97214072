-- Tasks: work with an assignee and a due time, mostly about a lead. A task is visible to its assignee and creator, to
-- managers of their team, and to those who may see its lead. Tasks of deleted leads are hidden.

create table public.tasks (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  lead_id uuid,
  title text not null constraint tasks_title_form
    check (char_length(title) <= 200 and btrim(title) <> '' and private.is_plain(title)),
  description text constraint tasks_description_form
    check (char_length(description) <= 5000 and private.is_multiline(description)),
  status text not null default 'open'
    constraint tasks_status check (status in ('open', 'in_progress', 'done', 'canceled')),
  priority text not null default 'normal' constraint tasks_priority check (priority in ('low', 'normal', 'high')),
  due_at timestamptz,
  remind_at timestamptz,
  assigned_to uuid references public.profiles (id) on delete set null,
  created_by uuid references public.profiles (id) on delete set null,
  completed_at timestamptz,
  version integer not null default 1,
  remind_minutes_before integer default 30
    constraint tasks_remind_minutes check (remind_minutes_before between 0 and 43200),
  lead_deleted boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tasks_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade,
  constraint tasks_due_at_sane check (due_at between '2000-01-01 00:00+00' and '2200-01-01 00:00+00')
);
comment on table public.tasks is 'Work with an assignee and a due time, mostly about a lead.';
comment on column public.tasks.remind_at is 'When to remind the assignee; null after the reminder, or without one.';
comment on column public.tasks.remind_minutes_before is
  'Minutes before due_at at which the assignee is reminded; null: no reminder.';
comment on column public.tasks.lead_deleted is
  'Whether the lead is deleted. Stored here, so that lists and counts need not read leads.';

create index tasks_of_lead on public.tasks (organization_id, lead_id, id desc);
create index tasks_by_assignee on public.tasks (organization_id, assigned_to, due_at);
-- A person's overdue tasks: most tasks of the past are done.
create index tasks_open_by_assignee on public.tasks (organization_id, assigned_to, due_at)
  where status in ('open', 'in_progress') and not lead_deleted;
create index tasks_by_creator on public.tasks (organization_id, created_by, due_at);
create index tasks_by_due on public.tasks (organization_id, due_at);
create index tasks_in_order on public.tasks (organization_id, coalesce(due_at, 'infinity'))
  include (id, due_at, lead_deleted);
create index tasks_to_remind on public.tasks (remind_at) where remind_at is not null;
create index tasks_assigned_to on public.tasks (assigned_to);
create index tasks_created_by on public.tasks (created_by);
create index tasks_listing on public.tasks (organization_id, created_at desc) include (lead_deleted);
create index tasks_by_status on public.tasks (organization_id, status, due_at) include (lead_deleted);

alter table public.tasks enable row level security;

create policy "people read tasks within the scope of their permission" on public.tasks for select to authenticated
  using (not lead_deleted and organization_id = any ((select private.organizations_in_scope('tasks:read'))::uuid[])
    and (
    organization_id = any ((select private.organizations_with('tasks:read'))::uuid[])
    or assigned_to = (select auth.uid()) or created_by = (select auth.uid())
    or organization_id || ' ' || assigned_to = any ((select private.team_mates('tasks:read'))::text[])
    or organization_id || ' ' || created_by = any ((select private.team_mates('tasks:read'))::text[])
    or exists (
      select from public.leads l
      where l.organization_id = tasks.organization_id and l.id = tasks.lead_id
        and (l.assigned_to = (select auth.uid()) or l.created_by = (select auth.uid())
          or l.team_id = any ((select private.teams_with('tasks:read'))::uuid[])))));

revoke all on public.tasks from public, anon, authenticated, service_role;
grant select on public.tasks to authenticated, service_role;

create trigger derive_columns before insert or update on public.tasks
  for each row execute function private.set_task_derived_columns();

select private.audit_table('public.tasks');
