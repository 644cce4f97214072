-- Leads (potential customers), their students and the organization's custom lead fields. Leads and their child rows
-- are written by functions only, because history, response clocks, totals and versions must follow every change.
-- Deletion is soft: a deleted lead appears in no list, count or job.
--
-- A permission on leads has a scope: the whole organization, the team, or the leads that somebody holds or created.
-- Policies, lists and functions apply the same rule (lead_in_scope, lead_scope, lead_scope_filter). Lists are built
-- as SQL text with literal values: one statement for all combinations of filters would get one plan for all of them.

create table public.lead_fields (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint lead_fields_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint lead_fields_label_form
    check (char_length(label) <= 100 and btrim(label) <> '' and private.is_plain(label)),
  type text not null
    constraint lead_fields_type check (type in ('text', 'number', 'boolean', 'date', 'choice', 'choices')),
  required boolean not null default false,
  choices text[] not null default '{}' constraint lead_fields_choices_form
    check (cardinality(choices) <= 200 and private.are_plain(choices, 100)),
  position integer not null constraint lead_fields_number check (position between 1 and 100),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint lead_fields_key_unique unique (organization_id, key),
  constraint lead_fields_choices_given check ((type in ('choice', 'choices')) = (cardinality(choices) > 0))
);
comment on table public.lead_fields is
  'Custom fields that the organization defines for leads: the keys and types of leads.custom_fields.';

alter table public.lead_fields enable row level security;

create policy "members read their organization's lead fields" on public.lead_fields for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.lead_fields from public, anon, authenticated, service_role;
grant select on public.lead_fields to authenticated, service_role;

create trigger set_updated_at before update on public.lead_fields
  for each row execute function private.set_updated_at();

select private.audit_table('public.lead_fields');


create table public.leads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  version integer not null default 1,
  first_name text not null default ''
    constraint leads_first_name_form check (char_length(first_name) <= 100 and first_name = btrim(first_name)),
  last_name text not null default ''
    constraint leads_last_name_form check (char_length(last_name) <= 100 and last_name = btrim(last_name)),
  full_name text not null generated always as (btrim(first_name || ' ' || last_name)) stored,
  email text constraint leads_email_form check (email = lower(email) and char_length(email) <= 254
    and email ~ '^[^@\s]+@[^@\s]+$'),
  phone text constraint leads_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  source text not null default 'manual'
    constraint leads_source_form check (source = lower(btrim(source)) and char_length(source) between 1 and 100),
  status text not null,
  outcome text constraint leads_outcome check (outcome in ('won', 'lost')),
  status_since timestamptz not null default now(),
  closed_at timestamptz,
  furthest_status text not null,
  value numeric(14, 2) not null default 0 constraint leads_value_not_negative check (value >= 0),
  currency text not null constraint leads_currency_iso check (currency ~ '^[A-Z]{3}$'),
  tags text[] not null default '{}' constraint leads_tags_form
    check (tags = '{}' or (cardinality(tags) <= 50 and private.are_plain(tags, 50))),
  time_zone text constraint leads_time_zone_known 
    check (time_zone is null or private.is_time_zone(time_zone)),
  country text constraint leads_country_iso check (country ~ '^[A-Z]{2}$'),
  region text constraint leads_region_length check (char_length(region) between 1 and 100),
  custom_fields jsonb not null default '{}'
    constraint leads_custom_fields_object check (jsonb_typeof(custom_fields) = 'object'),
  team_id uuid,
  assigned_to uuid references public.profiles (id) on delete set null,
  assigned_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  import_id uuid,
  sla_status text constraint leads_sla_status check (sla_status in ('running', 'due_soon', 'breached', 'met')),
  sla_started_at timestamptz,
  sla_deadline timestamptz,
  sla_next_at timestamptz,
  sla_responded_at timestamptz,
  sla_breached_at timestamptz,
  search_text text not null generated always as (
    private.lead_search_text(btrim(first_name || ' ' || last_name), email, phone, custom_fields)) stored,
  deleted_at timestamptz,
  deleted_by uuid references public.profiles (id) on delete set null,
  merged_into uuid,
  sla_explicit boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint leads_organization_key unique (organization_id, id),
  -- One call for all of them: the constraints of a row are checked at each update.
  constraint leads_plain
    check (private.is_plain(first_name || last_name || source || coalesce(email, '') || coalesce(region, ''))),
  constraint leads_somebody check (first_name <> '' or last_name <> '' or email is not null or phone is not null),
  constraint leads_stage foreign key (organization_id, status)
    references public.pipeline_stages (organization_id, key) on update cascade,
  constraint leads_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id),
  constraint leads_merged_into foreign key (organization_id, merged_into)
    references public.leads (organization_id, id) on delete set null (merged_into),
  constraint leads_clock_lives check (
  sla_next_at is null or (sla_status in ('running', 'due_soon') and sla_deadline is not null and deleted_at is null
    and outcome is null)),
  constraint leads_imported foreign key (organization_id, import_id)
  references public.lead_imports (organization_id, id) on delete set null (import_id)
) with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02);
comment on table public.leads is
  'Leads. Written by functions only; each change of a column that people edit raises version by one.';
comment on column public.leads.furthest_status is
  'The stage nearest to the pipeline''s end that the lead has been in, other than lost ones; whatever its stage is now.';
comment on column public.leads.team_id is
  'The team whose managers see the lead: the assignee''s, else the one given, else the creator''s.';
comment on column public.leads.sla_status is
  'The response clock: running, due_soon (reminded), breached, met; null: no clock.';
comment on column public.leads.sla_next_at is
  'When the SLA job must next process the clock: the reminder time, then the deadline; null: never.';
comment on column public.leads.sla_explicit is
  'The deadline was set by a person: settings and calendar do not change it.';

-- The listing indexes contain only leads that are not deleted. None ends in id: see customers.
create index leads_listing on public.leads (organization_id, created_at desc) include (id) where deleted_at is null;
create index leads_by_status on public.leads (organization_id, status, created_at desc) include (id)
  where deleted_at is null;
create index leads_by_source on public.leads (organization_id, source, created_at desc) include (id)
  where deleted_at is null;

-- The indexes for the own and team scopes include the common filter columns, so that counting needs index-only scans.
create index leads_by_assignee on public.leads (organization_id, assigned_to, created_at desc)
  include (id, team_id, status, source, sla_status) where deleted_at is null;
create index leads_by_creator on public.leads (organization_id, created_by, created_at desc)
  include (id, team_id, assigned_to, status, source, sla_status) where deleted_at is null;
create index leads_by_team on public.leads (organization_id, team_id, created_at desc)
  include (id, assigned_to, status, source, sla_status) where deleted_at is null;
create index leads_by_sla on public.leads (organization_id, sla_status, created_at desc) where deleted_at is null
  and sla_status in ('due_soon', 'breached');
create index leads_by_name on public.leads (organization_id, full_name) include (id) where deleted_at is null;
create index leads_by_value on public.leads (organization_id, value) include (id) where deleted_at is null;
create index leads_by_update on public.leads (organization_id, updated_at desc) include (id) where deleted_at is null;
create index leads_phone on public.leads (organization_id, phone) where deleted_at is null and phone is not null;
create index leads_email on public.leads (organization_id, email) where deleted_at is null and email is not null;
create index leads_clock on public.leads (sla_next_at) where sla_next_at is not null;
create index leads_search on public.leads using gin (organization_id, search_text extensions.gin_trgm_ops);
create index leads_tags on public.leads using gin (organization_id, tags);
create index leads_stage on public.leads (organization_id, status);
create index leads_team on public.leads (organization_id, team_id) where team_id is not null;
create index leads_assigned_to on public.leads (assigned_to) where assigned_to is not null;
create index leads_created_by on public.leads (created_by) where created_by is not null;
create index leads_deleted_by on public.leads (deleted_by) where deleted_by is not null;
create index leads_merged_into on public.leads (organization_id, merged_into) where merged_into is not null;
create index leads_import on public.leads (organization_id, import_id) where import_id is not null;

-- Deleted leads, for the list of those who may restore them.
create index leads_deleted on public.leads (organization_id, created_at desc) where deleted_at is not null
  and merged_into is null;

-- A team's or person's few leads that are due or overdue: in the other indexes they are far apart.
create index leads_by_team_sla on public.leads (organization_id, team_id, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');
create index leads_by_assignee_sla on public.leads (organization_id, assigned_to, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');
create index leads_by_creator_sla on public.leads (organization_id, created_by, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');

-- The few leads that wait for a response now, for alerts: those that were answered late or closed keep their state.
create index leads_waiting on public.leads (organization_id, sla_status, created_at desc)
  include (team_id, assigned_to, created_by) where deleted_at is null and outcome is null and sla_responded_at is null
  and sla_status in ('due_soon', 'breached');

-- The planner does not see that "assigned_to is null" keeps the order of leads_by_assignee.
create index leads_unassigned on public.leads (organization_id, created_at desc) include (id, team_id, created_by)
  where deleted_at is null and assigned_to is null;

-- A lead without a deadline sorts as if its deadline were in the distant future. Includes the columns of the sort, so
-- that the many leads without a deadline, which tie, are sorted without reading them.
create index leads_by_deadline on public.leads (organization_id, coalesce(sla_deadline, 'infinity'))
  include (id, sla_deadline) where deleted_at is null;

-- For capacities and loads: the open leads of a person.
create index leads_open_by_assignee on public.leads (organization_id, assigned_to) where deleted_at is null
  and outcome is null;

-- A team and a person belong to one organization. Without these statistics the planner estimates a team's leads at a
-- twentieth of their number and reads all of them where an index on the other filter would do.
create statistics public.leads_belonging (dependencies)
  on organization_id, team_id, assigned_to, created_by from public.leads;

alter table public.leads enable row level security;

create policy "people read leads within the scope of their permission" on public.leads for select to authenticated
  using (deleted_at is null and (
    organization_id = any ((select private.organizations_with('leads:read'))::uuid[])
    or team_id = any ((select private.teams_with('leads:read'))::uuid[])
    or ((assigned_to = (select auth.uid()) or created_by = (select auth.uid()))
      and organization_id = any ((select private.organizations_in_scope('leads:read'))::uuid[]))));

revoke all on public.leads from public, anon, authenticated, service_role;
grant select on public.leads to authenticated, service_role;

-- Before derive_columns, by its name: what changes nothing is no new version.
create trigger canonicalize_time_zone before insert or update of time_zone on public.leads
  for each row when (new.time_zone is not null) execute function private.canonicalize_time_zone();
create trigger derive_columns before insert or update on public.leads
  for each row execute function private.set_lead_derived_columns();
create trigger maintain_sla_clock_of_new before insert on public.leads
  for each row when (coalesce(current_setting('signalbox.legacy_import', true), '') = '')
  execute function private.maintain_sla_clock();
create trigger maintain_sla_clock before update on public.leads
  for each row when (new.status <> old.status or new.assigned_to is distinct from old.assigned_to
    or new.deleted_at is distinct from old.deleted_at or new.outcome is distinct from old.outcome
    or new.sla_responded_at is distinct from old.sla_responded_at
    or coalesce(current_setting('signalbox.deadline', true), '') <> '')
  execute function private.maintain_sla_clock();

-- Changes by the SLA job are recorded in sla_events and not also in the audit log: whole leads before and after would
-- be most of the log and most of the job's work. The job sets signalbox.clockwork for its own statement.
create trigger audit_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement when (coalesce(current_setting('signalbox.clockwork', true), '') = '')
  execute function private.audit('search_text');
create trigger audit_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.audit('search_text');
create trigger audit_delete after delete on public.leads referencing old table as old_rows
  for each statement execute function private.audit('search_text');
create trigger record_sla_of_new after insert on public.leads referencing new table as new_rows
  for each statement execute function private.record_sla();
create trigger record_sla after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_sla();
create trigger hide_tasks after update of deleted_at on public.leads
  for each row when ((old.deleted_at is null) <> (new.deleted_at is null))
    execute function private.hide_tasks_with_lead();
create trigger count_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.count_leads();
create trigger count_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_leads();
create trigger count_delete after delete on public.leads referencing old table as old_rows
  for each statement execute function private.count_leads();
create trigger count_days_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.count_lead_days();
create trigger count_days_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_lead_days();
create trigger count_days_delete after delete on public.leads referencing old table as old_rows
  for each statement execute function private.count_lead_days();
create trigger count_sla after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_sla_of_leads();
create trigger count_sla_delete before delete on public.leads
  for each row when (old.deleted_at is null) execute function private.count_sla_of_lead();
create trigger broadcast_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.broadcast_lead_changes();
create trigger broadcast_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.broadcast_lead_changes();
create trigger link_conversations after insert on public.leads referencing new table as new_rows
  for each statement execute function private.link_conversations_to_new_contacts();
create trigger relink_conversations after update of deleted_at, phone on public.leads
  for each row when (old.deleted_at is distinct from new.deleted_at or old.phone is distinct from new.phone)
  execute function private.relink_conversations_of_lead();


create table public.students (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  first_name text not null constraint students_first_name_form check (char_length(first_name) between 1 and 100
    and first_name = btrim(first_name) and private.is_plain(first_name)),
  last_name text not null default ''
    constraint students_last_name_form check (char_length(last_name) <= 100 and last_name = btrim(last_name)
      and private.is_plain(last_name)),
  birth_date date,
  grade text constraint students_grade_form check (char_length(grade) <= 50 and private.is_plain(grade)),
  school text constraint students_school_form check (char_length(school) <= 200 and private.is_plain(school)),
  notes text constraint students_notes_form check (char_length(notes) <= 5000 and private.is_multiline(notes)),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint students_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade
);
comment on table public.students is 'Prospective students of a lead (the lead is often a parent).';

create index students_of_lead on public.students (organization_id, lead_id, id desc);
create index students_created_by on public.students (created_by);

alter table public.students enable row level security;

create policy "those who see the lead read its students" on public.students for select to authenticated
  using (exists (select from public.leads l where l.organization_id = students.organization_id
    and l.id = students.lead_id));

revoke all on public.students from public, anon, authenticated, service_role;
grant select on public.students to authenticated, service_role;

create trigger set_updated_at before update on public.students
  for each row execute function private.set_updated_at();

select private.audit_table('public.students');
