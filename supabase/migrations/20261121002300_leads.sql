-- Leads: who might become a customer, where they stand in the organization's pipeline and whose they are. Leads and what
-- hangs under them are written by functions only: history, clocks, totals and versions must follow every change.
-- Deleting is soft; a deleted lead is in no list, count or job.

create table public.lead_settings (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null constraint lead_settings_one unique references public.organizations (id) on delete cascade,
  sla_minutes integer not null default 120 constraint lead_settings_sla check (sla_minutes between 0 and 525600),
  reminder_minutes integer not null default 30 constraint lead_settings_reminder check (reminder_minutes between 0 and 10080),
  clock_starts text not null default 'assignment' constraint lead_settings_clock check (clock_starts in ('assignment', 'creation')),
  on_reassignment text not null default 'restart' constraint lead_settings_reassignment check (on_reassignment in ('keep', 'restart')),
  capacity integer constraint lead_settings_capacity check (capacity >= 0),
  updated_at timestamptz not null default now()
);
comment on table public.lead_settings is 'How an organization runs its leads: response times, reminders, how many open leads a person holds.';
comment on column public.lead_settings.sla_minutes is 'Working minutes to the first response, where the stage has none of its own. 0: no deadline.';
comment on column public.lead_settings.clock_starts is 'Whether an unassigned lead has a running clock already.';
comment on column public.lead_settings.capacity is 'Open leads a person may hold unless set for the person; null: any number.';

create table public.lead_fields (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint lead_fields_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint lead_fields_label_length check (char_length(btrim(label)) between 1 and 100),
  type text not null constraint lead_fields_type check (type in ('text', 'number', 'boolean', 'date', 'choice', 'choices')),
  required boolean not null default false,
  choices text[] not null default '{}',
  position integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint lead_fields_key_unique unique (organization_id, key),
  constraint lead_fields_choices_given check ((type in ('choice', 'choices')) = (cardinality(choices) > 0))
);
comment on table public.lead_fields is 'The organization''s own fields of a lead: what leads.custom_fields may hold.';

create table public.pipeline_stages (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint pipeline_stages_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint pipeline_stages_label_length check (char_length(btrim(label)) between 1 and 100),
  position integer not null,
  outcome text constraint pipeline_stages_outcome check (outcome in ('won', 'lost')),
  sla_minutes integer constraint pipeline_stages_sla check (sla_minutes between 0 and 525600),
  next_stages text[],
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pipeline_stages_key_unique unique (organization_id, key),
  constraint pipeline_stages_position_unique unique (organization_id, position) deferrable initially immediate
);
comment on table public.pipeline_stages is 'The stages of the organization''s pipeline. leads.status is the key of one; new leads enter the first open one.';
comment on column public.pipeline_stages.outcome is 'won or lost closes the lead; null: the lead is open here.';
comment on column public.pipeline_stages.sla_minutes is 'Entering the stage starts a response clock of its own; null: the organization''s, once per assignment; 0: none.';
comment on column public.pipeline_stages.next_stages is 'Keys of the stages a lead may move to from here; null: any.';

create table public.leads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  version integer not null default 1,
  first_name text not null default '' constraint leads_first_name_form check (char_length(first_name) <= 100 and first_name = btrim(first_name)),
  last_name text not null default '' constraint leads_last_name_form check (char_length(last_name) <= 100 and last_name = btrim(last_name)),
  full_name text not null generated always as (btrim(first_name || ' ' || last_name)) stored,
  email text constraint leads_email_form check (email = lower(email) and char_length(email) <= 254 and email ~ '^[^@\s]+@[^@\s]+$'),
  phone text constraint leads_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  source text not null default 'manual'
    constraint leads_source_form check (source = lower(btrim(source)) and char_length(source) between 1 and 100),
  status text not null,
  outcome text constraint leads_outcome check (outcome in ('won', 'lost')),
  status_since timestamptz not null default now(),
  closed_at timestamptz,
  value numeric(14, 2) not null default 0 constraint leads_value_not_negative check (value >= 0),
  currency text not null constraint leads_currency_iso check (currency ~ '^[A-Z]{3}$'),
  tags text[] not null default '{}' constraint leads_tags_number check (cardinality(tags) <= 50),
  time_zone text constraint leads_time_zone_known check (private.is_time_zone(time_zone)),
  country text constraint leads_country_iso check (country ~ '^[A-Z]{2}$'),
  region text constraint leads_region_length check (char_length(region) between 1 and 100),
  custom_fields jsonb not null default '{}' constraint leads_custom_fields_object check (jsonb_typeof(custom_fields) = 'object'),
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
    lower(btrim(first_name || ' ' || last_name) || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' '
      || coalesce(jsonb_path_query_array(custom_fields, '$.* ? (@.type() == "string")')::text, ''))) stored,
  deleted_at timestamptz,
  deleted_by uuid references public.profiles (id) on delete set null,
  merged_into uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint leads_organization_key unique (organization_id, id),
  constraint leads_somebody check (first_name <> '' or last_name <> '' or email is not null or phone is not null),
  constraint leads_stage foreign key (organization_id, status)
    references public.pipeline_stages (organization_id, key) on update cascade,
  constraint leads_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id),
  constraint leads_merged_into foreign key (organization_id, merged_into)
    references public.leads (organization_id, id) on delete set null (merged_into)
);
comment on table public.leads is 'Leads. Written by functions only; each change of what people edit raises version by one.';
comment on column public.leads.team_id is 'Whose managers see it: the team of the person it is assigned to, else the one given, else its creator''s.';
comment on column public.leads.sla_status is 'The response clock: running, due_soon (reminded), breached, met; null: no clock.';
comment on column public.leads.sla_next_at is 'When the clock next needs the SLA job: the reminder''s moment, then the deadline; null: never.';

-- The listing indexes hold living leads only. None ends in id: see customers.
create index leads_listing on public.leads (organization_id, created_at desc) where deleted_at is null;
create index leads_by_status on public.leads (organization_id, status, created_at desc) where deleted_at is null;
create index leads_by_source on public.leads (organization_id, source, created_at desc) where deleted_at is null;
-- What bounds somebody's reach also holds the common filters, so that counting within it reads no lead.
create index leads_by_assignee on public.leads (organization_id, assigned_to, created_at desc)
  include (id, team_id, status, source, sla_status) where deleted_at is null;
create index leads_by_creator on public.leads (organization_id, created_by, created_at desc)
  include (id, team_id, assigned_to, status, source, sla_status) where deleted_at is null;
create index leads_by_team on public.leads (organization_id, team_id, created_at desc)
  include (id, assigned_to, status, source, sla_status) where deleted_at is null;
create index leads_by_sla on public.leads (organization_id, sla_status, created_at desc) where deleted_at is null and sla_status in ('due_soon', 'breached');
create index leads_by_name on public.leads (organization_id, full_name) where deleted_at is null;
create index leads_by_value on public.leads (organization_id, value) where deleted_at is null;
create index leads_by_update on public.leads (organization_id, updated_at desc) where deleted_at is null;
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

create table public.students (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  first_name text not null constraint students_first_name_form check (char_length(first_name) between 1 and 100 and first_name = btrim(first_name)),
  last_name text not null default '' constraint students_last_name_form check (char_length(last_name) <= 100 and last_name = btrim(last_name)),
  birth_date date,
  grade text constraint students_grade_length check (char_length(grade) <= 50),
  school text constraint students_school_length check (char_length(school) <= 200),
  notes text constraint students_notes_length check (char_length(notes) <= 5000),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint students_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id) on delete cascade
);
comment on table public.students is 'The people a lead asks for: an admissions office''s students, whose parent is the lead.';
create index students_of_lead on public.students (organization_id, lead_id, id desc);
create index students_created_by on public.students (created_by);

create table public.lead_history (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  from_status text,
  to_status text not null,
  seconds_in_stage bigint,
  note text constraint lead_history_note_length check (char_length(note) <= 2000),
  changed_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint lead_history_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id) on delete cascade
);
comment on table public.lead_history is 'Every move between stages and how long the lead stood in the stage it left. Append-only.';
create index lead_history_of_lead on public.lead_history (organization_id, lead_id, id desc);
create index lead_history_changed_by on public.lead_history (changed_by);

create table public.lead_assignments (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  from_user uuid references public.profiles (id) on delete set null,
  to_user uuid references public.profiles (id) on delete set null,
  method text not null default 'manual' constraint lead_assignments_method check (method in (
    'manual', 'bulk', 'round_robin', 'least_loaded', 'import', 'departure', 'merge')),
  note text constraint lead_assignments_note_length check (char_length(note) <= 2000),
  deadline timestamptz,
  assigned_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint lead_assignments_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id) on delete cascade
);
comment on table public.lead_assignments is 'Who held a lead when, and who decided so; to_user null: taken from its holder. Append-only.';
create index lead_assignments_of_lead on public.lead_assignments (organization_id, lead_id, id desc);
create index lead_assignments_from_user on public.lead_assignments (from_user) where from_user is not null;
create index lead_assignments_to_user on public.lead_assignments (to_user) where to_user is not null;
create index lead_assignments_assigned_by on public.lead_assignments (assigned_by) where assigned_by is not null;

create table public.lead_holders (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  on_duty boolean not null default true,
  capacity integer constraint lead_holders_capacity check (capacity >= 0),
  last_turn bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
comment on table public.lead_holders is 'People as holders of leads. Without a row: on duty, with the organization''s capacity.';
comment on column public.lead_holders.last_turn is 'Grows with each lead that came by turns; whose is least is next.';
create index lead_holders_user on public.lead_holders (user_id);

create table public.interactions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  type text not null constraint interactions_type check (type in ('call', 'note', 'meeting', 'email', 'sms')),
  direction text constraint interactions_direction check (direction in ('inbound', 'outbound')),
  subject text constraint interactions_subject_length check (char_length(subject) <= 200),
  body text constraint interactions_body_length check (char_length(body) <= 20000),
  outcome text constraint interactions_outcome_length check (char_length(outcome) between 1 and 100),
  duration_seconds integer constraint interactions_duration check (duration_seconds between 0 and 86400),
  occurred_at timestamptz not null default now(),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint interactions_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id) on delete cascade
);
comment on table public.interactions is 'What was said and done with a lead. Append-only.';
create index interactions_of_lead on public.interactions (organization_id, lead_id, id desc);
create index interactions_created_by on public.interactions (created_by);

create table public.tasks (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  lead_id uuid,
  title text not null constraint tasks_title_length check (char_length(btrim(title)) between 1 and 200),
  description text constraint tasks_description_length check (char_length(description) <= 5000),
  status text not null default 'open' constraint tasks_status check (status in ('open', 'in_progress', 'done', 'canceled')),
  priority text not null default 'normal' constraint tasks_priority check (priority in ('low', 'normal', 'high')),
  due_at timestamptz,
  remind_at timestamptz,
  assigned_to uuid references public.profiles (id) on delete set null,
  created_by uuid references public.profiles (id) on delete set null,
  completed_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tasks_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id) on delete cascade
);
comment on table public.tasks is 'What is to be done by whom until when, mostly about a lead.';
comment on column public.tasks.remind_at is 'When the assignee is to be reminded; null once that has happened, or when there is nothing to remind of.';
create index tasks_of_lead on public.tasks (organization_id, lead_id, id desc);
create index tasks_by_assignee on public.tasks (organization_id, assigned_to, due_at);
create index tasks_by_creator on public.tasks (organization_id, created_by, due_at);
create index tasks_by_due on public.tasks (organization_id, due_at);
create index tasks_to_remind on public.tasks (remind_at) where remind_at is not null;
create index tasks_assigned_to on public.tasks (assigned_to);
create index tasks_created_by on public.tasks (created_by);

create table public.consents (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  lead_id uuid,
  event text not null constraint consents_event check (event in ('granted', 'revoked')),
  phone text not null constraint consents_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  channel text not null default 'sms' constraint consents_channel check (channel in ('sms', 'call')),
  scope text not null default 'marketing' constraint consents_scope check (scope in ('all', 'marketing')),
  source text not null constraint consents_source_length check (char_length(source) between 1 and 200),
  disclosure text constraint consents_disclosure_length check (char_length(disclosure) between 1 and 10000),
  disclosure_version text constraint consents_version_length check (char_length(disclosure_version) between 1 and 100),
  act text constraint consents_act_length check (char_length(act) between 1 and 500),
  ip text,
  user_agent text,
  occurred_at timestamptz not null,
  recorded_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint consents_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete set null (lead_id)
);
comment on table public.consents is
  'The consent ledger: who agreed to what, shown which words, by which act, when (47 CFR 64.1200(f)(9)). Append-only.';
create index consents_of_phone on public.consents (organization_id, phone, id desc);
create index consents_of_lead on public.consents (organization_id, lead_id) where lead_id is not null;
create index consents_recorded_by on public.consents (recorded_by) where recorded_by is not null;

alter table public.messages add constraint messages_lead foreign key (organization_id, lead_id)
  references public.leads (organization_id, id) on delete set null (lead_id);
create index messages_lead on public.messages (organization_id, lead_id, id desc) where lead_id is not null;
alter table public.emails add constraint emails_lead foreign key (organization_id, lead_id)
  references public.leads (organization_id, id) on delete set null (lead_id);
create index emails_lead on public.emails (organization_id, lead_id) where lead_id is not null;

-- A new organization has a pipeline to begin with. Definer: see equip_organization.
create function private.equip_leads()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.lead_settings (organization_id) values (new.id);
  insert into public.pipeline_stages (organization_id, key, label, position, outcome) values
    (new.id, 'new', 'New', 1, null),
    (new.id, 'contacted', 'Contacted', 2, null),
    (new.id, 'qualified', 'Qualified', 3, null),
    (new.id, 'proposal', 'Proposal', 4, null),
    (new.id, 'won', 'Won', 5, 'won'),
    (new.id, 'lost', 'Lost', 6, 'lost');
  return new;
end
$$;
create trigger equip_leads after insert on public.organizations
  for each row execute function private.equip_leads();

insert into public.lead_settings (organization_id) select o.id from public.organizations o;
insert into public.pipeline_stages (organization_id, key, label, position, outcome)
select o.id, s.key, s.label, s.position, s.outcome
from public.organizations o
cross join (values ('new', 'New', 1, null), ('contacted', 'Contacted', 2, null), ('qualified', 'Qualified', 3, null),
  ('proposal', 'Proposal', 4, null), ('won', 'Won', 5, 'won'), ('lost', 'Lost', 6, 'lost')) as s (key, label, position, outcome);

-- The stage a new lead enters.
create function private.first_stage(organization_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select s.key from public.pipeline_stages s
  where s.organization_id = first_stage.organization_id and s.outcome is null
  order by s.position limit 1
$$;

-- What follows from a lead's own columns, whoever writes it: its outcome from the stage, its team from the holder, how
-- long it stands where it stands, and its version. Changes of the clock alone are not changes that people edit.
-- Definer: reads stages and memberships, which writers of leads need not see.
create function private.keep_lead()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    new.currency := coalesce(new.currency, (select o.currency from public.organizations o where o.id = new.organization_id));
    new.status := coalesce(new.status, private.first_stage(new.organization_id));
  end if;
  if tg_op = 'INSERT' or new.status <> old.status then
    new.outcome := (
      select s.outcome from public.pipeline_stages s where s.organization_id = new.organization_id and s.key = new.status);
    if tg_op = 'UPDATE' then
      new.status_since := now();
    end if;
  end if;
  if tg_op = 'INSERT' or new.outcome is distinct from old.outcome then
    new.closed_at := case when new.outcome is not null then coalesce(new.closed_at, now()) end;
  end if;
  if new.assigned_to is not null and (tg_op = 'INSERT' or new.assigned_to is distinct from old.assigned_to) then
    new.assigned_at := now();
    new.team_id := (
      select m.team_id from public.memberships m
      where m.organization_id = new.organization_id and m.user_id = new.assigned_to);
  elsif new.assigned_to is null and tg_op = 'UPDATE' and old.assigned_to is not null then
    new.assigned_at := null;
  elsif tg_op = 'INSERT' and new.team_id is null then
    new.team_id := (
      select m.team_id from public.memberships m
      where m.organization_id = new.organization_id and m.user_id = new.created_by);
  end if;
  if tg_op = 'UPDATE' and (new.first_name, new.last_name, new.email, new.phone, new.source, new.status, new.value, new.tags,
      new.time_zone, new.country, new.region, new.custom_fields, new.team_id, new.assigned_to, new.deleted_at)
    is distinct from (old.first_name, old.last_name, old.email, old.phone, old.source, old.status, old.value, old.tags,
      old.time_zone, old.country, old.region, old.custom_fields, old.team_id, old.assigned_to, old.deleted_at) then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end
$$;
create trigger keep_lead before insert or update on public.leads
  for each row execute function private.keep_lead();

-- A person who changes teams takes the leads along. Definer: writes leads, which nobody may write directly.
create function private.move_leads_with_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.leads l set team_id = new.team_id
  where l.organization_id = new.organization_id and l.assigned_to = new.user_id and l.team_id is distinct from new.team_id;
  return null;
end
$$;
create trigger move_leads after update of team_id on public.memberships
  for each row when (old.team_id is distinct from new.team_id) execute function private.move_leads_with_member();

create trigger touch before update on public.lead_settings
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.lead_fields
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.pipeline_stages
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.students
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.lead_holders
  for each row execute function private.touch_updated_at();

-- The ledger and the histories are evidence: nobody changes them, whatever their rights. Rows go only with their lead
-- or organization; a lead's merge moves them (private.merge_leads sets signalbox.merging), and references to people and
-- leads that are gone become null.
create function private.keep_evidence()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  if to_jsonb(new) - array['lead_id', 'from_user', 'to_user', 'assigned_by', 'changed_by', 'recorded_by', 'created_by']
      is distinct from to_jsonb(old) - array['lead_id', 'from_user', 'to_user', 'assigned_by', 'changed_by', 'recorded_by', 'created_by']
    or (new.lead_id is not null and new.lead_id is distinct from old.lead_id
      and coalesce(current_setting('signalbox.merging', true), '') <> new.lead_id::text) then
    raise exception 'This record cannot be changed.' using errcode = '42501';
  end if;
  return new;
end
$$;
create trigger keep_evidence before update on public.consents
  for each row execute function private.keep_evidence();
create trigger keep_evidence before update on public.lead_history
  for each row execute function private.keep_evidence();
create trigger keep_evidence before update on public.lead_assignments
  for each row execute function private.keep_evidence();
create trigger keep_evidence before update on public.interactions
  for each row execute function private.keep_evidence();

select private.audit_table('public.lead_settings');
select private.audit_table('public.lead_fields');
select private.audit_table('public.pipeline_stages');
select private.audit_table('public.leads', 'search_text');
select private.audit_table('public.students');
select private.audit_table('public.interactions', 'body');
select private.audit_table('public.tasks');
