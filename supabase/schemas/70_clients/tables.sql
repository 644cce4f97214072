-- Clients under contract: who they are, whom to talk to there, what was talked about and what went wrong. Whether a
-- client is active, what it pays and since when is derived from its movements (71_client_movements), never written.
-- Everything is written by functions only. Deletion is soft.
--
-- A permission on clients has a scope as for leads: the organization, the team, or the clients that somebody owns.
-- Policies, lists and functions apply the same rule (client_scope, client_in_scope).

create table public.client_segments (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint client_segments_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint client_segments_label_form
    check (char_length(label) between 1 and 100 and label = btrim(label) and private.is_plain(label)),
  position integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint client_segments_key_unique unique (organization_id, key)
);
comment on table public.client_segments is 'The segments by which an organization groups its clients.';

alter table public.client_segments enable row level security;

create policy "members read their organization's client segments" on public.client_segments for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.client_segments from public, anon, authenticated, service_role;
grant select on public.client_segments to authenticated, service_role;

create trigger set_updated_at before update on public.client_segments
  for each row execute function private.set_updated_at();

select private.audit_table('public.client_segments');


create table public.incident_types (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint incident_types_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint incident_types_label_form
    check (char_length(label) between 1 and 100 and label = btrim(label) and private.is_plain(label)),
  action text constraint incident_types_action_form
    check (char_length(action) between 1 and 1000 and private.is_multiline(action)),
  position integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint incident_types_key_unique unique (organization_id, key)
);
comment on table public.incident_types is 'The kinds of issues that clients report.';
comment on column public.incident_types.action is 'What is recommended for a client that is likely to report one.';

alter table public.incident_types enable row level security;

create policy "members read their organization's incident types" on public.incident_types for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.incident_types from public, anon, authenticated, service_role;
grant select on public.incident_types to authenticated, service_role;

create trigger set_updated_at before update on public.incident_types
  for each row execute function private.set_updated_at();

select private.audit_table('public.incident_types');


create table public.clients (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  version integer not null default 1,
  name text not null constraint clients_name_form
    check (char_length(name) between 1 and 200 and name = btrim(name) and private.is_plain(name)),
  segment text not null,
  client_type text constraint clients_client_type_form
    check (char_length(client_type) between 1 and 100 and private.is_plain(client_type)),
  region text constraint clients_region_form check (char_length(region) between 1 and 100 and private.is_plain(region)),
  category text constraint clients_category_form
    check (char_length(category) between 1 and 100 and private.is_plain(category)),
  external_id text constraint clients_external_id_form
    check (char_length(external_id) between 1 and 100 and external_id = btrim(external_id)
      and private.is_plain(external_id)),
  account_number text constraint clients_account_number_form
    check (account_number ~ '^[^\s{}[:cntrl:]]([^{}[:cntrl:]]{0,48}[^\s{}[:cntrl:]])?$'),
  phone text constraint clients_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  email text constraint clients_email_form
    check (email = lower(email) and char_length(email) <= 254 and email ~ '^[^@\s]+@[^@\s]+$'),
  contract_ends_on date,
  stated_risk text constraint clients_stated_risk check (stated_risk in ('low', 'medium', 'high')),
  custom_fields jsonb not null default '{}'
    constraint clients_custom_fields_object check (jsonb_typeof(custom_fields) = 'object'),
  owner_id uuid references public.profiles (id) on delete set null,
  team_id uuid,
  status text not null default 'prospect' constraint clients_status
    check (status in ('prospect', 'trial', 'trial_lost', 'active', 'paused', 'leaving', 'churned')),
  since date,
  mrr numeric(14, 2) not null default 0 constraint clients_mrr_not_negative check (mrr >= 0),
  currency text not null constraint clients_currency_iso check (currency ~ '^[A-Z]{3}$'),
  spell_started_on date,
  paused_on date,
  notice_on date,
  leaves_on date,
  trial_ends_on date,
  unpaid_since date,
  last_interaction_at timestamptz,
  search_text text not null generated always as (private.search_fold(name || ' ' || coalesce(external_id, '')
    || ' ' || coalesce(account_number, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))) stored,
  created_by uuid references public.profiles (id) on delete set null,
  deleted_at timestamptz,
  deleted_by uuid references public.profiles (id) on delete set null,
  merged_into uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_organization_key unique (organization_id, id),
  constraint clients_segment foreign key (organization_id, segment)
    references public.client_segments (organization_id, key) on update cascade,
  constraint clients_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id),
  constraint clients_merged_into foreign key (organization_id, merged_into)
    references public.clients (organization_id, id) on delete set null (merged_into)
);
comment on table public.clients is
  'Clients. Written by functions only; each change of a column that people edit raises version by one.';
comment on column public.clients.stated_risk is 'What a person thinks of the risk that the client leaves.';
comment on column public.clients.status is
  'Derived from the movements. prospect: no paid service so far; leaving: notice was given.';
comment on column public.clients.since is 'The first day of paid service, derived from the movements.';
comment on column public.clients.mrr is 'Monthly recurring revenue in force, derived from the movements.';
comment on column public.clients.spell_started_on is 'The first day of the current spell of paid service.';
comment on column public.clients.leaves_on is 'The planned first day without service.';
comment on column public.clients.unpaid_since is
  'Since when a linked customer has owed something, as the nightly job saw it.';

-- The listing indexes contain only clients that are not deleted. None ends in id: see customers.
create index clients_listing on public.clients (organization_id, created_at desc) where deleted_at is null;
create index clients_by_status on public.clients (organization_id, status, created_at desc) where deleted_at is null;
create index clients_by_segment on public.clients (organization_id, segment, created_at desc) where deleted_at is null;
create index clients_by_owner on public.clients (organization_id, owner_id, created_at desc)
  include (id, team_id, status, segment) where deleted_at is null;
create index clients_by_team on public.clients (organization_id, team_id, created_at desc)
  include (id, owner_id, status, segment) where deleted_at is null;
create index clients_by_name on public.clients (organization_id, name) where deleted_at is null;
create index clients_by_mrr on public.clients (organization_id, mrr) where deleted_at is null;
create index clients_by_since on public.clients (organization_id, since) where deleted_at is null;
create index clients_by_update on public.clients (organization_id, updated_at desc) where deleted_at is null;
create index clients_by_contract_end on public.clients (organization_id, contract_ends_on) where deleted_at is null;
create index clients_by_contact on public.clients (organization_id, last_interaction_at nulls first)
  where deleted_at is null;
create index clients_phone on public.clients (organization_id, phone) where deleted_at is null and phone is not null;
create index clients_email on public.clients (organization_id, email) where deleted_at is null and email is not null;
create index clients_account_number on public.clients (organization_id, lower(account_number))
  where deleted_at is null and account_number is not null;
create unique index clients_external_id_unique on public.clients (organization_id, lower(external_id))
  where deleted_at is null and external_id is not null;
create index clients_search on public.clients using gin (organization_id, search_text extensions.gin_trgm_ops);
create index clients_segment on public.clients (organization_id, segment);
create index clients_team on public.clients (organization_id, team_id) where team_id is not null;
create index clients_owner on public.clients (owner_id) where owner_id is not null;
create index clients_created_by on public.clients (created_by) where created_by is not null;
create index clients_deleted_by on public.clients (deleted_by) where deleted_by is not null;
create index clients_merged_into on public.clients (organization_id, merged_into) where merged_into is not null;
create index clients_deleted on public.clients (organization_id, created_at desc)
  where deleted_at is not null and merged_into is null;

-- What the daily rules look for: few clients each.
create index clients_trials on public.clients (trial_ends_on) where status = 'trial' and deleted_at is null;
create index clients_paused on public.clients (paused_on) where status = 'paused' and deleted_at is null;
create index clients_unpaid on public.clients (organization_id, unpaid_since)
  where unpaid_since is not null and deleted_at is null;

alter table public.clients enable row level security;

create policy "people read clients within the scope of their permission" on public.clients for select to authenticated
  using (deleted_at is null and (
    organization_id = any ((select private.organizations_with('clients:read'))::uuid[])
    or team_id = any ((select private.teams_with('clients:read'))::uuid[])
    or (owner_id = (select auth.uid())
      and organization_id = any ((select private.organizations_in_scope('clients:read'))::uuid[]))));

revoke all on public.clients from public, anon, authenticated, service_role;
-- Without unpaid_since: what customers owe is for those who may read customers.
grant select (id, organization_id, version, name, segment, client_type, region, category, external_id, account_number,
  phone, email, contract_ends_on, stated_risk, custom_fields, owner_id, team_id, status, since, mrr, currency,
  spell_started_on, paused_on, notice_on, leaves_on, trial_ends_on, last_interaction_at, search_text, created_by,
  deleted_at, deleted_by, merged_into, created_at, updated_at) on public.clients to authenticated;
grant select on public.clients to service_role;

create trigger derive_columns before insert or update on public.clients
  for each row execute function private.set_client_derived_columns();

-- What follows from movements and interactions has records of its own. Who writes only such columns sets
-- signalbox.derived for the statement.
create trigger audit_update after update on public.clients referencing old table as old_rows new table as new_rows
  for each statement when (coalesce(current_setting('signalbox.derived', true), '') = '')
  execute function private.audit('search_text');
create trigger audit_insert after insert on public.clients referencing new table as new_rows
  for each statement execute function private.audit('search_text');
create trigger audit_delete after delete on public.clients referencing old table as old_rows
  for each statement execute function private.audit('search_text');
create trigger count_insert after insert on public.clients referencing new table as new_rows
  for each statement execute function private.count_clients();
create trigger count_update after update on public.clients referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_clients();
create trigger count_delete after delete on public.clients referencing old table as old_rows
  for each statement execute function private.count_clients();
create trigger broadcast_insert after insert on public.clients referencing new table as new_rows
  for each statement execute function private.broadcast_clients();
create trigger broadcast_update after update on public.clients referencing old table as old_rows new table as new_rows
  for each statement execute function private.broadcast_clients();


create table public.client_contacts (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  name text not null constraint client_contacts_name_form
    check (char_length(name) between 1 and 200 and name = btrim(name) and private.is_plain(name)),
  role text constraint client_contacts_role_form check (char_length(role) between 1 and 100 and private.is_plain(role)),
  email text constraint client_contacts_email_form
    check (email = lower(email) and char_length(email) <= 254 and email ~ '^[^@\s]+@[^@\s]+$'),
  phone text constraint client_contacts_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  is_primary boolean not null default false,
  left_on date,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint client_contacts_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table public.client_contacts is 'The people to talk to at a client.';
comment on column public.client_contacts.left_on is 'The day on which the person left the client''s organization.';

create index client_contacts_of_client on public.client_contacts (organization_id, client_id, id);
create unique index client_contacts_one_primary on public.client_contacts (organization_id, client_id) where is_primary;

alter table public.client_contacts enable row level security;

create policy "those who see the client read its contacts" on public.client_contacts for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_contacts.organization_id and c.id = client_contacts.client_id));

revoke all on public.client_contacts from public, anon, authenticated, service_role;
grant select on public.client_contacts to authenticated, service_role;

create trigger set_updated_at before update on public.client_contacts
  for each row execute function private.set_updated_at();

select private.audit_table('public.client_contacts');


create table public.client_interactions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  type text not null constraint client_interactions_type
    check (type in ('call', 'meeting', 'visit', 'email', 'sms', 'note', 'other')),
  direction text constraint client_interactions_direction check (direction in ('inbound', 'outbound')),
  subject text constraint client_interactions_subject_form
    check (char_length(subject) <= 200 and private.is_plain(subject)),
  details text constraint client_interactions_details_form
    check (char_length(details) <= 20000 and private.is_multiline(details)),
  outcome text constraint client_interactions_outcome_form
    check (char_length(outcome) between 1 and 100 and private.is_plain(outcome)),
  sentiment text constraint client_interactions_sentiment check (sentiment in ('positive', 'neutral', 'negative')),
  occurred_at timestamptz not null
    constraint client_interactions_occurred_at_sane check (occurred_at >= '1990-01-01 00:00+00'),
  recorded_at timestamptz not null default now(),
  created_by uuid references public.profiles (id) on delete set null,
  constraint client_interactions_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table public.client_interactions is
  'Calls, meetings, visits, e-mails, texts and notes with a client. Append-only.';

create index client_interactions_of_client on public.client_interactions (organization_id, client_id, id desc);
create index client_interactions_by_time on public.client_interactions (client_id, occurred_at desc)
  include (recorded_at, direction, sentiment);
create index client_interactions_created_by on public.client_interactions (created_by);

alter table public.client_interactions enable row level security;

create policy "those who see the client read its interactions" on public.client_interactions for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_interactions.organization_id and c.id = client_interactions.client_id));

revoke all on public.client_interactions from public, anon, authenticated, service_role;
grant select on public.client_interactions to authenticated, service_role;

create trigger forbid_history_changes before update on public.client_interactions
  for each row execute function private.forbid_client_history_changes();

select private.audit_table('public.client_interactions', 'subject', 'details');


create table public.client_issues (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  type text not null,
  title text not null constraint client_issues_title_form
    check (char_length(title) between 1 and 200 and title = btrim(title) and private.is_plain(title)),
  description text constraint client_issues_description_form
    check (char_length(description) <= 10000 and private.is_multiline(description)),
  severity text not null default 'medium'
    constraint client_issues_severity check (severity in ('low', 'medium', 'high')),
  status text not null default 'open'
    constraint client_issues_status check (status in ('open', 'in_progress', 'closed')),
  contract_code text constraint client_issues_contract_code_form
    check (char_length(contract_code) between 1 and 100 and private.is_plain(contract_code)),
  external_customer_id text constraint client_issues_external_customer_id_form
    check (char_length(external_customer_id) between 1 and 100 and private.is_plain(external_customer_id)),
  opened_at timestamptz not null constraint client_issues_opened_at_sane check (opened_at >= '1990-01-01 00:00+00'),
  closed_at timestamptz,
  resolution text constraint client_issues_resolution_form
    check (char_length(resolution) <= 2000 and private.is_multiline(resolution)),
  created_by uuid references public.profiles (id) on delete set null,
  closed_by uuid references public.profiles (id) on delete set null,
  recorded_at timestamptz not null default now(),
  close_recorded_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint client_issues_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade,
  constraint client_issues_incident_type foreign key (organization_id, type)
    references public.incident_types (organization_id, key) on update cascade,
  constraint client_issues_closed check ((status = 'closed') = (closed_at is not null)
    and (closed_at is null) = (close_recorded_at is null) and closed_at >= opened_at)
);
comment on table public.client_issues is
  'What clients report. A closed issue stays closed, so that what was open on a past day can be told later.';
comment on column public.client_issues.recorded_at is 'When the issue was entered; opened_at is when it began.';

create index client_issues_of_client on public.client_issues (organization_id, client_id, id desc);
create index client_issues_by_time on public.client_issues (client_id, opened_at desc);
create index client_issues_type on public.client_issues (organization_id, type, opened_at desc);
create index client_issues_created_by on public.client_issues (created_by);
create index client_issues_closed_by on public.client_issues (closed_by) where closed_by is not null;

alter table public.client_issues enable row level security;

create policy "those who see the client read its issues" on public.client_issues for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_issues.organization_id and c.id = client_issues.client_id));

revoke all on public.client_issues from public, anon, authenticated, service_role;
grant select on public.client_issues to authenticated, service_role;

create trigger set_updated_at before update on public.client_issues
  for each row execute function private.set_updated_at();

select private.audit_table('public.client_issues', 'description', 'resolution');


create table public.client_links (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  customer_id uuid,
  lead_id uuid,
  source text not null constraint client_links_source check (source in ('automatic', 'manual')),
  rejected boolean not null default false,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint client_links_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade,
  constraint client_links_customer foreign key (organization_id, customer_id)
    references public.customers (organization_id, id) on delete cascade,
  constraint client_links_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete cascade,
  constraint client_links_one_kind check (num_nonnulls(customer_id, lead_id) = 1),
  constraint client_links_customer_once unique (organization_id, client_id, customer_id),
  constraint client_links_lead_once unique (organization_id, client_id, lead_id)
);
comment on table public.client_links is
  'Which customers (accounts with arrears) and leads are the same as a client. A person''s choice stays.';
comment on column public.client_links.rejected is
  'A person said that they are not the same; it is not suggested again.';

create index client_links_customer on public.client_links (organization_id, customer_id) where customer_id is not null;
create index client_links_lead on public.client_links (organization_id, lead_id) where lead_id is not null;
create index client_links_created_by on public.client_links (created_by);

alter table public.client_links enable row level security;

create policy "those who see both sides read links" on public.client_links for select to authenticated
  using (exists (
      select from public.clients c
      where c.organization_id = client_links.organization_id and c.id = client_links.client_id)
    and (customer_id is null or organization_id = any ((select private.organizations_with('customers:read'))::uuid[]))
    and (lead_id is null or exists (
      select from public.leads l
      where l.organization_id = client_links.organization_id and l.id = client_links.lead_id)));

revoke all on public.client_links from public, anon, authenticated, service_role;
grant select on public.client_links to authenticated, service_role;

create trigger set_updated_at before update on public.client_links
  for each row execute function private.set_updated_at();

select private.audit_table('public.client_links');


create table private.client_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  segment text not null,
  status text not null,
  currency text not null,
  clients bigint not null,
  mrr numeric not null,
  rolled_up boolean not null default false
);
comment on table private.client_totals is 'Clients, not deleted, and their revenue as they are now: a counter.';

create index client_totals_organization on private.client_totals (organization_id);
create index client_totals_pending on private.client_totals (organization_id) where not rolled_up;
create unique index client_totals_once on private.client_totals (organization_id, segment, status, currency)
  where rolled_up;
