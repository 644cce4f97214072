-- The response clock (SLA) of a lead. Its deadline is computed once, when the clock starts, and stored; sla_next_at
-- says when the job must next process it, so the job reads only due rows. The trigger maintain_sla_clock keeps it up
-- to date:
-- - It starts on assignment (by setting: on creation) with the minutes of the stage, else the organization's.
--   Entering a stage with minutes of its own restarts it; 0 minutes: no clock.
-- - While it runs, its deadline is its start plus the minutes of the lead's stage, or the deadline that a person
--   gave. Moves, settings and the calendar change it accordingly.
-- - Reassignment restarts an unanswered clock, also a breached one (the breach stays in the events), or keeps it, by
--   setting. An answered clock stays answered.
-- - Unassigning, closing and deleting stop a running clock; reopening and restoring start a stopped one again.

create table public.lead_settings (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null constraint lead_settings_one unique references public.organizations (id)
    on delete cascade,
  sla_minutes integer not null default 120 constraint lead_settings_sla check (sla_minutes between 0 and 525600),
  reminder_minutes integer not null default 30
    constraint lead_settings_reminder check (reminder_minutes between 0 and 10080),
  clock_starts text not null default 'assignment'
    constraint lead_settings_clock check (clock_starts in ('assignment', 'creation')),
  on_reassignment text not null default 'restart'
    constraint lead_settings_reassignment check (on_reassignment in ('keep', 'restart')),
  capacity integer constraint lead_settings_capacity check (capacity >= 0),
  updated_at timestamptz not null default now()
);
comment on table public.lead_settings is 'Lead settings of an organization: response times, reminders, capacity.';
comment on column public.lead_settings.sla_minutes is
  'Working minutes to the first response, unless the stage has its own. 0: no deadline.';
comment on column public.lead_settings.clock_starts is 'Whether unassigned leads have a running clock.';
comment on column public.lead_settings.capacity is 'Open leads per person, unless set for the person; null: unlimited.';

alter table public.lead_settings enable row level security;

create policy "members read their organization's lead settings" on public.lead_settings for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.lead_settings from public, anon, authenticated, service_role;
grant select on public.lead_settings to authenticated, service_role;

create trigger set_updated_at before update on public.lead_settings
  for each row execute function private.set_updated_at();
create trigger recompute_sla_clocks after update on public.lead_settings
  for each row when (new.sla_minutes <> old.sla_minutes or new.reminder_minutes <> old.reminder_minutes)
  execute function private.recompute_clocks_after_settings();

select private.audit_table('public.lead_settings');


create table public.sla_events (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  event text not null
    constraint sla_events_event check (event in ('started', 'reminder', 'breach', 'response', 'stopped')),
  assigned_to uuid,
  team_id uuid,
  deadline timestamptz not null,
  met boolean,
  response_minutes integer,
  merged_from uuid,
  created_at timestamptz not null default now(),
  constraint sla_events_response check ((event = 'response') = (met is not null)
    and (event = 'response') = (response_minutes is not null)),
  constraint sla_events_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade
);
comment on table public.sla_events is 'Events of response clocks. Append-only.';
comment on column public.sla_events.assigned_to is
  'The assignee at that time. No foreign key: the record stays when people and teams are deleted.';
comment on column public.sla_events.met is 'Whether the response was in time.';
comment on column public.sla_events.response_minutes is
  'Whole working minutes from the start of the clock to the response.';
comment on column public.sla_events.merged_from is
  'The original lead of an event that a merge moved here; null: this lead.';

create index sla_events_of_lead on public.sla_events (organization_id, lead_id, id desc);

alter table public.sla_events enable row level security;

create policy "those who see the lead read its clock's events" on public.sla_events for select to authenticated
  using (exists (select from public.leads l where l.organization_id = sla_events.organization_id
    and l.id = sla_events.lead_id));

revoke all on public.sla_events from public, anon, authenticated, service_role;
grant select on public.sla_events to authenticated, service_role;

create trigger forbid_history_changes before update on public.sla_events
  for each row execute function private.forbid_history_changes();
create trigger count_insert after insert on public.sla_events referencing new table as new_rows
  for each statement execute function private.count_sla_events();
create trigger count_update after update on public.sla_events referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_sla_events();
create trigger count_delete after delete on public.sla_events referencing old table as old_rows
  for each statement execute function private.count_sla_events();


create table private.sla_recomputations (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  due_at timestamptz not null,
  again boolean not null default true,
  after_created timestamptz not null default '-infinity',
  after_id uuid not null default '00000000-0000-0000-0000-000000000000'
);
comment on table private.sla_recomputations is
  'Organizations whose running clocks must be recomputed, and the progress of that.';
comment on column private.sla_recomputations.again is
  'Another round follows: a clock that started at the same time may have been computed from the previous settings.';

revoke all on private.sla_recomputations from public, anon, authenticated, service_role;
