-- Organizations (the tenants), people and their rights. A person (auth.users, profiles) belongs to any number of
-- organizations through memberships; a membership has one role; a role is a set of permissions, each with a scope
-- (organization, team or own). Every policy of the project asks private.organizations_with(permission), which computes
-- one array per statement. Memberships and invitations are written by functions only: a person creates an organization,
-- in the sign-up (a trigger on auth.users, so that no account is without a profile) or later, or accepts an invitation.

create table private.deployment (
  singleton boolean primary key default true constraint deployment_singleton check (singleton),
  registration text not null default 'open'
    constraint deployment_registration check (registration in ('open', 'invitation', 'closed')),
  new_organizations text not null default 'sandbox'
    constraint deployment_new_organizations check (new_organizations in ('sandbox', 'approved')),
  new_senders text not null default 'pending'
    constraint deployment_new_senders check (new_senders in ('pending', 'active')),
  max_organizations_per_person integer not null default 5
    constraint deployment_max_organizations check (max_organizations_per_person between 1 and 1000),
  trusted_ip_header text constraint deployment_trusted_ip_header check (trusted_ip_header ~ '^[a-z][a-z0-9-]{1,50}$'),
  max_segments_per_day integer
    constraint deployment_max_segments_per_day check (max_segments_per_day between 0 and 100000000),
  permitted_countries text[] constraint deployment_permitted_countries check (
    cardinality(permitted_countries) between 1 and 250
    and array_to_string(permitted_countries, ' ') ~ '^[A-Z]{2}( [A-Z]{2})*$'),
  updated_at timestamptz not null default now(),
  updated_by text
);
comment on table private.deployment is 'The settings of this deployment, one row: see docs/operations.md.';
comment on column private.deployment.registration is
  'open: everybody may register an organization; invitation: only invited people register; closed: nobody does.';
comment on column private.deployment.new_organizations is 'The standing of new organizations.';
comment on column private.deployment.new_senders is
  'What becomes of senders on the platform''s provider account: pending until an operator approves them, or active.';
comment on column private.deployment.trusted_ip_header is
  'The header (lower case) in which the platform sets the client''s address for the Data API; null: none is believed.';
comment on column private.deployment.max_segments_per_day is 'That of new organizations; null: none.';
comment on column private.deployment.permitted_countries is 'Those of new organizations; null: all.';

create trigger set_updated_at before update on private.deployment
  for each row execute function private.set_updated_at();


create table public.organizations (
  id uuid primary key default private.uuid_v7(),
  name text not null constraint organizations_name_length check (char_length(btrim(name)) between 1 and 200)
    constraint organizations_name_plain check (private.is_plain(name)),
  country text not null default 'GH' constraint organizations_country_iso check (country ~ '^[A-Z]{2}$'),
  time_zone text not null default 'Africa/Accra'
    constraint organizations_time_zone_known check (private.is_time_zone(time_zone)),
  currency text not null default 'GHS' constraint organizations_currency_iso check (currency ~ '^[A-Z]{3}$'),
  quiet_hours_start time default '21:00',
  quiet_hours_end time default '08:00',
  unknown_outcome_service text not null default 'resend'
    constraint organizations_unknown_outcome_service check (unknown_outcome_service in ('resend', 'hold')),
  unknown_outcome_marketing text not null default 'hold'
    constraint organizations_unknown_outcome_marketing check (unknown_outcome_marketing in ('resend', 'hold')),
  message_retention_months integer not null default 24
    constraint organizations_message_retention check (message_retention_months between 1 and 120),
  audit_retention_months integer not null default 84
    constraint organizations_audit_retention check (audit_retention_months between 12 and 120),
  locale text not null default 'en'
    constraint organizations_locale_known check (locale in ('en', 'fr')),
  marketing_consent text not null default 'required'
    constraint organizations_marketing_consent check (marketing_consent in ('required', 'not_required')),
  marketing_gap_messages integer
    constraint organizations_gap_messages check (marketing_gap_messages between 1 and 1000),
  marketing_gap_hours integer constraint organizations_gap_hours check (marketing_gap_hours between 1 and 8760),
  contact_details text constraint organizations_contact_details check (
    char_length(btrim(contact_details)) >= 3 and char_length(contact_details) <= 160
    and contact_details ~ '[0-9@.]' and contact_details !~ '[[:cntrl:]]'),
  messages_per_second numeric(8, 2) constraint organizations_messages_per_second check (messages_per_second > 0),
  alert_opt_out_rate numeric(4, 3) default 0.03
    constraint organizations_alert_opt_out_rate check (alert_opt_out_rate > 0 and alert_opt_out_rate <= 1),
  alert_failure_rate numeric(4, 3) default 0.1
    constraint organizations_alert_failure_rate check (alert_failure_rate > 0 and alert_failure_rate <= 1),
  alert_after integer not null default 100
    constraint organizations_alert_after check (alert_after between 10 and 1000000),
  standing text not null default 'approved'
    constraint organizations_standing check (standing in ('sandbox', 'approved', 'suspended')),
  standing_reason text constraint organizations_standing_reason check (char_length(standing_reason) <= 500),
  standing_changed_at timestamptz,
  standing_changed_by text,
  allowed_countries text[] constraint organizations_allowed_countries check (
    cardinality(allowed_countries) between 1 and 250
    and array_to_string(allowed_countries, ' ') ~ '^[A-Z]{2}( [A-Z]{2})*$'),
  daily_spending_limit numeric(12, 2) constraint organizations_daily_spending_limit check (daily_spending_limit >= 0),
  max_segments_per_day integer
    constraint organizations_max_segments_per_day check (max_segments_per_day between 0 and 100000000),
  permitted_countries text[] constraint organizations_permitted_countries check (
    cardinality(permitted_countries) between 1 and 250
    and array_to_string(permitted_countries, ' ') ~ '^[A-Z]{2}( [A-Z]{2})*$'),
  limits_reason text constraint organizations_limits_reason check (char_length(limits_reason) <= 500),
  limits_changed_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organizations_quiet_hours_pair check ((quiet_hours_start is null) = (quiet_hours_end is null)),
  constraint organizations_quiet_hours_differ check (quiet_hours_start is distinct from quiet_hours_end
    or quiet_hours_start is null),
  constraint organizations_gap_pair check ((marketing_gap_messages is null) = (marketing_gap_hours is null))
);
comment on table public.organizations is
  'A tenant: place, currency, quiet hours, limits, and what happens to messages with an unknown outcome.';
comment on column public.organizations.quiet_hours_start is
  'Local time from which nothing is sent until quiet_hours_end; null for no quiet hours.';
comment on column public.organizations.unknown_outcome_service is
  'What happens to a service message whose outcome is unknown.';
comment on column public.organizations.unknown_outcome_marketing is
  'What happens to a marketing message whose outcome is unknown.';
comment on column public.organizations.locale is 'The language of e-mails to the organization''s people.';
comment on column public.organizations.marketing_consent is
  'required: marketing goes only to numbers whose consent is in the ledger.';
comment on column public.organizations.marketing_gap_messages is
  'Maximum marketing messages to a number within marketing_gap_hours, over all campaigns; null: no limit.';
comment on column public.organizations.contact_details is
  'In the answer to HELP: a phone number, e-mail, web or postal address. Campaigns to North America need it.';
comment on column public.organizations.messages_per_second is
  'Messages per second of all numbers and campaigns together; null: no limit.';
comment on column public.organizations.alert_opt_out_rate is
  'A campaign with a higher share of opt-outs among its delivered messages raises an alert; null: no alert.';
comment on column public.organizations.alert_failure_rate is
  'A campaign with a higher share of failures among its messages with a known outcome raises an alert; null: no alert.';
comment on column public.organizations.alert_after is 'Messages of a campaign before its rates are evaluated.';
comment on column public.organizations.standing is
  'sandbox: messages and e-mails go to members only, until it is approved; suspended: no access, nothing is sent.';
comment on column public.organizations.allowed_countries is
  'The countries whose numbers may be texted; null: the organization''s own.';
comment on column public.organizations.daily_spending_limit is
  'Maximum estimated cost of the messages of a local day, in the organization''s currency; null: no limit.';
comment on column public.organizations.max_segments_per_day is
  'Maximum segments of a local day through the platform''s provider accounts; only operators change it; null: no limit.';
comment on column public.organizations.permitted_countries is
  'allowed_countries counts as far as these have them; only operators change it; null: all.';
comment on column public.organizations.limits_changed_by is
  'The operator who last changed max_segments_per_day or permitted_countries.';

alter table public.organizations enable row level security;

create policy "members read their organizations" on public.organizations for select to authenticated
  using (id = any ((select private.my_organizations())::uuid[]));
create policy "admins change their organization" on public.organizations for update to authenticated
  using (id = any ((select private.organizations_with('organization:update'))::uuid[]))
  with check (id = any ((select private.organizations_with('organization:update'))::uuid[]));

revoke all on public.organizations from public, anon, authenticated, service_role;
grant select on public.organizations to authenticated, service_role;
grant update (
  name, country, time_zone, currency, locale, quiet_hours_start, quiet_hours_end, unknown_outcome_service,
  unknown_outcome_marketing, message_retention_months, audit_retention_months, marketing_consent,
  marketing_gap_messages, marketing_gap_hours, contact_details, messages_per_second, alert_opt_out_rate,
  alert_failure_rate, alert_after, allowed_countries, daily_spending_limit
) on public.organizations to authenticated;

create trigger canonicalize_time_zone before insert or update of time_zone on public.organizations
  for each row execute function private.canonicalize_time_zone();
create trigger set_updated_at before update on public.organizations
  for each row execute function private.set_updated_at();
create trigger protect_retention before update of audit_retention_months, message_retention_months
  on public.organizations
  for each row when (new.audit_retention_months <> old.audit_retention_months
    or new.message_retention_months <> old.message_retention_months)
  execute function private.protect_retention();
create trigger seed_messaging after insert on public.organizations
  for each row execute function private.seed_organization_messaging();
create trigger seed_pipeline after insert on public.organizations
  for each row execute function private.seed_pipeline();
create trigger seed_clients after insert on public.organizations
  for each row execute function private.seed_clients();
create trigger seed_plays after insert on public.organizations
  for each row execute function private.seed_plays();
create trigger recompute_sla_clocks after update on public.organizations
  for each row when (new.time_zone <> old.time_zone) execute function private.recompute_clocks_after_time_zone();
create trigger require_contact_details before update of contact_details on public.organizations
  for each row when (old.contact_details is not null and new.contact_details is null)
  execute function private.require_contact_details();
create trigger wake_messages after update of standing, allowed_countries, permitted_countries, daily_spending_limit,
    max_segments_per_day on public.organizations
  for each row when (
    (old.standing, old.allowed_countries, old.permitted_countries, old.daily_spending_limit, old.max_segments_per_day)
    is distinct from
    (new.standing, new.allowed_countries, new.permitted_countries, new.daily_spending_limit, new.max_segments_per_day))
  execute function private.wake_after_limits_changed();
create trigger recompute_message_days after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone) execute function private.recompute_message_days();
create trigger recompute_lead_days after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone) execute function private.recompute_lead_days();

select private.audit_table('public.organizations');


create table public.profiles (
  id uuid primary key,
  is_service boolean not null default false,
  account_id uuid generated always as (case when not is_service then id end) stored
    constraint profiles_account unique references auth.users (id) on delete cascade,
  email text not null,
  full_name text not null default '' constraint profiles_full_name_length check (char_length(full_name) <= 200)
    constraint profiles_full_name_plain check (private.is_plain(full_name)),
  phone text constraint profiles_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  phone_confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column public.profiles.phone is 'E.164; written only once its owner has confirmed it by a code.';
comment on table public.profiles is
  'A person, one row per auth.users, or a service account (API key). Memberships say to which organizations.';
comment on column public.profiles.account_id is
  'The account in Supabase Auth; null for a service account, which cannot sign in.';

alter table public.profiles enable row level security;

create policy "people read themselves and their colleagues" on public.profiles for select to authenticated
  using (id = (select private.caller()) or id = any ((select private.my_colleagues())::uuid[]));
create policy "people change themselves" on public.profiles for update to authenticated
  using (id = (select private.own_account())) with check (id = (select private.own_account()));

revoke all on public.profiles from public, anon, authenticated, service_role;
grant select on public.profiles to authenticated;
grant update (full_name) on public.profiles to authenticated;
grant select on public.profiles to service_role;

create trigger set_updated_at before update on public.profiles
  for each row execute function private.set_updated_at();
create trigger withdraw_invitations before delete on public.profiles
  for each row execute function private.withdraw_invitations_of_account();
create trigger audit_profile after update on public.profiles
  for each row execute function private.audit_profile();


create table private.phone_confirmations (
  user_id uuid primary key references public.profiles (id) on delete cascade,
  phone text not null,
  code text not null,
  attempts integer not null default 0,
  message_id uuid not null,
  expires_at timestamptz not null default now() + interval '10 minutes'
);
comment on table private.phone_confirmations is
  'Codes that were texted to confirm a phone number. The message itself has a placeholder: members may read messages.';

create index phone_confirmations_message on private.phone_confirmations (message_id);


create table public.teams (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint teams_name_length check (char_length(btrim(name)) between 1 and 100)
    constraint teams_name_plain check (private.is_plain(name)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint teams_organization_key unique (organization_id, id),
  constraint teams_name_unique unique (organization_id, name)
);
comment on table public.teams is
  'People who work together. The scope "team" of a permission means the members of one''s own team.';

alter table public.teams enable row level security;

create policy "members read their teams" on public.teams for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));
create policy "admins add teams" on public.teams for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins change teams" on public.teams for update to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins delete teams" on public.teams for delete to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

revoke all on public.teams from public, anon, authenticated, service_role;
grant select on public.teams to authenticated;
grant insert (organization_id, name), update (name), delete on public.teams to authenticated;
grant select on public.teams to service_role;

create trigger set_updated_at before update on public.teams
  for each row execute function private.set_updated_at();

select private.audit_table('public.teams');


create table public.roles (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  key text not null constraint roles_key_form check (key ~ '^[a-z][a-z0-9_]{1,49}$'),
  name text not null constraint roles_name_length check (char_length(btrim(name)) between 1 and 100)
    constraint roles_name_plain check (private.is_plain(name)),
  description text not null default '' constraint roles_description_length check (char_length(description) <= 500)
    constraint roles_description_plain check (private.is_plain(description)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint roles_key_unique unique nulls not distinct (organization_id, key)
);
comment on table public.roles is
  'A set of permissions. A role without organization is a system role, which nobody can change.';

create index roles_organization on public.roles (organization_id);

alter table public.roles enable row level security;

create policy "everyone reads system roles, members their organization's" on public.roles for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));
create policy "admins add roles" on public.roles for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins change roles" on public.roles for update to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins delete roles" on public.roles for delete to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));

revoke all on public.roles from public, anon, authenticated, service_role;
grant select on public.roles to authenticated;
grant insert (organization_id, key, name, description), update (name, description), delete on public.roles
  to authenticated;
grant select on public.roles to service_role;

create trigger enforce_rules before insert or update or delete on public.roles
  for each row execute function private.enforce_role_rules();
create trigger keep_role_with_notes before delete on public.roles
  for each row execute function private.keep_role_with_notes();
create trigger set_updated_at before update on public.roles
  for each row execute function private.set_updated_at();

select private.audit_table('public.roles');


create table private.permissions (
  name text primary key constraint permissions_name_form check (name ~ '^[a-z_]+:[a-z_]+$'),
  description text not null,
  closed_to text[] not null default '{}'
    constraint permissions_closed_to check (closed_to <@ array['api_key', 'impersonation'])
);
comment on table private.permissions is 'All permissions; role_permissions can name no other.';
comment on column private.permissions.closed_to is
  'Tokens with which nobody uses the permission, whatever the role: of API keys, of an impersonation.';


create table public.role_permissions (
  id uuid primary key default private.uuid_v7(),
  role_id uuid not null references public.roles (id) on delete cascade,
  organization_id uuid references public.organizations (id) on delete cascade,
  permission text not null references private.permissions (name) on update cascade,
  scope text not null default 'organization'
    constraint role_permissions_scope check (scope in ('own', 'team', 'organization')),
  constraint role_permissions_once unique (role_id, permission)
);
comment on table public.role_permissions is
  'What a role may do, and on which rows: the member''s own, their team''s or the organization''s.';

create index role_permissions_organization on public.role_permissions (organization_id);
create index role_permissions_permission on public.role_permissions (permission);

alter table public.role_permissions enable row level security;

create policy "everyone reads system permissions, members their organization's" on public.role_permissions
  for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));
create policy "admins add permissions to their roles" on public.role_permissions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins change permissions of their roles" on public.role_permissions for update to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));
create policy "admins take permissions from their roles" on public.role_permissions for delete to authenticated
  using (organization_id = any ((select private.organizations_with('roles:manage'))::uuid[]));

revoke all on public.role_permissions from public, anon, authenticated, service_role;
grant select on public.role_permissions to authenticated;
grant insert (role_id, permission, scope), update (scope), delete on public.role_permissions to authenticated;
grant select on public.role_permissions to service_role;

create trigger enforce_rules before insert or update or delete on public.role_permissions
  for each row execute function private.enforce_role_permission_rules();
create trigger enforce_reach_of_new after insert on public.role_permissions referencing new table as new_rows
  for each statement execute function private.enforce_role_reach();
create trigger enforce_reach_of_changed after update on public.role_permissions referencing new table as new_rows
  for each statement execute function private.enforce_role_reach();

select private.audit_table('public.role_permissions');


create table public.memberships (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role_id uuid not null references public.roles (id),
  team_id uuid,
  status text not null default 'active' constraint memberships_status check (status in ('active', 'suspended')),
  is_default boolean not null default false,
  is_service boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint memberships_once unique (organization_id, user_id),
  constraint memberships_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id)
);
comment on table public.memberships is
  'Who belongs to which organization, in which role. Suspending or removing a member ends their access at once.';

comment on column public.memberships.is_service is
  'Of an API key, as its profile says: does not count as an admin, holds no leads, gets no notices, is in no list.';

create index memberships_people on public.memberships (organization_id) where not is_service;
create index memberships_user on public.memberships (user_id, organization_id);
create index memberships_role on public.memberships (role_id);
create index memberships_team on public.memberships (organization_id, team_id);
create unique index memberships_one_default on public.memberships (user_id) where is_default;

alter table public.memberships enable row level security;

create policy "people read their memberships, others as permitted" on public.memberships
  for select to authenticated
  using (user_id = (select private.own_account())
    or user_id = (select private.caller()) and organization_id = any ((select private.my_organizations())::uuid[])
    or not is_service and organization_id = any ((select private.organizations_with('members:read'))::uuid[]));
create policy "admins change memberships" on public.memberships for update to authenticated
  using (not is_service and organization_id = any ((select private.organizations_with('members:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins remove members" on public.memberships for delete to authenticated
  using (not is_service and organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

revoke all on public.memberships from public, anon, authenticated, service_role;
grant select on public.memberships to authenticated;
grant update (role_id, team_id, status), delete on public.memberships to authenticated;
grant select on public.memberships to service_role;

create trigger enforce_rules before insert or update or delete on public.memberships
  for each row execute function private.enforce_membership_rules();
create trigger set_updated_at before update on public.memberships
  for each row execute function private.set_updated_at();
create trigger move_leads after update of team_id on public.memberships
  for each row when (old.team_id is distinct from new.team_id) execute function private.move_leads_with_member();
create trigger notify_of_suspended_holder after update of status on public.memberships
  for each row when (old.status = 'active' and new.status = 'suspended')
  execute function private.notify_of_suspended_holder();
create trigger unassign_conversations_of_member after delete on public.memberships
  for each row execute function private.unassign_conversations_of_member();
create trigger withdraw_invitations after update of role_id, team_id, status or delete on public.memberships
  for each row execute function private.withdraw_invitations_of_member();
create trigger move_clients after update of team_id on public.memberships
  for each row when (old.team_id is distinct from new.team_id) execute function private.move_clients_with_member();
create trigger unassign_clients_of_member after delete on public.memberships
  for each row execute function private.move_clients_with_member();
create trigger mark_older_notes_read after insert or update of role_id on public.memberships
  for each row execute function private.mark_older_notes_read();

select private.audit_table('public.memberships');


create table public.invitations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  email text not null
    constraint invitations_email_form check (email = lower(email) and private.is_email(email)),
  role_id uuid not null references public.roles (id),
  team_id uuid,
  token_hash text not null constraint invitations_token_unique unique,
  invited_by uuid references public.profiles (id) on delete set null,
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  accepted_by uuid references public.profiles (id) on delete set null,
  full_name text not null default ''
    constraint invitations_full_name_length check (char_length(full_name) <= 200)
    constraint invitations_full_name_plain check (private.is_plain(full_name)),
  status text not null default 'active' constraint invitations_status check (status in ('active', 'suspended')),
  created_at timestamptz not null default now(),
  constraint invitations_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id)
);
comment on table public.invitations is
  'An offer of membership. Only the SHA-256 of its token is stored; the token is shown once.';
comment on column public.invitations.full_name is 'The person''s name as the inviter gave it, used if they give none.';
comment on column public.invitations.status is 'Of the membership that it becomes.';

create index invitations_organization on public.invitations (organization_id, created_at desc);
create index invitations_role on public.invitations (role_id);
create index invitations_team on public.invitations (organization_id, team_id);
create index invitations_invited_by on public.invitations (invited_by);
create index invitations_accepted_by on public.invitations (accepted_by);
create unique index invitations_one_open on public.invitations (organization_id, email) where accepted_at is null;

alter table public.invitations enable row level security;

create policy "admins read invitations" on public.invitations for select to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));
create policy "admins withdraw invitations" on public.invitations for delete to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

revoke all on public.invitations from public, anon, authenticated, service_role;
grant select (
  id, organization_id, email, full_name, role_id, team_id, invited_by, expires_at, accepted_at, accepted_by, created_at
), delete on public.invitations to authenticated;

select private.audit_table('public.invitations', 'token_hash');


create trigger signalbox_handle_new_user after insert on auth.users
  for each row execute function private.handle_new_user();
create trigger signalbox_sync_profile_email after update of email on auth.users
  for each row when (old.email is distinct from new.email) execute function private.sync_profile_email();
create trigger signalbox_audit_password_change after update of encrypted_password on auth.users
  for each row when (old.encrypted_password is distinct from new.encrypted_password)
  execute function private.audit_password_change();
create trigger signalbox_audit_sign_in after insert on auth.sessions
  for each row execute function private.audit_sign_in();
