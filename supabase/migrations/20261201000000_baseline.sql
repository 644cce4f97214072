-- Written by `deno task schema` from supabase/schemas, which is what people read and change.
-- Functions name tables that come after them.
set check_function_bodies = off;

create schema if not exists private;

create schema if not exists partitions;

create schema if not exists extensions;

revoke all on schema private, partitions from public;

grant usage on schema private to authenticated, service_role;

alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;

alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;

alter default privileges in schema public revoke execute on functions from public, anon, authenticated, service_role;

alter default privileges revoke execute on functions from public;

create extension if not exists pg_trgm with schema extensions;

create extension if not exists btree_gin with schema extensions;

create extension if not exists pgcrypto with schema extensions;

create extension if not exists pg_net with schema extensions;

create extension if not exists pg_cron with schema pg_catalog;

create extension if not exists supabase_vault with schema vault;

create function private.batch_rows(rows jsonb)
returns table ("row" integer, "position" integer, customer_id uuid, lead_id uuid, "to" text, name text,
  account_number text, phone text, arrears text, status text, action text, note text)
language sql immutable rows 10000 set search_path = ''
as $$
  select * from jsonb_to_recordset(rows) as r ("row" integer, "position" integer, customer_id uuid, lead_id uuid,
    "to" text, name text, account_number text, phone text, arrears text, status text, action text, note text)
$$;

create function private.uuid_v7_floor(at timestamptz)
returns uuid
language sql immutable parallel safe set search_path = ''
as $$
  select (encode(substring(int8send((extract(epoch from at) * 1000)::bigint) from 3), 'hex') || repeat('0', 20))::uuid
$$;

create function private.create_month_partition(parent regclass, month timestamptz)
returns void
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  first_day timestamptz := date_trunc('month', month at time zone 'UTC') at time zone 'UTC';
  next_month timestamptz := (date_trunc('month', month at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  base text := (select relname from pg_catalog.pg_class where oid = parent);
  name text := base || '_' || to_char(first_day at time zone 'UTC', 'YYYY_MM');
begin
  if to_regclass(format('partitions.%I', name)) is not null then
    return;
  end if;
  -- By default a table is vacuumed when a fifth of it is new; until then counting reads every new row instead of the
  -- index.
  execute format('create table partitions.%I (like %s including all)
    with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02)', name, parent);
  execute format('alter table %s attach partition partitions.%I for values from (%L) to (%L)',
    parent, name, private.uuid_v7_floor(first_day), private.uuid_v7_floor(next_month));
  -- Partitions do not inherit triggers for truncate.
  if parent = 'public.audit_logs'::regclass then
    execute format('create trigger immutable_truncate before truncate on partitions.%I
      for each statement execute function private.forbid_change()', name);
  end if;
exception when lock_not_available then
  raise warning 'partition % was not created: %', name, sqlerrm;
end
$$;

create function private.is_email(value text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select char_length(value) <= 254 and value ~* (
    '^[a-z0-9.!#$%&''*+/=?^_`{|}~-]+@'
    '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$')
$$;

grant execute on function private.is_email(text) to authenticated, service_role;

create function private.is_plain(value text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select value !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]'
$$;

grant execute on function private.is_plain(text) to authenticated, service_role;

create function private.is_multiline(value text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select value !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]'
$$;

grant execute on function private.is_multiline(text) to authenticated, service_role;

create function private.is_time_zone(name text)
returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  perform timestamptz '2000-01-01 00:00+00' at time zone name;
  return name ~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$';
exception when others then
  return false;
end
$$;

grant execute on function private.is_time_zone(text) to authenticated, service_role;

create function private.page_size(page_limit integer, max_rows integer default 200)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select least(greatest(coalesce(page_limit, 50), 1), max_rows)
$$;

comment on function private.page_size is 'The number of rows of a page: at least 1, 50 by default, at most max_rows.';

grant execute on function private.page_size(integer, integer) to authenticated, service_role;

create function private.page_start(page_offset integer)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select least(greatest(coalesce(page_offset, 0), 0), 1000000)
$$;

comment on function private.page_start is 'The number of rows before a page: 0 to 1,000,000.';

grant execute on function private.page_start(integer) to authenticated, service_role;

create function private.problem(status integer, code text, message text, errors jsonb default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || status, message = problem.message, hint = problem.code,
    detail = coalesce(problem.errors::text, '');
end
$$;

grant execute on function private.problem(integer, text, text, jsonb) to authenticated, service_role;

create function private.request_header(name text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  return nullif(nullif(current_setting('request.headers', true), '')::json ->> name, '');
end
$$;

comment on function private.request_header is 'A header of the current Data API request (lower-case name), or null.';

grant execute on function private.request_header(text) to authenticated, service_role;

create function private.require_valid(condition boolean, path text, message text)
returns void
language plpgsql immutable set search_path = ''
as $$
begin
  if condition is not true then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', message)));
  end if;
end
$$;

grant execute on function private.require_valid(boolean, text, text) to authenticated, service_role;

create function private.set_updated_at()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create function private.uuid_v7(at timestamptz default clock_timestamp())
returns uuid
language plpgsql volatile parallel safe set search_path = ''
as $$
declare
  micros bigint := extract(epoch from at) * 1000000;
begin
  return encode(
    overlay(
      uuid_send(gen_random_uuid())
      placing int8send(((micros / 1000) << 16) | 28672 | ((micros % 1000) * 4096 / 1000))
      from 1 for 8
    ),
    'hex'
  )::uuid;
end
$$;

comment on function private.uuid_v7 is 'A UUID version 7 for the given moment, ordered to the microsecond.';

grant execute on function private.uuid_v7(timestamptz) to authenticated, service_role;

grant execute on function private.uuid_v7_floor(timestamptz) to authenticated, service_role;

create function private.uuid_v7_time(id uuid)
returns timestamptz
language sql immutable parallel safe set search_path = ''
as $$
  select to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
$$;

grant execute on function private.uuid_v7_time(uuid) to authenticated, service_role;

create table private.counters (
  name text primary key,
  measures text[] not null constraint counters_measures_given check (cardinality(measures) > 0)
);

comment on table private.counters is
  'Tables in private that count by deltas. All columns but the measures and rolled_up are their key.';

comment on column private.counters.measures is 'The columns that are added up.';

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
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organizations_quiet_hours_pair check ((quiet_hours_start is null) = (quiet_hours_end is null)),
  constraint organizations_quiet_hours_differ check (quiet_hours_start is distinct from quiet_hours_end
    or quiet_hours_start is null),
  constraint organizations_gap_pair check ((marketing_gap_messages is null) = (marketing_gap_hours is null))
);

create table private.message_day_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  campaign_id uuid,
  account_id uuid,
  status text,
  error_code text,
  currency text,
  messages bigint not null default 0,
  segments bigint not null default 0,
  cost numeric not null default 0,
  replied bigint not null default 0,
  opted_out bigint not null default 0,
  answers bigint not null default 0,
  received bigint not null default 0,
  constraint message_day_totals_once unique nulls not distinct (organization_id, day, campaign_id, account_id, status,
    error_code, currency)
);

create function private.compact_counters()
returns void
language plpgsql set search_path = ''
as $$
declare
  counter private.counters;
begin
  for counter in select * from private.counters c order by c.name loop
    execute format('delete from private.%I t where t.rolled_up and %s', counter.name,
      (select string_agg(format('t.%I = 0', m), ' and ') from unnest(counter.measures) m));
  end loop;
  delete from private.message_day_totals d
  where (d.messages, d.segments, d.cost, d.replied, d.opted_out, d.answers, d.received) = (0, 0, 0, 0, 0, 0, 0);
end
$$;

create function private.roll_up_counter(name text, measures text[])
returns void
language plpgsql set search_path = '' set jit = off
as $$
declare
  keys text[] := array(
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = ('private.' || name)::regclass and a.attnum > 0 and not a.attisdropped
      and a.attname <> all (measures || 'rolled_up'::text));
begin
  if not pg_try_advisory_xact_lock(hashtextextended('roll_up|' || name, 0)) then
    return;
  end if;
  execute format(
    'with taken as (
      delete from private.%1$I t
      where t.ctid = any (
        array(select d.ctid from private.%1$I d where not d.rolled_up for update skip locked))
      returning t.*
    )
    insert into private.%1$I as t (%2$s, %3$s, rolled_up)
    select %2$s, %4$s, true from taken group by %2$s having %5$s
    on conflict (%2$s) where rolled_up do update set %6$s',
    name,
    (select string_agg(format('%I', k), ', ') from unnest(keys) k),
    (select string_agg(format('%I', m), ', ') from unnest(measures) m),
    (select string_agg(format('sum(%I)', m), ', ') from unnest(measures) m),
    (select string_agg(format('sum(%I) <> 0', m), ' or ') from unnest(measures) m),
    (select string_agg(format('%1$I = t.%1$I + excluded.%1$I', m), ', ') from unnest(measures) m));
end
$$;

create function private.roll_up_counters()
returns void
language plpgsql set search_path = ''
as $$
declare
  counter private.counters;
begin
  for counter in select * from private.counters c order by c.name loop
    begin
      perform private.roll_up_counter(counter.name, counter.measures);
    exception when others then
      raise warning 'the counter % was not rolled up: %', counter.name, sqlerrm;
    end;
  end loop;
end
$$;

create table private.deployment (
  singleton boolean primary key default true constraint deployment_singleton check (singleton),
  registration text not null default 'open'
    constraint deployment_registration check (registration in ('open', 'invitation', 'closed')),
  new_organizations text not null default 'sandbox'
    constraint deployment_new_organizations check (new_organizations in ('sandbox', 'approved')),
  max_organizations_per_person integer not null default 5
    constraint deployment_max_organizations check (max_organizations_per_person between 1 and 1000),
  trusted_ip_header text constraint deployment_trusted_ip_header check (trusted_ip_header ~ '^[a-z][a-z0-9-]{1,50}$'),
  updated_at timestamptz not null default now(),
  updated_by text
);

comment on table private.deployment is 'The settings of this deployment, one row: see docs/operations.md.';

comment on column private.deployment.registration is
  'open: everybody may register an organization; invitation: only invited people register; closed: nobody does.';

comment on column private.deployment.new_organizations is 'The standing of new organizations.';

comment on column private.deployment.trusted_ip_header is
  'The header (lower case) in which the platform sets the client''s address for the Data API; null: none is believed.';

create trigger set_updated_at before update on private.deployment
  for each row execute function private.set_updated_at();

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

alter table public.organizations enable row level security;

create function private.impersonator()
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  act jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'act';
begin
  if act is null then
    return null;
  end if;
  if jsonb_typeof(act) <> 'object' or coalesce(act ->> 'sub', '') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform private.problem(401, 'token_malformed', 'The token''s "act" claim does not name a person.');
  end if;
  return (act ->> 'sub')::uuid;
end
$$;

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  full_name text not null default '' constraint profiles_full_name_length check (char_length(full_name) <= 200)
    constraint profiles_full_name_plain check (private.is_plain(full_name)),
  phone text constraint profiles_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  phone_confirmed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

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

create table public.memberships (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role_id uuid not null references public.roles (id),
  team_id uuid,
  status text not null default 'active' constraint memberships_status check (status in ('active', 'suspended')),
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint memberships_once unique (organization_id, user_id),
  constraint memberships_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id)
);

create function private.my_organizations()
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  organizations uuid[];
  session_ended boolean;
begin
  if claims ? 'act' and private.impersonator() is null then
    return '{}'::uuid[];
  end if;
  select coalesce(array_agg(m.organization_id), '{}'), claims ? 'session_id'
      and not exists (select from auth.sessions s where s.id = (claims ->> 'session_id')::uuid)
  into organizations, session_ended
  from public.memberships m
  join public.organizations o on o.id = m.organization_id and o.standing <> 'suspended'
  where m.user_id = (claims ->> 'sub')::uuid and m.status = 'active';
  if session_ended then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  end if;
  return organizations;
end
$$;

create policy "members read their organizations" on public.organizations for select to authenticated
  using (id = any ((select private.my_organizations())::uuid[]));

create table private.permissions (
  name text primary key constraint permissions_name_form check (name ~ '^[a-z_]+:[a-z_]+$'),
  description text not null
);

create table public.role_permissions (
  id uuid primary key default private.uuid_v7(),
  role_id uuid not null references public.roles (id) on delete cascade,
  organization_id uuid references public.organizations (id) on delete cascade,
  permission text not null references private.permissions (name) on update cascade,
  scope text not null default 'organization'
    constraint role_permissions_scope check (scope in ('own', 'team', 'organization')),
  constraint role_permissions_once unique (role_id, permission)
);

create function private.organizations_with(permission text, scope text default 'organization')
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  caller uuid := (claims ->> 'sub')::uuid;
  header text := nullif(nullif(current_setting('request.headers', true), '')::json ->> 'x-organization-id', '');
  requested uuid;
  granted uuid[];
  memberships integer := 0;
  suspended boolean;
  session_ended boolean := false;
begin
  if claims ? 'act' and private.impersonator() is null then
    return '{}'::uuid[];
  end if;
  if header is null or header ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    requested := header::uuid;
    select coalesce(array_agg(m.organization_id) filter (where p.id is not null and o.standing <> 'suspended'), '{}'),
      count(*), bool_and(o.standing = 'suspended'),
      claims ? 'session_id'
        and not exists (select from auth.sessions s where s.id = (claims ->> 'session_id')::uuid)
    into granted, memberships, suspended, session_ended
    from public.memberships m
    join public.organizations o on o.id = m.organization_id
    left join public.role_permissions p on p.role_id = m.role_id
      and p.permission = organizations_with.permission and p.scope = organizations_with.scope
    where m.user_id = caller and m.status = 'active' and (requested is null or m.organization_id = requested);
  end if;
  if session_ended then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  elsif header is not null and caller is not null and memberships = 0 then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  elsif header is not null and suspended then
    perform private.problem(403, 'organization_suspended', 'This organization is suspended.');
  end if;
  return coalesce(granted, '{}');
end
$$;

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

create trigger set_updated_at before update on public.organizations
  for each row execute function private.set_updated_at();

create table public.templates (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null default 'custom'
    constraint templates_kind check (kind in ('warning', 'disconnection', 'connection', 'custom')),
  name text not null constraint templates_name_length check (char_length(btrim(name)) between 1 and 100),
  body text not null constraint templates_body_length check (char_length(body) between 1 and 1600),
  category text not null default 'service' constraint templates_category check (category in ('service', 'marketing')),
  weight integer not null default 1 constraint templates_weight check (weight between 0 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint templates_name_unique unique (organization_id, name),
  constraint templates_organization_key unique (organization_id, id)
);

create function private.sender_types(provider text, sender text)
returns text[]
language sql immutable set search_path = ''
as $$
  select case when provider = 'arkesel' then array['alphanumeric']
    when sender ~ '^[0-9]{5,6}$' then array['short_code']
    when sender ~ '^\+18(00|33|44|55|66|77|88)' then array['toll_free']
    else array['long_code', 'toll_free'] end
$$;

create table public.sms_accounts (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  provider text not null constraint sms_accounts_provider check (provider in ('arkesel', 'twilio')),
  sender_id text not null,
  is_default boolean not null default false,
  status text not null default 'active'
    constraint sms_accounts_status check (status in ('active', 'circuit_open', 'disabled')),
  circuit_open_until timestamptz,
  circuit_open_reason text,
  outages integer not null default 0,
  credentials_secret_id uuid,
  number_type text not null
    constraint sms_accounts_number_type check (number_type in ('long_code', 'toll_free', 'short_code', 'alphanumeric')),
  label text constraint sms_accounts_label_length check (char_length(label) <= 100),
  per_second numeric(8, 2) constraint sms_accounts_per_second check (per_second > 0),
  daily_cap integer constraint sms_accounts_daily_cap check (daily_cap > 0),
  cap_zone text not null default 'America/Los_Angeles'
    constraint sms_accounts_cap_zone_known check (private.is_time_zone(cap_zone)),
  segment_price numeric(12, 5) constraint sms_accounts_segment_price check (segment_price >= 0),
  cooldown_until timestamptz,
  cooldown_reason text,
  failures_counted_from timestamptz,
  provider_account text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sms_accounts_organization_key unique (organization_id, id),
  constraint sms_accounts_sender_once unique (organization_id, provider, sender_id),
  constraint sms_accounts_sender_form check (case provider
    when 'arkesel' then sender_id ~ '^[A-Za-z0-9 ._-]{1,11}$'
    else sender_id ~ '^\+[1-9][0-9]{6,14}$' or sender_id ~ '^[0-9]{5,6}$' end),
  constraint sms_accounts_type_fits check (number_type = any (private.sender_types(provider, sender_id)))
);

create function private.seed_organization_messaging()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.templates (organization_id, kind, name, body) values
    (new.id, 'warning', 'Warning',
      'Dear {{name}}, account {{account_number}} owes {{arrears}}. '
      'Please pay soon to avoid disconnection. {{organization}}'),
    (new.id, 'disconnection', 'Disconnection',
      'Dear {{name}}, account {{account_number}} has been disconnected because {{arrears}} is unpaid. '
      'Please pay to be reconnected. {{organization}}'),
    (new.id, 'connection', 'Connection',
      'Dear {{name}}, account {{account_number}} is connected. Balance: {{arrears}}. Thank you. {{organization}}');
  if new.country not in ('US', 'CA') then
    insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
    values (new.id, 'arkesel', coalesce(nullif(left(regexp_replace(new.name, '[^A-Za-z0-9]', '', 'g'), 11), ''),
      'Notice'), true);
  end if;
  return new;
end
$$;

create trigger seed_messaging after insert on public.organizations
  for each row execute function private.seed_organization_messaging();

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

create function private.seed_pipeline()
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

create trigger seed_pipeline after insert on public.organizations
  for each row execute function private.seed_pipeline();

create table public.calendars (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null constraint calendars_one unique references public.organizations (id) on delete cascade,
  enabled boolean not null default true,
  time_zone text constraint calendars_time_zone_known check (private.is_time_zone(time_zone)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table private.sla_recomputations (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  due_at timestamptz not null,
  again boolean not null default true,
  after_created timestamptz not null default '-infinity',
  after_id uuid not null default '00000000-0000-0000-0000-000000000000'
);

create table public.lead_imports (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  upload_id uuid not null,
  file_name text not null constraint lead_imports_file_name_length check (char_length(file_name) between 1 and 255),
  status text not null default 'queued'
    constraint lead_imports_status check (status in ('queued', 'running', 'done', 'failed', 'canceled')),
  mapping jsonb not null,
  columns jsonb not null,
  on_duplicate text not null constraint lead_imports_on_duplicate check (on_duplicate in ('skip', 'update')),
  consent jsonb,
  source text not null
    constraint lead_imports_source_form check (source = lower(btrim(source)) and char_length(source) between 1 and 100),
  assigned_to uuid references public.profiles (id) on delete set null,
  total_rows integer not null,
  counts jsonb not null default '{"processed": 0, "created": 0, "updated": 0, "skipped": 0, "invalid": 0}',
  error text,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint lead_imports_organization_key unique (organization_id, id),
  constraint lead_imports_upload_once unique (organization_id, upload_id)
);

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
  value numeric(14, 2) not null default 0 constraint leads_value_not_negative check (value >= 0),
  currency text not null constraint leads_currency_iso check (currency ~ '^[A-Z]{3}$'),
  tags text[] not null default '{}' constraint leads_tags_number check (cardinality(tags) <= 50),
  time_zone text constraint leads_time_zone_known check (private.is_time_zone(time_zone)),
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
    lower(btrim(first_name || ' ' || last_name) || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' '
      || coalesce(jsonb_path_query_array(custom_fields, '$.* ? (@.type() == "string")')::text, ''))) stored,
  deleted_at timestamptz,
  deleted_by uuid references public.profiles (id) on delete set null,
  merged_into uuid,
  sla_explicit boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint leads_organization_key unique (organization_id, id),
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
);

create table public.calendar_periods (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.calendars (organization_id) on delete cascade,
  weekday smallint not null constraint calendar_periods_weekday check (weekday between 1 and 7),
  opens time not null,
  closes time not null,
  constraint calendar_periods_once unique (organization_id, weekday, opens),
  constraint calendar_periods_order check (opens < closes),
  constraint calendar_periods_minutes check (extract(second from opens) = 0 and extract(second from closes) = 0)
);

create function private.next_offset(zone text, from_time timestamptz, before timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  shift interval := (from_time at time zone zone) - (from_time at time zone 'UTC');
  low bigint := floor(extract(epoch from from_time));
  high bigint := ceil(extract(epoch from before));
  middle bigint;
begin
  while high - low > 1 loop
    middle := (low + high) / 2;
    if (to_timestamp(middle) at time zone zone) - (to_timestamp(middle) at time zone 'UTC') = shift then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return to_timestamp(high);
end
$$;

create function private.local_step_end(zone text, step_start timestamptz, today date, utc_offset interval)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  day_end timestamptz := ((today + 1)::timestamp - utc_offset) at time zone 'UTC';
begin
  if day_end at time zone zone <> (today + 1)::timestamp then
    return private.next_offset(zone, step_start, day_end);
  end if;
  return day_end;
end
$$;

create table public.calendar_holidays (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.calendars (organization_id) on delete cascade,
  day date not null constraint calendar_holidays_finite check (isfinite(day)),
  name text not null default '' constraint calendar_holidays_name_length check (char_length(name) <= 200),
  constraint calendar_holidays_once unique (organization_id, day)
);

create function private.walk_calendar(
  organization_id uuid, start timestamptz, minutes integer, until timestamptz,
  out deadline timestamptz, out counted interval)
language plpgsql stable set search_path = ''
as $$
declare
  to_count interval := case when minutes is not null then make_interval(mins => greatest(minutes, 0)) end;
  zone text;
  weekdays smallint[];
  openings time[];
  closings time[];
  step_start timestamptz := start;
  step_end timestamptz;
  local_start timestamp;
  local_end timestamp;
  utc_offset interval;
  today date;
  period_start timestamp;
  period_end timestamp;
begin
  counted := '0';
  select coalesce(c.time_zone, o.time_zone), array_agg(p.weekday order by p.weekday, p.opens),
    array_agg(p.opens order by p.weekday, p.opens), array_agg(p.closes order by p.weekday, p.opens)
  into zone, weekdays, openings, closings
  from public.calendars c
  join public.organizations o on o.id = c.organization_id
  join public.calendar_periods p on p.organization_id = c.organization_id
  where c.organization_id = walk_calendar.organization_id and c.enabled
  group by c.time_zone, o.time_zone;
  if zone is null then
    deadline := start + to_count;
    counted := least(to_count, greatest(until - start, '0'));
    return;
  end if;
  while step_start < until loop
    local_start := step_start at time zone zone;
    today := local_start::date;
    utc_offset := local_start - (step_start at time zone 'UTC');
    step_end := least(private.local_step_end(zone, step_start, today, utc_offset), until);
    local_end := (step_end at time zone 'UTC') + utc_offset;
    if extract(isodow from today) = any (weekdays) and not exists (
      select from public.calendar_holidays h where h.organization_id = walk_calendar.organization_id and h.day = today
    ) then
      for i in 1..cardinality(weekdays) loop
        continue when weekdays[i] <> extract(isodow from today);
        period_start := greatest(today + openings[i], local_start);
        period_end := least(today + closings[i], local_end);
        continue when period_start >= period_end;
        if counted + (period_end - period_start) >= to_count then
          deadline := (period_start + (to_count - counted) - utc_offset) at time zone 'UTC';
          counted := to_count;
          return;
        end if;
        counted := counted + (period_end - period_start);
      end loop;
    end if;
    step_start := step_end;
  end loop;
end
$$;

create function private.deadline_after(organization_id uuid, start timestamptz, minutes integer)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
begin
  return (private.walk_calendar(organization_id, start, minutes, start + interval '10 years')).deadline;
end
$$;

create function private.advance_sla_recomputation(
  recomputation private.sla_recomputations, is_complete boolean, last_created timestamptz, last_id uuid)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  if not is_complete then
    update private.sla_recomputations r
    set after_created = last_created, after_id = last_id, due_at = clock_timestamp()
    where r.organization_id = recomputation.organization_id;
  elsif recomputation.again then
    update private.sla_recomputations r set after_created = default, after_id = default, again = false,
      due_at = clock_timestamp() + interval '1 minute'
    where r.organization_id = recomputation.organization_id;
  else
    delete from private.sla_recomputations r where r.organization_id = recomputation.organization_id;
  end if;
  return is_complete;
end
$$;

create function private.recompute_sla_clocks_of(organization_id uuid, batch_size integer)
returns boolean
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  recomputation private.sla_recomputations;
  last record;
begin
  select * into recomputation from private.sla_recomputations r
  where r.organization_id = recompute_sla_clocks_of.organization_id for update;
  if recomputation.organization_id is null then
    return true;
  end if;
  perform set_config('signalbox.clockwork', 'on', true);
  with slice as materialized (
    select l.id, l.created_at, l.sla_status as status, l.sla_started_at as started_at, l.sla_explicit as explicit,
      case when l.sla_explicit then l.sla_deadline end as given_deadline,
      coalesce(s.sla_minutes, o.sla_minutes) as minutes, make_interval(mins => o.reminder_minutes) as reminder
    from public.leads l
    join public.lead_settings o on o.organization_id = l.organization_id
    join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = l.status
    where l.organization_id = recomputation.organization_id and l.deleted_at is null
      and l.sla_status in ('running', 'due_soon')
      and (l.created_at, l.id) > (recomputation.after_created, recomputation.after_id)
    order by l.created_at, l.id limit batch_size for update of l
  ), deadlines as materialized (
    select d.started_at, d.minutes,
      case when d.minutes > 0
        then private.deadline_after(recomputation.organization_id, d.started_at, d.minutes) end as deadline
    from (select distinct s.started_at, s.minutes from slice s where not s.explicit) d
  ), computed as (
    select s.id, s.started_at, s.reminder, s.status, coalesce(s.given_deadline, d.deadline) as deadline
    from slice s left join deadlines d on d.started_at = s.started_at and d.minutes = s.minutes and not s.explicit
  ), new_values as (
    select c.id, c.deadline, c.reminder, case when c.deadline is not null then c.started_at end as started_at,
      case when c.deadline is null then null
        when c.status = 'due_soon' and c.deadline - c.reminder <= now() then 'due_soon' else 'running' end as status
    from computed c
  ), changed as (
    update public.leads l set sla_status = w.status, sla_started_at = w.started_at, sla_deadline = w.deadline,
      sla_next_at = case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end
    from new_values w
    where l.id = w.id and (l.sla_status, l.sla_deadline, l.sla_next_at) is distinct from
      (w.status, w.deadline,
        case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end)
  )
  select count(*) as leads, (array_agg(s.created_at order by s.created_at desc, s.id desc))[1] as created_at,
    (array_agg(s.id order by s.created_at desc, s.id desc))[1] as id
  into last from slice s;
  perform set_config('signalbox.clockwork', '', true);
  return private.advance_sla_recomputation(recomputation, last.leads < batch_size, last.created_at, last.id);
end
$$;

create function private.request_sla_recomputation(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.sla_recomputations (organization_id, due_at) values (organization_id, now())
  on conflict on constraint sla_recomputations_pkey do update
    set due_at = excluded.due_at, again = true, after_created = default, after_id = default;
  perform private.recompute_sla_clocks_of(organization_id, 2000);
end
$$;

create function private.recompute_clocks_after_time_zone()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.calendars c where c.organization_id = new.id and c.enabled and c.time_zone is null) then
    perform private.request_sla_recomputation(new.id);
  end if;
  return null;
end
$$;

create trigger recompute_sla_clocks after update on public.organizations
  for each row when (new.time_zone <> old.time_zone) execute function private.recompute_clocks_after_time_zone();

create table public.campaigns (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint campaigns_name_length check (char_length(btrim(name)) between 1 and 200),
  status text not null default 'draft' constraint campaigns_status check (status in (
    'draft', 'scheduled', 'freezing', 'running', 'paused', 'completed', 'canceled')),
  version integer not null default 1,
  audience jsonb not null default '{}' constraint campaigns_audience_object check (jsonb_typeof(audience) = 'object'),
  scheduled_at timestamptz,
  late_after_minutes integer not null default 60 constraint campaigns_late_after check (late_after_minutes between 1
    and 1440),
  messages_per_minute integer constraint campaigns_rate check (messages_per_minute between 1 and 600000),
  pause_error_rate numeric(4, 3) not null default 0.200
    constraint campaigns_pause_error_rate check (pause_error_rate between 0 and 1),
  pause_filtered_rate numeric(4, 3) not null default 0.050
    constraint campaigns_pause_filtered_rate check (pause_filtered_rate between 0 and 1),
  pause_after integer not null default 100 constraint campaigns_pause_after check (pause_after between 10 and 1000000),
  status_reason text,
  snapshot_cursor uuid,
  frozen_at timestamptz,
  started_at timestamptz,
  started_by uuid references public.profiles (id) on delete set null,
  finished_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint campaigns_organization_key unique (organization_id, id)
);

create function private.require_contact_details()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from public.campaigns c
    where c.organization_id = old.id and (c.status in ('freezing', 'running') or c.status = 'paused'
      and c.started_at is not null))
  then
    perform private.problem(409, 'campaign_under_way',
      'The contact details are needed while a campaign is under way: the answer to HELP names them.');
  end if;
  return new;
end
$$;

create trigger require_contact_details before update of contact_details on public.organizations
  for each row when (old.contact_details is not null and new.contact_details is null)
  execute function private.require_contact_details();

create table private.daily_spending (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  amount numeric not null default 0,
  exhausted boolean not null default false,
  primary key (organization_id, day)
);

create function private.utf16_length(body text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select char_length(body) + regexp_count(body, '[\U00010000-\U0010FFFF]')
$$;

create table public.customers (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null
    constraint customers_name_length check (char_length(name) between 1 and 255 and name = btrim(name)),
  account_number text not null constraint customers_account_number_form
    check (account_number ~ '^[^\s{}[:cntrl:]]([^{}[:cntrl:]]{0,48}[^\s{}[:cntrl:]])?$'),
  phone text not null constraint customers_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  status text not null default 'connected'
    constraint customers_status check (status in ('connected', 'disconnected', 'warned')),
  arrears numeric(14, 2) not null default 0,
  currency text not null constraint customers_currency_iso check (currency ~ '^[A-Z]{3}$'),
  search_text text not null generated always as (lower(name || ' ' || account_number || ' ' || phone)) stored,
  created_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint customers_organization_key unique (organization_id, id)
);

create table public.batches (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null constraint batches_kind check (kind in ('upload', 'actions', 'sms')),
  upload_id uuid,
  file_name text,
  action text constraint batches_action check (action in ('connect', 'disconnect', 'warn')),
  send_sms boolean not null default false,
  counts jsonb not null default '{}',
  skipped jsonb not null default '[]',
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint batches_organization_key unique (organization_id, id)
);

create table public.messages (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  direction text not null default 'outbound' constraint messages_direction check (direction in ('outbound', 'inbound')),
  category text not null default 'service' constraint messages_category check (category in ('service', 'marketing')),
  purpose text not null default 'custom',
  account_id uuid,
  customer_id uuid,
  lead_id uuid,
  campaign_id uuid,
  batch_id uuid,
  to_number text not null,
  from_number text not null,
  body text not null,
  encoding text not null constraint messages_encoding check (encoding in ('GSM-7', 'UCS-2')),
  segments integer not null,
  status text not null constraint messages_status check (status in (
    'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'suppressed', 'received')),
  provider text not null,
  provider_message_id text,
  error_code text,
  error_message text,
  attempts integer not null default 0,
  -- What answers a person goes first, then what a person wrote, then service messages in bulk, then campaigns.
  priority smallint not null generated always as (case
    when purpose in ('opt_out_confirmation', 'opt_in_confirmation', 'help') then 1
    when campaign_id is not null then 4
    when batch_id is null then 2
    else 3 end) stored,
  send_after timestamptz not null default now(),
  wait_reason text constraint messages_wait_reason check (wait_reason in (
    'quiet_hours', 'frequency_cap', 'review', 'sandbox', 'budget', 'suspended')),
  sending_at timestamptz,
  lookup_until timestamptz,
  held_at timestamptz,
  sent_at timestamptz,
  delivered_at timestamptz,
  media jsonb not null default '[]',
  created_by uuid,
  -- What was checked when the message was claimed, kept as evidence.
  variant_id uuid,
  target_position integer,
  consent_id uuid,
  checked_at timestamptz,
  recipient_zone text,
  expires_at timestamptz,
  price numeric(12, 5),
  price_currency text,
  reported jsonb,
  provider_account text,
  in_reply_to uuid,
  lookups_made smallint not null default 0,
  unknown_at timestamptz,
  unknown_reason text
    constraint messages_unknown_reason check (unknown_reason in ('not_final', 'not_found', 'unclear', 'too_old',
      'no_account', 'other_account')),
  resolved_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint messages_to_e164 check (direction = 'inbound' or to_number ~ '^\+[1-9][0-9]{6,14}$'),
  constraint messages_body_length check (direction = 'inbound' or private.utf16_length(body) between 1 and 1600),
  constraint messages_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete set null (account_id),
  constraint messages_customer foreign key (organization_id, customer_id)
    references public.customers (organization_id, id) on delete set null (customer_id),
  constraint messages_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id),
  constraint messages_lead foreign key (organization_id, lead_id)
  references public.leads (organization_id, id) on delete set null (lead_id),
  constraint messages_purpose check (purpose in (
    'warning', 'disconnection', 'connection', 'custom', 'opt_out_confirmation', 'opt_in_confirmation', 'help',
    'phone_confirmation'))
) partition by range (id);

create function private.invoke(path text, body jsonb default '{}')
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  project_url text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'project_url');
  secret_key text := (select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'jobs_secret_key');
begin
  if project_url is null or secret_key is null then
    return;
  end if;
  perform net.http_post(
    url := project_url || '/functions/v1/' || path,
    body := body,
    headers := jsonb_build_object('Content-Type', 'application/json', 'apikey', secret_key),
    timeout_milliseconds := 60000
  );
end
$$;

create function private.wake_after_limits_changed()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update private.daily_spending s set exhausted = false where s.organization_id = new.id and s.exhausted;
  update public.messages m set send_after = now(), wait_reason = null, updated_at = now()
  where m.organization_id = new.id and m.status = 'queued' and m.wait_reason in ('budget', 'sandbox', 'suspended');
  perform private.invoke('jobs/dispatch-messages');
  return null;
end
$$;

create trigger wake_messages after update of standing, allowed_countries, daily_spending_limit on public.organizations
  for each row when ((old.standing, old.allowed_countries, old.daily_spending_limit)
    is distinct from (new.standing, new.allowed_countries, new.daily_spending_limit))
  execute function private.wake_after_limits_changed();

create table private.message_outcome_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid,
  variant_id uuid,
  account_id uuid,
  status text,
  error_code text,
  currency text,
  quarter_hour timestamptz not null,
  messages bigint not null default 0,
  segments bigint not null default 0,
  cost numeric not null default 0,
  replied bigint not null default 0,
  opted_out bigint not null default 0,
  answers bigint not null default 0,
  received bigint not null default 0,
  rolled_up boolean not null default false
);

create function private.recompute_message_days()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('roll_up|message_outcome_totals', 0));
  delete from private.message_day_totals d where d.organization_id = new.id;
  insert into private.message_day_totals
  select f.organization_id, (f.quarter_hour at time zone new.time_zone)::date, f.campaign_id, f.account_id, f.status,
    f.error_code, f.currency, sum(f.messages), sum(f.segments), sum(f.cost), sum(f.replied), sum(f.opted_out),
    sum(f.answers), sum(f.received)
  from private.message_outcome_totals f where f.organization_id = new.id and f.rolled_up group by 1, 2, 3, 4, 5, 6, 7;
  return null;
end
$$;

create trigger recompute_message_days after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone) execute function private.recompute_message_days();

comment on column public.profiles.phone is 'E.164; written only once its owner has confirmed it by a code.';

comment on table public.profiles is
  'A person, one row per auth.users. Memberships say to which organizations the person belongs.';

alter table public.profiles enable row level security;

create function private.my_colleagues()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(distinct m.user_id), '{}')
  from public.memberships m
  where m.organization_id = any (private.my_organizations())
$$;

create policy "people read themselves and their colleagues" on public.profiles for select to authenticated
  using (id = (select auth.uid()) or id = any ((select private.my_colleagues())::uuid[]));

create policy "people change themselves" on public.profiles for update to authenticated
  using (id = (select auth.uid())) with check (id = (select auth.uid()));

revoke all on public.profiles from public, anon, authenticated, service_role;

grant select on public.profiles to authenticated;

grant update (full_name) on public.profiles to authenticated;

grant select on public.profiles to service_role;

create trigger set_updated_at before update on public.profiles
  for each row execute function private.set_updated_at();

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
  created_at timestamptz not null default now(),
  constraint invitations_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id)
);

create function private.withdraw_invitations_of_account()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.invitations i where i.invited_by = old.id and i.accepted_at is null;
  return old;
end
$$;

create trigger withdraw_invitations before delete on public.profiles
  for each row execute function private.withdraw_invitations_of_account();

create function private.ip_address(header text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  address text := btrim(split_part(header, ',', -1));
begin
  return case when char_length(address) <= 45 then host(address::inet) end;
exception when invalid_text_representation then
  return null;
end
$$;

create function private.request_origin(out via text, out request_id text, out ip text)
language plpgsql stable security definer set search_path = ''
as $$
declare
  headers json := nullif(current_setting('request.headers', true), '')::json;
  signature text := headers ->> 'x-request-signature';
  key text;
begin
  if headers is null then
    return;
  end if;
  via := 'data_api';
  if signature is not null then
    select s.decrypted_secret into key from vault.decrypted_secrets s where s.name = 'request_signing_key';
    -- Hashes are compared, so that the time tells nothing about the signature.
    if sha256(signature::bytea) = sha256(encode(extensions.hmac(
      concat(headers ->> 'x-request-id', E'\n', headers ->> 'x-client-ip'), key, 'sha256'), 'hex')::bytea) then
      via := 'function';
      request_id := substring(headers ->> 'x-request-id' from '^[\w.-]{1,100}$');
      ip := private.ip_address(headers ->> 'x-client-ip');
      return;
    end if;
  end if;
  ip := private.ip_address(headers ->> (select d.trusted_ip_header from private.deployment d));
end
$$;

create table public.audit_logs (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid,
  actor_id uuid,
  impersonator_id uuid,
  action text not null constraint audit_logs_action check (action in (
    'insert', 'update', 'delete', 'sign_in', 'sign_in_failed', 'password_changed', 'credentials_replaced', 'exported')),
  resource text not null,
  resource_id uuid,
  before jsonb,
  after jsonb,
  changed text[] not null default '{}',
  via text constraint audit_logs_via check (via in ('function', 'data_api', 'auth')),
  request_id text constraint audit_logs_request_id check (char_length(request_id) <= 100),
  ip text constraint audit_logs_ip check (char_length(ip) <= 45),
  created_at timestamptz not null default now()
) partition by range (id);

create function private.audit_profile()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  old_row jsonb := to_jsonb(old) - array['created_at', 'updated_at'];
  new_row jsonb := to_jsonb(new) - array['created_at', 'updated_at'];
  names text[] := array(
    select n.key from jsonb_each(new_row) n where n.value is distinct from old_row -> n.key order by n.key);
  origin record := private.request_origin();
begin
  insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id,
    before, after, changed, via, request_id, ip)
  select m.organization_id, auth.uid(), private.impersonator(), 'update', 'profiles', new.id,
    (select jsonb_object_agg(c, old_row -> c) from unnest(names) c),
    (select jsonb_object_agg(c, new_row -> c) from unnest(names) c),
    names, origin.via, origin.request_id, origin.ip
  from public.memberships m where m.user_id = new.id and cardinality(names) > 0;
  return null;
end
$$;

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

create function private.may_grant(organization_id uuid, granter uuid, granted_role uuid, team_id uuid)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select not exists (
    select from public.role_permissions required
    where required.role_id = granted_role and not exists (
      select from public.memberships m
      join public.role_permissions held on held.role_id = m.role_id and held.permission = required.permission
      where m.user_id = granter and m.organization_id = may_grant.organization_id and m.status = 'active'
        and case held.scope
          when 'organization' then true
          when 'team' then required.scope = 'own'
            or required.scope = 'team' and (may_grant.team_id is null or m.team_id = may_grant.team_id)
          else required.scope = 'own' end
    )
  )
$$;

create function private.require_grantable(organization_id uuid, granted_role uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not private.may_grant(organization_id, auth.uid(), granted_role, team_id) then
    perform private.problem(403, 'role_exceeds_own',
      'This role has permissions that you do not have: you cannot give it or take it.');
  end if;
end
$$;

create function private.enforce_role_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if coalesce(old.organization_id, new.organization_id) is null
    and auth.role() in ('authenticated', 'service_role') then
    perform private.problem(403, 'system_role', 'System roles cannot be changed or deleted.');
  end if;
  if tg_op <> 'INSERT' and auth.uid() is not null then
    perform private.require_grantable(old.organization_id, old.id, null);
  end if;
  if tg_op <> 'DELETE' and new.organization_id is not null
    and exists (select from public.roles r where r.organization_id is null and r.key = new.key) then
    perform private.problem(409, 'system_role', 'A system role has this key.');
  end if;
  return coalesce(new, old);
end
$$;

create trigger enforce_rules before insert or update or delete on public.roles
  for each row execute function private.enforce_role_rules();

create trigger set_updated_at before update on public.roles
  for each row execute function private.set_updated_at();

comment on table private.permissions is 'All permissions; role_permissions can name no other.';

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

create function private.has_permission(organization_id uuid, permission text, scope text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions held on held.role_id = m.role_id and held.permission = has_permission.permission
    where m.user_id = auth.uid() and m.organization_id = has_permission.organization_id and m.status = 'active'
      and array_position(array['own', 'team', 'organization'], held.scope)
        >= array_position(array['own', 'team', 'organization'], has_permission.scope))
$$;

create function private.enforce_role_permission_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op <> 'DELETE' then
    new.organization_id := (select r.organization_id from public.roles r where r.id = new.role_id);
  end if;
  if auth.uid() is not null and (
    (tg_op <> 'INSERT' and not private.has_permission(old.organization_id, old.permission, old.scope))
    or (tg_op <> 'DELETE' and not private.has_permission(new.organization_id, new.permission, new.scope))
  ) then
    perform private.problem(403, 'role_exceeds_own', 'You cannot give or take a permission that you do not have.');
  end if;
  return coalesce(new, old);
end
$$;

create trigger enforce_rules before insert or update or delete on public.role_permissions
  for each row execute function private.enforce_role_permission_rules();

comment on table public.memberships is
  'Who belongs to which organization, in which role. Suspending or removing a member ends their access at once.';

create index memberships_user on public.memberships (user_id, organization_id);

create index memberships_role on public.memberships (role_id);

create index memberships_team on public.memberships (organization_id, team_id);

create unique index memberships_one_default on public.memberships (user_id) where is_default;

alter table public.memberships enable row level security;

create policy "people read their memberships, others as permitted" on public.memberships
  for select to authenticated
  using (user_id = (select auth.uid())
    or organization_id = any ((select private.organizations_with('members:read'))::uuid[]));

create policy "admins change memberships" on public.memberships for update to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

create policy "admins remove members" on public.memberships for delete to authenticated
  using (organization_id = any ((select private.organizations_with('members:manage'))::uuid[]));

revoke all on public.memberships from public, anon, authenticated, service_role;

grant select on public.memberships to authenticated;

grant update (role_id, team_id, status), delete on public.memberships to authenticated;

grant select on public.memberships to service_role;

create function private.enforce_membership_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  admin_role uuid := (select r.id from public.roles r where r.organization_id is null and r.key = 'admin');
begin
  if tg_op <> 'DELETE' and not exists (
    select from public.roles r
    where r.id = new.role_id and (r.organization_id is null or r.organization_id = new.organization_id)
  ) then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
  end if;
  if tg_op <> 'INSERT' and auth.uid() is not null then
    perform private.require_grantable(old.organization_id, old.role_id, old.team_id);
    if tg_op = 'UPDATE' then
      perform private.require_grantable(new.organization_id, new.role_id, new.team_id);
    end if;
  end if;
  if tg_op <> 'INSERT' and old.role_id = admin_role and old.status = 'active'
    and (tg_op = 'DELETE' or new.role_id <> admin_role or new.status <> 'active') then
    -- The lock serializes two admins who remove each other. No row: the organization itself is being deleted.
    perform from public.organizations o where o.id = old.organization_id for update;
    if found and not exists (
      select from public.memberships m
      where m.organization_id = old.organization_id and m.id <> old.id
        and m.role_id = admin_role and m.status = 'active'
    ) then
      perform private.problem(409, 'last_admin', 'An organization keeps at least one active admin.');
    end if;
  end if;
  return coalesce(new, old);
end
$$;

create trigger enforce_rules before insert or update or delete on public.memberships
  for each row execute function private.enforce_membership_rules();

create trigger set_updated_at before update on public.memberships
  for each row execute function private.set_updated_at();

create function private.move_leads_with_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.leads l set team_id = new.team_id
  where l.organization_id = new.organization_id and l.assigned_to = new.user_id and l.team_id is distinct
    from new.team_id;
  return null;
end
$$;

create trigger move_leads after update of team_id on public.memberships
  for each row when (old.team_id is distinct from new.team_id) execute function private.move_leads_with_member();

create table public.conversations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  provider text not null,
  sender text not null,
  phone text not null,
  status text not null default 'open' constraint conversations_status check (status in ('open', 'closed')),
  assigned_to uuid references public.profiles (id) on delete set null,
  lead_id uuid,
  customer_id uuid,
  unread integer not null default 0 constraint conversations_unread check (unread >= 0),
  last_message_id uuid not null,
  last_message_at timestamptz not null,
  last_direction text not null constraint conversations_direction check (last_direction in ('inbound', 'outbound')),
  last_preview text not null,
  closed_at timestamptz,
  closed_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint conversations_numbers_once unique (organization_id, phone, sender, provider),
  constraint conversations_closed check ((status = 'closed') = (closed_at is not null)),
  constraint conversations_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete set null (lead_id),
  constraint conversations_customer foreign key (organization_id, customer_id)
    references public.customers (organization_id, id) on delete set null (customer_id)
);

create function private.unassign_conversations_of_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.conversations c set assigned_to = null
  where c.organization_id = old.organization_id and c.assigned_to = old.user_id;
  return null;
end
$$;

create trigger unassign_conversations_of_member after delete on public.memberships
  for each row execute function private.unassign_conversations_of_member();

create function private.may_invite(organization_id uuid, inviter uuid, offered_role uuid, team_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p
      on p.role_id = m.role_id and p.permission = 'members:manage' and p.scope = 'organization'
    where m.organization_id = may_invite.organization_id and m.user_id = may_invite.inviter and m.status = 'active')
  and private.may_grant(organization_id, inviter, offered_role, team_id)
$$;

create function private.withdraw_invitations_of_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.invitations i
  where i.organization_id = old.organization_id and i.invited_by = old.user_id and i.accepted_at is null
    and not private.may_invite(i.organization_id, i.invited_by, i.role_id, i.team_id);
  return null;
end
$$;

create trigger withdraw_invitations after update of role_id, team_id, status or delete on public.memberships
  for each row execute function private.withdraw_invitations_of_member();

comment on table public.invitations is
  'An offer of membership. Only the SHA-256 of its token is stored; the token is shown once.';

comment on column public.invitations.full_name is 'The person''s name as the inviter gave it, used if they give none.';

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

create function private.require_registration(token text default null)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  registration text := (select d.registration from private.deployment d);
begin
  if registration = 'closed' or registration = 'invitation' and token is null then
    perform private.problem(403, 'registration_closed', case registration
      when 'closed' then 'Nobody can register here.' else 'Only invited people can register here.' end);
  end if;
end
$$;

create function private.token_hash(token text)
returns text
language sql immutable set search_path = ''
as $$
  select encode(sha256(convert_to(token, 'UTF8')), 'hex')
$$;

create function private.open_invitation(token text, email text)
returns uuid
language sql stable set search_path = ''
as $$
  select i.id from public.invitations i
  join public.organizations o on o.id = i.organization_id and o.standing <> 'suspended'
  where i.token_hash = private.token_hash(open_invitation.token) and i.email = lower(open_invitation.email)
    and i.accepted_at is null and i.expires_at > now()
    and private.may_invite(i.organization_id, i.invited_by, i.role_id, i.team_id)
$$;

create function private.add_member(organization_id uuid, member uuid, role uuid, team uuid default null)
returns void
language sql set search_path = ''
as $$
  insert into public.memberships (organization_id, user_id, role_id, team_id, is_default)
  values (organization_id, member, role, team,
    not exists (select from public.memberships m where m.user_id = member and m.is_default))
$$;

create function private.redeem_invitation(token text, person uuid, person_email text)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  invitation public.invitations;
begin
  select * into invitation from public.invitations i
  where i.id = private.open_invitation(token, person_email) and i.accepted_at is null
  for update;
  if invitation is null then
    perform private.problem(422, 'invitation_invalid',
      'The invitation is unknown, used, withdrawn, expired or for another e-mail address.');
  end if;
  -- An older invitation does not end a suspension.
  if exists (
    select from public.memberships m where m.organization_id = invitation.organization_id and m.user_id = person
  ) then
    perform private.problem(409, 'already_member', 'You are already a member of this organization.');
  end if;
  update public.invitations set accepted_at = now(), accepted_by = person where id = invitation.id;
  update public.profiles set full_name = invitation.full_name
  where id = person and full_name = '' and invitation.full_name <> '';
  perform private.add_member(invitation.organization_id, person, invitation.role_id, invitation.team_id);
  return invitation.organization_id;
end
$$;

create function private.create_organization(owner uuid, name text, settings jsonb default '{}')
returns uuid
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
  admin_role uuid := (select r.id from public.roles r where r.organization_id is null and r.key = 'admin');
begin
  if (select count(*) from public.memberships m where m.user_id = owner and m.role_id = admin_role)
    >= (select d.max_organizations_per_person from private.deployment d) then
    perform private.problem(409, 'too_many_organizations', 'You are an admin of as many organizations as are allowed.');
  end if;
  insert into public.organizations (name, country, time_zone, currency, standing)
  select btrim(create_organization.name), coalesce(settings ->> 'country', 'GH'),
    coalesce(settings ->> 'time_zone', 'Africa/Accra'), coalesce(settings ->> 'currency', 'GHS'), d.new_organizations
  from private.deployment d
  returning id into organization;
  perform private.add_member(organization, owner, admin_role);
  return organization;
end
$$;

create function private.handle_new_user()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  meta jsonb := coalesce(new.raw_user_meta_data, '{}');
begin
  insert into public.profiles (id, email, full_name)
  values (new.id, coalesce(lower(new.email), ''),
    left(regexp_replace(coalesce(meta ->> 'full_name', ''), '[[:cntrl:]\u2028-\u202e\u2066-\u2069]+', ' ', 'g'), 200));
  if meta ? 'invitation_token' then
    perform private.require_registration(meta ->> 'invitation_token');
    perform private.redeem_invitation(meta ->> 'invitation_token', new.id, new.email);
  elsif btrim(coalesce(meta ->> 'organization_name', '')) <> '' then
    perform private.require_registration();
    perform private.create_organization(new.id, meta ->> 'organization_name', meta);
  end if;
  return new;
end
$$;

create trigger signalbox_handle_new_user after insert on auth.users
  for each row execute function private.handle_new_user();

create function private.sync_profile_email()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.profiles set email = lower(new.email) where id = new.id;
  return new;
end
$$;

create trigger signalbox_sync_profile_email after update of email on auth.users
  for each row when (old.email is distinct from new.email) execute function private.sync_profile_email();

create function private.audit_password_change()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.audit_logs (organization_id, action, resource, resource_id, via)
  select m.organization_id, 'password_changed', 'profiles', new.id, 'auth'
  from public.memberships m where m.user_id = new.id;
  return null;
exception when others then
  raise warning 'a new password was not audited: %', sqlerrm;
  return null;
end
$$;

create trigger signalbox_audit_password_change after update of encrypted_password on auth.users
  for each row when (old.encrypted_password is distinct from new.encrypted_password)
  execute function private.audit_password_change();

create function private.audit_sign_in()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.audit_logs (organization_id, actor_id, action, resource, resource_id, via, ip)
  select m.organization_id, new.user_id, 'sign_in', 'sessions', new.id, 'auth', host(new.ip)
  from public.memberships m where m.user_id = new.user_id;
  return null;
exception when others then
  raise warning 'a sign-in was not audited: %', sqlerrm;
  return null;
end
$$;

create trigger signalbox_audit_sign_in after insert on auth.sessions
  for each row execute function private.audit_sign_in();

create function private.accept_invitation(token text)
returns uuid
language sql security definer set search_path = ''
as $$
  select private.redeem_invitation(token, p.id, p.email) from public.profiles p where p.id = auth.uid()
$$;

grant execute on function private.accept_invitation(text) to authenticated;

create function public.accept_invitation(token text)
returns uuid
language sql set search_path = ''
as $$
  select private.accept_invitation(token)
$$;

comment on function public.accept_invitation is
  'The caller joins the organization that invited their e-mail address; returns its id.';

grant execute on function public.accept_invitation(text) to authenticated;

create function private.require_session()
returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  session text := nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id';
begin
  perform private.impersonator();
  if session is not null and not exists (select from auth.sessions s where s.id = session::uuid) then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  end if;
end
$$;

create function private.actor(requested uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  membership record;
begin
  perform private.require_session();
  select m.organization_id, m.role_id, m.team_id, r.key as role, o.standing, o.name, o.country, o.time_zone, o.currency,
    count(*) over () as membership_count, m.is_default
  into membership
  from public.memberships m
  join public.roles r on r.id = m.role_id
  join public.organizations o on o.id = m.organization_id
  where m.user_id = auth.uid() and m.status = 'active' and (requested is null or m.organization_id = requested)
  order by m.is_default desc, m.created_at
  limit 1;
  if membership is null then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  if membership.standing = 'suspended' then
    perform private.problem(403, 'organization_suspended', 'This organization is suspended.');
  end if;
  if requested is null and membership.membership_count > 1 and not membership.is_default then
    perform private.problem(400, 'organization_required',
      'You belong to several organizations: name one in the X-Organization-Id header.');
  end if;
  return jsonb_build_object(
    'user_id', auth.uid(),
    'organization_id', membership.organization_id,
    'role', membership.role,
    'team_id', membership.team_id,
    'organization', jsonb_build_object(
      'id', membership.organization_id, 'name', membership.name, 'country', membership.country,
      'time_zone', membership.time_zone, 'currency', membership.currency),
    'permissions', (
      select coalesce(jsonb_object_agg(p.permission, p.scope), '{}')
      from public.role_permissions p where p.role_id = membership.role_id
    )
  );
end
$$;

grant execute on function private.actor(uuid) to authenticated;

create function public.actor(organization_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.actor(organization_id)
$$;

comment on function public.actor is
  'The caller in one organization: user, organization, role, permissions with their scopes.';

grant execute on function public.actor(uuid) to authenticated;

create function private.require_operator(operator text)
returns void
language sql immutable set search_path = ''
as $$
  select private.require_valid(char_length(btrim(operator)) between 1 and 200 and private.is_plain(operator),
    'operator', 'must name the person who decides')
$$;

create function private.operated_organization_json(organization public.organizations)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', organization.id, 'name', organization.name, 'country', organization.country,
    'standing', organization.standing, 'standing_reason', organization.standing_reason,
    'standing_changed_at', organization.standing_changed_at, 'standing_changed_by', organization.standing_changed_by,
    'created_at', organization.created_at,
    'members', (select count(*) from public.memberships m where m.organization_id = organization.id),
    'admins', (
      select coalesce(jsonb_agg(p.email order by p.email), '[]')
      from public.memberships m
      join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
      join public.profiles p on p.id = m.user_id
      where m.organization_id = organization.id and m.status = 'active'),
    'messages_30_days', (
      select coalesce(sum(d.messages), 0) from private.message_day_totals d
      where d.organization_id = organization.id and d.day > current_date - 30))
$$;

create function private.set_standing(organization_id uuid, standing text, operator text, reason text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
begin
  perform private.require_operator(operator);
  update public.organizations o set standing = set_standing.standing, standing_reason = nullif(btrim(reason), ''),
    standing_changed_at = now(), standing_changed_by = btrim(operator)
  where o.id = set_standing.organization_id
  returning * into organization;
  if organization.id is null then
    perform private.problem(404, 'not_found', 'There is no such organization.');
  end if;
  return private.operated_organization_json(organization);
end
$$;

create type private.notification as (
  organization_id uuid,
  user_id uuid,
  kind text,
  event_key text,
  title text,
  body text,
  data jsonb,
  lead_id uuid
);

create function private.notification_kinds()
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select array['assignment', 'sla_reminder', 'sla_breach', 'task_due', 'import_finished', 'report_ready', 'campaign',
    'system']
$$;

create table public.notification_preferences (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind text not null constraint notification_preferences_kind check (kind = any (private.notification_kinds())),
  in_app boolean not null default true,
  email boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notification_preferences_once unique (organization_id, user_id, kind)
);

create table public.notifications (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind text not null,
  title text not null,
  body text not null default '',
  data jsonb not null default '{}',
  read_at timestamptz,
  event_key text,
  created_at timestamptz not null default now()
);

create table public.emails (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete set null,
  lead_id uuid,
  kind text not null,
  to_address text not null
    constraint emails_to_form check (char_length(to_address) <= 254 and to_address ~ '^[^@\s]+@[^@\s]+$'),
  data jsonb not null default '{}',
  event_key text not null,
  status text not null default 'queued',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  sending_at timestamptz,
  sent_at timestamptz,
  provider text,
  provider_message_id text,
  last_error text,
  claim integer not null default 0,
  edition integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint emails_event unique (organization_id, event_key, to_address),
  constraint emails_status check (status in ('queued', 'sending', 'sent', 'failed', 'canceled')),
  constraint emails_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete set null (lead_id)
);

create function private.notify(notifications private.notification[])
returns void
language plpgsql set search_path = ''
as $$
begin
  with recipients as materialized (
    select n.*, preference.kind as preference_kind, p.email as address, coalesce(f.in_app, true) as in_app,
      coalesce(f.email, true) as by_email
    from unnest(notifications) n
    cross join lateral (
      select case when n.kind = any (private.notification_kinds()) then n.kind else 'system' end as kind
    ) preference
    join public.memberships m on m.organization_id = n.organization_id and m.user_id = n.user_id and m.status = 'active'
    join public.profiles p on p.id = n.user_id
    left join public.notification_preferences f
      on f.organization_id = n.organization_id and f.user_id = n.user_id and f.kind = preference.kind
  ), in_app as (
    insert into public.notifications (organization_id, user_id, kind, title, body, data, event_key)
    select r.organization_id, r.user_id, r.kind, r.title, coalesce(r.body, ''), coalesce(r.data, '{}'), r.event_key
    from recipients r where r.in_app
    on conflict (organization_id, user_id, event_key) where event_key is not null do nothing
  )
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  select r.organization_id, r.user_id, r.lead_id, r.preference_kind, r.address,
    coalesce(r.data, '{}') || jsonb_build_object('title', r.title, 'body', coalesce(r.body, '')), r.event_key
  from recipients r where r.by_email and r.address <> ''
  on conflict on constraint emails_event do nothing;
end
$$;

create function private.notify_admins(organization_id uuid, kind text, title text, body text, data jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.notify(array_agg(row(m.organization_id, m.user_id, notify_admins.kind,
    notify_admins.kind || ':' || event.id, title, body, data, null)::private.notification))
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  cross join (select private.uuid_v7() as id) event
  where m.organization_id = notify_admins.organization_id and m.status = 'active'
$$;

create function private.approve_organization(organization_id uuid, operator text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb := private.set_standing(organization_id, 'approved', operator, reason);
begin
  perform private.notify_admins(organization_id, 'organization_approved', 'Your organization was approved',
    'Messages and invitations are no longer limited to its own members.');
  return answer;
end
$$;

grant execute on function private.approve_organization(uuid, text, text) to service_role;

create function public.approve_organization(organization_id uuid, operator text, reason text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.approve_organization(organization_id, operator, reason)
$$;

comment on function public.approve_organization is
  'For operators of the platform: ends the sandbox or the suspension of an organization.';

grant execute on function public.approve_organization(uuid, text, text) to service_role;

create function private.suspend_organization(organization_id uuid, operator text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_valid(char_length(btrim(reason)) between 1 and 500, 'reason', 'must say why');
  return private.set_standing(organization_id, 'suspended', operator, reason);
end
$$;

grant execute on function private.suspend_organization(uuid, text, text) to service_role;

create function public.suspend_organization(organization_id uuid, operator text, reason text)
returns jsonb
language sql set search_path = ''
as $$
  select private.suspend_organization(organization_id, operator, reason)
$$;

comment on function public.suspend_organization is
  'For operators of the platform: ends all access to an organization and everything that is sent for it.';

grant execute on function public.suspend_organization(uuid, text, text) to service_role;

create function private.change_deployment(changes jsonb, operator text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  settings constant text[] :=
    array['registration', 'new_organizations', 'max_organizations_per_person', 'trusted_ip_header'];
begin
  perform private.require_valid(jsonb_typeof(changes) = 'object' and changes - settings = '{}', 'changes',
    'can have ' || array_to_string(settings, ', '));
  if changes <> '{}' then
    perform private.require_operator(operator);
    update private.deployment d set
      registration = case when changes ? 'registration' then changes ->> 'registration' else d.registration end,
      new_organizations = case when changes ? 'new_organizations' then changes ->> 'new_organizations'
        else d.new_organizations end,
      max_organizations_per_person = case when changes ? 'max_organizations_per_person'
        then (changes ->> 'max_organizations_per_person')::integer else d.max_organizations_per_person end,
      trusted_ip_header = case when changes ? 'trusted_ip_header' then nullif(changes ->> 'trusted_ip_header', '')
        else d.trusted_ip_header end,
      updated_by = btrim(operator)
    where d.singleton;
  end if;
  return (select to_jsonb(d) - 'singleton' from private.deployment d);
end
$$;

grant execute on function private.change_deployment(jsonb, text) to service_role;

create function public.change_deployment(changes jsonb default '{}', operator text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.change_deployment(changes, operator)
$$;

comment on function public.change_deployment is
  'For operators of the platform: changes the settings of the deployment and returns them.';

grant execute on function public.change_deployment(jsonb, text) to service_role;

create function private.returned_problem(status integer, code text, message text, details jsonb default null)
returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform set_config('response.status', status::text, true);
  return jsonb_build_object('code', 'PT' || status, 'message', message, 'details', coalesce(details::text, ''),
    'hint', returned_problem.code);
end
$$;

create function private.confirm_phone(code text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  confirmation private.phone_confirmations;
begin
  perform private.require_session();
  select * into confirmation from private.phone_confirmations c where c.user_id = auth.uid() for update;
  if confirmation.user_id is null or confirmation.expires_at <= now() or confirmation.attempts >= 5 then
    perform private.problem(409, 'no_code', 'There is no code, or it is no longer valid. Request a new one.');
  end if;
  if confirmation.code is distinct from btrim(confirm_phone.code) then
    update private.phone_confirmations c set attempts = c.attempts + 1 where c.user_id = auth.uid();
    return private.returned_problem(422, 'invalid_field', 'The code is wrong.',
      '[{"path": "code", "message": "is wrong"}]');
  end if;
  delete from private.phone_confirmations c where c.user_id = auth.uid();
  update public.profiles p set phone = confirmation.phone, phone_confirmed_at = now() where p.id = auth.uid();
  return jsonb_build_object('phone', confirmation.phone, 'phone_confirmed_at', now());
end
$$;

grant execute on function private.confirm_phone(text) to authenticated;

create function public.confirm_phone(code text)
returns jsonb
language sql set search_path = ''
as $$
  select private.confirm_phone(code)
$$;

comment on function public.confirm_phone is 'Confirms the phone number to which the code was texted.';

grant execute on function public.confirm_phone(text) to authenticated;

create function private.remove_phone()
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_session();
  update public.profiles p set phone = null, phone_confirmed_at = null where p.id = auth.uid() and p.phone is not null;
  delete from private.phone_confirmations c where c.user_id = auth.uid();
end
$$;

grant execute on function private.remove_phone() to authenticated;

create function public.remove_phone()
returns void
language sql set search_path = ''
as $$
  select private.remove_phone()
$$;

comment on function public.remove_phone is 'Removes the caller''s phone number.';

grant execute on function public.remove_phone() to authenticated;

create function private.create_own_organization(name text, settings jsonb)
returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
  owner uuid := auth.uid();
  organization uuid;
begin
  if owner is null then
    perform private.problem(401, 'not_signed_in', 'Sign in to create an organization.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended('create_organization|' || owner, 0));
  select m.organization_id into organization
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  join public.organizations o on o.id = m.organization_id
  where m.user_id = owner and m.status = 'active' and o.name = btrim(create_own_organization.name)
  order by m.created_at
  limit 1;
  if organization is null then
    perform private.require_registration();
    organization := private.create_organization(owner, create_own_organization.name, settings);
  end if;
  return organization;
end
$$;

grant execute on function private.create_own_organization(text, jsonb) to authenticated;

create function public.create_organization(name text, settings jsonb default '{}')
returns uuid
language sql set search_path = ''
as $$
  select private.create_own_organization(name, settings)
$$;

comment on function public.create_organization is
  'The caller becomes the admin of a new organization; settings: { country?, time_zone?, currency? }. Returns its id.';

grant execute on function public.create_organization(text, jsonb) to authenticated;

create function private.refuse_outsider(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if exists (
    select from public.memberships m
    join public.organizations o on o.id = m.organization_id and o.standing = 'suspended'
    where m.organization_id = refuse_outsider.organization_id and m.user_id = auth.uid() and m.status = 'active'
  ) then
    perform private.problem(403, 'organization_suspended', 'This organization is suspended.');
  end if;
  perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
end
$$;

create function private.require_permission(organization_id uuid, permission text)
returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_with(permission)) then
    return;
  end if;
  if organization_id = any (private.my_organizations()) then
    perform private.problem(403, 'permission_denied', 'Your role lacks the permission ' || permission || '.');
  end if;
  perform private.refuse_outsider(organization_id);
end
$$;

create table private.holder_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  holder_id uuid not null,
  creator_id uuid,
  team_id uuid,
  outcome text,
  sla_status text,
  leads bigint not null,
  rolled_up boolean not null default false
);

create function private.open_leads_of(organization_id uuid, user_id uuid)
returns bigint
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.leads), 0)::bigint
  from private.holder_totals t
  where t.organization_id = open_leads_of.organization_id and t.creator_id is null
    and t.holder_id = open_leads_of.user_id and t.outcome is null
$$;

create function private.user_json(membership public.memberships, in_full boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'role', r.key, 'role_name', r.name,
    'team_id', membership.team_id,
    'team_name', (
      select t.name from public.teams t
      where t.organization_id = membership.organization_id and t.id = membership.team_id),
    'status', membership.status,
    'open_leads', case when in_full then private.open_leads_of(membership.organization_id, membership.user_id) end,
    'last_sign_in_at', case when in_full then (
      select u.last_sign_in_at from auth.users u where u.id = membership.user_id) end,
    'created_at', membership.created_at, 'updated_at', membership.updated_at)
  from public.profiles p join public.roles r on r.id = membership.role_id
  where p.id = membership.user_id
$$;

create function private.get_user(organization_id uuid, user_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  membership public.memberships;
begin
  if user_id is distinct from auth.uid() or organization_id <> all (private.my_organizations()) then
    perform private.require_permission(organization_id, 'members:read');
  end if;
  select * into membership from public.memberships m
  where m.organization_id = get_user.organization_id and m.user_id = get_user.user_id;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  return private.user_json(membership,
    user_id = auth.uid() or organization_id = any (private.organizations_with('members:manage')));
end
$$;

grant execute on function private.get_user(uuid, uuid) to authenticated;

create function public.get_user(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_user(organization_id, user_id)
$$;

comment on function public.get_user is
  'A member of the organization; all fields for callers who manage members, and for the member.';

grant execute on function public.get_user(uuid, uuid) to authenticated;

create function private.role_id(organization_id uuid, key text)
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  found_role uuid;
begin
  select r.id into found_role from public.roles r
  where r.key = role_id.key and (r.organization_id is null or r.organization_id = role_id.organization_id)
  order by r.organization_id nulls last limit 1;
  if found_role is null then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.',
      '[{"path": "role", "message": "is not a role of this organization"}]');
  end if;
  return found_role;
end
$$;

create function private.require_team(organization_id uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if team_id is not null and not exists (
    select from public.teams t where t.organization_id = require_team.organization_id and t.id = require_team.team_id
  ) then
    perform private.problem(422, 'invalid_field', 'There is no such team in this organization.',
      '[{"path": "team_id", "message": "is not a team of this organization"}]');
  end if;
end
$$;

create function private.require_invitable(organization_id uuid, address text, invitee jsonb)
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  offered_role uuid := private.role_id(organization_id, invitee ->> 'role');
  team uuid := (invitee ->> 'team_id')::uuid;
begin
  if not exists (select from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null) then
    perform private.problem(403, 'email_not_confirmed', 'Confirm your e-mail address before you invite people.');
  end if;
  perform private.require_valid(private.is_email(address), 'email', 'is not an e-mail address');
  perform private.require_team(organization_id, team);
  perform private.require_grantable(organization_id, offered_role, team);
  if exists (
    select from public.memberships m join public.profiles p on p.id = m.user_id
    where m.organization_id = require_invitable.organization_id and p.email = address
  ) then
    perform private.problem(409, 'already_member', 'This person is already a member of the organization.');
  end if;
  return offered_role;
end
$$;

create table private.email_secrets (
  email_id uuid primary key references public.emails (id) on delete cascade,
  invitation_id uuid not null references public.invitations (id) on delete cascade,
  token text not null
);

create function private.mail_invitation(invitation public.invitations, token text)
returns void
language sql set search_path = ''
as $$
  with mail as (
    insert into public.emails (organization_id, kind, to_address, data, event_key)
    values (invitation.organization_id, 'invitation', invitation.email, jsonb_build_object(
      'title', 'Invitation', 'expires_at', invitation.expires_at,
      'role_name', (select r.name from public.roles r where r.id = invitation.role_id),
      'invited_by_name', (select p.full_name from public.profiles p where p.id = invitation.invited_by)),
      'invitation:' || invitation.id)
    returning id
  )
  insert into private.email_secrets (email_id, invitation_id, token)
  select m.id, invitation.id, mail_invitation.token from mail m
$$;

create table private.idempotency_keys (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null,
  key text not null constraint idempotency_keys_length check (char_length(key) between 1 and 255),
  fingerprint text not null,
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id, key)
);

create function private.require_member(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if organization_id = any (private.my_organizations()) then
    return;
  end if;
  perform private.refuse_outsider(organization_id);
end
$$;

create function private.idempotent_response(organization_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  request_key text := private.request_header('idempotency-key');
  request_fingerprint text := coalesce(private.request_header('x-idempotency-fingerprint'), '');
  stored private.idempotency_keys;
begin
  if request_key is null then
    return null;
  end if;
  perform private.require_member(organization_id);
  if not pg_try_advisory_xact_lock(hashtextextended(concat_ws('|', organization_id, auth.uid(), request_key), 0)) then
    perform private.problem(409, 'idempotency_in_progress', 'A request with this Idempotency-Key is still running.');
  end if;
  select * into stored from private.idempotency_keys k
  where k.organization_id = idempotent_response.organization_id and k.user_id = auth.uid() and k.key = request_key
    and k.created_at > now() - interval '24 hours';
  if stored is null then
    return null;
  end if;
  if stored.fingerprint <> request_fingerprint then
    perform private.problem(422, 'idempotency_key_reused', 'This Idempotency-Key was used with a different request.');
  end if;
  return stored.response;
end
$$;

create table private.rate_limits (
  kind text primary key,
  quota integer not null constraint rate_limits_quota check (quota > 0),
  window_seconds integer not null constraint rate_limits_window check (window_seconds > 0),
  description text not null
);

create table private.rate_buckets (
  kind text not null references private.rate_limits (kind) on delete cascade,
  subject text not null,
  tokens double precision not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (kind, subject)
);

create function private.take_tokens(kinds text[], subjects text[], cost integer default 1)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  price integer := greatest(coalesce(cost, 1), 0);
  tightest record;
begin
  if exists (
    select from unnest(kinds) k (kind) where not exists (select from private.rate_limits l where l.kind = k.kind)
  ) then
    perform private.problem(422, 'unknown_limit', 'There is no such rate limit.');
  end if;
  with buckets as (
    insert into private.rate_buckets as b (kind, subject, tokens)
    select l.kind, left(x.subject, 200), l.quota
    from unnest(kinds, subjects) as x (kind, subject)
    join private.rate_limits l on l.kind = x.kind
    where x.subject is not null
    order by l.kind, x.subject
    on conflict on constraint rate_buckets_pkey do update set
      tokens = (
        select least(l.quota,
          b.tokens + l.quota * extract(epoch from clock_timestamp() - b.updated_at) / l.window_seconds)
        from private.rate_limits l where l.kind = b.kind),
      updated_at = clock_timestamp()
    returning b.kind, b.tokens
  )
  select b.kind, b.tokens, l.quota, l.window_seconds, b.tokens >= price as allowed into tightest
  from buckets b join private.rate_limits l on l.kind = b.kind
  order by b.tokens >= price, case when b.tokens < price then (price - b.tokens) * l.window_seconds / l.quota end desc,
    b.tokens
  limit 1;
  if tightest.allowed then
    update private.rate_buckets b set tokens = b.tokens - price
    from unnest(kinds, subjects) as x (kind, subject)
    where b.kind = x.kind and b.subject = left(x.subject, 200);
    tightest.tokens := tightest.tokens - price;
  end if;
  return jsonb_build_object('allowed', coalesce(tightest.allowed, true), 'kind', tightest.kind, 'quota', tightest.quota,
    'remaining', floor(greatest(tightest.tokens, 0)), 'window_seconds', tightest.window_seconds,
    'retry_after', case when tightest.allowed then 0
      else ceil((price - tightest.tokens) * tightest.window_seconds / tightest.quota) end);
end
$$;

create function private.rate_limit_headers(bucket jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_array(
    jsonb_build_object('RateLimit-Policy',
      format('"%s";q=%s;w=%s', bucket ->> 'kind', bucket ->> 'quota', bucket ->> 'window_seconds')),
    jsonb_build_object('RateLimit', format('"%s";r=%s;t=%s', bucket ->> 'kind', bucket ->> 'remaining',
      greatest(1, (bucket ->> 'retry_after')::numeric))))
    || case when (bucket ->> 'allowed')::boolean then '[]'
      else jsonb_build_array(jsonb_build_object('Retry-After', greatest(1, (bucket ->> 'retry_after')::numeric)::text))
    end
$$;

create function private.rate_limit_refusal(kinds text[], subjects text[], cost integer default 1)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  bucket jsonb := private.take_tokens(kinds, subjects, cost);
begin
  if bucket ->> 'kind' is null then
    return null;
  end if;
  perform set_config('response.headers', private.rate_limit_headers(bucket)::text, true);
  if (bucket ->> 'allowed')::boolean then
    return null;
  end if;
  return private.returned_problem(429, 'rate_limited', 'Too many requests. Wait and try again.', jsonb_build_object(
    'limit', bucket -> 'kind', 'retry_after', greatest(1, (bucket ->> 'retry_after')::numeric)));
end
$$;

create function private.store_idempotent_response(organization_id uuid, response jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  if private.request_header('idempotency-key') is not null and auth.uid() is not null then
    insert into private.idempotency_keys as k (organization_id, user_id, key, fingerprint, response)
    values (organization_id, auth.uid(), private.request_header('idempotency-key'),
      coalesce(private.request_header('x-idempotency-fingerprint'), ''), response)
    on conflict on constraint idempotency_keys_pkey do update
      set fingerprint = excluded.fingerprint, response = excluded.response, created_at = now();
  end if;
  return response;
end
$$;

create function private.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  address text := lower(btrim(invitee ->> 'email'));
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  with_email boolean;
  offered_role uuid;
  invitation public.invitations;
begin
  perform private.require_permission(organization_id, 'members:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  offered_role := private.require_invitable(organization_id, address, invitee);
  with_email := coalesce((invitee ->> 'send_invite')::boolean, true) and exists (
    select from public.organizations o where o.id = invite_user.organization_id and o.standing = 'approved');
  answer := private.rate_limit_refusal(array['invite', 'invite_organization', 'invite_recipient'],
    array[auth.uid()::text, organization_id::text, case when with_email then private.token_hash(address) end]);
  if answer is not null then
    return answer;
  end if;
  -- A second invitation of the same address replaces the first, whose token stops working.
  delete from public.invitations i
  where i.organization_id = invite_user.organization_id and i.email = address and i.accepted_at is null;
  insert into public.invitations (organization_id, email, role_id, team_id, token_hash, invited_by, full_name)
  values (organization_id, address, offered_role, (invitee ->> 'team_id')::uuid, private.token_hash(secret), auth.uid(),
    coalesce(invitee ->> 'full_name', ''))
  returning * into invitation;
  if with_email then
    perform private.mail_invitation(invitation, secret);
  end if;
  answer := jsonb_build_object('id', invitation.id, 'email', invitation.email, 'role', invitee ->> 'role',
    'expires_at', invitation.expires_at, 'full_name', invitation.full_name, 'team_id', invitation.team_id,
    'invite_sent', with_email);
  perform private.store_idempotent_response(organization_id, answer || '{"token": null}');
  return answer || jsonb_build_object('token', secret);
end
$$;

grant execute on function private.invite_user(uuid, jsonb) to authenticated;

create function public.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.invite_user(organization_id, invitee)
$$;

comment on function public.invite_user is 'Invites a person; only this answer contains the token.';

grant execute on function public.invite_user(uuid, jsonb) to authenticated;

create function private.list_invitations(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return jsonb_build_object(
    'total', (
      select count(*) from public.invitations i
      where i.organization_id = list_invitations.organization_id and i.accepted_at is null),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'team_id', p.team_id,
        'role', (select r.key from public.roles r where r.id = p.role_id), 'invited_by', p.invited_by,
        'invited_by_name', (select u.full_name from public.profiles u where u.id = p.invited_by),
        'expires_at', p.expires_at, 'expired', p.expires_at <= now(), 'created_at', p.created_at)
        order by p.created_at desc, p.id desc)
      from (
        select i.* from public.invitations i
        where i.organization_id = list_invitations.organization_id and i.accepted_at is null
        order by i.created_at desc, i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

grant execute on function private.list_invitations(uuid, integer, integer) to authenticated;

create function public.list_invitations(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_invitations(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_invitations is 'One page of the invitations that were not accepted yet, newest first.';

grant execute on function public.list_invitations(uuid, integer, integer) to authenticated;

create function private.list_organizations(filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with found as materialized (
    select o from public.organizations o
    where (not filters ? 'standing' or o.standing = filters ->> 'standing')
      and (not filters ? 'search' or position(lower(filters ->> 'search') in lower(o.name)) > 0)
  )
  select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
    select jsonb_agg(private.operated_organization_json(p.o) order by (p.o).id desc)
    from (select f.o from found f order by (f.o).id desc limit page_limit offset page_offset) p), '[]'))
$$;

grant execute on function private.list_organizations(jsonb, integer, integer) to service_role;

create function public.list_organizations(filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_organizations(filters, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_organizations is
  'For operators of the platform: organizations, newest first. filters: { standing?, search? }.';

grant execute on function public.list_organizations(jsonb, integer, integer) to service_role;

create function private.list_users(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return (
    with found as materialized (
      select m.id, p.full_name, p.email
      from public.memberships m
      join public.profiles p on p.id = m.user_id
      join public.roles r on r.id = m.role_id
      where m.organization_id = list_users.organization_id
        and (not filters ? 'role' or r.key = filters ->> 'role')
        and (not filters ? 'status' or m.status = filters ->> 'status')
        and (not filters ? 'team_id' or m.team_id = (filters ->> 'team_id')::uuid)
        and (not filters ? 'search'
          or position(lower(filters ->> 'search') in lower(p.full_name || ' ' || p.email)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.user_json(m, true) order by lower(f.full_name), f.email, f.id)
      from (select * from found f order by lower(f.full_name), f.email, f.id limit page_limit offset page_offset) f
      join public.memberships m on m.id = f.id), '[]')));
end
$$;

grant execute on function private.list_users(uuid, jsonb, integer, integer) to authenticated;

create function public.list_users(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_users(organization_id, filters, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_users is 'One page of members by name. filters: { search?, role?, status?, team_id? }.';

grant execute on function public.list_users(uuid, jsonb, integer, integer) to authenticated;

create function private.me(requested uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  profile jsonb;
begin
  perform private.require_session();
  select jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'phone', p.phone,
    'phone_confirmed_at', p.phone_confirmed_at, 'created_at', p.created_at)
  into profile from public.profiles p where p.id = auth.uid();
  if profile is null then
    perform private.problem(401, 'not_signed_in', 'This account no longer exists.');
  end if;
  return jsonb_build_object(
    'profile', profile,
    'memberships', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'organization_id', m.organization_id, 'organization_name', o.name, 'organization_standing', o.standing,
        'role', r.key, 'status', m.status, 'is_default', m.is_default) order by m.created_at), '[]')
      from public.memberships m
      join public.organizations o on o.id = m.organization_id
      join public.roles r on r.id = m.role_id
      where m.user_id = auth.uid()
    ),
    'actor', case
      when requested is not null or (
        select (count(*) = 1 or bool_or(m.is_default))
          and (array_agg(o.standing order by m.is_default desc, m.created_at))[1] <> 'suspended'
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = auth.uid() and m.status = 'active')
      then private.actor(requested)
    end
  );
end
$$;

grant execute on function private.me(uuid) to authenticated;

create function public.me(organization_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.me(organization_id)
$$;

comment on function public.me is 'The caller: profile, memberships and, where the organization is clear, the actor.';

grant execute on function public.me(uuid) to authenticated;

grant execute on function private.my_colleagues() to authenticated;

grant execute on function private.my_organizations() to authenticated;

create function private.organizations_in_scope(permission text)
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select private.organizations_with(permission) || private.organizations_with(permission, 'team')
    || private.organizations_with(permission, 'own')
$$;

comment on function private.organizations_in_scope is
  'The organizations in which the caller has the permission with any scope.';

grant execute on function private.organizations_in_scope(text) to authenticated;

comment on function private.organizations_with is
  'The organizations in which the caller has the permission with exactly this scope.';

grant execute on function private.organizations_with(text, text) to authenticated;

create function public.ping()
returns jsonb
language sql stable set search_path = ''
as $$
  select '{"ok": true}'::jsonb
$$;

comment on function public.ping is 'Shows that the database answers; for health checks.';

grant execute on function public.ping() to anon, authenticated, service_role;

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
  merged_from uuid,
  created_at timestamptz not null default now(),
  constraint lead_assignments_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade
);

create function private.notify_of_assignments(organization_id uuid, assignments jsonb, note text)
returns void
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  assigned_by text := (select p.full_name from public.profiles p where p.id = auth.uid());
begin
  perform private.notify((
    with numbered as materialized (
      select a.*, count(*) over (partition by a.to_user) > 10 as bundled
      from jsonb_to_recordset(assignments) as a (id uuid, lead_id uuid, lead_name text, to_user uuid,
        deadline timestamptz)
    ), recipients as (
      select g.to_user, g.id, 'A lead was assigned to you' as title, g.lead_name as body, g.lead_id, g.lead_name,
        g.deadline, 1 as leads
      from numbered g where not g.bundled
      union all
      select g.to_user, (array_agg(g.id order by g.id))[1], count(*) || ' leads were assigned to you', '', null,
        count(*) || ' leads', min(g.deadline), count(*)
      from numbered g where g.bundled group by g.to_user
    )
    select array_agg(row(notify_of_assignments.organization_id, t.to_user, 'assignment', 'assignment:' || t.id,
      t.title, t.body, jsonb_build_object('lead_id', t.lead_id, 'lead_name', t.lead_name, 'deadline', t.deadline,
        'assigned_by_name', assigned_by, 'note', notify_of_assignments.note, 'leads', t.leads),
          t.lead_id)::private.notification)
    from recipients t));
end
$$;

create function private.assign_leads(
  organization_id uuid, lead_ids uuid[], user_ids uuid[], method text, note text default null,
    deadline timestamptz default null)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  assignments jsonb;
  changed integer;
begin
  perform from public.leads l
  where l.organization_id = assign_leads.organization_id and l.id = any (lead_ids) order by l.id for update;
  perform set_config('signalbox.deadline', coalesce(to_jsonb(deadline) #>> '{}', ''), true);
  with requested as (
    select distinct on (w.lead_id) w.lead_id, w.to_user
    from unnest(lead_ids, user_ids) with ordinality w (lead_id, to_user, place) order by w.lead_id, w.place desc
  ), affected as (
    -- Each lead is looked up by its key: without statistics the planner would read the whole table for each.
    select l.id, l.assigned_to as from_user, w.to_user, private.uuid_v7() as assignment
    from requested w
    cross join lateral (
      select o.id, o.assigned_to, o.deleted_at from public.leads o
      where o.organization_id = assign_leads.organization_id and o.id = w.lead_id offset 0) l
    where l.deleted_at is null
      and (l.assigned_to is distinct from w.to_user or (assign_leads.deadline is not null and w.to_user is not null))
  ), changes as (
    update public.leads l set assigned_to = m.to_user
    from affected m where l.organization_id = assign_leads.organization_id and l.id = m.id
    returning l.id as lead_id, coalesce(nullif(l.full_name, ''), l.email, l.phone) as lead_name, l.sla_deadline,
      m.assignment as id, m.from_user, m.to_user
  ), written as (
    insert into public.lead_assignments
      (id, organization_id, lead_id, from_user, to_user, method, note, deadline, assigned_by, created_at)
    select c.id, assign_leads.organization_id, c.lead_id, c.from_user, c.to_user, assign_leads.method,
      assign_leads.note,
      case when c.to_user is not null then coalesce(assign_leads.deadline, c.sla_deadline) end, auth.uid(),
        clock_timestamp()
    from changes c
  )
  select count(*), jsonb_agg(jsonb_build_object('id', c.id, 'lead_id', c.lead_id, 'lead_name', c.lead_name,
    'to_user', c.to_user, 'deadline', coalesce(assign_leads.deadline,
      c.sla_deadline))) filter (where c.to_user is not null)
  into changed, assignments from changes c;
  perform set_config('signalbox.deadline', '', true);
  if assignments is not null then
    perform private.notify_of_assignments(organization_id, assignments, note);
  end if;
  return changed;
end
$$;

create table public.tasks (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  lead_id uuid,
  title text not null constraint tasks_title_length check (char_length(btrim(title)) between 1 and 200),
  description text constraint tasks_description_length check (char_length(description) <= 5000),
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

create function private.reassign_open_work(organization_id uuid, user_id uuid, successor uuid)
returns void
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  held uuid[] := array(
    select l.id from public.leads l
    where l.organization_id = reassign_open_work.organization_id and l.assigned_to = reassign_open_work.user_id
      and l.deleted_at is null and l.outcome is null
    order by l.id);
begin
  perform private.assign_leads(organization_id, held, array_fill(successor, array[cardinality(held)]), 'departure');
  with moved as (
    update public.leads l set assigned_to = successor
    where l.organization_id = reassign_open_work.organization_id and l.assigned_to = reassign_open_work.user_id
      and l.deleted_at is not null and l.outcome is null
    returning l.id
  )
  insert into public.lead_assignments (organization_id, lead_id, from_user, to_user, method, assigned_by)
  select reassign_open_work.organization_id, m.id, reassign_open_work.user_id, successor, 'departure', auth.uid()
  from moved m;
  update public.tasks t set assigned_to = successor
  where t.organization_id = reassign_open_work.organization_id and t.assigned_to = reassign_open_work.user_id
    and t.status in ('open', 'in_progress');
end
$$;

create table public.lead_holders (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  on_duty boolean not null default true,
  capacity integer constraint lead_holders_capacity check (capacity >= 0),
  last_turn bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);

create function private.lock_holders(organization_id uuid, user_ids uuid[])
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  eligible uuid[];
begin
  -- Waits for concurrent suspensions and team changes, so that they are taken into account.
  with members as materialized (
    select m.user_id, m.role_id from public.memberships m
    where m.organization_id = lock_holders.organization_id and m.user_id = any (user_ids) and m.status = 'active'
    order by m.user_id for share
  )
  select coalesce(array_agg(m.user_id order by m.user_id), '{}') into eligible
  from members m join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold';
  insert into public.lead_holders (organization_id, user_id)
  select lock_holders.organization_id, u from unnest(eligible) u order by u
  on conflict on constraint lead_holders_pkey do nothing;
  perform from public.lead_holders h
  where h.organization_id = lock_holders.organization_id and h.user_id = any (eligible) order by h.user_id for update;
  return eligible;
end
$$;

create function private.remove_user(organization_id uuid, user_id uuid, reassign_to text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  successor uuid := case when reassign_to <> 'none' then reassign_to::uuid end;
  membership public.memberships;
  leads bigint;
  tasks bigint;
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform from public.organizations o where o.id = organization_id and exists (
    select from public.memberships m
    join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
    where m.organization_id = o.id and m.user_id = remove_user.user_id) for update;
  perform from public.memberships m
  where m.organization_id = remove_user.organization_id and m.user_id in (remove_user.user_id, successor)
  order by m.user_id for update;
  select * into membership from public.memberships m
  where m.organization_id = remove_user.organization_id and m.user_id = remove_user.user_id;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  if successor is not null
    and (successor = user_id or successor <> all (private.lock_holders(organization_id, array[successor]))) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "reassign_to", "message": "is not another active member who may hold leads"}]');
  end if;
  select count(*) into leads from public.leads l
  where l.organization_id = remove_user.organization_id and l.assigned_to = remove_user.user_id
    and l.deleted_at is null and l.outcome is null;
  select count(*) into tasks from public.tasks t
  where t.organization_id = remove_user.organization_id and t.assigned_to = remove_user.user_id
    and t.status in ('open', 'in_progress');
  if reassign_to is null and leads + tasks > 0 then
    perform private.problem(409, case when leads > 0 then 'has_open_leads' else 'has_open_tasks' end,
      'This person has open leads or tasks. Name the new assignee in reassign_to, or "none".',
      jsonb_build_object('open_leads', leads, 'open_tasks', tasks));
  end if;
  perform private.reassign_open_work(organization_id, user_id, successor);
  delete from public.memberships m where m.id = membership.id;
  delete from public.lead_holders h
  where h.organization_id = remove_user.organization_id and h.user_id = remove_user.user_id;
end
$$;

grant execute on function private.remove_user(uuid, uuid, text) to authenticated;

create function public.remove_user(organization_id uuid, user_id uuid, reassign_to text default null)
returns void
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.remove_user(organization_id, user_id, reassign_to)
$$;

comment on function public.remove_user is
  'Removes a member; open leads and tasks are reassigned to reassign_to, a user''s id or "none".';

grant execute on function public.remove_user(uuid, uuid, text) to authenticated;

create function private.rename_user(organization_id uuid, user_id uuid, full_name text)
returns void
language plpgsql set search_path = ''
as $$
declare
  profile public.profiles;
begin
  -- Locked, so that the person cannot join another organization meanwhile.
  select * into profile from public.profiles p where p.id = rename_user.user_id for update;
  if profile.full_name = rename_user.full_name then
    return;
  end if;
  if user_id is distinct from auth.uid() and exists (
    select from public.memberships m
    where m.user_id = rename_user.user_id and m.organization_id <> rename_user.organization_id
  ) then
    perform private.problem(403, 'name_is_personal', 'Only this person may change their name.');
  end if;
  update public.profiles p set full_name = rename_user.full_name where p.id = rename_user.user_id;
end
$$;

create function private.with_phone_code(message_id uuid, body text)
returns text
language sql stable set search_path = ''
as $$
  select replace(body, '######', coalesce((
    select c.code from private.phone_confirmations c where c.message_id = with_phone_code.message_id), '######'))
$$;

create function private.sms_segments(body text, out encoding text, out segments integer)
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  gsm constant text := '^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\\[~\]|€]*$';
  double constant text := '[\f^{}\\\[~\]|€]';
  wide text := double;
  part integer := 153;
  whole integer := 160;
  units integer;
  used integer := 0;
  width integer;
begin
  encoding := 'GSM-7';
  if body !~ gsm then
    encoding := 'UCS-2';
    wide := '[\U00010000-\U0010FFFF]';
    part := 67;
    whole := 70;
  end if;
  units := char_length(body);
  if body ~ wide then
    units := units + regexp_count(body, wide);
  else
    wide := null;
  end if;
  if units <= whole then
    segments := 1;
  elsif wide is null then
    segments := ceil(units::numeric / part);
  else
    segments := 1;
    for width in select case when c ~ wide then 2 else 1 end from regexp_split_to_table(body, '') c loop
      if used + width > part then
        segments := segments + 1;
        used := 0;
      end if;
      used := used + width;
    end loop;
  end if;
end
$$;

create function private.queue_phone_code(organization_id uuid, phone text, expires_at timestamptz)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  sender public.sms_accounts;
  message uuid;
  body text := (
    select case o.locale when 'fr' then 'Votre code Signalbox : ######. Valable 10 minutes.'
      else 'Your Signalbox code: ######. Valid for 10 minutes.' end
    from public.organizations o where o.id = queue_phone_code.organization_id);
begin
  select * into sender from public.sms_accounts a
  where a.organization_id = queue_phone_code.organization_id and a.status = 'active' and a.credentials_secret_id is null
  order by a.is_default desc, a.created_at limit 1;
  if sender.id is null then
    perform private.problem(409, 'no_sender', 'The organization has no active sender of the platform''s own.');
  end if;
  insert into public.messages (organization_id, purpose, account_id, to_number, from_number, body, encoding, segments,
    status, provider, created_by, expires_at)
  select queue_phone_code.organization_id, 'phone_confirmation', sender.id, phone, sender.sender_id, body, s.encoding,
    s.segments, 'queued', sender.provider, auth.uid(), queue_phone_code.expires_at
  from private.sms_segments(body) s
  returning id into message;
  return message;
end
$$;

create table private.calling_codes (
  prefix text primary key constraint calling_codes_form check (prefix ~ '^[1-9][0-9]{0,6}$'),
  country text not null
);

create table private.area_codes (
  code text primary key constraint area_codes_form check (code ~ '^[2-9][0-9]{2}$'),
  country text not null,
  region text,
  time_zones text[] not null constraint area_codes_zones_given check (cardinality(time_zones) > 0),
  source text not null
);

create view private.phone_prefixes as
  select c.prefix, c.country from private.calling_codes c
  union all
  select '1' || a.code, a.country from private.area_codes a where a.country is not null and a.country <> 'US';

create function private.allowed_phone_pattern(countries text[])
returns text
language sql stable set search_path = ''
as $$
  select coalesce('^\+(' || string_agg(p.prefix || coalesce('(?!' || longer.digits || ')', ''), '|' order by p.prefix) || ')', '^$')
  from private.phone_prefixes p
  cross join lateral (
    select string_agg(substr(o.prefix, length(p.prefix) + 1), '|' order by o.prefix) as digits
    from private.phone_prefixes o
    where o.prefix like p.prefix || '_%' and o.country <> all (countries)
  ) longer
  where p.country = any (countries)
$$;

create function private.phone_pattern_of(organization public.organizations)
returns text
language sql stable set search_path = ''
as $$
  select private.allowed_phone_pattern(coalesce(organization.allowed_countries, array[organization.country]))
$$;

create function private.phone_fault(organization public.organizations, phone text)
returns text
language sql stable set search_path = ''
as $$
  select case
    when phone is null or phone !~ '^\+[1-9][0-9]{6,14}$' then 'is not a phone number in E.164 form'
    when phone !~ private.phone_pattern_of(organization) then 'belongs to a country that the organization does not text' end
$$;

create function private.require_phone(organization_id uuid, phone text, path text)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  fault text := (select private.phone_fault(o, phone) from public.organizations o where o.id = require_phone.organization_id);
begin
  if fault is not null then
    perform private.problem(422, case when fault like 'belongs%' then 'country_not_allowed' else 'invalid_phone' end,
      'The number ' || fault || '.', jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
end
$$;

create table public.suppressions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  phone text not null constraint suppressions_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  scope text not null default 'all' constraint suppressions_scope check (scope in ('all', 'marketing')),
  source text not null,
  reason text,
  created_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  lifted_at timestamptz,
  lifted_by uuid references public.profiles (id) on delete set null,
  lifted_reason text,
  constraint suppressions_source
  check (source in ('reply', 'provider', 'manual', 'import', 'litigator', 'dnc'))
);

create function private.request_phone_code(organization_id uuid, phone text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  refusal jsonb;
  confirmation private.phone_confirmations;
  deadline timestamptz := now() + interval '10 minutes';
begin
  perform private.require_member(organization_id);
  perform private.require_phone(organization_id, phone, 'phone');
  if exists (
    select from public.suppressions s
    where s.organization_id = request_phone_code.organization_id and s.phone = request_phone_code.phone
      and s.lifted_at is null and s.scope = 'all'
  ) then
    perform private.problem(409, 'suppressed', 'This number has opted out of messages.');
  end if;
  refusal := private.rate_limit_refusal(array['phone_code', 'phone_code_organization', 'phone_code_number'],
    array[auth.uid()::text, organization_id::text, private.token_hash(phone)]);
  if refusal is not null then
    return refusal;
  end if;
  insert into private.phone_confirmations as c (user_id, phone, code, message_id, expires_at)
  values (auth.uid(), request_phone_code.phone,
    lpad((('x' || encode(extensions.gen_random_bytes(4), 'hex'))::bit(32)::bigint % 1000000)::text, 6, '0'),
    private.queue_phone_code(organization_id, request_phone_code.phone, deadline), deadline)
  on conflict on constraint phone_confirmations_pkey do update set phone = excluded.phone, code = excluded.code,
    message_id = excluded.message_id, expires_at = excluded.expires_at, attempts = 0
  returning * into confirmation;
  return jsonb_build_object('phone', confirmation.phone, 'expires_at', confirmation.expires_at);
end
$$;

grant execute on function private.request_phone_code(uuid, text) to authenticated;

create function public.request_phone_code(organization_id uuid, phone text)
returns jsonb
language sql set search_path = ''
as $$
  select private.request_phone_code(organization_id, phone)
$$;

comment on function public.request_phone_code is
  'Texts the caller a code that is valid for 10 minutes, through the organization''s sender.';

grant execute on function public.request_phone_code(uuid, text) to authenticated;

comment on function private.require_permission is
  'Raises 403 unless the caller has the permission in the whole organization.';

grant execute on function private.require_permission(uuid, text) to authenticated;

create function private.check_registration(email text, token text)
returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
  organization uuid;
begin
  perform private.require_registration(token);
  if token is not null then
    select i.organization_id into organization from public.invitations i
    where i.id = private.open_invitation(check_registration.token, check_registration.email);
    if organization is null then
      perform private.problem(422, 'invitation_invalid',
        'The invitation is unknown, used, withdrawn, expired or for another e-mail address.',
        '[{"path": "invitation_token", "message": "is not valid"}]');
    end if;
  end if;
  return organization;
end
$$;

grant execute on function private.check_registration(text, text) to service_role;

create function public.check_registration(email text, token text default null)
returns uuid
language sql stable set search_path = ''
as $$
  select private.check_registration(email, token)
$$;

comment on function public.check_registration is
  'Whether somebody may register; returns the organization of the invitation''s token, null without one.';

grant execute on function public.check_registration(text, text) to service_role;

create function private.require_scope(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  held text;
begin
  select p.scope into held
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = require_scope.permission
  where m.user_id = auth.uid() and m.organization_id = require_scope.organization_id and m.status = 'active'
    and m.organization_id = any (private.my_organizations());
  if held is null
    or coalesce(private.request_header('x-organization-id'), organization_id::text) <> organization_id::text then
    -- Raises the 403 that fits.
    perform private.require_permission(organization_id, permission);
  end if;
  return held;
end
$$;

comment on function private.require_scope is
  'The scope of the caller''s permission in this organization (own, team or organization); raises 403 without it.';

grant execute on function private.require_scope(uuid, text) to authenticated;

grant execute on function private.impersonator() to authenticated, service_role;

grant execute on function private.require_session() to authenticated;

create function private.teams_with(permission text)
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.team_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active' and m.team_id is not null
    and m.organization_id = any ((select private.organizations_with(permission, 'team'))::uuid[])
$$;

comment on function private.teams_with is 'The caller''s teams in which they have the permission with the scope team.';

grant execute on function private.teams_with(text) to authenticated;

create function private.update_user(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  membership public.memberships;
begin
  perform private.require_permission(organization_id, 'members:manage');
  select * into membership from public.memberships m
  where m.organization_id = update_user.organization_id and m.user_id = update_user.user_id for update;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  perform private.require_team(organization_id, (change ->> 'team_id')::uuid);
  if change ? 'full_name' then
    perform private.rename_user(organization_id, user_id, change ->> 'full_name');
  end if;
  if change ?| array['role', 'team_id', 'status'] then
    update public.memberships m
    set role_id = case when change ? 'role' then private.role_id(update_user.organization_id, change ->> 'role')
        else m.role_id end,
      team_id = case when change ? 'team_id' then (change ->> 'team_id')::uuid else m.team_id end,
      status = coalesce(change ->> 'status', m.status)
    where m.id = membership.id
    returning * into membership;
  end if;
  return private.user_json(membership, true);
end
$$;

grant execute on function private.update_user(uuid, uuid, jsonb) to authenticated;

create function public.update_user(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_user(organization_id, user_id, change)
$$;

comment on function public.update_user is 'Changes a member: { full_name?, role?, team_id?, status? }.';

grant execute on function public.update_user(uuid, uuid, jsonb) to authenticated;

comment on table public.audit_logs is
  'Every change of an audited table, written by triggers only. Partitioned by month of id.';

comment on column public.audit_logs.via is
  'function: one of our functions; data_api: the client itself; auth: Supabase Auth; null: a job or SQL.';

comment on column public.audit_logs.impersonator_id is
  'The admin who acted as actor_id (the token''s RFC 8693 "act" claim).';

create index audit_logs_organization on public.audit_logs (organization_id, id desc);

create index audit_logs_resource on public.audit_logs (organization_id, resource, resource_id);

create index audit_logs_actor on public.audit_logs (organization_id, actor_id);

create index audit_logs_deletes on public.audit_logs (organization_id, id desc) where action = 'delete';

alter table public.audit_logs enable row level security;

create policy "those who may read the audit log read their organization's" on public.audit_logs
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('audit:read'))::uuid[]));

revoke all on public.audit_logs from public, anon, authenticated, service_role;

grant select on public.audit_logs to authenticated, service_role;

create function private.forbid_change()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  raise exception 'The audit log cannot be changed.' using errcode = '42501';
end
$$;

create trigger immutable before update or delete on public.audit_logs
  for each row execute function private.forbid_change();

create trigger immutable_truncate before truncate on public.audit_logs
  for each statement execute function private.forbid_change();

create function private.masked(row_data jsonb, columns text[])
returns jsonb
language sql immutable set search_path = ''
as $$
  select row_data || coalesce((
    select jsonb_object_agg(c, '***') from unnest(columns) c where jsonb_typeof(row_data -> c) <> 'null'), '{}')
$$;

create function private.audit()
returns trigger
language plpgsql security definer set search_path = '' set jit = off set enable_nestloop = off
as $$
declare
  actor uuid := auth.uid();
  impersonator uuid := private.impersonator();
  origin record := private.request_origin();
  masks text[] := coalesce(tg_argv[0:tg_nargs - 1]::text[], '{}');
  has_masks boolean := tg_nargs > 0;
  tenant text := case tg_table_name when 'organizations' then 'id' else 'organization_id' end;
begin
  -- A batch of ten thousand costs twice as much with a call of private.masked per row, so tables without masks skip it.
  if tg_op = 'INSERT' then
    insert into public.audit_logs
      (organization_id, actor_id, impersonator_id, action, resource, resource_id, after, via, request_id, ip)
    select (r.data ->> tenant)::uuid, actor, impersonator, 'insert', tg_table_name, (r.data ->> 'id')::uuid,
      case when has_masks then private.masked(r.data, masks) else r.data end, origin.via, origin.request_id, origin.ip
    from (select to_jsonb(n) as data from new_rows n offset 0) r;
  elsif tg_op = 'DELETE' then
    insert into public.audit_logs
      (organization_id, actor_id, impersonator_id, action, resource, resource_id, before, via, request_id, ip)
    select (r.data ->> tenant)::uuid, actor, impersonator, 'delete', tg_table_name, (r.data ->> 'id')::uuid,
      case when has_masks then private.masked(r.data, masks) else r.data end, origin.via, origin.request_id, origin.ip
    from (select to_jsonb(o) as data from old_rows o offset 0) r;
  else
    insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id,
      before, after, changed, via, request_id, ip)
    select (d.after ->> tenant)::uuid, actor, impersonator, 'update', tg_table_name, (d.after ->> 'id')::uuid,
      case when has_masks then private.masked(d.before, masks) else d.before end,
      case when has_masks then private.masked(d.after, masks) else d.after end, d.changed,
      origin.via, origin.request_id, origin.ip
    from (
      select b.data as before, a.data as after, array(
        select n.key from jsonb_each(a.data) n
        where n.value is distinct from b.data -> n.key and n.key <> 'updated_at' order by n.key
      ) as changed
      from (select o.id, to_jsonb(o) as data from old_rows o offset 0) b
      join (select n.id, to_jsonb(n) as data from new_rows n offset 0) a using (id)
      offset 0
    ) d
    where cardinality(d.changed) > 0;
  end if;
  return null;
end
$$;

create function private.utc_timestamp(organization_id uuid, value text, end_of_day boolean)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when value ~ '^\d{4}-\d{2}-\d{2}$'
    then (value::date + case when end_of_day then 1 else 0 end)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = utc_timestamp.organization_id)
    else value::timestamptz end
$$;

create function private.audit_condition(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  since timestamptz := private.utc_timestamp(organization_id, filters ->> 'date_from', false);
  until timestamptz := private.utc_timestamp(organization_id, filters ->> 'date_to', true);
begin
  perform private.require_valid(
    coalesce(since >= '1970-01-02' and since < '9999-01-01', since is null), 'date_from', 'is out of range');
  perform private.require_valid(
    coalesce(until >= '1970-01-02' and until < '9999-01-02', until is null), 'date_to', 'is out of range');
  return format('x.organization_id = %L', organization_id)
    || case when since is null then ''
      else format(' and x.id >= %L and x.created_at >= %L', private.uuid_v7_floor(since), since) end
    || case when until is null then ''
      else format(' and x.id < %L and x.created_at < %L', private.uuid_v7_floor(until + interval '1 hour'), until) end
    || case when filters ? 'user_id' then format(' and x.actor_id = %L', (filters ->> 'user_id')::uuid) else '' end
    || case when filters ? 'action' then format(' and x.action = %L', filters ->> 'action') else '' end
    || case when filters ? 'resource' then format(' and x.resource = %L', filters ->> 'resource') else '' end
    || case when filters ? 'resource_id' then format(' and x.resource_id = %L', (filters ->> 'resource_id')::uuid)
      else '' end
    || case when filters ? 'before_id' then format(' and x.id < %L', (filters ->> 'before_id')::uuid) else '' end;
end
$$;

create function private.audit_event(
  organization_id uuid, action text, resource text, resource_id uuid default null, details jsonb default null,
  actor uuid default auth.uid())
returns void
language sql set search_path = ''
as $$
  insert into public.audit_logs
    (organization_id, actor_id, impersonator_id, action, resource, resource_id, after, via, request_id, ip)
  select audit_event.organization_id, actor, private.impersonator(), audit_event.action, audit_event.resource,
    audit_event.resource_id, nullif(details, '{}'), o.via, o.request_id, o.ip
  from private.request_origin() o
$$;

create function private.audit_person(person uuid, action text, resource text, resource_id uuid, details jsonb,
  actor uuid)
returns void
language sql set search_path = ''
as $$
  select private.audit_event(m.organization_id, audit_person.action, audit_person.resource, audit_person.resource_id,
    details, actor)
  from public.memberships m where m.user_id = person
$$;

create function private.audit_json(entry public.audit_logs, with_values boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', entry.id, 'action', entry.action, 'resource', entry.resource,
      'resource_id', entry.resource_id, 'user_id', entry.actor_id, 'user_name', a.full_name, 'user_email', a.email,
      'impersonator_id', entry.impersonator_id,
      'impersonator_name', (select i.full_name from public.profiles i where i.id = entry.impersonator_id),
      'changed', entry.changed, 'via', entry.via, 'request_id', entry.request_id, 'ip', entry.ip,
      'created_at', entry.created_at)
    || case when with_values then jsonb_build_object('before', entry.before, 'after', entry.after) else '{}' end
  from (select) one left join public.profiles a on a.id = entry.actor_id
$$;

create function private.audit_row()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  ignored text[] := coalesce(tg_argv[1:tg_nargs - 1]::text[], '{}') || 'updated_at'::text;
  old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  subject jsonb := coalesce(new_row, old_row);
  origin record := private.request_origin();
begin
  if tg_op = 'UPDATE' and old_row - ignored = new_row - ignored then
    return null;
  end if;
  insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id,
    before, after, changed, via, request_id, ip)
  values ((subject ->> 'organization_id')::uuid, auth.uid(), private.impersonator(), lower(tg_op), tg_table_name,
    (subject ->> tg_argv[0])::uuid, old_row, new_row, case when tg_op = 'UPDATE' then array(
      select n.key from jsonb_each(new_row - ignored) n where n.value is distinct from old_row -> n.key order by n.key)
      else '{}' end, origin.via, origin.request_id, origin.ip);
  return null;
end
$$;

create function private.audit_search(organization_id uuid, term text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  word text := lower(term);
  pattern text := '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%';
  -- As in the text of JSON: quotes and backslashes escaped.
  in_json text := '%'
    || replace(replace(replace(btrim(to_json(word)::text, '"'), '\', '\\'), '%', '\%'), '_', '\_') || '%';
  -- An index skip scan: an organization has few actors.
  actors uuid[] := array(
    with recursive actors (id) as (
      (select a.actor_id from public.audit_logs a
        where a.organization_id = audit_search.organization_id and a.actor_id is not null
        order by a.actor_id limit 1)
      union all
      select (
        select a.actor_id from public.audit_logs a
        where a.organization_id = audit_search.organization_id and a.actor_id > p.id order by a.actor_id limit 1)
      from actors p where p.id is not null
    )
    select p.id from actors a join public.profiles p on p.id = a.id
    where lower(p.full_name || ' ' || p.email) like pattern);
begin
  return format('(x.resource like %1$L or x.action = %2$L or x.request_id = %3$L or x.ip = %2$L
    or %2$L = any (x.changed) or x.resource_id::text = %2$L or x.id::text = %2$L
    or x.actor_id = any (%4$L) or x.impersonator_id = any (%4$L)
    or lower(x.after::text) like %5$L or lower(x.before::text) like %5$L)', pattern, word, term, actors, in_json);
end
$$;

create function private.audit_table(audited regclass, variadic masked_columns text[] default '{}')
returns void
language plpgsql set search_path = ''
as $$
declare
  arguments text := (select coalesce(string_agg(quote_literal(c), ', '), '') from unnest(masked_columns) c);
begin
  execute format('create trigger audit_insert after insert on %s referencing new table as new_rows
    for each statement execute function private.audit(%s)', audited, arguments);
  execute format('create trigger audit_update after update on %s referencing old table as old_rows new table as new_rows
    for each statement execute function private.audit(%s)', audited, arguments);
  execute format('create trigger audit_delete after delete on %s referencing old table as old_rows
    for each statement execute function private.audit(%s)', audited, arguments);
end
$$;

create function private.audit_export(organization_id uuid, resource text, filters jsonb, resource_id uuid default null)
returns void
language sql set search_path = ''
as $$
  select private.audit_event(organization_id, 'exported', audit_export.resource, audit_export.resource_id,
    filters || case when filters ? 'search' then '{"search": "***"}'::jsonb else '{}' end)
$$;

create function private.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  slice_size integer := case when filters ? 'search' then 20000 else 1000 end;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  if not filters ? 'before_id' then
    perform private.audit_export(organization_id, 'audit_logs', filters);
  end if;
  execute format(
    'with slice as materialized (select * from public.audit_logs x where %1$s order by x.id desc limit %2$s)
    select jsonb_build_object(
      ''rows'', coalesce((
        select jsonb_agg(private.audit_json(x, true) order by x.id desc) from slice x where %3$s), ''[]''),
      ''next'', (select case when count(*) = %2$s then min(s.id::text) end from slice s))',
    private.audit_condition(organization_id, filters), slice_size,
    case when filters ? 'search' then private.audit_search(organization_id, filters ->> 'search') else 'true' end)
  into answer;
  return answer;
end
$$;

grant execute on function private.export_audit_logs(uuid, jsonb) to authenticated;

create function public.export_audit_logs(organization_id uuid, filters jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_audit_logs(organization_id, filters)
$$;

comment on function public.export_audit_logs is
  'The next slice of the audit log for an export; filters.before_id is where the previous slice ended.';

grant execute on function public.export_audit_logs(uuid, jsonb) to authenticated;

create function private.get_audit_log(organization_id uuid, entry_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  select private.audit_json(x, true) into answer from public.audit_logs x
  where x.organization_id = get_audit_log.organization_id and x.id = entry_id;
  if answer is null then
    perform private.problem(404, 'not_found', 'There is no such entry.');
  end if;
  return answer;
end
$$;

grant execute on function private.get_audit_log(uuid, uuid) to authenticated;

create function public.get_audit_log(organization_id uuid, entry_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_audit_log(organization_id, entry_id)
$$;

comment on function public.get_audit_log is 'An entry of the audit log with the values before and after.';

grant execute on function public.get_audit_log(uuid, uuid) to authenticated;

create function private.list_audit_logs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  condition text;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  condition := private.audit_condition(organization_id, filters);
  if filters ? 'search' then
    execute format(
      'with searched as materialized (
        select x.id, %2$s as matches
        from (select * from public.audit_logs x where %1$s order by x.id desc limit 20000) x
      )
      select jsonb_build_object(
        ''total'', (select count(*) from searched s where s.matches),
        ''searched_from'', (
          select case when count(*) = 20000 then private.uuid_v7_time(min(s.id::text)::uuid) end from searched s),
        ''rows'', coalesce((
          select jsonb_agg(private.audit_json(x, false) order by x.id desc) from public.audit_logs x where x.id = any (
            array(select s.id from searched s where s.matches order by s.id desc limit $1 offset $2))), ''[]''))',
      condition, private.audit_search(organization_id, filters ->> 'search'))
    into answer using page_limit, page_offset;
  else
    execute format(
      'select jsonb_build_object(
        ''total'', (select count(*) from (select from public.audit_logs x where %1$s limit 10001) c),
        ''rows'', coalesce((select jsonb_agg(private.audit_json(p, false) order by p.id desc) from (
          select * from public.audit_logs x where %1$s order by x.id desc limit $1 offset $2) p), ''[]''))', condition)
    into answer using page_limit, page_offset;
  end if;
  return answer || jsonb_build_object('total', least((answer ->> 'total')::integer, 10000),
    'total_is_capped', (answer ->> 'total')::integer > 10000);
end
$$;

grant execute on function private.list_audit_logs(uuid, jsonb, integer, integer) to authenticated;

create function public.list_audit_logs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_audit_logs(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_audit_logs is 'One page of the audit log, newest first; total counts up to 10,000.';

grant execute on function public.list_audit_logs(uuid, jsonb, integer, integer) to authenticated;

create function private.record_export(organization_id uuid, resource text, filters jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_valid(resource = 'customers', 'resource', 'is not exported this way');
  perform private.require_permission(organization_id, resource || ':read');
  perform private.require_valid(jsonb_typeof(filters) = 'object' and pg_column_size(filters) <= 2000, 'filters',
    'must be a small object');
  perform private.audit_export(organization_id, resource, filters);
end
$$;

grant execute on function private.record_export(uuid, text, jsonb) to authenticated;

create function public.record_export(organization_id uuid, resource text, filters jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.record_export(organization_id, resource, filters)
$$;

comment on function public.record_export is 'Records in the audit log that the caller takes a file of customers.';

grant execute on function public.record_export(uuid, text, jsonb) to authenticated;

comment on table private.idempotency_keys is
  'The first answer to each Idempotency-Key, kept 24 h, written in the transaction of the work: both exist or neither.';

create index idempotency_keys_age on private.idempotency_keys (created_at);

comment on table private.rate_limits is
  'How many tokens a bucket of a kind has. It refills evenly, so at most twice the quota is available in a window.';

grant select on private.rate_limits to service_role;

create table private.sign_in_places (
  account text not null,
  address text not null,
  last_sign_in_at timestamptz not null default now(),
  primary key (account, address)
);

comment on table private.sign_in_places is
  'Where accounts have signed in, as SHA-256 of both. Failures elsewhere do not keep an account from signing in there.';

create index sign_in_places_age on private.sign_in_places (last_sign_in_at);

comment on table private.rate_buckets is
  'Token buckets, one per kind and subject (a person, an organization, an address or its hash).';

grant select, insert, update on private.rate_buckets to service_role;

create function private.address_block(address text)
returns text
language sql immutable set search_path = ''
as $$
  select case when private.ip_address(address) is null then left(address, 45)
    when family(address::inet) = 6 then host(network(set_masklen(address::inet, 64)))
    else host(address::inet) end
$$;

create function private.attempt_limits(attempt text, email text, address text, out kinds text[], out subjects text[])
language sql stable set search_path = ''
as $$
  with hashed as (
    select private.token_hash(lower(email)) as account, private.address_block(address) as address,
      private.token_hash(private.address_block(address)) as place
  ), limits (attempts, kind, subject) as (
    select array['sign_in', 'register', 'recovery', 'reset'], 'auth_address', h.address from hashed h
    union all
    select array['sign_in', 'register'], 'sign_in_place', h.account || h.place from hashed h
    union all
    select array['sign_in', 'register'], 'sign_in_address', h.address from hashed h
    union all
    select array['sign_in', 'register'], 'sign_in_account', h.account from hashed h
    where not exists (select from private.sign_in_places s where s.account = h.account and s.address = h.place)
    union all
    select array['register'], 'register_address', h.address from hashed h
    union all
    select array['recovery'], 'recovery_place', h.account || h.place from hashed h
    union all
    select array['recovery'], 'recovery_account', h.account from hashed h
    union all
    select array['reset'], 'reset_address', h.address from hashed h
  )
  select coalesce(array_agg(l.kind), '{}'), coalesce(array_agg(l.subject), '{}')
  from limits l where attempt = any (l.attempts) and l.subject is not null
$$;

create function private.begin_attempt(attempt text, email text, address text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  limits record := private.attempt_limits(attempt, email, address);
begin
  perform private.require_valid(attempt in ('sign_in', 'register', 'recovery', 'reset'), 'attempt', 'is not known');
  return private.rate_limit_refusal(limits.kinds, limits.subjects);
end
$$;

grant execute on function private.begin_attempt(text, text, text) to service_role;

create function public.begin_attempt(attempt text, email text default null, address text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_attempt(attempt, email, address)
$$;

comment on function public.begin_attempt is
  'For the auth function: takes the tokens of an attempt (sign_in, register, recovery, reset); null, or the refusal.';

grant execute on function public.begin_attempt(text, text, text) to service_role;

create function private.end_sign_in(email text, outcome text, address text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  limits record := private.attempt_limits('sign_in', email, address);
begin
  perform private.require_valid(outcome in ('succeeded', 'failed', 'unknown'), 'outcome', 'is not known');
  if outcome = 'failed' then
    perform private.audit_person(p.id, 'sign_in_failed', 'profiles', p.id, null, null)
    from public.profiles p where p.email = lower(end_sign_in.email);
    return;
  end if;
  update private.rate_buckets b set tokens = b.tokens + 1
  from unnest(limits.kinds, limits.subjects) as l (kind, subject)
  where b.kind = l.kind and b.subject = l.subject and b.kind like 'sign_in_%';
  if outcome = 'succeeded' and address is not null then
    insert into private.sign_in_places as s (account, address)
    values (private.token_hash(lower(email)), private.token_hash(private.address_block(end_sign_in.address)))
    on conflict on constraint sign_in_places_pkey do update set last_sign_in_at = now();
  end if;
end
$$;

grant execute on function private.end_sign_in(text, text, text) to service_role;

create function public.end_sign_in(email text, outcome text, address text default null)
returns void
language sql set search_path = ''
as $$
  select private.end_sign_in(email, outcome, address)
$$;

comment on function public.end_sign_in is 'For the auth function: how an attempt to sign in ended.';

grant execute on function public.end_sign_in(text, text, text) to service_role;

grant execute on function private.idempotent_response(uuid) to authenticated;

grant execute on function private.invoke(text, jsonb) to service_role;

create function public.invoke_job(job text, body jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.invoke('jobs/' || job, body)
$$;

comment on function public.invoke_job is 'Starts the next run of a job that has more to do than fits one run.';

grant execute on function public.invoke_job(text, jsonb) to service_role;

create function private.over_rate_limit(kind text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.rate_limit_refusal(array[kind], array[auth.uid()::text], cost)
$$;

comment on function private.over_rate_limit is
  'Takes tokens from the caller''s bucket; null, or the refusal that the function must return.';

grant execute on function private.store_idempotent_response(uuid, jsonb) to authenticated;

create function private.take_own_tokens(kind text, cost integer)
returns jsonb
language sql security definer set search_path = ''
as $$
  select private.take_tokens(array[kind], array[auth.uid()::text], cost)
$$;

grant execute on function private.take_own_tokens(text, integer) to authenticated;

create function public.take_rate_limit(kind text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.take_own_tokens(kind, cost)
$$;

comment on function public.take_rate_limit is 'Takes tokens from the caller''s own bucket of a kind.';

grant execute on function public.take_rate_limit(text, integer) to authenticated;

create function public.take_rate_limit_of(kind text, subject text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.take_tokens(array[kind], array[subject], cost)
$$;

comment on function public.take_rate_limit_of is
  'Takes tokens for a caller without a user (sign-in, webhooks); the subject is an address or account.';

grant execute on function public.take_rate_limit_of(text, text, integer) to service_role;

grant execute on function private.take_tokens(text[], text[], integer) to service_role;

comment on table public.notifications is 'Notifications in the application, one row per person and event.';

comment on column public.notifications.event_key is
  'Identifies the event; a person is notified of the same event once.';

create index notifications_inbox on public.notifications (organization_id, user_id, id desc);

create index notifications_user on public.notifications (user_id);

create unique index notifications_event on public.notifications (organization_id, user_id, event_key)
  where event_key is not null;

create index notifications_unread on public.notifications (organization_id, user_id) where read_at is null;

alter table public.notifications enable row level security;

create policy "people read their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]));

create policy "people mark their own notifications" on public.notifications for update to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]))
  with check (user_id = (select auth.uid()));

revoke all on public.notifications from public, anon, authenticated, service_role;

grant select on public.notifications to authenticated, service_role;

grant update (read_at) on public.notifications to authenticated;

create function private.broadcast_notifications()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.send(jsonb_build_object('id', n.id, 'organization_id', n.organization_id, 'kind', n.kind,
    'title', n.title, 'body', n.body, 'data', n.data, 'created_at', n.created_at),
    'notification', 'user:' || n.user_id, true)
  from new_rows n;
  return null;
exception when others then
  raise warning 'notifications were not broadcast: %', sqlerrm;
  return null;
end
$$;

create trigger broadcast after insert on public.notifications referencing new table as new_rows
  for each statement execute function private.broadcast_notifications();

comment on table public.notification_preferences is
  'How a person gets notifications of a kind. Without a row: in the application and by e-mail.';

create index notification_preferences_user on public.notification_preferences (user_id);

alter table public.notification_preferences enable row level security;

create policy "people read their own preferences" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.notification_preferences from public, anon, authenticated, service_role;

grant select on public.notification_preferences to authenticated, service_role;

create trigger set_updated_at before update on public.notification_preferences
  for each row execute function private.set_updated_at();

comment on type private.notification is
  'A notification to write. data: values for the e-mail template of the kind, and ids for links in the application.';

create function private.conditions(filters jsonb, allowed jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(
    format(' and x.%I %s ($2 ->> %L)::%s', allowed -> f.key ->> 0, allowed -> f.key ->> 1, f.key,
      allowed -> f.key ->> 2), ''), '')
  from jsonb_each(filters) f where allowed ? f.key
$$;

create function private.list_notifications(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1 and x.user_id = $5'
    || private.conditions(filters, '{"kind": ["kind", "=", "text"]}')
    || case when filters ->> 'unread' = 'true' then ' and x.read_at is null'
      when filters ->> 'unread' = 'false' then ' and x.read_at is not null' else '' end;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.notifications x where %1$s),
      ''unread'', (
        select count(*) from public.notifications x
        where x.organization_id = $1 and x.user_id = $5 and x.read_at is null),
      ''rows'', coalesce((
        select jsonb_agg(to_jsonb(p) - array[''organization_id'', ''user_id'', ''event_key''] order by p.id desc)
        from (select x.* from public.notifications x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using organization_id, filters, page_limit, page_offset, auth.uid();
  return answer;
end
$$;

grant execute on function private.list_notifications(uuid, jsonb, integer, integer) to authenticated;

create function public.list_notifications(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_notifications(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_notifications is
  'One page of the caller''s notifications, newest first, and the number of unread ones. filters: { unread?, kind? }.';

grant execute on function public.list_notifications(uuid, jsonb, integer, integer) to authenticated;

comment on function private.notification_kinds is
  'The kinds with a preference. For notifications of any other kind the preference of system counts.';

create function private.save_notification_preferences(organization_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'notifications:read');
  insert into public.notification_preferences as f (organization_id, user_id, kind, in_app, email)
  select save_notification_preferences.organization_id, auth.uid(), c.kind, coalesce(c.in_app, true),
    coalesce(c.email, true)
  from jsonb_to_recordset(coalesce(changes, '[]')) as c (kind text, in_app boolean, email boolean)
  order by c.kind
  on conflict on constraint notification_preferences_once do update set
    in_app = coalesce((
      select c.in_app from jsonb_to_recordset(changes) as c (kind text, in_app boolean)
      where c.kind = f.kind), f.in_app),
    email = coalesce((
      select c.email from jsonb_to_recordset(changes) as c (kind text, email boolean)
      where c.kind = f.kind), f.email);
  return (
    select jsonb_agg(jsonb_build_object('kind', k.kind, 'in_app', coalesce(f.in_app, true),
      'email', coalesce(f.email, true)) order by k.position)
    from unnest(private.notification_kinds()) with ordinality as k (kind, position)
    left join public.notification_preferences f
      on f.organization_id = save_notification_preferences.organization_id and f.user_id = auth.uid()
      and f.kind = k.kind);
end
$$;

grant execute on function private.save_notification_preferences(uuid, jsonb) to authenticated;

create function public.notification_preferences(organization_id uuid, changes jsonb default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.save_notification_preferences(organization_id, changes)
$$;

comment on function public.notification_preferences is
  'How the caller gets each kind of notification, after applying changes: [{ kind, in_app?, email? }].';

grant execute on function public.notification_preferences(uuid, jsonb) to authenticated;

comment on function private.notify is
  'Notifies people of events, in the application and by e-mail as each prefers, once per event.';

create function private.purge_notifications()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.email_secrets s using public.invitations i
  where i.id = s.invitation_id and (i.accepted_at is not null or i.expires_at <= now());
  delete from public.emails e using public.organizations o
  where o.id = e.organization_id and e.status in ('sent', 'failed', 'canceled')
    and e.created_at < now() - make_interval(months => o.message_retention_months);
  delete from public.notifications n using public.organizations o
  where o.id = n.organization_id
    and n.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
end
$$;

create function private.read_notification(organization_id uuid, notification_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  notification public.notifications;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  update public.notifications n set read_at = coalesce(n.read_at, now())
  where n.organization_id = read_notification.organization_id and n.user_id = auth.uid() and n.id = notification_id
  returning * into notification;
  if notification.id is null then
    perform private.problem(404, 'not_found', 'There is no such notification.');
  end if;
  return to_jsonb(notification) - array['organization_id', 'user_id', 'event_key'];
end
$$;

grant execute on function private.read_notification(uuid, uuid) to authenticated;

create function public.read_notification(organization_id uuid, notification_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_notification(organization_id, notification_id)
$$;

comment on function public.read_notification is 'Marks one of the caller''s notifications as read and returns it.';

grant execute on function public.read_notification(uuid, uuid) to authenticated;

create function private.read_notifications(organization_id uuid, until timestamptz)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  marked integer;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  update public.notifications n set read_at = now()
  where n.organization_id = read_notifications.organization_id and n.user_id = auth.uid() and n.read_at is null
    and (until is null or n.created_at <= until);
  get diagnostics marked = row_count;
  return marked;
end
$$;

grant execute on function private.read_notifications(uuid, timestamptz) to authenticated;

create function public.read_notifications(organization_id uuid, until timestamptz default null)
returns integer
language sql set search_path = ''
as $$
  select private.read_notifications(organization_id, until)
$$;

comment on function public.read_notifications is
  'Marks the caller''s unread notifications as read, all or those created until a time; returns how many.';

grant execute on function public.read_notifications(uuid, timestamptz) to authenticated;

comment on table public.emails is
  'The e-mail outbox. An event is mailed to an address once; a failed e-mail stays, with the reason.';

comment on column public.emails.status is 'canceled: nobody needed it any more when it was due.';

comment on column public.emails.claim is
  'The number of claims; identifies one attempt, so that a late outcome is recognized.';

comment on column public.emails.edition is
  'Incremented when an e-mail is sent again on purpose; id and edition are its idempotency key and Message-ID.';

create index emails_listing on public.emails (organization_id, created_at desc);

create index emails_user on public.emails (user_id) where user_id is not null;

create index emails_sending on public.emails (sending_at) where status = 'sending';

create index emails_due on public.emails (organization_id, next_attempt_at) where status = 'queued';

create index emails_by_status on public.emails (organization_id, status, created_at desc);

create index emails_to on public.emails (organization_id, to_address);

create index emails_lead on public.emails (organization_id, lead_id) where lead_id is not null;

create index emails_again on public.emails (organization_id, lead_id, created_at desc)
  where lead_id is not null and event_key like 'assignment:%:again:%';

alter table public.emails enable row level security;

create policy "those who manage e-mails read their organization's" on public.emails for select to authenticated
  using (organization_id = any ((select private.organizations_with('emails:manage'))::uuid[]));

revoke all on public.emails from public, anon, authenticated, service_role;

grant select (
  id, organization_id, user_id, lead_id, kind, to_address, event_key, status, attempts, next_attempt_at, sending_at,
  sent_at, provider, provider_message_id, last_error, created_at, updated_at
) on public.emails to authenticated, service_role;

create trigger set_updated_at before update on public.emails
  for each row execute function private.set_updated_at();

create function private.start_emails()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from new_rows where status = 'queued' and next_attempt_at <= now()) then
    perform private.invoke('jobs/send-emails');
  end if;
  return null;
end
$$;

create trigger start_emails after insert on public.emails referencing new table as new_rows
  for each statement execute function private.start_emails();

comment on table private.email_secrets is
  'Tokens for e-mails that are not sent yet; deleted when the e-mail is sent or the invitation ends.';

create index email_secrets_invitation on private.email_secrets (invitation_id);

create table private.mail_outage (
  singleton boolean primary key default true constraint mail_outage_singleton check (singleton),
  outages integer not null,
  resume_at timestamptz not null,
  reason text not null
);

comment on table private.mail_outage is
  'One row while the circuit is open because the mail server cannot be reached: one e-mail at a time is tried.';

create function private.email_allowance(batch_size integer)
returns integer
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  outage private.mail_outage;
begin
  select * into outage from private.mail_outage;
  if outage.singleton is null then
    return batch_size;
  end if;
  update public.emails e
  set status = 'failed', last_error = left('The mail server could not be reached for a day: ' || outage.reason, 500)
  where e.status = 'queued' and e.next_attempt_at < now() - interval '1 day';
  update private.mail_outage o set resume_at = now() + interval '1 minute' where o.resume_at <= now();
  return case when found then least(batch_size, 1) else 0 end;
end
$$;

create function private.organizations_with_due_emails()
returns uuid[]
language sql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
  with recursive tenants as (
    (select e.organization_id from public.emails e where e.status = 'queued' order by e.organization_id limit 1)
    union all
    select (
      select e.organization_id from public.emails e
      where e.status = 'queued' and e.organization_id > t.organization_id order by e.organization_id limit 1)
    from tenants t where t.organization_id is not null
  )
  select coalesce(array_agg(t.organization_id order by random()), '{}')
  from tenants t
  where exists (
    select from public.emails e
    where e.organization_id = t.organization_id and e.status = 'queued' and e.next_attempt_at <= now())
$$;

create function private.email_cancel_reason(email_id uuid, kind text, organization_id uuid, user_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select case
    when o.standing = 'suspended' then 'The organization is suspended.'
    when kind = 'invitation' and o.standing <> 'approved' then 'The organization is not approved to write to strangers.'
    when o.standing = 'sandbox' and not exists (
      select from auth.users u where u.id = email_cancel_reason.user_id and u.email_confirmed_at is not null)
    then 'The person has not confirmed their e-mail address.'
    when kind = 'invitation' and not exists (
      select from private.email_secrets s join public.invitations i on i.id = s.invitation_id
      where s.email_id = email_cancel_reason.email_id and i.accepted_at is null and i.expires_at > now())
    then 'The invitation was accepted, withdrawn or has expired.'
    when kind <> 'invitation' and not exists (
      select from public.memberships m
      where m.organization_id = email_cancel_reason.organization_id and m.user_id = email_cancel_reason.user_id
        and m.status = 'active')
    then 'The person is not an active member of the organization any more.' end
  from public.organizations o where o.id = email_cancel_reason.organization_id
$$;

create function private.claim_emails(batch_size integer, provider text)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  tenants uuid[] := private.organizations_with_due_emails();
  allowance integer := case when cardinality(tenants) > 0 then private.email_allowance(batch_size) else 0 end;
  answer jsonb;
begin
  if allowance < 1 then
    return '[]'::jsonb;
  end if;
  with picked as (
    select p.* from unnest(tenants) as tenant (id)
    cross join lateral (
      select e.id, e.kind, e.user_id, e.organization_id from public.emails e
      where e.organization_id = tenant.id and e.status = 'queued' and e.next_attempt_at <= now()
      order by e.next_attempt_at
      limit ceil(allowance::numeric / cardinality(tenants))
      for update of e skip locked
    ) p
    limit allowance
  ), checked as materialized (
    select p.id, private.email_cancel_reason(p.id, p.kind, p.organization_id, p.user_id) as cancel_reason from picked p
  ), marked as (
    update public.emails e set
      status = case when c.cancel_reason is null then 'sending' else 'canceled' end,
      last_error = coalesce(c.cancel_reason, e.last_error),
      attempts = e.attempts + case when c.cancel_reason is null then 1 else 0 end,
      claim = e.claim + 1,
      sending_at = case when c.cancel_reason is null then clock_timestamp() end,
      provider = claim_emails.provider
    from checked c where e.id = c.id
    returning e.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', m.id, 'claim', m.claim, 'edition', m.edition, 'kind', m.kind, 'to', m.to_address,
    'name', (select p.full_name from public.profiles p where p.id = m.user_id),
    'data', m.data || jsonb_strip_nulls(jsonb_build_object('token', (
      select s.token from private.email_secrets s where s.email_id = m.id))),
    'organization', jsonb_build_object(
      'name', o.name, 'locale', o.locale, 'country', o.country, 'time_zone', o.time_zone)
    )) filter (where m.status = 'sending'), '[]')
  into answer
  from marked m join public.organizations o on o.id = m.organization_id;
  return answer;
end
$$;

create function private.email_json(email public.emails)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', email.id, 'kind', email.kind, 'to', email.to_address, 'user_id', email.user_id,
    'user_name', (select p.full_name from public.profiles p where p.id = email.user_id), 'lead_id', email.lead_id,
    'title', email.data ->> 'title', 'status', email.status, 'attempts', email.attempts, 'reason', email.last_error,
    'next_attempt_at', case when email.status = 'queued' then email.next_attempt_at end, 'sent_at', email.sent_at,
    'provider', email.provider, 'created_at', email.created_at)
$$;

create function private.release_expired_email_leases(lease_seconds integer)
returns void
language sql set search_path = '' set enable_seqscan = off set jit = off
as $$
  update public.emails e set
    status = case
      when e.provider = 'resend' and e.attempts < 3 and e.sending_at > now() - interval '23 hours' then 'queued'
      else 'failed' end,
    last_error = 'The sender stopped before it recorded the outcome: the e-mail may have been sent.',
    sending_at = null, next_attempt_at = now()
  where e.id in (
    select d.id from public.emails d
    where d.status = 'sending' and d.sending_at < now() - lease_seconds * interval '1 second'
    for update skip locked)
$$;

create function private.email_retry_delay(attempts integer, base_seconds integer)
returns interval
language sql volatile set search_path = ''
as $$
  select base_seconds * 5 ^ (least(attempts, 5) - 1) * (0.75 + random() / 2) * interval '1 second'
$$;

create function private.record_emails(outcomes jsonb, retry_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  max_attempts constant integer := 3;
begin
  if jsonb_array_length(outcomes) = 0 then
    return;
  end if;
  with r as (
    select * from jsonb_to_recordset(outcomes) as x (id uuid, claim integer, kind text, provider_message_id text,
      reason text, retry_after_seconds integer)
  ), recorded as (
    update public.emails e set
      status = case
        when r.kind = 'accepted' then 'sent'
        when r.kind = 'throttled' or (r.kind in ('retry', 'outage') and e.attempts < max_attempts) then 'queued'
        else 'failed' end,
      attempts = e.attempts - case when r.kind = 'throttled' then 1 else 0 end,
      next_attempt_at = case when r.kind in ('retry', 'outage', 'throttled') then now() + greatest(
          case when r.kind = 'throttled' then interval '1 second'
            else private.email_retry_delay(e.attempts, retry_seconds) end,
          coalesce(r.retry_after_seconds, 0) * interval '1 second')
        else e.next_attempt_at end,
      sending_at = null,
      sent_at = case when r.kind = 'accepted' then clock_timestamp() else e.sent_at end,
      provider_message_id = coalesce(r.provider_message_id, e.provider_message_id),
      last_error = case when r.kind = 'accepted' then null else left(r.reason, 500) end
    from r
    where e.id = r.id and e.claim = r.claim
      and (e.status = 'sending' or (r.kind = 'accepted' and e.status in ('queued', 'failed')))
    returning e.id, e.status
  )
  delete from private.email_secrets s using recorded d where s.email_id = d.id and d.status = 'sent';
  if jsonb_path_exists(outcomes, '$[*] ? (@.kind == "accepted" || @.kind == "rejected")') then
    -- Hosted projects refuse a DELETE without WHERE (pg-safeupdate).
    delete from private.mail_outage where singleton;
  elsif jsonb_path_exists(outcomes, '$[*] ? (@.kind == "outage")') then
    insert into private.mail_outage as o (outages, resume_at, reason)
    values (1, now() + retry_seconds * interval '0.5 second',
      coalesce(jsonb_path_query_first(outcomes, '$[*] ? (@.kind == "outage").reason') #>> '{}', ''))
    on conflict on constraint mail_outage_pkey do update set
      outages = o.outages + 1, reason = excluded.reason,
      resume_at = now() + least(600, retry_seconds * 2 ^ (least(o.outages, 12) - 1)) * interval '1 second';
  end if;
end
$$;

create function private.exchange_email_batch(outcomes jsonb, batch_size integer, provider text, retry_seconds integer,
  lease_seconds integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
begin
  perform private.record_emails(outcomes, greatest(retry_seconds, 1));
  if batch_size > 0 then
    perform private.release_expired_email_leases(lease_seconds);
    claimed := private.claim_emails(batch_size, provider);
  end if;
  return jsonb_build_object('emails', claimed, 'next_due_at', case when jsonb_array_length(claimed) = 0 then (
    select min(due.at) from (
      select greatest(
        min(e.next_attempt_at), coalesce((select o.resume_at from private.mail_outage o), '-infinity')) as at
      from public.emails e where e.status = 'queued' and e.next_attempt_at < now() + interval '1 minute'
      -- Without it an empty queue would be due at -infinity, because greatest() ignores the null of min().
      having count(*) > 0
    ) due where due.at < now() + interval '1 minute') end);
end
$$;

grant execute on function private.exchange_email_batch(jsonb, integer, text, integer, integer) to service_role;

create function public.exchange_email_batch(outcomes jsonb, batch_size integer, provider text, retry_seconds integer,
  lease_seconds integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.exchange_email_batch(outcomes, batch_size, provider, retry_seconds, lease_seconds)
$$;

comment on function public.exchange_email_batch is
  'Records the outcomes of a group of e-mails and claims the next group, in one round trip.';

grant execute on function public.exchange_email_batch(jsonb, integer, text, integer, integer) to service_role;

create function private.list_emails(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "kind": ["kind", "=", "text"], "to": ["to_address", "=", "text"],
    "lead_id": ["lead_id", "=", "uuid"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'emails:manage');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.emails x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.email_json(p) order by p.created_at desc, p.id desc) from (
        select x.* from public.emails x where %1$s
        order by x.created_at desc, x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;

grant execute on function private.list_emails(uuid, jsonb, integer, integer) to authenticated;

create function public.list_emails(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_emails(organization_id, filters, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_emails is
  'One page of the organization''s e-mails, newest first. filters: { status?, kind?, to?, lead_id? }.';

grant execute on function public.list_emails(uuid, jsonb, integer, integer) to authenticated;

create function private.resend_email(organization_id uuid, email_id uuid, force boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  email public.emails;
begin
  perform private.require_permission(organization_id, 'emails:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into email from public.emails e
  where e.organization_id = resend_email.organization_id and e.id = email_id for update;
  if email.id is null then
    perform private.problem(404, 'not_found', 'There is no such e-mail.');
  elsif email.status in ('queued', 'sending') then
    perform private.problem(409, 'on_its_way', 'This e-mail is already queued or being sent.');
  elsif email.status = 'canceled' then
    perform private.problem(409, 'not_needed', 'This e-mail is not needed any more: ' || email.last_error);
  elsif email.kind = 'invitation' and not exists (select from private.email_secrets s where s.email_id = email.id) then
    perform private.problem(409, 'not_needed', 'The link in this e-mail is no longer valid. Invite the person again.');
  elsif email.status = 'sent' and not force then
    perform private.problem(409, 'already_sent', 'This e-mail was sent. Use force=true to send it again.');
  end if;
  answer := private.rate_limit_refusal(array['resend_email', 'invite_recipient'],
    array[auth.uid()::text, case when email.kind = 'invitation' then private.token_hash(email.to_address) end]);
  if answer is not null then
    return answer;
  end if;
  update public.emails e set
    status = 'queued', attempts = 0, next_attempt_at = now(), last_error = null, sent_at = null,
    edition = e.edition + case when force then 1 else 0 end
  where e.id = email.id
  returning * into email;
  perform private.invoke('jobs/send-emails');
  return private.store_idempotent_response(organization_id, private.email_json(email));
end
$$;

grant execute on function private.resend_email(uuid, uuid, boolean) to authenticated;

create function public.resend_email(organization_id uuid, email_id uuid, force boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_email(organization_id, email_id, force)
$$;

comment on function public.resend_email is 'Queues a failed e-mail again, or with force one that was sent; returns it.';

grant execute on function public.resend_email(uuid, uuid, boolean) to authenticated;

create function private.may_listen(topic text)
returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  parts text[] := string_to_array(topic, ':');
  subject uuid;
begin
  if auth.uid() is null or parts[2] is null or parts[2] !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return false;
  end if;
  perform private.require_session();
  subject := parts[2]::uuid;
  if topic = 'user:' || subject then
    return subject = auth.uid();
  end if;
  if topic = 'campaign:' || subject then
    return exists (
      select from public.campaigns c
      join public.memberships m
        on m.organization_id = c.organization_id and m.user_id = auth.uid() and m.status = 'active'
      join public.role_permissions p
        on p.role_id = m.role_id and p.permission = 'campaigns:read' and p.scope = 'organization'
      where c.id = subject and c.deleted_at is null and c.organization_id = any (private.my_organizations()));
  end if;
  return exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where m.user_id = auth.uid() and m.status = 'active' and m.organization_id = any (private.my_organizations()) and (
      (topic = 'organization:' || subject || ':leads' and m.organization_id = subject and p.scope = 'organization')
      or (topic = 'team:' || subject || ':leads' and m.team_id = subject and p.scope in ('team', 'organization'))));
end
$$;

create policy "people listen to their own channel and to what they may read" on realtime.messages
  for select to authenticated
  using (extension in ('broadcast', 'presence') and (select private.may_listen((select realtime.topic()))));

create function private.broadcast_leads(groups jsonb)
returns void
language plpgsql set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform realtime.send(
    case
      when bool_or(t.lead is null) then
        jsonb_build_object('organization_id', t.organization_id, 'change', 'many', 'count', sum(t.count))
      when bool_and(t.removed) then jsonb_build_object(
        'organization_id', t.organization_id, 'lead_id', t.lead -> 'lead_id', 'change', 'removed')
      else t.lead || jsonb_build_object('organization_id', t.organization_id) end,
    'lead', t.topic, true)
  from (
    select g.organization_id, g.lead, g.count, topics.topic, topics.removed
    from jsonb_to_recordset(groups) as g (organization_id uuid, team_id uuid, assigned_to uuid, created_by uuid,
      old_team_id uuid, old_assigned_to uuid, count integer, lead jsonb)
    cross join lateral (
      select 'organization:' || g.organization_id || ':leads', false
      union all
      select 'team:' || v.team_id || ':leads', v.removed
      from (values (g.team_id, false), (g.old_team_id, true)) as v (team_id, removed)
      where v.team_id is not null and (not v.removed or v.team_id is distinct from g.team_id)
      union all
      select 'user:' || m.user_id, m.user_id is distinct from g.assigned_to and m.user_id is distinct from g.created_by
      from public.memberships m
      where m.organization_id = g.organization_id and m.status = 'active'
        and m.user_id in (g.assigned_to, g.created_by, g.old_assigned_to)
    ) as topics (topic, removed)
  ) t
  group by t.organization_id, t.topic, t.lead;
end
$$;

create function private.broadcast_lead_changes()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  max_events constant integer := 100;
  groups jsonb;
begin
  if tg_op = 'INSERT' then
    if (select count(*) from new_rows) <= max_events then
      select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'team_id', n.team_id,
        'assigned_to', n.assigned_to, 'created_by', n.created_by, 'lead', jsonb_build_object(
          'lead_id', n.id, 'version', n.version, 'change', 'created', 'status', n.status,
          'assigned_to', n.assigned_to, 'sla_status', n.sla_status)))
      into groups from new_rows n where n.deleted_at is null;
    else
      select jsonb_agg(to_jsonb(g)) into groups from (
        select n.organization_id, n.team_id, n.assigned_to, n.created_by, count(*)
        from new_rows n where n.deleted_at is null group by 1, 2, 3, 4) g;
    end if;
  else
    if (
      select count(*) from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version or n.sla_status is distinct from o.sla_status
    ) <= max_events then
      select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'team_id', n.team_id,
        'assigned_to', n.assigned_to, 'created_by', n.created_by, 'old_team_id', o.team_id,
        'old_assigned_to', o.assigned_to, 'lead', jsonb_build_object(
          'lead_id', n.id, 'version', n.version, 'change', case
            when n.deleted_at is not null then 'deleted'
            when o.deleted_at is not null then 'created'
            else 'updated' end,
          'status', n.status, 'assigned_to', n.assigned_to, 'sla_status', n.sla_status)))
      into groups
      from new_rows n join old_rows o on o.id = n.id
      where (n.version <> o.version or n.sla_status is distinct from o.sla_status)
        and (n.deleted_at is null or o.deleted_at is null);
    else
      select jsonb_agg(to_jsonb(g)) into groups from (
        select n.organization_id, n.team_id, n.assigned_to, n.created_by, o.team_id as old_team_id,
          o.assigned_to as old_assigned_to, count(*)
        from new_rows n join old_rows o on o.id = n.id
        where (n.version <> o.version or n.sla_status is distinct from o.sla_status)
          and (n.deleted_at is null or o.deleted_at is null)
        group by 1, 2, 3, 4, 5, 6) g;
    end if;
  end if;
  if groups is not null then
    perform private.broadcast_leads(groups);
  end if;
  return null;
exception when others then
  raise warning 'changes of leads were not broadcast: %', sqlerrm;
  return null;
end
$$;

comment on function private.broadcast_leads is
  'Broadcasts changes of leads to all channels whose listeners may see them, one by one or as a count.';

comment on function private.may_listen is 'Whether the caller may join the private Realtime channel.';

grant execute on function private.may_listen(text) to authenticated;

comment on table public.batches is 'A unit of bulk work: a processed upload, many actions, or many texts.';

create index batches_created_by on public.batches (created_by);

create index batches_upload on public.batches (organization_id, upload_id) where upload_id is not null;

alter table public.batches enable row level security;

create policy "those who may read actions read batches" on public.batches for select to authenticated
  using (organization_id = any ((select private.organizations_with('actions:read'))::uuid[]));

revoke all on public.batches from public, anon, authenticated, service_role;

grant select on public.batches to authenticated, service_role;

comment on table public.customers is 'Accounts and what they owe. Negative arrears are a credit.';

create unique index customers_account_number_unique on public.customers (organization_id, lower(account_number));

create index customers_listing on public.customers (organization_id, created_at desc);

create index customers_by_status on public.customers (organization_id, status, created_at desc);

create index customers_by_arrears on public.customers (organization_id, arrears);

create index customers_by_name on public.customers (organization_id, name);

create index customers_by_phone on public.customers (organization_id, phone);

create index customers_search on public.customers using gin (organization_id, search_text extensions.gin_trgm_ops);

create index customers_created_by on public.customers (created_by);

alter table public.customers enable row level security;

create policy "those who may read customers read their organization's" on public.customers for select to authenticated
  using (organization_id = any ((select private.organizations_with('customers:read'))::uuid[]));

create policy "those who may write customers add them" on public.customers for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('customers:write'))::uuid[]));

create policy "those who may write customers change them" on public.customers for update to authenticated
  using (organization_id = any ((select private.organizations_with('customers:write'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('customers:write'))::uuid[]));

create policy "those who may delete customers delete them" on public.customers for delete to authenticated
  using (organization_id = any ((select private.organizations_with('customers:delete'))::uuid[]));

revoke all on public.customers from public, anon, authenticated, service_role;

grant select on public.customers to authenticated, service_role;

grant insert (organization_id, name, account_number, phone, status, arrears, currency),
  update (name, account_number, phone, status, arrears), delete on public.customers to authenticated;

create trigger set_updated_at before update on public.customers
  for each row execute function private.set_updated_at();

create table private.customer_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  status text not null,
  customers bigint not null,
  arrears numeric not null,
  rolled_up boolean not null default false
);

create function private.count_customers()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.customer_totals
    select organization_id, status, count(*), sum(arrears) from new_rows group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into private.customer_totals
    select t.organization_id, t.status, -count(*), -sum(t.arrears)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2;
  else
    insert into private.customer_totals
    select organization_id, status, sum(n), sum(amount)
    from (
      select organization_id, status, 1 as n, arrears as amount from new_rows
      union all
      select organization_id, status, -1, -arrears from old_rows
    ) d
    group by 1, 2
    having sum(n) <> 0 or sum(amount) <> 0;
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.customers referencing new table as new_rows
  for each statement execute function private.count_customers();

create trigger count_update after update on public.customers referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_customers();

create trigger count_delete after delete on public.customers referencing old table as old_rows
  for each statement execute function private.count_customers();

create function private.link_conversations_to_new_contacts()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_table_name = 'leads' then
    update public.conversations c set lead_id = n.id
    from (
      select distinct on (r.organization_id, r.phone) r.organization_id, r.phone, r.id from new_rows r
      where r.phone is not null order by r.organization_id, r.phone, r.created_at desc, r.id desc
    ) n
    where c.organization_id = n.organization_id and c.phone = n.phone;
  else
    update public.conversations c set customer_id = n.id
    from (
      select distinct on (r.organization_id, r.phone) r.organization_id, r.phone, r.id from new_rows r
      order by r.organization_id, r.phone, r.id desc
    ) n
    where c.organization_id = n.organization_id and c.phone = n.phone;
  end if;
  return null;
end
$$;

create trigger link_conversations after insert on public.customers referencing new table as new_rows
  for each statement execute function private.link_conversations_to_new_contacts();

create function private.newest_customer(organization_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select c.id from public.customers c
  where c.organization_id = newest_customer.organization_id and c.phone = newest_customer.phone
  order by c.id desc limit 1
$$;

create function private.relink_conversations_of_customer()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.conversations c set customer_id = coalesce(private.newest_customer(c.organization_id, c.phone),
    c.customer_id)
  where c.organization_id = new.organization_id and c.phone in (old.phone, new.phone);
  return null;
end
$$;

create trigger relink_conversations after update of phone on public.customers
  for each row when (old.phone is distinct from new.phone) execute function private.relink_conversations_of_customer();

create table public.customer_actions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  customer_id uuid not null,
  action text not null
    constraint customer_actions_action check (action in ('connect', 'disconnect', 'warn', 'sms_sent')),
  note text constraint customer_actions_note_length check (char_length(note) <= 2000),
  source text not null default 'manual' constraint customer_actions_source check (source in ('manual', 'batch')),
  batch_id uuid,
  performed_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint customer_actions_customer foreign key (organization_id, customer_id)
    references public.customers (organization_id, id) on delete cascade,
  constraint customer_actions_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id)
);

comment on table public.customer_actions is 'What was done to a customer, and by whom. Append-only.';

create index customer_actions_listing on public.customer_actions (organization_id, id desc);

create index customer_actions_customer on public.customer_actions (organization_id, customer_id, id desc);

create index customer_actions_batch on public.customer_actions (organization_id, batch_id) where batch_id is not null;

create index customer_actions_performed_by on public.customer_actions (performed_by);

alter table public.customer_actions enable row level security;

create policy "those who may read actions read their organization's" on public.customer_actions
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('actions:read'))::uuid[]));

create policy "those who may act record actions in their own name"
  on public.customer_actions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('actions:write'))::uuid[])
    and performed_by = (select auth.uid()) and action <> 'sms_sent');

revoke all on public.customer_actions from public, anon, authenticated, service_role;

grant select on public.customer_actions to authenticated, service_role;

grant insert (organization_id, customer_id, action, note) on public.customer_actions to authenticated;

create table private.action_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  quarter_hour timestamptz not null,
  action text not null,
  actions bigint not null,
  rolled_up boolean not null default false
);

create function private.quarter_hour(at timestamptz)
returns timestamptz
language sql immutable parallel safe set search_path = ''
as $$
  select date_bin('15 minutes', at, timestamptz '2000-01-01 00:00+00')
$$;

create function private.count_actions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.action_totals
    select organization_id, private.quarter_hour(created_at), action, count(*) from new_rows group by 1, 2, 3;
  else
    insert into private.action_totals
    select t.organization_id, private.quarter_hour(t.created_at), t.action, -count(*)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3;
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.customer_actions referencing new table as new_rows
  for each statement execute function private.count_actions();

create trigger count_delete after delete on public.customer_actions referencing old table as old_rows
  for each statement execute function private.count_actions();

create function private.status_after(action text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case action when 'connect' then 'connected' when 'disconnect' then 'disconnected' when 'warn' then 'warned' end
$$;

create function private.sync_customer_status_from_actions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.customers c set status = latest.status
  from (
    select distinct on (customer_id) customer_id, private.status_after(action) as status
    from new_rows where action <> 'sms_sent' order by customer_id, id desc
  ) latest
  where c.id = latest.customer_id and c.status <> latest.status;
  return null;
end
$$;

create trigger sync_customer_status_from_actions after insert
  on public.customer_actions referencing new table as new_rows
  for each statement execute function private.sync_customer_status_from_actions();

comment on table private.customer_totals is 'Customers and their arrears by status: a counter (see private.counters).';

create index customer_totals_organization on private.customer_totals (organization_id);

create index customer_totals_pending on private.customer_totals (organization_id) where not rolled_up;

create unique index customer_totals_once on private.customer_totals (organization_id, status) where rolled_up;

comment on table private.action_totals is 'Actions by quarter of an hour: a counter (see private.counters).';

create index action_totals_organization on private.action_totals (organization_id, quarter_hour);

create index action_totals_pending on private.action_totals (organization_id) where not rolled_up;

create unique index action_totals_once on private.action_totals (organization_id, quarter_hour, action) where rolled_up;

create function private.action_json(a public.customer_actions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(a) || jsonb_build_object('performed_by_name',
    (select p.full_name from public.profiles p where p.id = a.performed_by))
$$;

grant execute on function private.action_json(public.customer_actions) to authenticated;

grant execute on function private.conditions(jsonb, jsonb) to authenticated;

create function public.create_action(organization_id uuid, customer_id uuid, action text, note text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb := private.idempotent_response(organization_id);
  created public.customer_actions;
begin
  if answer is not null then
    return answer;
  end if;
  insert into public.customer_actions (organization_id, customer_id, action, note)
  values (organization_id, customer_id, action, note) returning * into created;
  return private.store_idempotent_response(organization_id, private.action_json(created));
exception when foreign_key_violation then
  perform private.problem(404, 'not_found', 'There is no such customer.');
  return null;
end
$$;

comment on function public.create_action is
  'Records an action; the customer''s status follows in the same transaction.';

grant execute on function public.create_action(uuid, uuid, text, text) to authenticated;

create function private.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  batch uuid;
  unknown_customers jsonb;
begin
  perform private.require_permission(organization_id, 'actions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select jsonb_agg(jsonb_build_object('path', 'actions.' || (a.ordinality - 1) || '.customer_id', 'message',
    'There is no such customer.')
    order by a.ordinality) into unknown_customers
  from private.batch_rows(actions) with ordinality a
  left join public.customers c
    on c.organization_id = create_actions.organization_id and c.id = a.customer_id
  where c.id is null;
  if unknown_customers is not null then
    perform private.problem(422, 'invalid_field', 'Some customers do not exist; nothing was recorded.',
      unknown_customers);
  end if;
  insert into public.batches (organization_id, kind, counts, created_by)
  values (organization_id, 'actions', jsonb_build_object('actions', jsonb_array_length(actions)), auth.uid())
  returning id into batch;
  insert into public.customer_actions (organization_id, customer_id, action, note, source, batch_id, performed_by)
  select create_actions.organization_id, a.customer_id, a.action, a.note, 'batch', batch, auth.uid()
  from private.batch_rows(actions) with ordinality a order by a.ordinality;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('batch_id', batch, 'created', jsonb_array_length(actions)));
end
$$;

grant execute on function private.create_actions(uuid, jsonb) to authenticated;

create function public.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_actions(organization_id, actions)
$$;

comment on function public.create_actions is 'Records many actions as one batch, in one transaction.';

grant execute on function public.create_actions(uuid, jsonb) to authenticated;

create function public.create_customer(organization_id uuid, customer jsonb)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb := private.idempotent_response(organization_id);
  created public.customers;
begin
  if answer is not null then
    return answer;
  end if;
  insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
  select create_customer.organization_id, r.name, r.account_number, r.phone, coalesce(r.status, 'connected'), r.arrears,
    (select o.currency from public.organizations o where o.id = create_customer.organization_id)
  from jsonb_to_record(customer) as r (name text, account_number text, phone text, status text, arrears numeric)
  returning * into created;
  return private.store_idempotent_response(organization_id, to_jsonb(created) - 'search_text');
end
$$;

comment on function public.create_customer is
  'Adds a customer. A repeat with the same Idempotency-Key gets the same answer.';

grant execute on function public.create_customer(uuid, jsonb) to authenticated;

create function private.actions_by_day(organization_id uuid)
returns table (day date, is_today boolean, connects numeric, disconnects numeric, warns numeric, texts numeric)
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  zone text := (select o.time_zone from public.organizations o where o.id = actions_by_day.organization_id);
  today date := (now() at time zone zone)::date;
begin
  return query
    with counted as (
      select (t.quarter_hour at time zone zone)::date as day, t.action, sum(t.actions) as actions
      from private.action_totals t
      where t.organization_id = actions_by_day.organization_id
        -- A day early, because a local midnight can occur twice.
        and t.quarter_hour >= (today - 30)::timestamp at time zone zone
      group by 1, 2
    )
    select d::date, d::date = today,
      coalesce(sum(c.actions) filter (where c.action = 'connect'), 0),
      coalesce(sum(c.actions) filter (where c.action = 'disconnect'), 0),
      coalesce(sum(c.actions) filter (where c.action = 'warn'), 0),
      coalesce(sum(c.actions) filter (where c.action = 'sms_sent'), 0)
    from generate_series(today - 29, today, interval '1 day') d
    left join counted c on c.day = d::date
    group by d;
end
$$;

create table private.message_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  status text not null,
  messages bigint not null,
  segments bigint not null,
  rolled_up boolean not null default false
);

create function private.customers_dashboard(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'customers:read');
  with by_status as (
    select t.status, sum(t.customers) as customers, sum(t.arrears) as arrears
    from private.customer_totals t where t.organization_id = customers_dashboard.organization_id group by t.status
  ), days as (
    select * from private.actions_by_day(customers_dashboard.organization_id)
  ), texts as (
    select t.status, sum(t.messages) as messages
    from private.message_totals t where t.organization_id = customers_dashboard.organization_id group by t.status
  )
  select jsonb_build_object(
    'total_customers', coalesce((select sum(s.customers) from by_status s), 0),
    'by_status', jsonb_build_object(
      'connected', coalesce((select s.customers from by_status s where s.status = 'connected'), 0),
      'disconnected', coalesce((select s.customers from by_status s where s.status = 'disconnected'), 0),
      'warned', coalesce((select s.customers from by_status s where s.status = 'warned'), 0)),
    'total_arrears', coalesce((select sum(s.arrears) from by_status s), 0)::numeric(20, 2)::text,
    'recent_actions', coalesce((
      select jsonb_agg(private.action_json(r.action_row) || jsonb_build_object('customer_name', r.name)
        order by r.id desc)
      from (
        select a.id, a as action_row, c.name from public.customer_actions a
        join public.customers c on c.organization_id = a.organization_id and c.id = a.customer_id
        where a.organization_id = customers_dashboard.organization_id order by a.id desc limit 10
      ) r), '[]'),
    'actions_today', (select d.connects + d.disconnects + d.warns + d.texts from days d where d.is_today),
    'sms', jsonb_build_object(
      'queued', coalesce((select t.messages from texts t where t.status = 'queued'), 0),
      'sending', coalesce((select t.messages from texts t where t.status = 'sending'), 0),
      'sent', coalesce((select t.messages from texts t where t.status = 'sent'), 0),
      'delivered', coalesce((select t.messages from texts t where t.status = 'delivered'), 0),
      'failed', coalesce((select sum(t.messages) from texts t where t.status in ('failed', 'undelivered')), 0),
      'suppressed', coalesce((select t.messages from texts t where t.status = 'suppressed'), 0)),
    'actions_by_day', (
      select jsonb_agg(jsonb_build_object('date', d.day, 'connect', d.connects, 'disconnect', d.disconnects, 'warn',
        d.warns,
        'sms_sent', d.texts) order by d.day) from days d)
  ) into answer;
  return answer;
end
$$;

grant execute on function private.customers_dashboard(uuid) to authenticated;

create function public.customers_dashboard(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.customers_dashboard(organization_id)
$$;

comment on function public.customers_dashboard is
  'The figures of the customers'' dashboard, in the organization''s own days.';

grant execute on function public.customers_dashboard(uuid) to authenticated;

create function public.list_actions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "customer_id": ["customer_id", "=", "uuid"], "action": ["action", "=", "text"],
      "batch_id": ["batch_id", "=", "uuid"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'actions:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customer_actions x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.action_json(p) order by p.id desc) from (
        select x.* from public.customer_actions x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''),
      ''customer_known'', not $2 ? ''customer_id'' or exists (
        select from public.customers c where c.organization_id = $1 and c.id = ($2 ->> ''customer_id'')::uuid))',
    conditions)
  into answer
  using list_actions.organization_id, filters, private.page_size(page_limit), private.page_start(page_offset);
  return answer;
end
$$;

comment on function public.list_actions is
  'One page of actions, newest first. filters: { customer_id?, action?, batch_id? }.';

grant execute on function public.list_actions(uuid, jsonb, integer, integer) to authenticated;

create function public.list_customers(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "arrears_min": ["arrears", ">=", "numeric"],
      "arrears_max": ["arrears", "<=", "numeric"]}');
  answer jsonb;
begin
  -- Row level security alone would give somebody who was just removed an empty list instead of 403.
  perform private.require_permission(organization_id, 'customers:read');
  if sort_column not in ('name', 'account_number', 'phone', 'status', 'arrears', 'created_at', 'updated_at') then
    perform private.problem(422, 'invalid_field', 'Customers cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ? 'search' then
    conditions := conditions || ' and x.id = any (array(select private.search_customers($1, $2 ->> ''search'')))';
  end if;
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customers x where %1$s),
      ''rows'', coalesce((select jsonb_agg(to_jsonb(p) - ''search_text'') from (
        select x.* from public.customers x where %1$s order by x.%2$I %3$s, x.id %3$s limit $3 offset $4) p), ''[]''))',
    conditions, sort_column, direction)
  into answer
  using list_customers.organization_id, filters, private.page_size(page_limit), private.page_start(page_offset);
  return answer;
end
$$;

comment on function public.list_customers is 'One page of customers and their total number.';

grant execute on function public.list_customers(uuid, jsonb, text, integer, integer) to authenticated;

grant execute on function private.quarter_hour(timestamptz) to authenticated, service_role;

create function private.search_customers(organization_id uuid, term text)
returns setof uuid
language sql stable security definer set search_path = ''
as $$
  select c.id from public.customers c
  where c.organization_id = search_customers.organization_id
    and c.organization_id = any (private.organizations_with('customers:read'))
    and c.search_text like '%' || replace(replace(replace(lower(term), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;

grant execute on function private.search_customers(uuid, text) to authenticated;

grant execute on function private.status_after(text) to authenticated, service_role;

create table public.uploads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  file_name text not null constraint uploads_file_name_length check (char_length(file_name) between 1 and 255),
  rows jsonb not null,
  summary jsonb not null,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  processed_at timestamptz,
  batch_id uuid,
  constraint uploads_organization_key unique (organization_id, id),
  constraint uploads_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id)
);

comment on table public.uploads is 'The valid rows of a file, kept until they are processed or expire.';

alter table public.batches add constraint batches_upload foreign key (organization_id, upload_id)
  references public.uploads (organization_id, id) on delete set null (upload_id);

create index uploads_created_by on public.uploads (created_by);

create index uploads_batch on public.uploads (organization_id, batch_id) where batch_id is not null;

create index uploads_expiry on public.uploads (expires_at) where processed_at is null;

alter table public.uploads enable row level security;

create policy "those who may read uploads read their organization's" on public.uploads for select to authenticated
  using (organization_id = any ((select private.organizations_with('uploads:read'))::uuid[]));

revoke all on public.uploads from public, anon, authenticated, service_role;

grant select on public.uploads to authenticated, service_role;

create function public.batch_detail(organization_id uuid, batch_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(b) || jsonb_build_object('delivery', (
    select coalesce(jsonb_object_agg(d.status, d.messages), '{}')
    from (
      select m.status, count(*) as messages from public.messages m
      where m.organization_id = b.organization_id and m.batch_id = b.id group by m.status
    ) d
  ), 'created_by_name', (select p.full_name from public.profiles p where p.id = b.created_by))
  from public.batches b
  where b.organization_id = batch_detail.organization_id and b.id = batch_detail.batch_id and b.kind = 'upload'
$$;

grant execute on function public.batch_detail(uuid, uuid) to authenticated;

create function private.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'uploads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.uploads (organization_id, file_name, rows, summary, created_by)
  values (organization_id, file_name, rows, summary, auth.uid()) returning id into upload;
  return private.store_idempotent_response(organization_id, summary || jsonb_build_object('upload_id', upload));
end
$$;

grant execute on function private.create_upload(uuid, text, jsonb, jsonb) to authenticated;

create function public.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_upload(organization_id, file_name, rows, summary)
$$;

comment on function public.create_upload is
  'Keeps the valid rows of a file for 24 hours; returns the summary with upload_id.';

grant execute on function public.create_upload(uuid, text, jsonb, jsonb) to authenticated;

create function public.list_batches(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'uploads:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.batches b
      where b.organization_id = list_batches.organization_id and b.kind = 'upload'),
    'rows', coalesce((
      select jsonb_agg(to_jsonb(p) - 'skipped' || jsonb_build_object('created_by_name', (
        select u.full_name from public.profiles u where u.id = p.created_by)) order by p.id desc)
      from (
        select b.* from public.batches b
        where b.organization_id = list_batches.organization_id and b.kind = 'upload'
        order by b.id desc limit private.page_size(page_limit) offset private.page_start(page_offset)
      ) p), '[]')
  );
end
$$;

comment on function public.list_batches is 'One page of processed uploads, newest first.';

grant execute on function public.list_batches(uuid, integer, integer) to authenticated;

create function private.take_upload(organization_id uuid, upload_id uuid)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  upload public.uploads;
begin
  select * into upload from public.uploads u
  where u.organization_id = take_upload.organization_id and u.id = take_upload.upload_id
  for update;
  if upload is null then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
  if upload.processed_at is not null then
    perform private.problem(409, 'upload_processed', 'This upload was processed already.');
  end if;
  if upload.expires_at <= now() then
    perform private.problem(409, 'upload_expired', 'This upload is more than 24 hours old. Upload the file again.');
  end if;
  return upload.rows;
end
$$;

create function private.require_batch(organization_id uuid, action text, send_sms boolean, message text)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'uploads:write');
  perform private.require_permission(organization_id, 'customers:write');
  if action is not null then
    perform private.require_permission(organization_id, 'actions:write');
  end if;
  if send_sms then
    perform private.require_permission(organization_id, 'messages:send');
    if action is null and message is null then
      perform private.problem(422, 'message_required', 'Give a message, or an action whose template is to be sent.',
        '[{"path": "message", "message": "is required when texts are sent without an action"}]');
    end if;
  end if;
end
$$;

create function private.checked_template(body text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  unknown text := (
    select string_agg(distinct v[1], ', ') from regexp_matches(body, '\{\{\s*([^{}]*?)\s*\}\}', 'g') v
    where v[1] <> all (known)
  );
begin
  if unknown is not null then
    perform private.problem(422, 'unknown_variable', 'The text has unknown variables: ' || unknown || '.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'Known variables: '
        || array_to_string(known, ', ') || '.')));
  end if;
  return regexp_replace(body, '\{\{\s*([^{}]*?)\s*\}\}', '{{\1}}', 'g');
end
$$;

create function private.next_sending_time(organization public.organizations, at timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  starts time := organization.quiet_hours_start;
  ends time := organization.quiet_hours_end;
  here timestamp := at at time zone organization.time_zone;
  quiet boolean;
begin
  if starts is null then
    return at;
  end if;
  quiet := case when starts < ends then here::time >= starts and here::time < ends
    else here::time >= starts or here::time < ends end;
  if not quiet then
    return at;
  end if;
  return (here::date + case when here::time < ends then 0 else 1 end + ends) at time zone organization.time_zone;
end
$$;

create function private.rendered(body text, organization text, arrears text, account_number text, name text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select translate(replace(replace(replace(replace(body,
    '{{organization}}', translate(organization, '{', U&'\FFFF')),
    '{{arrears}}', translate(coalesce(arrears, ''), '{', U&'\FFFF')),
    '{{account_number}}', translate(coalesce(account_number, ''), '{', U&'\FFFF')),
    '{{name}}', coalesce(name, '')), U&'\FFFF', '{')
$$;

create function private.queue_messages(
  organization_id uuid, recipients jsonb, template text, purpose text, batch_id uuid default null, sender_id text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  account public.sms_accounts;
  body text := private.checked_template(template);
  sends_at timestamptz;
  answer jsonb;
begin
  select * into strict organization from public.organizations o where o.id = queue_messages.organization_id;
  select * into account from public.sms_accounts a
  where a.organization_id = queue_messages.organization_id and a.status <> 'disabled'
    and case when queue_messages.sender_id is null then a.is_default else a.sender_id = queue_messages.sender_id end
  order by a.is_default desc limit 1;
  if account is null then
    if sender_id is null then
      perform private.problem(409, 'no_sender', 'The organization has no active sender. An admin sets one up first.');
    end if;
    perform private.problem(422, 'unknown_sender', 'The organization has no active sender of this name.',
      '[{"path": "sender_id", "message": "is not one of the organization''s senders"}]');
  end if;
  sends_at := private.next_sending_time(organization, now());
  with r as materialized (
    select x.*, private.rendered(body, organization.name, x.arrears, x.account_number, x.name) as text,
      exists (
        select from public.suppressions s
        where s.organization_id = organization.id and s.phone = x."to" and s.lifted_at is null and s.scope = 'all'
      ) as suppressed
    from private.batch_rows(recipients) x
  ), queued as (
    insert into public.messages (organization_id, purpose, account_id, customer_id, lead_id, batch_id, to_number, from_number, body,
      encoding, segments, status, provider, send_after, wait_reason, created_by, error_code, error_message)
    select organization.id, queue_messages.purpose, account.id, r.customer_id, r.lead_id, queue_messages.batch_id, r."to",
      account.sender_id, r.text, s.encoding, s.segments, case when r.suppressed then 'suppressed' else 'queued' end,
      account.provider, sends_at, case when sends_at > now() and not r.suppressed then 'quiet_hours' end, auth.uid(), case when r.suppressed then 'suppressed' end,
      case when r.suppressed then 'The number has opted out.' end
    from r cross join lateral private.sms_segments(r.text) s
    order by r.position
    returning id, customer_id, status, segments, encoding
  ), recorded as (
    insert into public.customer_actions (organization_id, customer_id, action, source, batch_id, performed_by)
    select organization.id, q.customer_id, 'sms_sent', case when queue_messages.batch_id is null then 'manual' else 'batch' end,
      queue_messages.batch_id, auth.uid()
    from queued q where q.customer_id is not null and q.status = 'queued'
  )
  select jsonb_build_object(
    'first', (select jsonb_build_object('message_id', q.id, 'status', q.status, 'segments', q.segments,
      'encoding', q.encoding, 'send_after', sends_at) from queued q limit 1),
    'queued', (select count(*) from queued q where q.status = 'queued'),
    'suppressed', (select coalesce(jsonb_agg(r.position order by r.position), '[]') from r where r.suppressed)
  ) into answer;
  return answer;
end
$$;

create function private.money_text(amount numeric, currency text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select currency || ' ' || to_char(amount, 'FM999,999,999,990.00')
$$;

create function private.template_of(organization_id uuid, kind text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  body text := (
    select t.body from public.templates t
    where t.organization_id = template_of.organization_id and t.kind = template_of.kind and t.kind <> 'custom'
  );
begin
  if body is null then
    perform private.problem(409, 'no_template', 'The organization has no template for this. Give a message instead.');
  end if;
  return body;
end
$$;

create function private.queue_batch_texts(organization_id uuid, rows jsonb, batch uuid, action text, message text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  purpose text := case action when 'warn' then 'warning' when 'disconnect' then 'disconnection'
    when 'connect' then 'connection' else 'custom' end;
begin
  return private.queue_messages(organization_id, (
    select coalesce(jsonb_agg(jsonb_build_object('position', r.row, 'customer_id', c.id, 'to', c.phone, 'name', c.name,
      'account_number', c.account_number, 'arrears', private.money_text(c.arrears, c.currency))), '[]')
    from private.batch_rows(rows) r
    join public.customers c on c.organization_id = queue_batch_texts.organization_id
      and lower(c.account_number) = lower(r.account_number)
  ), coalesce(message, private.template_of(organization_id, purpose)), purpose, batch);
end
$$;

create function private.upsert_customers(organization_id uuid, rows jsonb, status text)
returns jsonb
language plpgsql set search_path = ''
as $$
#variable_conflict use_column
declare
  organization_currency text := (select o.currency from public.organizations o
    where o.id = upsert_customers.organization_id);
  created integer := 0;
  updated integer := 0;
  inserted integer;
  changed integer;
  with_status boolean;
begin
  -- One batch of an organization at a time: two over the same accounts could deadlock.
  perform pg_advisory_xact_lock(hashtextextended('upsert_customers|' || organization_id, 0));
  foreach with_status in array array[true, false] loop
    with written as (
      insert into public.customers as c (organization_id, name, account_number, phone, status, arrears, currency,
        created_by)
      select upsert_customers.organization_id, r.name, r.account_number, r.phone,
        coalesce(upsert_customers.status, r.status, 'connected'), r.arrears, organization_currency, auth.uid()
      from jsonb_to_recordset(rows) as r (name text, account_number text, phone text, arrears numeric, status text)
      where (coalesce(upsert_customers.status, r.status) is not null) = with_status
      on conflict (organization_id, lower(account_number)) do update
        set name = excluded.name, phone = excluded.phone, arrears = excluded.arrears,
          status = case when with_status then excluded.status else c.status end
        where (c.name, c.phone, c.arrears) is distinct from (excluded.name, excluded.phone, excluded.arrears)
          or (with_status and c.status <> excluded.status)
      returning c.xmax = 0 as is_new
    )
    select count(*) filter (where is_new), count(*) filter (where not is_new) into inserted, changed from written;
    created := created + inserted;
    updated := updated + changed;
  end loop;
  return jsonb_build_object('created', created, 'updated', updated,
    'unchanged', jsonb_array_length(rows) - created - updated);
exception when cardinality_violation then
  -- Validation compares account numbers too, but its lower-casing may differ from the database's in some scripts.
  perform private.problem(422, 'account_repeated', 'Two rows have the same account number; nothing was stored.');
  return null;
end
$$;

create function private.process_batch(organization_id uuid, upload_id uuid, customers jsonb, skipped jsonb, action text,
  send_sms boolean, message text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  rows jsonb;
  batch uuid;
  summary jsonb;
  actions_recorded integer := 0;
  queued jsonb := '{"queued": 0, "suppressed": []}'::jsonb;
begin
  perform private.require_batch(organization_id, action, send_sms, message);
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;

  rows := case when upload_id is null then customers else private.take_upload(organization_id, upload_id) end;
  insert into public.batches (organization_id, kind, upload_id, file_name, action, send_sms, created_by)
  values (organization_id, 'upload', upload_id, (
    select u.file_name from public.uploads u where u.id = process_batch.upload_id
  ), action, send_sms, auth.uid())
  returning id into batch;

  summary := private.upsert_customers(organization_id, rows, private.status_after(action));
  if action is not null then
    insert into public.customer_actions (organization_id, customer_id, action, source, batch_id, performed_by)
    select process_batch.organization_id, c.id, process_batch.action, 'batch', batch, auth.uid()
    from private.batch_rows(rows) r
    join public.customers c on c.organization_id = process_batch.organization_id
      and lower(c.account_number) = lower(r.account_number);
    get diagnostics actions_recorded = row_count;
  end if;
  if send_sms then
    queued := private.queue_batch_texts(organization_id, rows, batch, action, message);
  end if;

  skipped := skipped || (
    select coalesce(jsonb_agg(jsonb_build_object('row', p.value, 'reason',
      'The number has opted out: no text was queued.')), '[]')
    from jsonb_array_elements(queued -> 'suppressed') p
  );
  summary := summary || jsonb_build_object('actions', actions_recorded, 'messages_queued', queued -> 'queued');
  update public.batches b set counts = summary, skipped = process_batch.skipped where b.id = batch;
  update public.uploads u set processed_at = now(), batch_id = batch, rows = '[]' where u.id = process_batch.upload_id;
  return private.store_idempotent_response(organization_id,
    summary || jsonb_build_object('batch_id', batch, 'skipped', skipped));
end
$$;

grant execute on function private.process_batch(uuid, uuid, jsonb, jsonb, text, boolean, text) to authenticated;

create function public.process_batch(organization_id uuid, upload_id uuid default null, customers jsonb default null,
  skipped jsonb default '[]', action text default null, send_sms boolean default false, message text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.process_batch(organization_id, upload_id, customers, skipped, action, send_sms, message)
$$;

comment on function public.process_batch is 'Upserts customers, records actions and queues texts in one transaction.';

grant execute on function public.process_batch(uuid, uuid, jsonb, jsonb, text, boolean, text) to authenticated;

comment on table public.calendars is
  'Business hours of an organization. Without a row, or disabled: deadlines count wall-clock time.';

comment on column public.calendars.time_zone is 'Time zone of the opening hours; null: the organization''s.';

alter table public.calendars enable row level security;

create policy "members read their organization's calendar" on public.calendars for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendars from public, anon, authenticated, service_role;

grant select on public.calendars to authenticated, service_role;

create trigger set_updated_at before update on public.calendars
  for each row execute function private.set_updated_at();

comment on table public.calendar_periods is
  'Weekly opening hours, several periods a day, which do not overlap (private.set_calendar).';

comment on column public.calendar_periods.weekday is 'ISO 8601: 1 is Monday.';

comment on column public.calendar_periods.closes is 'Closing time, exclusive; 24:00 is the end of the day.';

alter table public.calendar_periods enable row level security;

create policy "members read their organization's opening hours" on public.calendar_periods for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendar_periods from public, anon, authenticated, service_role;

grant select on public.calendar_periods to authenticated, service_role;

comment on table public.calendar_holidays is 'Days on which the organization is closed.';

alter table public.calendar_holidays enable row level security;

create policy "members read their organization's holidays" on public.calendar_holidays for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.calendar_holidays from public, anon, authenticated, service_role;

grant select on public.calendar_holidays to authenticated, service_role;

create function private.week_periods(week jsonb)
returns table (weekday smallint, opens time, closes time, path text)
language sql immutable set search_path = ''
as $$
  select array_position(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], d.key)::smallint,
    (p.value ->> 0)::time, (p.value ->> 1)::time, format('week.%s.%s', d.key, p.ordinality - 1)
  from jsonb_each(week) d cross join jsonb_array_elements(d.value) with ordinality p
$$;

create function private.calendar_errors(calendar jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  with periods as materialized (
    select * from private.week_periods(calendar -> 'week')
  ), days as materialized (
    select (d.value ->> 'date')::date as day, d.ordinality - 1 as position
      from jsonb_array_elements(calendar -> 'holidays') with ordinality d
  ), errors as (
    select p.path, 'must name a day as mon, tue, wed, thu, fri, sat or sun' as message from periods p
      where p.weekday is null
    union all
    select p.path, 'must end after it begins' from periods p where p.opens >= p.closes
    union all
    select p.path, 'overlaps another period of the day' from periods p
    where exists (
      select from periods o where o.weekday = p.weekday and o.path <> p.path and o.opens < p.closes
        and p.opens < o.closes
        and (o.opens, o.path) < (p.opens, p.path))
    union all
    select 'week', 'must have at least one period: without open time there are no deadlines'
      where not exists (select from periods)
    union all
    select 'holidays', 'must be 1,000 at most' where (select count(*) from days) > 1000
    union all
    select format('holidays.%s.date', d.position), 'is a holiday already' from days d
    where exists (select from days o where o.day = d.day and o.position < d.position)
    union all
    select 'time_zone', 'must be an IANA time zone' where not private.is_time_zone(coalesce(calendar ->> 'time_zone',
      'UTC'))
  )
  select jsonb_agg(jsonb_build_object('path', e.path, 'message', e.message)) from (select * from errors limit 100) e
$$;

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

create function private.lead_calendar(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.calendar_json(organization_id);
end
$$;

grant execute on function private.lead_calendar(uuid) to authenticated;

create function public.lead_calendar(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_calendar(organization_id)
$$;

comment on function public.lead_calendar is
  'The organization''s business hours: { enabled, time_zone, week, holidays }; week null: none.';

grant execute on function public.lead_calendar(uuid) to authenticated;

create function private.set_calendar(organization_id uuid, calendar jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  errors jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  if jsonb_typeof(calendar -> 'week') is distinct from 'object' then
    delete from public.calendars c where c.organization_id = set_calendar.organization_id;
    perform private.request_sla_recomputation(organization_id);
    return private.calendar_json(organization_id);
  end if;
  calendar := '{"holidays": []}' || jsonb_strip_nulls(calendar);
  errors := private.calendar_errors(calendar);
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
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
  perform private.request_sla_recomputation(organization_id);
  return private.calendar_json(organization_id);
end
$$;

grant execute on function private.set_calendar(uuid, jsonb) to authenticated;

create function public.set_calendar(organization_id uuid, calendar jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_calendar(organization_id, calendar)
$$;

comment on function public.set_calendar is
  'Replaces the organization''s business hours and recomputes running response clocks. week null: wall-clock time.';

grant execute on function public.set_calendar(uuid, jsonb) to authenticated;

create function private.working_minutes_between(organization_id uuid, start timestamptz, ending timestamptz)
returns numeric
language plpgsql stable set search_path = ''
as $$
begin
  return round(extract(epoch from (private.walk_calendar(organization_id, start, null, ending)).counted) / 60, 2);
end
$$;

create table public.lead_fields (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint lead_fields_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint lead_fields_label_length check (char_length(btrim(label)) between 1 and 100),
  type text not null
    constraint lead_fields_type check (type in ('text', 'number', 'boolean', 'date', 'choice', 'choices')),
  required boolean not null default false,
  choices text[] not null default '{}',
  position integer not null,
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

comment on table public.leads is
  'Leads. Written by functions only; each change of a column that people edit raises version by one.';

comment on column public.leads.team_id is
  'The team whose managers see the lead: the assignee''s, else the one given, else the creator''s.';

comment on column public.leads.sla_status is
  'The response clock: running, due_soon (reminded), breached, met; null: no clock.';

comment on column public.leads.sla_next_at is
  'When the SLA job must next process the clock: the reminder time, then the deadline; null: never.';

comment on column public.leads.sla_explicit is
  'The deadline was set by a person: settings and calendar do not change it.';

create index leads_listing on public.leads (organization_id, created_at desc) where deleted_at is null;

create index leads_by_status on public.leads (organization_id, status, created_at desc) where deleted_at is null;

create index leads_by_source on public.leads (organization_id, source, created_at desc) where deleted_at is null;

create index leads_by_assignee on public.leads (organization_id, assigned_to, created_at desc)
  include (id, team_id, status, source, sla_status) where deleted_at is null;

create index leads_by_creator on public.leads (organization_id, created_by, created_at desc)
  include (id, team_id, assigned_to, status, source, sla_status) where deleted_at is null;

create index leads_by_team on public.leads (organization_id, team_id, created_at desc)
  include (id, assigned_to, status, source, sla_status) where deleted_at is null;

create index leads_by_sla on public.leads (organization_id, sla_status, created_at desc) where deleted_at is null
  and sla_status in ('due_soon', 'breached');

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

create index leads_deleted on public.leads (organization_id, created_at desc) where deleted_at is not null
  and merged_into is null;

create index leads_by_team_sla on public.leads (organization_id, team_id, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');

create index leads_by_assignee_sla on public.leads (organization_id, assigned_to, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');

create index leads_by_creator_sla on public.leads (organization_id, created_by, sla_status, created_at desc)
  where deleted_at is null and sla_status in ('due_soon', 'breached');

create index leads_unassigned on public.leads (organization_id, created_at desc) include (id, team_id, created_by)
  where deleted_at is null and assigned_to is null;

create index leads_by_deadline on public.leads (organization_id, sla_deadline) where deleted_at is null;

create index leads_open_by_assignee on public.leads (organization_id, assigned_to) where deleted_at is null
  and outcome is null;

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

create function private.first_stage(organization_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select s.key from public.pipeline_stages s
  where s.organization_id = first_stage.organization_id and s.outcome is null
  order by s.position limit 1
$$;

create function private.set_lead_derived_columns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    new.currency := coalesce(new.currency, (select o.currency from public.organizations o
      where o.id = new.organization_id));
    new.status := coalesce(new.status, private.first_stage(new.organization_id));
  end if;
  if tg_op = 'INSERT' or new.status <> old.status then
    new.outcome := (
      select s.outcome from public.pipeline_stages s where s.organization_id = new.organization_id
        and s.key = new.status);
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
  if tg_op = 'UPDATE' and (new.first_name, new.last_name, new.email, new.phone, new.source, new.status, new.value,
    new.tags,
      new.time_zone, new.country, new.region, new.custom_fields, new.team_id, new.assigned_to, new.deleted_at)
    is distinct from (old.first_name, old.last_name, old.email, old.phone, old.source, old.status, old.value, old.tags,
      old.time_zone, old.country, old.region, old.custom_fields, old.team_id, old.assigned_to, old.deleted_at) then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end
$$;

create trigger derive_columns before insert or update on public.leads
  for each row execute function private.set_lead_derived_columns();

create function private.stop_sla_clock(lead public.leads)
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

create function private.record_response(lead public.leads)
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

create function private.maintain_sla_clock()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  given_deadline timestamptz := nullif(current_setting('signalbox.deadline', true), '');
  settings record;
  stage_changed boolean := tg_op = 'INSERT' or new.status <> old.status;
  assignee_changed boolean := tg_op = 'INSERT' or new.assigned_to is distinct from old.assigned_to;
  reopened boolean := tg_op = 'UPDATE' and (old.deleted_at is not null or old.outcome is not null);
  unanswered boolean;
begin
  select s.sla_minutes as stage_minutes, coalesce(s.sla_minutes, l.sla_minutes) as minutes,
    make_interval(mins => l.reminder_minutes) as reminder, l.on_reassignment = 'restart' as restarts,
      l.clock_starts = 'creation' as from_creation
  into settings
  from public.lead_settings l
  left join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = new.status
  where l.organization_id = new.organization_id;

  if new.deleted_at is not null or new.outcome is not null or (new.assigned_to is null and not settings.from_creation)
    then
    return private.stop_sla_clock(new);
  end if;
  if tg_op = 'UPDATE' and new.sla_responded_at is distinct from old.sla_responded_at then
    new := private.record_response(new);
  end if;

  given_deadline := case when new.assigned_to is not null then given_deadline end;
  unanswered := new.sla_status is not null and new.sla_responded_at is null;
  if (new.sla_status is null and (stage_changed or assignee_changed or reopened))
    or (stage_changed and settings.stage_minutes is not null) or given_deadline is not null
    or (unanswered and settings.restarts and assignee_changed and new.assigned_to is not null
      and (old.assigned_to is not null or not settings.from_creation)) then
    if coalesce(settings.minutes, 0) = 0 and given_deadline is null then
      return private.stop_sla_clock(new);
    end if;
    new.sla_started_at := now();
    new.sla_explicit := given_deadline is not null;
    new.sla_deadline := coalesce(given_deadline, private.deadline_after(new.organization_id, now(), settings.minutes));
    new.sla_responded_at := null;
    new.sla_breached_at := null;
    new.sla_status := case when new.sla_deadline - settings.reminder > now() then 'running' else 'due_soon' end;
  elsif stage_changed and new.sla_status in ('running', 'due_soon') and not new.sla_explicit then
    new.sla_deadline := case when settings.minutes > 0
      then private.deadline_after(new.organization_id, new.sla_started_at, settings.minutes) end;
    if new.sla_status = 'due_soon' and new.sla_deadline - settings.reminder > now() then
      new.sla_status := 'running';
    end if;
  else
    return new;
  end if;
  if new.sla_deadline is null then
    return private.stop_sla_clock(new);
  end if;
  new.sla_next_at := case new.sla_status when 'running' then new.sla_deadline - settings.reminder
    else new.sla_deadline end;
  return new;
end
$$;

create trigger maintain_sla_clock_of_new before insert on public.leads
  for each row execute function private.maintain_sla_clock();

create trigger maintain_sla_clock before update on public.leads
  for each row when (new.status <> old.status or new.assigned_to is distinct from old.assigned_to
    or new.deleted_at is distinct from old.deleted_at or new.outcome is distinct from old.outcome
    or new.sla_responded_at is distinct from old.sla_responded_at
    or coalesce(current_setting('signalbox.deadline', true), '') <> '')
  execute function private.maintain_sla_clock();

create trigger audit_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement when (coalesce(current_setting('signalbox.clockwork', true), '') = '')
  execute function private.audit('search_text');

create trigger audit_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.audit('search_text');

create trigger audit_delete after delete on public.leads referencing old table as old_rows
  for each statement execute function private.audit('search_text');

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

create function private.notify_of_sla_events(events uuid[])
returns void
language plpgsql set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform private.notify((
    with events_to_notify as materialized (
      select e.id, e.organization_id, e.lead_id, e.event = 'breach' as breach, e.assigned_to, e.team_id, l.created_by,
        e.deadline, coalesce(nullif(l.full_name, ''), l.email, l.phone) as lead_name,
          coalesce(nullif(p.full_name, ''), p.email) as assignee_name,
            to_char(e.deadline at time zone o.time_zone, 'FMDay, FMDD FMMonth YYYY, HH24:MI') || ' (' || o.time_zone
          || ')' as local_deadline
      from public.sla_events e
      join public.leads l on l.id = e.lead_id
      join public.organizations o on o.id = e.organization_id
      left join public.profiles p on p.id = e.assigned_to
      where e.id = any (events)
    ), teams as materialized (
      select distinct t.organization_id, t.team_id from events_to_notify t where t.breach or t.assigned_to is null
    ), leaders as materialized (
      select t.organization_id, t.team_id, m.user_id
      from teams t
      join public.memberships m on m.organization_id = t.organization_id and m.team_id = t.team_id
        and m.status = 'active'
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:assign'
    ), assigners as materialized (
      select l.organization_id, l.team_id, l.user_id from leaders l
      union all
      select t.organization_id, t.team_id, m.user_id
      from teams t
      join public.memberships m on m.organization_id = t.organization_id and m.status = 'active'
      join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
      where not exists (select from leaders l where l.organization_id = t.organization_id and l.team_id = t.team_id)
    ), people as (
      select t.id, t.assigned_to as user_id from events_to_notify t where t.assigned_to is not null
      union
      select t.id, t.created_by from events_to_notify t where t.breach and t.created_by is not null
      union
      select t.id, c.user_id
      from events_to_notify t
      join assigners c on c.organization_id = t.organization_id and c.team_id is not distinct from t.team_id
      where t.breach or t.assigned_to is null
    )
    select array_agg(row(t.organization_id, p.user_id,
      case when t.breach then 'sla_breach' else 'sla_reminder' end,
      case when t.breach then 'sla_breach:' else 'sla_reminder:' end || t.lead_id || ':'
        || extract(epoch from t.deadline),
      case when t.breach then t.lead_name || ' was not answered in time' else t.lead_name
        || ' must be answered soon' end,
      case when t.breach then format('%s, %s, should have been answered by %s.', t.lead_name,
          coalesce('assigned to ' || t.assignee_name, 'assigned to nobody'), t.local_deadline)
        else format('%s must be answered by %s.', t.lead_name, t.local_deadline) end,
      jsonb_build_object('lead_id', t.lead_id, 'lead_name', t.lead_name, 'deadline', t.deadline,
      'deadline_text', t.local_deadline, 'assigned_to_name', t.assignee_name), t.lead_id)::private.notification)
    from events_to_notify t join people p using (id)));
end
$$;

create function private.record_sla()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  to_notify uuid[];
begin
  if tg_op = 'INSERT' then
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline)
    select n.organization_id, n.id, 'started', n.assigned_to, n.team_id, n.sla_deadline
    from new_rows n where n.sla_status in ('running', 'due_soon');
    return null;
  end if;
  with changes as (
    select n.organization_id, n.id, n.assigned_to, n.team_id, n.sla_started_at, n.sla_responded_at,
      o.assigned_to as old_assignee, o.sla_deadline as old_deadline, n.sla_deadline, n.sla_status,
      n.sla_status = 'met' as met, o.sla_status in ('running', 'due_soon') as was_running,
        n.sla_status in ('running', 'due_soon') as is_running, o.sla_status = 'running'
        and n.sla_status = 'due_soon' as became_due,
      n.sla_started_at is distinct from o.sla_started_at as restarted,
      n.sla_responded_at is not null and o.sla_responded_at is null as responded
    from new_rows n
    join old_rows o using (id)
    where (n.sla_status, n.sla_started_at, n.sla_responded_at) is distinct
      from (o.sla_status, o.sla_started_at, o.sla_responded_at)
      -- A merge moves a clock together with its events.
      and n.id::text is distinct from current_setting('signalbox.merging', true)
  ), events as (
    select c.*, unnest(array_remove(array[case when c.was_running and c.sla_status is null then 'stopped' end,
      case when c.is_running and c.restarted then 'started' end, case when c.became_due and not c.restarted
        then 'reminder' end,
      case when c.was_running and c.sla_status = 'breached' then 'breach' end, case when c.responded
        then 'response' end], null)) as event
    from changes c
  ), inserted as (
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met,
      response_minutes)
    select h.organization_id, h.id, h.event, case when h.event = 'stopped' then h.old_assignee else h.assigned_to end,
      h.team_id,
      case when h.event = 'stopped' then h.old_deadline else h.sla_deadline end,
      case when h.event = 'response' then h.met end, case when h.event = 'response'
        then floor(private.working_minutes_between(h.organization_id, h.sla_started_at, h.sla_responded_at)) end
    from events h
    returning id, event
  )
  select array_agg(m.id) into to_notify from inserted m where m.event in ('reminder', 'breach');
  if to_notify is not null then
    perform private.notify_of_sla_events(to_notify);
  end if;
  return null;
end
$$;

create trigger record_sla_of_new after insert on public.leads referencing new table as new_rows
  for each statement execute function private.record_sla();

create trigger record_sla after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_sla();

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
  for each row when ((old.deleted_at is null) <> (new.deleted_at is null))
    execute function private.hide_tasks_with_lead();

create type private.lead_change as (
  organization_id uuid,
  team_id uuid,
  holder_id uuid,
  creator_id uuid,
  status text,
  outcome text,
  source text,
  sla_status text,
  quarter_hour timestamptz,
  leads bigint,
  value numeric
);

create table private.lead_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  status text not null,
  outcome text,
  source text not null,
  sla_status text,
  assigned boolean not null,
  leads bigint not null,
  value numeric not null,
  rolled_up boolean not null default false
);

create table private.lead_arrivals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  quarter_hour timestamptz not null,
  leads bigint not null,
  rolled_up boolean not null default false
);

create function private.record_lead_changes(changes private.lead_change[])
returns void
language plpgsql set search_path = ''
as $$
begin
  changes := array(select c from unnest(changes) c where exists (select from public.organizations o
    where o.id = c.organization_id));
  insert into private.lead_totals
  select c.organization_id, p.id, c.team_id, c.status, c.outcome, c.source, c.sla_status, c.holder_id is not null,
    sum(c.leads), sum(c.value)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, c.holder_id, c.creator_id]) u (id)) p
  group by 1, 2, 3, 4, 5, 6, 7, 8
  having sum(c.leads) <> 0 or sum(c.value) <> 0;

  insert into private.holder_totals
  select c.organization_id, c.holder_id, p.id, c.team_id, c.outcome, c.sla_status, sum(c.leads)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, nullif(c.creator_id, c.holder_id)]) u (id)) p
  where c.holder_id is not null
  group by 1, 2, 3, 4, 5, 6
  having sum(c.leads) <> 0;

  insert into private.lead_arrivals
  select c.organization_id, p.id, c.team_id, c.quarter_hour, sum(c.leads)
  from unnest(changes) c
  cross join lateral (select distinct u.id from unnest(array[null, c.holder_id, c.creator_id]) u (id)) p
  where c.quarter_hour is not null
  group by 1, 2, 3, 4
  having sum(c.leads) <> 0;
end
$$;

create function private.count_leads()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  recent timestamptz := now() - interval '3 days';
  epoch constant timestamptz := timestamptz '2000-01-01 00:00+00';
  changes private.lead_change[];
begin
  if tg_op = 'INSERT' then
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, count(*), sum(value)
      from new_rows where deleted_at is null
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) t;
  elsif tg_op = 'DELETE' then
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, -count(*), -sum(value)
      from old_rows where deleted_at is null
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) t;
  else
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, sum(sign), sum(sign * value)
      from (
        select 1 as sign, n.organization_id, n.team_id, n.assigned_to, n.created_by, n.status, n.outcome, n.source,
          n.sla_status, n.created_at, n.value
        from new_rows n where n.deleted_at is null
        union all
        select -1, o.organization_id, o.team_id, o.assigned_to, o.created_by, o.status, o.outcome, o.source,
          o.sla_status, o.created_at, o.value
        from old_rows o where o.deleted_at is null
      ) d
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
      having sum(sign) <> 0 or sum(sign * value) <> 0
    ) t;
  end if;
  if changes is not null then
    perform private.record_lead_changes(changes);
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.count_leads();

create trigger count_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_leads();

create trigger count_delete after delete on public.leads referencing old table as old_rows
  for each statement execute function private.count_leads();

create table private.sla_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  person_id uuid,
  team_id uuid,
  outcome text not null constraint sla_totals_outcome check (outcome in ('met', 'late', 'breached')),
  response_minutes integer,
  events bigint not null,
  rolled_up boolean not null default false
);

create function private.record_sla_events(events public.sla_events[], sign integer)
returns void
language sql set search_path = ''
as $$
  insert into private.sla_totals
  select e.organization_id, p.id, e.team_id, k.outcome, k.minutes, sign * count(*)
  from unnest(events) e
  cross join lateral (
    select case when e.event = 'breach' then 'breached' when e.met then 'met' else 'late' end as outcome,
      floor(e.response_minutes)::integer as minutes) k
  cross join lateral (select distinct u.id from unnest(array[null, e.assigned_to]) u (id)) p
  where e.event in ('breach', 'response') and exists (select from public.organizations o where o.id = e.organization_id)
  group by 1, 2, 3, 4, 5
$$;

create function private.count_sla_of_leads()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  deleted uuid[];
  restored uuid[];
begin
  if exists (select from old_rows where deleted_at is not null)
    or exists (select from new_rows where deleted_at is not null) then
    select array_agg(c.id) filter (where c.sign < 0), array_agg(c.id) filter (where c.sign > 0) into deleted, restored
    from (
      select d.id, sum(d.sign) as sign
      from (
        select n.id, 1 as sign from new_rows n where n.deleted_at is null
        union all
        select o.id, -1 from old_rows o where o.deleted_at is null
      ) d
      group by d.id
      having sum(d.sign) <> 0
    ) c;
    perform private.record_sla_events(array(
      select e from public.sla_events e
      where (e.organization_id, e.lead_id) in (select o.organization_id, o.id from old_rows o
        where o.id = any (deleted))), -1);
    perform private.record_sla_events(array(
      select e from public.sla_events e
      where (e.organization_id, e.lead_id) in (select n.organization_id, n.id from new_rows n
        where n.id = any (restored))), 1);
  end if;
  return null;
end
$$;

create trigger count_sla after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_sla_of_leads();

create function private.count_sla_of_lead()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform private.record_sla_events(array(
    select e from public.sla_events e where e.organization_id = old.organization_id and e.lead_id = old.id), -1);
  return old;
end
$$;

create trigger count_sla_delete before delete on public.leads
  for each row when (old.deleted_at is null) execute function private.count_sla_of_lead();

create trigger broadcast_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.broadcast_lead_changes();

create trigger broadcast_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.broadcast_lead_changes();

create trigger link_conversations after insert on public.leads referencing new table as new_rows
  for each statement execute function private.link_conversations_to_new_contacts();

create function private.newest_lead(organization_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select l.id from public.leads l
  where l.organization_id = newest_lead.organization_id and l.phone = newest_lead.phone and l.deleted_at is null
  order by l.created_at desc, l.id desc limit 1
$$;

create function private.relink_conversations_of_lead()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.deleted_at is not null then
    update public.conversations c set lead_id = coalesce(private.newest_lead(c.organization_id, c.phone),
      new.merged_into)
    where c.organization_id = new.organization_id and c.lead_id = new.id;
  else
    update public.conversations c set lead_id = coalesce(private.newest_lead(c.organization_id, c.phone), c.lead_id)
    where c.organization_id = new.organization_id and c.phone in (old.phone, new.phone);
  end if;
  return null;
end
$$;

create trigger relink_conversations after update of deleted_at, phone on public.leads
  for each row when (old.deleted_at is distinct from new.deleted_at or old.phone is distinct from new.phone)
  execute function private.relink_conversations_of_lead();

create table public.students (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  first_name text not null constraint students_first_name_form check (char_length(first_name) between 1 and 100
    and first_name = btrim(first_name)),
  last_name text not null default ''
    constraint students_last_name_form check (char_length(last_name) <= 100 and last_name = btrim(last_name)),
  birth_date date,
  grade text constraint students_grade_length check (char_length(grade) <= 50),
  school text constraint students_school_length check (char_length(school) <= 200),
  notes text constraint students_notes_length check (char_length(notes) <= 5000),
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

create function private.check_lead(lead public.leads)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  error jsonb;
begin
  if lead.first_name = '' and lead.last_name = '' and lead.email is null and lead.phone is null then
    error := '{"path": "", "message": "A lead needs a name, an e-mail address or a phone number."}';
  elsif lead.status is not null and not exists (
      select from public.pipeline_stages s where s.organization_id = lead.organization_id and s.key = lead.status) then
    error := '{"path": "status", "message": "is not a stage of the organization''s pipeline"}';
  elsif not private.is_time_zone(lead.time_zone) then
    error := '{"path": "time_zone", "message": "is not the name of a time zone"}';
  end if;
  if error is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(error));
  end if;
end
$$;

create function private.check_lead_team(organization_id uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
      select from public.teams t where t.organization_id = check_lead_team.organization_id
        and t.id = check_lead_team.team_id)
    and team_id is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is not a team of the organization"}]');
  end if;
  if private.require_scope(organization_id, 'leads:write') <> 'organization' and not exists (
      select from public.memberships m
      where m.organization_id = check_lead_team.organization_id and m.user_id = auth.uid()
        and m.team_id = check_lead_team.team_id) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is not your team"}]');
  end if;
end
$$;

create function private.custom_value_error(type text, choices jsonb, value jsonb)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  json_type text := jsonb_typeof(value);
  value_text text := value #>> '{}';
begin
  case type
    when 'text' then
      return case when json_type <> 'string' then 'must be a text'
        when char_length(value_text) > 5000 then 'must have at most 5000 characters' end;
    when 'number' then
      return case when json_type <> 'number' then 'must be a number'
        when abs(value_text::numeric) >= 1e15 then 'must be smaller than 1,000,000,000,000,000' end;
    when 'boolean' then
      return case when json_type <> 'boolean' then 'must be true or false' end;
    when 'date' then
      if json_type = 'string' and value_text ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
        and (right(value_text, 2)::integer <= 28 or right(value_text, 2)::integer <= extract(day from
          make_date(left(value_text, 4)::integer, substr(value_text, 6, 2)::integer,
            1) + interval '1 month' - interval '1 day')) then
        return null;
      end if;
      return 'must be a date such as 2026-11-21';
    when 'choice' then
      return case when json_type <> 'string' or not choices @> value then 'must be one of the field''s choices' end;
    when 'choices' then
      return case when json_type <> 'array' or not choices @> value then 'must be a list of the field''s choices' end;
  end case;
  return null;
end
$$;

create function private.custom_field_errors(definitions jsonb, custom_fields jsonb)
returns jsonb
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  definition jsonb;
  key text;
  value jsonb;
  error text;
  errors jsonb := jsonb_build_array();
  unknown jsonb := custom_fields;
begin
  for i in 0 .. jsonb_array_length(definitions) - 1 loop
    definition := definitions -> i;
    key := definition ->> 'key';
    value := custom_fields -> key;
    unknown := unknown - key;
    error := null;
    if value is null or value in ('null', '""', '[]') then
      if definition -> 'required' = 'true' then
        error := 'is required';
      end if;
    else
      error := private.custom_value_error(definition ->> 'type', definition -> 'choices', value);
    end if;
    if error is not null then
      errors := errors || jsonb_build_object('path', 'custom_fields.' || key, 'message', error);
    end if;
  end loop;
  if unknown <> '{}' then
    for key in select k from jsonb_object_keys(unknown) k order by k loop
      errors := errors || jsonb_build_object('path', 'custom_fields.' || key, 'message',
        'is not one of the organization''s lead fields');
    end loop;
  end if;
  return errors;
end
$$;

create function private.lead_field_definitions(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', f.key, 'label', f.label, 'type', f.type, 'required', f.required,
    'choices', to_jsonb(f.choices)) order by f.position, f.key), '[]')
  from public.lead_fields f where f.organization_id = lead_field_definitions.organization_id
$$;

create function private.checked_custom_fields(organization_id uuid, current jsonb, change jsonb, is_new boolean)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  merged jsonb := jsonb_strip_nulls(current || change);
  errors jsonb;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || organization_id, 0));
  select jsonb_agg(f) into errors
  from jsonb_array_elements(private.custom_field_errors(private.lead_field_definitions(organization_id), merged)) f
  where is_new or (change ? substr(f ->> 'path', 15)
    and merged -> substr(f ->> 'path', 15) is distinct from current -> substr(f ->> 'path', 15));
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  return merged;
end
$$;

create function private.assignable_people(organization_id uuid)
returns uuid[]
language plpgsql stable set search_path = ''
as $$
declare
  assign_scope text := private.require_scope(organization_id, 'leads:assign');
begin
  return array(
    select m.user_id from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
    where m.organization_id = assignable_people.organization_id and m.status = 'active'
      and (assign_scope = 'organization' or m.user_id = auth.uid()
        or assign_scope = 'team' and m.team_id = (
          select mine.team_id from public.memberships mine
          where mine.organization_id = assignable_people.organization_id and mine.user_id = auth.uid())));
end
$$;

create function private.require_holders(organization_id uuid, user_ids uuid[], paths text[])
returns void
language plpgsql set search_path = ''
as $$
declare
  eligible uuid[] := private.lock_holders(organization_id, user_ids);
  errors jsonb := (
    select jsonb_agg(jsonb_build_object('path', u.path, 'message', 'is no active member who may hold leads')
      order by u.place)
    from unnest(user_ids, paths) with ordinality u (id, path, place) where u.id <> all (eligible));
begin
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  if not user_ids <@ private.assignable_people(organization_id) then
    perform private.problem(403, 'permission_denied',
      'Some of these people are outside the scope of your permission leads:assign.');
  end if;
end
$$;

create function private.holder_loads(organization_id uuid, user_ids uuid[])
returns table (user_id uuid, on_duty boolean, own_capacity integer, capacity integer, last_turn bigint, open bigint)
language sql stable set search_path = ''
as $$
  select u, coalesce(h.on_duty, true), h.capacity, coalesce(h.capacity, s.capacity), coalesce(h.last_turn, 0), (
    select count(*) from public.leads l
    where l.organization_id = holder_loads.organization_id and l.assigned_to = u and l.deleted_at is null
      and l.outcome is null)
  from unnest(user_ids) u
  left join public.lead_holders h on h.organization_id = holder_loads.organization_id and h.user_id = u
  left join public.lead_settings s on s.organization_id = holder_loads.organization_id
$$;

create function private.check_first_holder(organization_id uuid, user_id uuid)
returns void
language plpgsql volatile set search_path = ''
as $$
declare
  load record;
begin
  if user_id is distinct from auth.uid() then
    perform private.require_holders(organization_id, array[user_id], array['assigned_to']);
  elsif user_id <> all (private.lock_holders(organization_id, array[user_id])) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is no active member who may hold leads"}]');
  end if;
  select * into load from private.holder_loads(organization_id, array[user_id]);
  if load.open >= load.capacity then
    perform private.problem(409, 'over_capacity', 'This user has reached their lead capacity.',
      jsonb_build_object('capacity', load.capacity, 'open', load.open));
  end if;
end
$$;

create function private.lock_lead_contacts(organization_id uuid, phone text, email text)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_import|' || organization_id, 0));
  if phone is not null then
    perform pg_advisory_xact_lock(hashtextextended('lead_phone|' || organization_id || '|' || phone, 0));
  end if;
  if email is not null then
    perform pg_advisory_xact_lock(hashtextextended('lead_email|' || organization_id || '|' || email, 0));
  end if;
end
$$;

create function private.duplicate_of(organization_id uuid, phone text, email text, except_id uuid default null)
returns uuid
language sql stable set search_path = ''
as $$
  select d.id
  from (
    select l.id, l.created_at from public.leads l
    where l.organization_id = duplicate_of.organization_id and l.phone = duplicate_of.phone and l.deleted_at is null
    union all
    select l.id, l.created_at from public.leads l
    where l.organization_id = duplicate_of.organization_id and l.email = duplicate_of.email and l.deleted_at is null
  ) d
  where d.id is distinct from except_id
  order by d.created_at, d.id limit 1
$$;

create function private.lead_in_scope(lead public.leads, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = lead_in_scope.permission
    where m.user_id = auth.uid() and m.organization_id = lead.organization_id and m.status = 'active'
      and case p.scope
        when 'organization' then true
        when 'team' then lead.team_id = m.team_id or lead.assigned_to = m.user_id or lead.created_by = m.user_id
        else lead.assigned_to = m.user_id or lead.created_by = m.user_id end)
$$;

create function private.reject_duplicate(
  organization_id uuid, phone text, email text, allowed boolean, except_id uuid default null)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  existing uuid;
  lead public.leads;
begin
  if allowed then
    perform private.require_permission(organization_id, 'leads:duplicate');
    return;
  end if;
  existing := private.duplicate_of(organization_id, phone, email, except_id);
  if existing is null then
    return;
  end if;
  select * into lead from public.leads l where l.organization_id = reject_duplicate.organization_id and l.id = existing;
  perform private.problem(409, 'duplicate_lead', 'There is a lead with this phone number or e-mail address already.',
    case when private.lead_in_scope(lead, 'leads:read') then jsonb_build_object('existing_id', existing) end);
end
$$;

create function private.lead_rows(leads public.leads[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(r) - 'n' order by r.n), '[]')
    from (
      select l.n, l.id, l.version, l.first_name, l.last_name, l.full_name, l.email, l.phone, l.source, l.status,
        l.outcome, l.status_since, l.closed_at, l.value::text, l.currency, l.tags, l.time_zone, l.country, l.region,
        l.custom_fields, l.team_id, l.assigned_to,
        (select p.full_name from public.profiles p where p.id = l.assigned_to) as assigned_to_name, l.assigned_at,
        l.created_by, (select p.full_name from public.profiles p where p.id = l.created_by) as created_by_name,
        case when l.sla_status is not null then jsonb_build_object('status', l.sla_status,
          'started_at', l.sla_started_at, 'deadline', l.sla_deadline, 'responded_at', l.sla_responded_at, 'breached_at', l.sla_breached_at) end as sla,
        l.deleted_at, l.created_at, l.updated_at
      from (
        select u.*, row_number() over () as n from unnest(leads) u
      ) l
    ) r);
end
$$;

create function private.lead_json(lead public.leads)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_rows(array[lead]) -> 0
$$;

create function private.lead_of(organization_id uuid, lead_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_json(l) from public.leads l where l.organization_id = lead_of.organization_id
    and l.id = lead_of.lead_id
$$;

create function private.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  new_lead public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  new_lead := jsonb_populate_record(null::public.leads, lead || jsonb_build_object('organization_id', organization_id,
    'first_name', coalesce(lead ->> 'first_name', ''), 'last_name', coalesce(lead ->> 'last_name', '')));
  perform private.check_lead(new_lead);
  perform private.lock_lead_contacts(organization_id, new_lead.phone, new_lead.email);
  if new_lead.assigned_to is not null then
    perform private.check_first_holder(organization_id, new_lead.assigned_to);
  elsif new_lead.team_id is not null then
    perform private.check_lead_team(organization_id, new_lead.team_id);
  end if;
  perform private.reject_duplicate(organization_id, new_lead.phone, new_lead.email, allow_duplicate);
  insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, value, tags,
    time_zone, country, region, custom_fields, team_id, created_by)
  values (organization_id, new_lead.first_name, new_lead.last_name, new_lead.email, new_lead.phone,
    coalesce(new_lead.source, 'manual'), new_lead.status, coalesce(new_lead.value, 0), coalesce(new_lead.tags, '{}'),
    new_lead.time_zone, new_lead.country, new_lead.region,
    private.checked_custom_fields(organization_id, '{}', coalesce(new_lead.custom_fields, '{}'), true),
    case when new_lead.assigned_to is null then new_lead.team_id end, auth.uid())
  returning id into new_lead.id;
  if new_lead.assigned_to is not null then
    perform private.assign_leads(organization_id, array[new_lead.id], array[new_lead.assigned_to], 'manual');
  end if;
  return private.store_idempotent_response(organization_id, private.lead_of(organization_id, new_lead.id));
end
$$;

grant execute on function private.create_lead(uuid, jsonb, boolean) to authenticated;

create function public.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_lead(organization_id, lead, allow_duplicate)
$$;

comment on function public.create_lead is 'Adds a lead. A repeat with the same Idempotency-Key gets the same answer.';

grant execute on function public.create_lead(uuid, jsonb, boolean) to authenticated;

create function private.require_lead(organization_id uuid, lead_id uuid, permission text, locked boolean default false)
returns public.leads
language plpgsql volatile set search_path = ''
as $$
declare
  lead public.leads;
begin
  perform private.require_scope(organization_id, permission);
  if locked then
    select * into lead from public.leads l
    where l.organization_id = require_lead.organization_id and l.id = lead_id and l.deleted_at is null for update;
  else
    select * into lead from public.leads l
    where l.organization_id = require_lead.organization_id and l.id = lead_id and l.deleted_at is null;
  end if;
  if lead.id is null or not private.lead_in_scope(lead, 'leads:read') then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  end if;
  if not private.lead_in_scope(lead, permission) then
    perform private.problem(403, 'permission_denied', 'This lead is outside the scope of your permission '
      || permission || '.');
  end if;
  return lead;
end
$$;

create function private.create_student(organization_id uuid, lead_id uuid, student jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  new_student public.students := jsonb_populate_record(null::public.students, student);
  created public.students;
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.students (organization_id, lead_id, first_name, last_name, birth_date, grade, school, notes,
    created_by)
  values (organization_id, lead_id, new_student.first_name, coalesce(new_student.last_name, ''),
    new_student.birth_date, new_student.grade, new_student.school, new_student.notes, auth.uid())
  returning * into created;
  return private.store_idempotent_response(organization_id, to_jsonb(created) - 'organization_id');
end
$$;

grant execute on function private.create_student(uuid, uuid, jsonb) to authenticated;

create function public.create_student(organization_id uuid, lead_id uuid, student jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_student(organization_id, lead_id, student)
$$;

comment on function public.create_student is
  'Adds a student to a lead. A repeat with the same Idempotency-Key gets the same answer.';

grant execute on function public.create_student(uuid, uuid, jsonb) to authenticated;

comment on function private.custom_field_errors is
  'Validation errors of custom fields: [{ path, message }], possibly empty. definitions: see lead_field_definitions.';

comment on function private.custom_value_error is 'Null when the value fits the field, else the error message.';

create function private.delete_lead(organization_id uuid, lead_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:delete', true);
  update public.leads l set deleted_at = now(), deleted_by = auth.uid()
  where l.organization_id = delete_lead.organization_id and l.id = delete_lead.lead_id;
end
$$;

grant execute on function private.delete_lead(uuid, uuid) to authenticated;

create function public.delete_lead(organization_id uuid, lead_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_lead(organization_id, lead_id)
$$;

comment on function public.delete_lead is 'Deletes a lead softly; restore_lead undoes it.';

grant execute on function public.delete_lead(uuid, uuid) to authenticated;

create function private.delete_student(organization_id uuid, lead_id uuid, student_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  delete from public.students s
  where s.organization_id = delete_student.organization_id and s.lead_id = delete_student.lead_id and s.id = student_id;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such student.');
  end if;
end
$$;

grant execute on function private.delete_student(uuid, uuid, uuid) to authenticated;

create function public.delete_student(organization_id uuid, lead_id uuid, student_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_student(organization_id, lead_id, student_id)
$$;

comment on function public.delete_student is 'Deletes a student of a lead; the audit log keeps the row.';

grant execute on function public.delete_student(uuid, uuid, uuid) to authenticated;

create function private.utc_text(at timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create function private.lead_scope(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = lead_scope.organization_id and m.user_id = auth.uid());
begin
  return format('x.organization_id = %L and x.deleted_at is null', organization_id)
    || case
      when scope = 'organization' then ''
      when scope = 'team' and team is not null
        then format(' and (x.team_id = %1$L or x.assigned_to = %2$L or x.created_by = %2$L)', team, auth.uid())
      else format(' and (x.assigned_to = %1$L or x.created_by = %1$L)', auth.uid())
    end;
end
$$;

create function private.timestamp_in_zone(organization_id uuid, date_or_timestamp text, days_later integer)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when char_length(date_or_timestamp) = 10
    then (date_or_timestamp::date + days_later)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = timestamp_in_zone.organization_id)
    else date_or_timestamp::timestamptz end
$$;

create function private.lead_search_patterns(term text)
returns text[]
language sql immutable set search_path = ''
as $$
  select array_agg(distinct '%' || replace(replace(replace(t.pattern, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  from (
    values (lower(term)),
      (substr(to_jsonb(lower(term))::text, 2, char_length(to_jsonb(lower(term))::text) - 2)),
      (case when term ~ '^[+(]?[0-9][0-9 ().+/-]*$' then substring(regexp_replace(term, '\(0\)|[^0-9]', '', 'g')
        from '^0*([0-9]{3,})$') end)
  ) as t (pattern)
  where t.pattern <> ''
$$;

create function private.lead_filters(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := '';
begin
  if filters ? 'status' then
    conditions := conditions || format(' and x.status = %L', filters ->> 'status');
  end if;
  if filters ? 'source' then
    conditions := conditions || format(' and x.source = %L', filters ->> 'source');
  end if;
  if filters ? 'assigned_to' then
    conditions := conditions || case filters ->> 'assigned_to' when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else format(' and x.assigned_to = %L', (filters ->> 'assigned_to')::uuid) end;
  end if;
  if filters ? 'team_id' then
    conditions := conditions || format(' and x.team_id = %L', (filters ->> 'team_id')::uuid);
  end if;
  if filters ? 'tag' then
    conditions := conditions || format(' and x.tags @> %L', array[filters ->> 'tag']);
  end if;
  if filters ? 'created_from' then
    conditions := conditions || format(' and x.created_at >= %L',
      private.timestamp_in_zone(organization_id, filters ->> 'created_from', 0));
  end if;
  if filters ? 'created_to' then
    conditions := conditions || format(' and x.created_at < %L',
      private.timestamp_in_zone(organization_id, filters ->> 'created_to', 1));
  end if;
  if filters ? 'sla' then
    conditions := conditions || format(' and x.sla_status = %L', case filters ->> 'sla' when 'due' then 'due_soon'
      else filters ->> 'sla' end);
  end if;
  if filters ->> 'search' <> '' then
    conditions := conditions || (
      select format(' and (%s)', string_agg(format('x.search_text like %L', p), ' or '))
      from unnest(private.lead_search_patterns(filters ->> 'search')) p);
  end if;
  return conditions;
end
$$;

create function private.lead_conditions(organization_id uuid, filters jsonb, permission text default 'leads:read')
returns text
language sql stable set search_path = ''
as $$
  select private.lead_scope(organization_id, permission) || private.lead_filters(organization_id, filters)
$$;

create function private.export_leads(organization_id uuid, filters jsonb, after_id uuid, page_limit integer,
  count_to integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conditions text := private.lead_conditions(organization_id, filters, 'leads:export');
  definitions jsonb := private.lead_field_definitions(organization_id);
  answer jsonb;
  matching integer;
begin
  if after_id is null then
    perform private.audit_export(organization_id, 'leads', filters);
  end if;
  if count_to is not null then
    execute format('select count(*) from (select from public.leads x where %s limit %s) c', conditions,
      count_to) into matching;
  end if;
  execute format($query$
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_array(
        x.id, x.first_name, x.last_name, x.email, x.phone, x.source, x.status, x.outcome, x.value::text, x.currency,
        array_to_string(x.tags, '; '), x.time_zone, x.country, x.region, a.full_name, c.full_name, x.sla_status,
        private.utc_text(x.sla_deadline), private.utc_text(x.created_at), private.utc_text(x.updated_at))
        || coalesce((
          select jsonb_agg(case jsonb_typeof(x.custom_fields -> (d.value ->> 'key'))
            when 'array' then (select string_agg(e, '; ')
              from jsonb_array_elements_text(x.custom_fields -> (d.value ->> 'key')) e)
            else x.custom_fields ->> (d.value ->> 'key') end order by d.ordinality)
          from jsonb_array_elements($1) with ordinality d), '[]') order by x.id), '[]'),
      'last', (array_agg(x.id order by x.id desc))[1])
    from (select x.* from public.leads x where %s %s order by x.id limit %s) x
    left join public.profiles a on a.id = x.assigned_to
    left join public.profiles c on c.id = x.created_by
  $query$, conditions, case when after_id is not null then format('and x.id > %L', after_id) end, page_limit)
  into answer using definitions;
  return answer || jsonb_build_object('matching', matching, 'columns',
    jsonb_build_array('id', 'first_name', 'last_name', 'email', 'phone', 'source', 'status', 'outcome', 'value',
      'currency',
      'tags', 'time_zone', 'country', 'region', 'assigned_to', 'created_by', 'sla_status', 'sla_deadline', 'created_at',
      'updated_at') || coalesce((select jsonb_agg(d -> 'key') from jsonb_array_elements(definitions) d), '[]'));
end
$$;

grant execute on function private.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;

create function public.export_leads(organization_id uuid, filters jsonb default '{}', after_id uuid default null,
  page_limit integer default 1000, count_to integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_leads(organization_id, filters, after_id, private.page_size(page_limit, 1000), count_to)
$$;

comment on function public.export_leads is
  'The next leads after an id within the caller''s scope to export, as texts by column.';

grant execute on function public.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;

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
  constraint interactions_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade,
  constraint interactions_occurred_at_sane check (occurred_at >= '2000-01-01 00:00+00')
);

create function private.get_lead(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'leads:read');
begin
  return private.lead_json(lead) || jsonb_build_object(
    'students', coalesce((
      select jsonb_agg(to_jsonb(s) - 'organization_id' order by s.id) from (
        select s.* from public.students s
        where s.organization_id = get_lead.organization_id and s.lead_id = get_lead.lead_id order by s.id limit 50) s),
          '[]'),
    'counts', jsonb_build_object(
      'students', (
        select count(*) from public.students s
        where s.organization_id = get_lead.organization_id and s.lead_id = get_lead.lead_id),
      'interactions', case when private.lead_in_scope(lead, 'interactions:read') then (
        select count(*) from public.interactions i
        where i.organization_id = get_lead.organization_id and i.lead_id = get_lead.lead_id) end,
      'open_tasks', case when private.lead_in_scope(lead, 'tasks:read') then (
        select count(*) from public.tasks t
        where t.organization_id = get_lead.organization_id and t.lead_id = get_lead.lead_id
          and t.status in ('open', 'in_progress')) end,
      'messages', case when private.lead_in_scope(lead, 'messages:read') then (
        select count(*) from public.messages m
        where m.organization_id = get_lead.organization_id and m.lead_id = get_lead.lead_id) end));
end
$$;

grant execute on function private.get_lead(uuid, uuid) to authenticated;

create function public.get_lead(organization_id uuid, lead_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_lead(organization_id, lead_id)
$$;

comment on function public.get_lead is
  'A lead with its students and the numbers of its interactions, open tasks and messages.';

grant execute on function public.get_lead(uuid, uuid) to authenticated;

comment on function private.lead_conditions is
  'The SQL condition on leads x for a filter within the scope of the caller''s permission.';

comment on function private.lead_field_definitions is
  'The organization''s lead fields in order: [{ key, label, type, required, choices }].';

create function private.lead_fields(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.lead_field_definitions(organization_id);
end
$$;

grant execute on function private.lead_fields(uuid) to authenticated;

create function public.lead_fields(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_fields(organization_id)
$$;

comment on function public.lead_fields is 'The organization''s lead fields, in order.';

grant execute on function public.lead_fields(uuid) to authenticated;

create function private.lead_scope_filter(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = lead_scope_filter.organization_id and m.user_id = auth.uid());
  own text[] := array[format('x.assigned_to = %L', auth.uid()), format('x.created_by = %L', auth.uid())];
begin
  return case
    when scope = 'organization' then array['true']
    when scope = 'team' and team is not null then format('x.team_id = %L', team) || own
    else own end;
end
$$;

create function private.lead_list_statement(
  organization_id uuid, filters jsonb, sort_column text, direction text, page_limit integer, page_offset integer)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  deleted boolean := coalesce(filters ->> 'deleted', 'false') = 'true';
  branches text[] := private.lead_scope_filter(organization_id, case when deleted then 'leads:delete'
    else 'leads:read' end);
  base text := format('x.organization_id = %L and %s%s', organization_id,
    case when deleted then 'x.deleted_at is not null and x.merged_into is null' else 'x.deleted_at is null' end,
      private.lead_filters(organization_id, filters));
  order_by text := format('x.%1$I %2$s, x.id %2$s', sort_column, direction);
  matches text;
  total text;
begin
  if filters ? 'tag' then
    -- The leads with the tag first: the planner cannot tell how many of them a team has, and would read all of the
    -- team's.
    matches := format(
      'materialized (select x.id, x.%1$I from (select * from public.leads x where %2$s offset 0) x where %3$s)',
      sort_column, base, array_to_string(branches, ' or '));
    total := 'select count(*) from x';
  elsif filters ->> 'search' <> '' or (cardinality(branches) = 2 and sort_column <> 'created_at') then
    matches := format('materialized (select x.id, x.%I from public.leads x where %s and (%s))',
      sort_column, base, array_to_string(branches, ' or '));
    total := 'select count(*) from x';
  else
    select
      format('(%s)', string_agg(format('(select x.id, x.%I from public.leads x where %s and %s order by %s limit %s)',
        sort_column, base, b.branch, order_by, page_limit::bigint + page_offset), ' union ')),
      'select ' || string_agg(format('(select count(*) from public.leads x where %s and %s%s)', base, b.branch, (
        select string_agg(format(' and (%s) is not true', earlier), '') from unnest(branches[:b.place - 1]) earlier)),
          ' + ')
    into matches, total
    from unnest(branches) with ordinality b (branch, place);
  end if;
  return format(
    'with x as %1$s, p as (
      select x.id, row_number() over (order by %2$s) as n from x order by %2$s limit %3$s offset %4$s
    ), total as materialized (%5$s)
    select jsonb_build_object(''total'', (table total), ''rows'', private.lead_rows(array(
      select l from p join public.leads l on l.id = p.id order by p.n)))',
    matches, order_by, page_limit, page_offset, total);
end
$$;

comment on function private.lead_of is 'The lead after all triggers, as functions that changed it return it.';

comment on function private.lead_scope is 'The SQL condition on leads x for the scope of the caller''s permission.';

create function private.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'leads:read');
  if sort_column not in ('created_at', 'updated_at', 'full_name', 'value', 'sla_deadline') then
    perform private.problem(422, 'invalid_field', 'Leads cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  execute private.lead_list_statement(organization_id, filters, sort_column,
    case when sort like '-%' then 'desc' else 'asc' end, page_limit, page_offset)
  into answer;
  return answer;
end
$$;

grant execute on function private.list_leads(uuid, jsonb, text, integer, integer) to authenticated;

create function public.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_leads(organization_id, filters, sort,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_leads is
  'One page of leads and their total number. filters: see private.lead_filters, and deleted?: "true".';

grant execute on function public.list_leads(uuid, jsonb, text, integer, integer) to authenticated;

create function private.list_students(organization_id uuid, lead_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.students s
      where s.organization_id = list_students.organization_id and s.lead_id = list_students.lead_id),
    'rows', coalesce((
      select jsonb_agg(to_jsonb(p) - 'organization_id' order by p.id)
      from (
        select s.* from public.students s
        where s.organization_id = list_students.organization_id and s.lead_id = list_students.lead_id
        order by s.id limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

grant execute on function private.list_students(uuid, uuid, integer, integer) to authenticated;

create function public.list_students(organization_id uuid, lead_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_students(organization_id, lead_id, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_students is 'One page of a lead''s students, oldest first.';

grant execute on function public.list_students(uuid, uuid, integer, integer) to authenticated;

create function private.may_hold_leads(organization_id uuid, user_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
    where m.organization_id = may_hold_leads.organization_id and m.user_id = may_hold_leads.user_id
      and m.status = 'active')
$$;

create function private.choose_surviving_response(remaining public.leads, other public.leads)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('signalbox.merging', remaining.id::text, true);
  update public.leads l
  set sla_status = other.sla_status, sla_started_at = other.sla_started_at, sla_deadline = other.sla_deadline,
    sla_responded_at = other.sla_responded_at, sla_breached_at = other.sla_breached_at,
      sla_explicit = other.sla_explicit
  where l.organization_id = remaining.organization_id and l.id = remaining.id and l.sla_status is null
    and other.sla_responded_at is not null;
  perform set_config('signalbox.merging', '', true);
end
$$;

create function private.fill_lead(remaining public.leads, other public.leads)
returns void
language sql set search_path = ''
as $$
  update public.leads l
  set first_name = case when l.first_name = '' then other.first_name else l.first_name end,
    last_name = case when l.last_name = '' then other.last_name else l.last_name end,
      email = coalesce(l.email, other.email), phone = coalesce(l.phone, other.phone), value = case when l.value = 0
      then other.value else l.value end,
    currency = case when l.value = 0 then other.currency else l.currency end,
    tags = (array(
      select t.tag from unnest(l.tags || other.tags) with ordinality t (tag, place) group by t.tag
        order by min(t.place)))[1:50],
    time_zone = coalesce(l.time_zone, other.time_zone), country = coalesce(l.country, other.country),
    region = coalesce(l.region, other.region), custom_fields = other.custom_fields
      || jsonb_strip_nulls(l.custom_fields),
    team_id = coalesce(l.team_id, other.team_id), created_by = coalesce(l.created_by, other.created_by)
  where l.organization_id = remaining.organization_id and l.id = remaining.id
$$;

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
  -- Of a revocation: its words, how it was recognized and when it was honoured.
  message_id uuid,
  raw_text text constraint consents_raw_text_length check (char_length(raw_text) <= 2000),
  recognized_by text constraint consents_recognized_by check (recognized_by in ('keyword', 'phrase', 'person',
    'provider')),
  rule_id uuid,
  honored_at timestamptz,
  outdated boolean not null default false,
  created_at timestamptz not null default now(),
  constraint consents_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete set null (lead_id)
);

create table public.lead_history (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  from_status text,
  to_status text not null,
  seconds_in_stage bigint,
  note text constraint lead_history_note_length check (char_length(note) <= 2000),
  changed_by uuid references public.profiles (id) on delete set null,
  -- A merge keeps the original lead's id here, so that each lead's chain of moves stays distinguishable.
  merged_from uuid,
  created_at timestamptz not null default now(),
  constraint lead_history_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade
);

create function private.move_lead_children(from_id uuid, to_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  tenant uuid := (select l.organization_id from public.leads l where l.id = to_id);
begin
  update public.interactions c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.tasks c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.students c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.messages c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.consents c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.emails c set lead_id = to_id where c.organization_id = tenant and c.lead_id = from_id;
  update public.sla_events c set lead_id = to_id, merged_from = coalesce(c.merged_from, from_id)
  where c.organization_id = tenant and c.lead_id = from_id;
  update public.lead_history c set lead_id = to_id, merged_from = coalesce(c.merged_from, from_id)
  where c.organization_id = tenant and c.lead_id = from_id;
  update public.lead_assignments c set lead_id = to_id, merged_from = coalesce(c.merged_from, from_id)
  where c.organization_id = tenant and c.lead_id = from_id;
  update public.leads l set merged_into = to_id where l.organization_id = tenant and l.merged_into = from_id;
end
$$;

create function private.require_merge(organization_id uuid, lead_id uuid, duplicate_id uuid)
returns public.leads[]
language plpgsql set search_path = ''
as $$
declare
  leads public.leads[];
  known public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  if lead_id = duplicate_id then
    perform private.require_lead(organization_id, lead_id, 'leads:delete');
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "duplicate_id", "message": "is the lead itself"}]');
  end if;
  perform from public.leads l
  where l.organization_id = require_merge.organization_id and l.id in (lead_id, duplicate_id) order by l.id for update;
  select r.* into known
  from public.leads l
  join public.leads r on r.organization_id = l.organization_id and r.id = l.merged_into and r.deleted_at is null
  where l.organization_id = require_merge.organization_id and l.id in (lead_id, duplicate_id)
    and l.merged_into in (lead_id, duplicate_id);
  if known.id is not null and private.lead_in_scope(known, 'leads:read') then
    perform private.problem(409, 'already_merged', 'These two leads were merged already.',
      jsonb_build_object('merged_into', known.id));
  end if;
  leads := array[private.require_lead(organization_id, lead_id, 'leads:delete'),
    private.require_lead(organization_id, duplicate_id, 'leads:delete')];
  if (leads[1].created_at, leads[1].id) > (leads[2].created_at, leads[2].id) then
    leads := array[leads[2], leads[1]];
  end if;
  return leads;
end
$$;

create function private.merge_leads(organization_id uuid, lead_id uuid, duplicate_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  leads public.leads[];
  remaining public.leads;
  other public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  leads := private.require_merge(organization_id, lead_id, duplicate_id);
  remaining := leads[1];
  other := leads[2];
  perform set_config('signalbox.merging', remaining.id::text, true);
  perform private.move_lead_children(other.id, remaining.id);
  perform set_config('signalbox.merging', '', true);
  update public.leads l set deleted_at = now(), deleted_by = auth.uid(), merged_into = remaining.id
  where l.organization_id = merge_leads.organization_id and l.id = other.id;
  perform private.fill_lead(remaining, other);
  if remaining.assigned_to is null and (other.outcome is null or remaining.outcome is not null)
    and private.may_hold_leads(organization_id, other.assigned_to) then
    perform private.choose_surviving_response(remaining, other);
    perform private.assign_leads(organization_id, array[remaining.id], array[other.assigned_to], 'merge');
  elsif remaining.assigned_to = other.assigned_to then
    -- The same assignee has answered both.
    update public.leads l set sla_responded_at = greatest(other.sla_responded_at, l.sla_started_at)
    where l.organization_id = merge_leads.organization_id and l.id = remaining.id
      and l.sla_status in ('running', 'due_soon')
      and l.sla_responded_at is null and other.sla_responded_at is not null;
  end if;
  select * into remaining from public.leads l where l.organization_id = merge_leads.organization_id
    and l.id = remaining.id;
  return private.store_idempotent_response(organization_id, private.lead_json(remaining));
end
$$;

grant execute on function private.merge_leads(uuid, uuid, uuid) to authenticated;

create function public.merge_leads(organization_id uuid, lead_id uuid, duplicate_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.merge_leads(organization_id, lead_id, duplicate_id)
$$;

comment on function public.merge_leads is
  'Merges two leads: the older one remains, with the child rows and missing values of the other.';

grant execute on function public.merge_leads(uuid, uuid, uuid) to authenticated;

comment on function private.require_lead is
  'A lead, not deleted, that is visible to the caller and within the scope of the permission.';

create function private.restore_lead(organization_id uuid, lead_id uuid, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  -- Read before the row is locked (see lock_lead_contacts); a deleted lead does not change in between.
  select * into lead from public.leads l where l.organization_id = restore_lead.organization_id and l.id = lead_id;
  if lead.id is null or not (private.lead_in_scope(lead, 'leads:read') and private.lead_in_scope(lead, 'leads:delete'))
    then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  end if;
  perform private.lock_lead_contacts(organization_id, lead.phone, lead.email);
  select * into lead from public.leads l
  where l.organization_id = restore_lead.organization_id and l.id = lead_id for update;
  if lead.merged_into is not null then
    perform private.problem(409, 'merged', 'The lead was merged into another one, which cannot be undone.',
      jsonb_build_object('merged_into', lead.merged_into));
  elsif lead.deleted_at is not null then
    perform private.reject_duplicate(organization_id, lead.phone, lead.email, allow_duplicate, lead_id);
    update public.leads l set deleted_at = null, deleted_by = null
    where l.organization_id = restore_lead.organization_id and l.id = restore_lead.lead_id;
  end if;
  return private.lead_of(organization_id, lead_id);
end
$$;

grant execute on function private.restore_lead(uuid, uuid, boolean) to authenticated;

create function public.restore_lead(organization_id uuid, lead_id uuid, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.restore_lead(organization_id, lead_id, allow_duplicate)
$$;

comment on function public.restore_lead is
  'Restores a deleted lead, unless another lead has its number or address by now.';

grant execute on function public.restore_lead(uuid, uuid, boolean) to authenticated;

create function private.incompatible_custom_values(organization_id uuid, fields jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(u.key, u.leads), '{}')
  from (
    select f.key, count(*) as leads
    from jsonb_array_elements(fields) n
    join public.lead_fields f on f.organization_id = incompatible_custom_values.organization_id
      and f.key = n ->> 'key' and f.type <> n ->> 'type'
    join public.leads l on l.organization_id = f.organization_id and l.deleted_at is null and l.custom_fields ? f.key
    where private.custom_value_error(n ->> 'type', n -> 'choices', l.custom_fields -> f.key) is not null
    group by f.key
  ) u
$$;

create function private.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  incompatible jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  -- Writers of values hold this lock shared (checked_custom_fields): no value is checked against an outdated list.
  perform pg_advisory_xact_lock(hashtextextended('lead_fields|' || organization_id, 0));
  incompatible := private.incompatible_custom_values(organization_id, fields);
  if incompatible <> '{}' then
    perform private.problem(409, 'values_do_not_fit', 'Some leads have values that do not fit the new types: '
      || (select string_agg(format('%s (%s)', u.key, u.value), ', ' order by u.key)
        from jsonb_each_text(incompatible) u) || '.',
      jsonb_build_object('leads_by_field', incompatible));
  end if;
  delete from public.lead_fields f
  where f.organization_id = set_lead_fields.organization_id
    and not exists (select from jsonb_array_elements(fields) n where n ->> 'key' = f.key);
  insert into public.lead_fields as f (organization_id, key, label, type, required, choices, position)
  select set_lead_fields.organization_id, n.value ->> 'key', n.value ->> 'label', n.value ->> 'type',
    coalesce((n.value ->> 'required')::boolean, false),
      array(select jsonb_array_elements_text(coalesce(n.value -> 'choices', '[]'))), n.ordinality
  from jsonb_array_elements(fields) with ordinality n
  on conflict on constraint lead_fields_key_unique do update
    set label = excluded.label, type = excluded.type, required = excluded.required, choices = excluded.choices,
      position = excluded.position
    where (f.label, f.type, f.required, f.choices, f.position)
      is distinct from (excluded.label, excluded.type, excluded.required, excluded.choices, excluded.position);
  return private.lead_field_definitions(organization_id);
end
$$;

grant execute on function private.set_lead_fields(uuid, jsonb) to authenticated;

create function public.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_lead_fields(organization_id, fields)
$$;

comment on function public.set_lead_fields is
  'Replaces the organization''s lead fields: [{ key, label, type, required, choices }].';

grant execute on function public.set_lead_fields(uuid, jsonb) to authenticated;

create function private.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.leads;
  updated public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  if change ?| array['phone', 'email'] then
    perform private.lock_lead_contacts(organization_id, change ->> 'phone', change ->> 'email');
  end if;
  current := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if current.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(current));
  end if;
  updated := jsonb_populate_record(current, change || jsonb_build_object('organization_id', organization_id));
  if updated.status <> current.status then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is changed by PATCH /leads/{id}/status"}]');
  elsif updated.assigned_to is distinct from current.assigned_to then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is changed by PATCH /leads/{id}/assign"}]');
  elsif updated.team_id is distinct from current.team_id and current.assigned_to is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is the team of the lead''s assignee"}]');
  elsif updated.team_id is distinct from current.team_id then
    perform private.check_lead_team(organization_id, updated.team_id);
  end if;
  perform private.check_lead(updated);
  if (updated.phone, updated.email) is distinct from (current.phone, current.email) then
    perform private.reject_duplicate(organization_id, nullif(updated.phone, current.phone),
      nullif(updated.email, current.email), allow_duplicate, lead_id);
  end if;
  if change ? 'custom_fields' then
    updated.custom_fields := private.checked_custom_fields(organization_id, current.custom_fields,
      change -> 'custom_fields', false);
  end if;
  update public.leads l
  set first_name = updated.first_name, last_name = updated.last_name, email = updated.email, phone = updated.phone,
    source = updated.source, value = updated.value, tags = updated.tags, time_zone = updated.time_zone,
      country = updated.country, region = updated.region, custom_fields = updated.custom_fields,
        team_id = updated.team_id
  where l.organization_id = update_lead.organization_id and l.id = update_lead.lead_id;
  return jsonb_build_object('lead', private.lead_of(organization_id, lead_id));
end
$$;

grant execute on function private.update_lead(uuid, uuid, jsonb, integer, boolean) to authenticated;

create function public.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer default null,
    allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead(organization_id, lead_id, change, expected_version, allow_duplicate)
$$;

comment on function public.update_lead is
  'Changes a lead if it has the expected version: { lead }, else { stale } with the current lead.';

grant execute on function public.update_lead(uuid, uuid, jsonb, integer, boolean) to authenticated;

create function private.update_student(organization_id uuid, lead_id uuid, student_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.students;
  updated public.students;
begin
  perform private.require_lead(organization_id, lead_id, 'leads:write');
  select * into current from public.students s
  where s.organization_id = update_student.organization_id and s.lead_id = update_student.lead_id and s.id = student_id
  for update;
  if current.id is null then
    perform private.problem(404, 'not_found', 'There is no such student.');
  end if;
  updated := jsonb_populate_record(current, change);
  update public.students s
  set first_name = updated.first_name, last_name = updated.last_name, birth_date = updated.birth_date,
    grade = updated.grade, school = updated.school, notes = updated.notes
  where s.id = current.id returning * into current;
  return to_jsonb(current) - 'organization_id';
end
$$;

grant execute on function private.update_student(uuid, uuid, uuid, jsonb) to authenticated;

create function public.update_student(organization_id uuid, lead_id uuid, student_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_student(organization_id, lead_id, student_id, change)
$$;

comment on function public.update_student is 'Changes a student of a lead.';

grant execute on function public.update_student(uuid, uuid, uuid, jsonb) to authenticated;

comment on table public.pipeline_stages is
  'The stages of the organization''s pipeline. leads.status is the key of one; new leads enter the first open stage.';

comment on column public.pipeline_stages.outcome is 'won or lost closes the lead; null: an open stage.';

comment on column public.pipeline_stages.sla_minutes is
  'Entering the stage starts a new response clock; null: the organization''s, once per assignment; 0: none.';

comment on column public.pipeline_stages.next_stages is
  'Keys of the stages that a lead may move to from this one; null: any.';

alter table public.pipeline_stages enable row level security;

create policy "members read their organization's stages" on public.pipeline_stages for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.pipeline_stages from public, anon, authenticated, service_role;

grant select on public.pipeline_stages to authenticated, service_role;

create trigger set_updated_at before update on public.pipeline_stages
  for each row execute function private.set_updated_at();

create function private.recompute_clocks_after_stages()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.request_sla_recomputation(c.organization_id)
  from (
    select distinct n.organization_id from new_rows n join old_rows o using (id) where n.sla_minutes is distinct
      from o.sla_minutes
  ) c;
  return null;
end
$$;

create trigger recompute_sla_clocks after update
  on public.pipeline_stages referencing old table as old_rows new table as new_rows
  for each statement execute function private.recompute_clocks_after_stages();

comment on table public.lead_history is
  'Every move between stages and how long the lead was in the previous stage. Append-only.';

comment on column public.lead_history.merged_from is
  'The original lead of a row that a merge moved here; null: this lead.';

create index lead_history_of_lead on public.lead_history (organization_id, lead_id, id desc);

create index lead_history_changed_by on public.lead_history (changed_by);

alter table public.lead_history enable row level security;

create policy "those who see the lead read its history" on public.lead_history for select to authenticated
  using (exists (select from public.leads l where l.organization_id = lead_history.organization_id
    and l.id = lead_history.lead_id));

revoke all on public.lead_history from public, anon, authenticated, service_role;

grant select on public.lead_history to authenticated, service_role;

create function private.forbid_history_changes()
returns trigger
language plpgsql set search_path = ''
as $$
declare
  merging boolean := coalesce(current_setting('signalbox.merging', true), '') = new.lead_id::text;
  changeable text[] := array['lead_id', 'from_user', 'to_user', 'assigned_by', 'changed_by', 'recorded_by',
    'created_by'];
begin
  if merging then
    changeable := changeable || 'merged_from'::text;
  end if;
  if to_jsonb(new) - changeable is distinct from to_jsonb(old) - changeable
    or (new.lead_id is not null and new.lead_id is distinct from old.lead_id and not coalesce(merging, false)) then
    raise exception 'This record cannot be changed.' using errcode = '42501';
  end if;
  return new;
end
$$;

create trigger forbid_history_changes before update on public.lead_history
  for each row execute function private.forbid_history_changes();

create function private.stages_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label, 'position', s.position, 'outcome',
    s.outcome,
    'sla_minutes', s.sla_minutes, 'next_stages', s.next_stages) order by s.position), '[]')
  from public.pipeline_stages s where s.organization_id = stages_json.organization_id
$$;

create function private.list_stages(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.stages_json(organization_id);
end
$$;

grant execute on function private.list_stages(uuid) to authenticated;

create function public.list_stages(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_stages(organization_id)
$$;

comment on function public.list_stages is 'The stages of the pipeline, in order.';

grant execute on function public.list_stages(uuid) to authenticated;

create function private.lock_pipeline(organization_id uuid, exclusively boolean default false)
returns void
language plpgsql set search_path = ''
as $$
declare
  key bigint := hashtextextended('pipeline|' || organization_id, 0);
begin
  if exclusively then
    perform pg_advisory_xact_lock(key);
  else
    perform pg_advisory_xact_lock_shared(key);
  end if;
end
$$;

comment on function private.lock_pipeline is
  'Taken before any row lock: shared to move leads, exclusively to replace the stages.';

create function private.move_lead(organization_id uuid, lead_id uuid, status text, note text, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  next_stages text[];
  was_closed boolean;
begin
  perform private.lock_pipeline(organization_id);
  lead := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if lead.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(lead));
  end if;
  was_closed := lead.outcome is not null;
  if not exists (
    select from public.pipeline_stages s where s.organization_id = move_lead.organization_id
      and s.key = move_lead.status) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is not a stage of the organization''s pipeline"}]');
  end if;
  if lead.status <> move_lead.status then
    select s.next_stages into next_stages from public.pipeline_stages s
    where s.organization_id = move_lead.organization_id and s.key = lead.status;
    if move_lead.status <> all (next_stages) then
      perform private.problem(409, 'stage_not_allowed', 'The lead cannot move from its stage to this one.',
        jsonb_build_object('status', lead.status, 'allowed', next_stages));
    end if;
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note,
      changed_by, created_at)
    values (organization_id, lead_id, lead.status, status,
      -- A move that waited for another move began before the lead entered its stage.
      greatest(0, floor(extract(epoch from now() - lead.status_since))), note, auth.uid(), clock_timestamp());
    update public.leads l set status = move_lead.status
    where l.organization_id = move_lead.organization_id and l.id = move_lead.lead_id
    returning l.* into lead;
    -- Closed leads stay assigned to people who left; a reopened lead needs a new assignee.
    if was_closed and lead.outcome is null and not private.may_hold_leads(organization_id, lead.assigned_to) then
      perform private.assign_leads(organization_id, array[lead_id], array[null]::uuid[], 'departure');
      select * into lead from public.leads l where l.organization_id = move_lead.organization_id
        and l.id = move_lead.lead_id;
    end if;
  end if;
  return jsonb_build_object('lead', private.lead_json(lead));
end
$$;

grant execute on function private.move_lead(uuid, uuid, text, text, integer) to authenticated;

create function public.move_lead(
  organization_id uuid, lead_id uuid, status text, note text default null, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.move_lead(organization_id, lead_id, status, note, expected_version)
$$;

comment on function public.move_lead is
  'Moves a lead to another stage if it has the expected version: { lead }, else { stale } with the current lead.';

grant execute on function public.move_lead(uuid, uuid, text, text, integer) to authenticated;

create function private.totals_scope(organization_id uuid, permission text, out scope text, out team uuid)
language plpgsql stable set search_path = ''
as $$
begin
  scope := private.require_scope(organization_id, permission);
  team := (
    select m.team_id from public.memberships m where m.organization_id = totals_scope.organization_id
      and m.user_id = auth.uid());
  if scope = 'team' and team is null then
    scope := 'own';
  end if;
end
$$;

create function private.lead_figures(organization_id uuid, permission text)
returns table (status text, outcome text, source text, sla_status text, assigned boolean, leads bigint, value numeric)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and access.scope = 'organization'
    union all
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id is null and access.scope = 'team'
      and o.team_id = access.team
    union all
    select o.status, o.outcome, o.source, o.sla_status, o.assigned, o.leads, o.value from private.lead_totals o
    where o.organization_id = lead_figures.organization_id and o.person_id = me and access.scope <> 'organization'
      and (access.scope = 'own' or o.team_id is distinct from access.team);
end
$$;

create function private.lead_counts_by_status(organization_id uuid)
returns table (status text, leads bigint, value numeric)
language sql stable set search_path = ''
as $$
  select f.status, sum(f.leads)::bigint, sum(f.value)
  from private.lead_figures(lead_counts_by_status.organization_id, 'leads:read') f group by f.status
$$;

create function private.pipeline_summary(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('stage', s.key, 'label', s.label, 'count', coalesce(f.leads, 0),
      'value', coalesce(f.value, 0)::numeric(20, 2)::text, 'position', s.position) order by s.position), '[]')
    from private.lead_counts_by_status(pipeline_summary.organization_id) f
    right join public.pipeline_stages s on s.key = f.status
    where s.organization_id = pipeline_summary.organization_id);
end
$$;

grant execute on function private.pipeline_summary(uuid) to authenticated;

create function public.pipeline_summary(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.pipeline_summary(organization_id)
$$;

comment on function public.pipeline_summary is
  'Number and value of the leads in each stage, within the caller''s scope.';

grant execute on function public.pipeline_summary(uuid) to authenticated;

create function private.move_leads_of_stages(organization_id uuid, moves jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note,
    changed_by, created_at)
  select l.organization_id, l.id, l.status, moves ->> l.status,
    greatest(0, floor(extract(epoch from now() - l.status_since))), 'The stage was removed.', auth.uid(),
      clock_timestamp()
  from public.leads l
  where l.organization_id = move_leads_of_stages.organization_id and l.status in (select jsonb_object_keys(moves));
  update public.leads l set status = moves ->> l.status
  where l.organization_id = move_leads_of_stages.organization_id and l.status in (select jsonb_object_keys(moves));
end
$$;

create function private.check_stage_moves(moves jsonb, removed text[], remaining text[])
returns void
language plpgsql immutable set search_path = ''
as $$
declare
  errors jsonb := (
    select jsonb_agg(jsonb_build_object('path', 'move.' || m.key, 'message',
      case when m.key <> all (removed) then 'is not a removed stage' else 'is not one of the new stages' end))
    from jsonb_each_text(moves) m where m.key <> all (removed) or m.value is null or m.value <> all (remaining));
begin
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
end
$$;

create function private.stage_errors(stages jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  with given as (
    select s.value as stage, s.ordinality - 1 as index, s.value ->> 'key' as key
      from jsonb_array_elements(stages) with ordinality s
  ), errors as (
    select format('stages.%s.key', g.index) as path, 'is the key of another stage' as message
    from given g where exists (select from given o where o.key = g.key and o.index < g.index)
    union all
    select format('stages.%s.next_stages', g.index), format('%s is not one of the stages', n.value)
    from given g cross join jsonb_array_elements_text(
      case jsonb_typeof(g.stage -> 'next_stages') when 'array' then g.stage -> 'next_stages' else '[]' end) n
    where not exists (select from given o where o.key = n.value)
    union all
    select 'stages', 'At least one stage must be open: new leads enter the first open one.'
    where not exists (select from given g where g.stage ->> 'outcome' is null)
  )
  select jsonb_agg(jsonb_build_object('path', f.path, 'message', f.message)) from errors f
$$;

create function private.upsert_stages(organization_id uuid, stages jsonb, removed text[])
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.pipeline_stages s set position = -s.position
  where s.organization_id = upsert_stages.organization_id and s.key = any (removed);
  insert into public.pipeline_stages as s (organization_id, key, label, position, outcome, sla_minutes, next_stages)
  select upsert_stages.organization_id, n.value ->> 'key', btrim(n.value ->> 'label'), n.ordinality,
    n.value ->> 'outcome', (n.value ->> 'sla_minutes')::integer,
    case when jsonb_typeof(n.value -> 'next_stages') = 'array'
      then array(select jsonb_array_elements_text(n.value -> 'next_stages')) end
  from jsonb_array_elements(stages) with ordinality n
  on conflict on constraint pipeline_stages_key_unique do update
    set label = excluded.label, position = excluded.position, outcome = excluded.outcome,
      sla_minutes = excluded.sla_minutes, next_stages = excluded.next_stages
    where (s.label, s.position, s.outcome, s.sla_minutes, s.next_stages)
      is distinct from (excluded.label, excluded.position, excluded.outcome, excluded.sla_minutes,
        excluded.next_stages);
end
$$;

create function private.replace_stages(organization_id uuid, stages jsonb, moves jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  errors jsonb;
  remaining text[] := array(select s ->> 'key' from jsonb_array_elements(stages) s);
  removed text[];
  outcome_changed text[];
  unmoved jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  errors := private.stage_errors(stages);
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  perform private.lock_pipeline(organization_id, true);
  -- Leads that are being added either wait here for their foreign key check, or are counted below.
  perform from public.pipeline_stages s where s.organization_id = replace_stages.organization_id
    order by s.key for update;
  select coalesce(array_agg(s.key) filter (where s.key <> all (remaining)), '{}'),
    coalesce(array_agg(s.key) filter (where n.value ->> 'outcome' is distinct from s.outcome and n.value is not null),
      '{}')
  into removed, outcome_changed
  from public.pipeline_stages s
  left join jsonb_array_elements(stages) n on n.value ->> 'key' = s.key
  where s.organization_id = replace_stages.organization_id;
  perform private.check_stage_moves(moves, removed, remaining);
  select jsonb_object_agg(c.status, c.leads) into unmoved
  from (
    select l.status, count(*) as leads from public.leads l
    where l.organization_id = replace_stages.organization_id and l.status = any (removed) and not moves ? l.status
    group by l.status
  ) c;
  if unmoved is not null then
    perform private.problem(409, 'stage_in_use',
      'Some removed stages still contain leads (including deleted ones). Give a target stage for each.',
        jsonb_build_object('leads', unmoved));
  end if;
  perform from public.leads l
  where l.organization_id = replace_stages.organization_id and l.status = any (removed || outcome_changed)
    order by l.id for update;

  perform private.upsert_stages(organization_id, stages, removed);
  perform private.move_leads_of_stages(organization_id, moves);
  delete from public.pipeline_stages s where s.organization_id = replace_stages.organization_id
    and s.key = any (removed);
  -- The trigger derive_columns sets closed_at from it.
  update public.leads l set outcome = s.outcome
  from public.pipeline_stages s
  where l.organization_id = replace_stages.organization_id and l.status = any (outcome_changed)
    and s.organization_id = l.organization_id and s.key = l.status and l.outcome is distinct from s.outcome;
  return private.stages_json(organization_id);
end
$$;

grant execute on function private.replace_stages(uuid, jsonb, jsonb) to authenticated;

create function public.replace_stages(organization_id uuid, stages jsonb, moves jsonb default '{}')
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.replace_stages(organization_id, stages, moves)
$$;

comment on function public.replace_stages is
  'Replaces the pipeline''s stages; moves: target stages for the leads of removed stages.';

grant execute on function public.replace_stages(uuid, jsonb, jsonb) to authenticated;

comment on table public.lead_assignments is 'The history of assignments; to_user null: unassigned. Append-only.';

comment on column public.lead_assignments.merged_from is
  'The original lead of a row that a merge moved here; null: this lead.';

create index lead_assignments_of_lead on public.lead_assignments (organization_id, lead_id, id desc);

create index lead_assignments_from_user on public.lead_assignments (from_user) where from_user is not null;

create index lead_assignments_to_user on public.lead_assignments (to_user) where to_user is not null;

create index lead_assignments_assigned_by on public.lead_assignments (assigned_by) where assigned_by is not null;

alter table public.lead_assignments enable row level security;

create policy "those who see the lead read its assignments" on public.lead_assignments for select to authenticated
  using (exists (select from public.leads l where l.organization_id = lead_assignments.organization_id
    and l.id = lead_assignments.lead_id));

revoke all on public.lead_assignments from public, anon, authenticated, service_role;

grant select on public.lead_assignments to authenticated, service_role;

create trigger forbid_history_changes before update on public.lead_assignments
  for each row execute function private.forbid_history_changes();

comment on table public.lead_holders is
  'Assignment settings of people who may hold leads. Without a row: on duty, with the organization''s capacity.';

comment on column public.lead_holders.last_turn is
  'Increases with each lead assigned by round robin; the lowest is next.';

create index lead_holders_user on public.lead_holders (user_id);

alter table public.lead_holders enable row level security;

create policy "those who assign leads read the holders, people themselves" on public.lead_holders for
  select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[])
    or organization_id = any ((select private.organizations_with('leads:assign'))::uuid[])
    or organization_id = any ((select private.organizations_with('leads:assign', 'team'))::uuid[]));

revoke all on public.lead_holders from public, anon, authenticated, service_role;

grant select on public.lead_holders to authenticated, service_role;

create trigger set_updated_at before update on public.lead_holders
  for each row execute function private.set_updated_at();

create trigger audit_row after insert or update or delete on public.lead_holders
  for each row execute function private.audit_row('user_id', 'last_turn');

create function private.assign_lead(organization_id uuid, lead_id uuid, assigned_to uuid, note text,
  deadline timestamptz)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  lead public.leads;
  load record;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- Before the body is validated, so that a lead outside the caller's scope is 404 whatever the body says.
  perform private.require_lead(organization_id, lead_id, 'leads:assign');
  if deadline <= now() then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "deadline", "message": "is in the past"}]');
  end if;
  if assigned_to is not null then
    perform private.require_holders(organization_id, array[assigned_to], array['assigned_to']);
  end if;
  lead := private.require_lead(organization_id, lead_id, 'leads:assign', true);
  if lead.assigned_to is distinct from assign_lead.assigned_to and assign_lead.assigned_to is not null
    and lead.outcome is null then
    select * into load from private.holder_loads(organization_id, array[assign_lead.assigned_to]);
    if load.open >= load.capacity then
      perform private.problem(409, 'over_capacity', 'This user has reached their lead capacity.',
        jsonb_build_object('capacity', load.capacity, 'open', load.open));
    end if;
  end if;
  perform private.assign_leads(organization_id, array[lead_id], array[assign_lead.assigned_to], 'manual', note,
    deadline);
  select * into lead from public.leads l where l.organization_id = assign_lead.organization_id
    and l.id = assign_lead.lead_id;
  return private.store_idempotent_response(organization_id, private.lead_json(lead));
end
$$;

grant execute on function private.assign_lead(uuid, uuid, uuid, text, timestamptz) to authenticated;

create function public.assign_lead(
  organization_id uuid, lead_id uuid, assigned_to uuid default null, note text default null,
    deadline timestamptz default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_lead(organization_id, lead_id, assigned_to, note, deadline)
$$;

comment on function public.assign_lead is 'Assigns a lead to a person, or with null unassigns it.';

grant execute on function public.assign_lead(uuid, uuid, uuid, text, timestamptz) to authenticated;

comment on function private.assign_leads is
  'Assigns lead_ids[i] to user_ids[i] (null: unassigns), with history and notifications, without checks.';

create function private.assign_leads_to(organization_id uuid, leads jsonb, assigned_to uuid)
returns jsonb
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  free_capacity bigint := (
    select l.capacity - l.open from private.holder_loads(organization_id, array[assign_leads_to.assigned_to]) l
    where assign_leads_to.assigned_to is not null);
begin
  return (
    select jsonb_agg(jsonb_build_object('id', l.id, 'assigned_to', l.assigned_to, 'to_user',
      assign_leads_to.assigned_to,
      'reason', case when l.already_assigned then 'already_assigned' when not l.closed and l.requested > free_capacity
        then 'over_capacity' end))
    from (
      select l.id, l.assigned_to, l.closed, h.already_assigned,
        count(*) filter (where not l.closed and not h.already_assigned) over (order by l.place) as requested
      from jsonb_to_recordset(leads) as l (id uuid, assigned_to uuid, closed boolean, place bigint)
      cross join lateral (select l.assigned_to is not distinct from assign_leads_to.assigned_to as already_assigned) h
    ) l);
end
$$;

create function private.lock_leads(organization_id uuid, lead_ids uuid[])
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
    private.lead_scope(organization_id, 'leads:assign'), private.lead_scope(organization_id, 'leads:read'))
  into answer using lead_ids;
  return answer;
end
$$;

create function private.distribution_plan(organization_id uuid, among uuid[], strategy text, lead_count integer,
  released uuid[])
returns table (place bigint, user_id uuid)
language sql stable set search_path = ''
as $$
  with people as materialized (
    select l.user_id, l.last_turn, case strategy when 'least_loaded' then l.open - r.leads else 0 end as start,
      case when l.capacity is null then lead_count::bigint
        else greatest(0, least(lead_count, l.capacity - (l.open - r.leads))) end as free_capacity
    from private.holder_loads(organization_id, among) l
    cross join lateral (select count(*) as leads from unnest(released) g where g = l.user_id) r
    where l.on_duty
  ), ranked as (
    select p.start + p.free_capacity as full_at, row_number() over by_start as k, sum(p.start) over by_start as load
    from people p window by_start as (order by p.start, p.free_capacity desc, p.user_id rows unbounded preceding)
  ), bounded as (
    -- The k least loaded people alone could take all leads at this level, so nobody needs slots above the lowest of
    -- these.
    select ceil((lead_count + r.load) / r.k) as level,
      min(r.full_at) over (order by r.k rows unbounded preceding) as full_at from ranked r
  ), top as (
    select coalesce(min(b.level) filter (where b.full_at >= b.level),
      (select max(p.start + p.free_capacity) from people p)) as level
    from bounded b
  )
  select row_number() over (order by s.level, p.last_turn, p.user_id), p.user_id
  from people p
  cross join top t
  cross join lateral generate_series(p.start + 1, least(p.start + p.free_capacity, t.level::bigint)) s (level)
  order by s.level, p.last_turn, p.user_id
  limit lead_count
$$;

create function private.distribute_leads(organization_id uuid, leads jsonb, among uuid[], strategy text)
returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  lead_count integer := jsonb_array_length(leads);
  released uuid[] := array(
    select l.assigned_to from jsonb_to_recordset(leads) as l (assigned_to uuid) where l.assigned_to = any (among));
  assignees uuid[] := array(select s.user_id from private.distribution_plan(organization_id, among, strategy,
    lead_count, released) s order by s.place);
begin
  -- Without enough capacity some leads keep their assignee, so capacity that reassignments would free cannot be
  -- counted on.
  if cardinality(assignees) < lead_count and cardinality(released) > 0 then
    assignees := array(select s.user_id from private.distribution_plan(organization_id, among, strategy, lead_count,
      '{}') s order by s.place);
  end if;
  if strategy = 'round_robin' then
    update public.lead_holders h set last_turn = b.turn + t.place
    from (select max(t.place) as place, t.user_id from unnest(assignees) with ordinality t (user_id, place)
      group by t.user_id) t,
      (select max(o.last_turn) as turn from public.lead_holders o
        where o.organization_id = distribute_leads.organization_id and o.user_id = any (among)) b
    where h.organization_id = distribute_leads.organization_id and h.user_id = t.user_id;
  end if;
  return (
    select jsonb_agg(jsonb_build_object('id', l.id, 'assigned_to', l.assigned_to, 'to_user', assignees[l.turn])
      order by l.turn)
    from (
      select l.id, l.assigned_to, row_number() over (order by l.place) as turn
      from jsonb_to_recordset(leads) as l (id uuid, assigned_to uuid, place bigint)) l);
end
$$;

create function private.record_bulk_assignment(
  organization_id uuid, lead_ids uuid[], leads jsonb, plan jsonb, strategy text, note text, deadline timestamptz)
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
    left join jsonb_to_recordset(leads) as l (id uuid, allowed boolean, closed boolean) on l.id = n.id
    left join jsonb_to_recordset(plan) as d (id uuid, assigned_to uuid, to_user uuid, reason text) on d.id = n.id
  )
  select array_agg(o.id) filter (where o.reason is null), array_agg(o.to_user) filter (where o.reason is null),
    coalesce(jsonb_agg(jsonb_build_object('lead_id', o.id, 'reason', o.reason)
      order by o.place) filter (where o.reason is not null), '[]')
  into ids, people, skipped from outcome o;
  select coalesce(jsonb_object_agg(c.person, c.leads), '{}') into by_user
  from (select p as person, count(*) as leads from unnest(people) p where p is not null group by p) c;
  return jsonb_build_object('assigned', private.assign_leads(organization_id, coalesce(ids, '{}'),
    coalesce(people, '{}'), coalesce(strategy, 'bulk'), note, deadline), 'skipped', skipped, 'by_user', by_user);
end
$$;

create function private.bulk_assign(organization_id uuid, lead_ids uuid[], choice jsonb, note text,
  deadline timestamptz)
returns jsonb
language plpgsql security definer set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  answer jsonb;
  strategy text := choice ->> 'strategy';
  assignee uuid := (choice ->> 'assigned_to')::uuid;
  among uuid[] := array(
    select distinct u::uuid from jsonb_array_elements_text(case when strategy is not null then choice -> 'among'
      else '[]' end) u);
  leads jsonb;
  plan jsonb;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if cardinality(lead_ids) > 10000 or cardinality(among) > 500 or strategy not in ('round_robin', 'least_loaded') then
    perform private.problem(422, 'invalid_field', 'There are too many leads or people, or the strategy is unknown.');
  elsif deadline <= now() then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "deadline", "message": "is in the past"}]');
  end if;
  if strategy is not null then
    perform private.require_holders(organization_id, array_agg(u.id::uuid order by u.place),
      array_agg('among.' || u.place - 1 order by u.place))
    from jsonb_array_elements_text(choice -> 'among') with ordinality u (id, place);
  elsif assignee is not null then
    perform private.require_holders(organization_id, array[assignee], array['assigned_to']);
  end if;
  leads := private.lock_leads(organization_id, lead_ids);
  if strategy is null then
    select private.assign_leads_to(organization_id, jsonb_agg(n), assignee) into plan
    from jsonb_array_elements(leads) n where (n ->> 'allowed')::boolean;
  else
    -- Strategies distribute open leads only.
    select private.distribute_leads(organization_id, jsonb_agg(n), among, strategy) into plan
    from jsonb_array_elements(leads) n where (n ->> 'allowed')::boolean and not (n ->> 'closed')::boolean;
  end if;
  return private.store_idempotent_response(organization_id,
    private.record_bulk_assignment(organization_id, lead_ids, leads, coalesce(plan, '[]'), strategy, note, deadline));
end
$$;

grant execute on function private.bulk_assign(uuid, uuid[], jsonb, text, timestamptz) to authenticated;

create function public.bulk_assign(
  organization_id uuid, lead_ids uuid[], choice jsonb, note text default null, deadline timestamptz default null)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.bulk_assign(organization_id, lead_ids, choice, note, deadline)
$$;

comment on function public.bulk_assign is
  'Assigns up to 10,000 leads: to one person, or by round robin or least load among several.';

grant execute on function public.bulk_assign(uuid, uuid[], jsonb, text, timestamptz) to authenticated;

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

grant execute on function private.list_holders(uuid, integer, integer) to authenticated;

create function public.list_holders(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_holders(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_holders is
  'One page of the people to whom the caller may assign leads, with their load and capacity.';

grant execute on function public.list_holders(uuid, integer, integer) to authenticated;

comment on function private.lock_holders is
  'Locks people before leads are assigned to them and before any lead is locked; returns those who may hold leads.';

create function private.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  lead public.leads;
  assignment public.lead_assignments;
  address text;
  retry_after integer;
  mail public.emails;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  lead := private.require_lead(organization_id, lead_id, 'leads:assign', true);
  if lead.assigned_to is null then
    perform private.problem(409, 'not_assigned', 'The lead is not assigned.');
  end if;
  select p.email into address
  from public.memberships m
  join public.profiles p on p.id = m.user_id
  left join public.notification_preferences f
    on f.organization_id = m.organization_id and f.user_id = m.user_id and f.kind = 'assignment'
  where m.organization_id = resend_assignment.organization_id and m.user_id = lead.assigned_to and m.status = 'active'
    and p.email <> '' and coalesce(f.email, true);
  if address is null then
    perform private.problem(409, 'not_by_email', 'The lead''s assignee has turned off assignment e-mails.');
  end if;
  select ceil(60 - extract(epoch from clock_timestamp() - max(e.created_at))) into retry_after from public.emails e
  where e.organization_id = resend_assignment.organization_id and e.lead_id = resend_assignment.lead_id
    and e.event_key like 'assignment:%:again:%';
  if retry_after > 0 then
    perform private.problem(429, 'rate_limited', 'This e-mail was resent less than a minute ago.',
      jsonb_build_object('retry_after', retry_after));
  end if;
  select * into assignment from public.lead_assignments a
  where a.organization_id = resend_assignment.organization_id and a.lead_id = resend_assignment.lead_id
    and a.to_user = lead.assigned_to and a.merged_from is null
  order by a.id desc limit 1;
  insert into public.emails (organization_id, user_id, lead_id, kind, to_address, data, event_key)
  values (organization_id, lead.assigned_to, lead_id, 'assignment', address, jsonb_build_object(
      'lead_id', lead_id, 'lead_name', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone),
      'deadline', coalesce(lead.sla_deadline, assignment.deadline), 'note', assignment.note, 'leads', 1,
      'assigned_by_name', (select p.full_name from public.profiles p where p.id = assignment.assigned_by),
      'title', 'A lead was assigned to you', 'body', coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)),
    'assignment:' || coalesce(assignment.id, lead_id) || ':again:' || private.uuid_v7())
  returning * into mail;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('email_id', mail.id, 'to', mail.to_address, 'status', mail.status));
end
$$;

grant execute on function private.resend_assignment(uuid, uuid) to authenticated;

create function public.resend_assignment(organization_id uuid, lead_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resend_assignment(organization_id, lead_id)
$$;

comment on function public.resend_assignment is 'Queues the e-mail of a lead''s assignment again.';

grant execute on function public.resend_assignment(uuid, uuid) to authenticated;

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
      perform private.problem(403, 'permission_denied',
        'This person is outside the scope of your permission leads:assign.');
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

grant execute on function private.update_holder(uuid, uuid, jsonb) to authenticated;

create function public.update_holder(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_holder(organization_id, user_id, change)
$$;

comment on function public.update_holder is 'Changes whether a person is on duty and their capacity of open leads.';

grant execute on function public.update_holder(uuid, uuid, jsonb) to authenticated;

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

create function private.recompute_clocks_after_settings()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.request_sla_recomputation(new.organization_id);
  return null;
end
$$;

create trigger recompute_sla_clocks after update on public.lead_settings
  for each row when (new.sla_minutes <> old.sla_minutes or new.reminder_minutes <> old.reminder_minutes)
  execute function private.recompute_clocks_after_settings();

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

create function private.count_sla_events()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  if tg_op <> 'INSERT' then
    perform private.record_sla_events(array(
      select o::public.sla_events from old_rows o join public.leads l on l.id = o.lead_id
      where l.deleted_at is null), -1);
  end if;
  if tg_op <> 'DELETE' then
    perform private.record_sla_events(array(
      select n::public.sla_events from new_rows n join public.leads l on l.id = n.lead_id
      where l.deleted_at is null), 1);
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.sla_events referencing new table as new_rows
  for each statement execute function private.count_sla_events();

create trigger count_update after update on public.sla_events referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_sla_events();

create trigger count_delete after delete on public.sla_events referencing old table as old_rows
  for each statement execute function private.count_sla_events();

comment on table private.sla_recomputations is
  'Organizations whose running clocks must be recomputed, and the progress of that.';

comment on column private.sla_recomputations.again is
  'Another round follows: a clock that started at the same time may have been computed from the previous settings.';

revoke all on private.sla_recomputations from public, anon, authenticated, service_role;

create function private.settings_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(s) - array['id', 'organization_id'] from public.lead_settings s
    where s.organization_id = settings_json.organization_id
$$;

create function private.lead_settings(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.settings_json(organization_id);
end
$$;

grant execute on function private.lead_settings(uuid) to authenticated;

create function public.read_lead_settings(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_settings(organization_id)
$$;

comment on function public.read_lead_settings is 'The organization''s lead settings.';

grant execute on function public.read_lead_settings(uuid) to authenticated;

create function private.recompute_sla_clocks()
returns void
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
begin
  while clock_timestamp() < now() + interval '15 seconds' loop
    select r.organization_id into organization from private.sla_recomputations r
    where r.due_at <= clock_timestamp() order by r.due_at limit 1 for update skip locked;
    exit when organization is null;
    perform private.recompute_sla_clocks_of(organization, 2000);
  end loop;
end
$$;

create function private.run_sla_batch(at timestamptz, batch_size integer, excluded uuid[])
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  processed integer;
begin
  perform set_config('signalbox.clockwork', 'on', true);
  with due as materialized (
    select l.id from public.leads l
    where l.sla_next_at <= at and l.id <> all (excluded)
    order by l.sla_next_at limit batch_size for update skip locked
  )
  update public.leads l set
    sla_status = case when l.sla_deadline <= at then 'breached' else 'due_soon' end,
    sla_breached_at = case when l.sla_deadline <= at then at end,
    sla_next_at = case when l.sla_deadline > at then l.sla_deadline end
  from due where l.id = due.id;
  get diagnostics processed = row_count;
  perform set_config('signalbox.clockwork', '', true);
  return processed;
end
$$;

create function private.run_sla(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  batch_size integer := 1000;
  processed integer := 0;
  batch_count integer;
  failing uuid[] := array[]::uuid[];
begin
  loop
    begin
      batch_count := private.run_sla_batch(at, batch_size, failing);
      processed := processed + batch_count;
      exit when batch_count < batch_size or processed >= 20000;
      batch_size := 1000;
    exception when others then
      if batch_size = 1 then
        failing := failing || (
          select l.id from public.leads l where l.sla_next_at <= at and l.id <> all (failing) order by l.sla_next_at
            limit 1);
        raise warning 'The clock of lead % was skipped: %', failing[cardinality(failing)], sqlerrm;
        exit when cardinality(failing) >= 100;
      end if;
      batch_size := greatest(1, batch_size / 10);
    end;
  end loop;
  return processed;
end
$$;

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

grant execute on function private.update_lead_settings(uuid, jsonb) to authenticated;

create function public.update_lead_settings(organization_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead_settings(organization_id, changes)
$$;

comment on function public.update_lead_settings is
  'Changes the organization''s lead settings and recomputes running response clocks.';

grant execute on function public.update_lead_settings(uuid, jsonb) to authenticated;

comment on table public.tasks is 'Work with an assignee and a due time, mostly about a lead.';

comment on column public.tasks.remind_at is 'When to remind the assignee; null after the reminder, or without one.';

comment on column public.tasks.remind_minutes_before is
  'Minutes before due_at at which the assignee is reminded; null: no reminder.';

comment on column public.tasks.lead_deleted is
  'Whether the lead is deleted. Stored here, so that lists and counts need not read leads.';

create index tasks_of_lead on public.tasks (organization_id, lead_id, id desc);

create index tasks_by_assignee on public.tasks (organization_id, assigned_to, due_at);

create index tasks_by_creator on public.tasks (organization_id, created_by, due_at);

create index tasks_by_due on public.tasks (organization_id, due_at);

create index tasks_to_remind on public.tasks (remind_at) where remind_at is not null;

create index tasks_assigned_to on public.tasks (assigned_to);

create index tasks_created_by on public.tasks (created_by);

create index tasks_listing on public.tasks (organization_id, created_at desc) include (lead_deleted);

create index tasks_by_status on public.tasks (organization_id, status, due_at) include (lead_deleted);

alter table public.tasks enable row level security;

create function private.team_mates(permission text)
returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id || ' ' || m.user_id), '{}')
  from public.memberships m
  where m.team_id = any (private.teams_with(permission))
$$;

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

create function private.set_task_derived_columns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  is_open boolean := new.status in ('open', 'in_progress');
begin
  if tg_op = 'INSERT' or new.lead_id is distinct from old.lead_id then
    new.lead_deleted := exists (
      select from public.leads l
      where l.organization_id = new.organization_id and l.id = new.lead_id and l.deleted_at is not null);
  end if;
  new.completed_at := case when new.status = 'done' then coalesce(new.completed_at, now()) end;
  if tg_op = 'INSERT' or (new.due_at, new.remind_minutes_before, new.assigned_to, new.lead_deleted, is_open)
    is distinct from (old.due_at, old.remind_minutes_before, old.assigned_to, old.lead_deleted,
      old.status in ('open', 'in_progress')) then
    new.remind_at := case when is_open and not new.lead_deleted and new.assigned_to is not null
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

create trigger derive_columns before insert or update on public.tasks
  for each row execute function private.set_task_derived_columns();

create function private.require_assignee(organization_id uuid, user_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from public.memberships m
    where m.organization_id = require_assignee.organization_id and m.user_id = require_assignee.user_id
      and m.status = 'active'
  ) then
    perform private.problem(422, 'invalid_field', 'Tasks can only be assigned to active members.',
      '[{"path": "assigned_to", "message": "is not an active member"}]');
  end if;
end
$$;

create function private.task_rows(organization_id uuid, ids uuid[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  me uuid := auth.uid();
  team uuid;
  lead_scope text;
begin
  select p.scope, m.team_id into lead_scope, team
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
  where m.organization_id = task_rows.organization_id and m.user_id = me and m.status = 'active';
  return (
    select coalesce(jsonb_agg(to_jsonb(t) - array['organization_id', 'lead_deleted'] || jsonb_build_object(
        'lead_name', coalesce(nullif(x.full_name, ''), x.email, x.phone),
        'overdue', coalesce(t.status in ('open', 'in_progress') and t.due_at < now(), false),
        'assigned_to_name', a.full_name, 'created_by_name', c.full_name) order by p.n), '[]')
    from unnest(ids) with ordinality p (id, n)
    join public.tasks t on t.id = p.id
    left join public.profiles a on a.id = t.assigned_to
    left join public.profiles c on c.id = t.created_by
    left join public.leads x on x.id = t.lead_id and (lead_scope = 'organization'
      or (lead_scope = 'team' and x.team_id = team) or (lead_scope is not null
        and me in (x.assigned_to, x.created_by))));
end
$$;

create function private.task_json(task public.tasks)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.task_rows(task.organization_id, array[task.id]) -> 0
$$;

create function private.create_task(organization_id uuid, task jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  input record;
  created public.tasks;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'tasks:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into input from jsonb_to_record(task) as r
    (lead_id uuid, title text, description text, priority text, due_at timestamptz, assigned_to uuid,
      remind_minutes_before integer);
  if input.lead_id is not null then
    perform private.require_lead(organization_id, input.lead_id, 'tasks:write', true);
  end if;
  input.assigned_to := coalesce(input.assigned_to, auth.uid());
  perform private.require_assignee(organization_id, input.assigned_to);
  insert into public.tasks
    (organization_id, lead_id, title, description, priority, due_at, assigned_to, remind_minutes_before, created_by)
  values (organization_id, input.lead_id, input.title, input.description, coalesce(input.priority, 'normal'),
    input.due_at, input.assigned_to, case when task ? 'remind_minutes_before' then input.remind_minutes_before
      else 30 end,
      auth.uid())
  returning * into created;
  return private.store_idempotent_response(organization_id, private.task_json(created));
end
$$;

grant execute on function private.create_task(uuid, jsonb) to authenticated;

create function public.create_task(organization_id uuid, task jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_task(organization_id, task)
$$;

comment on function public.create_task is 'Adds a task. A repeat with the same Idempotency-Key gets the same answer.';

grant execute on function public.create_task(uuid, jsonb) to authenticated;

create function private.task_in_scope(task public.tasks, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = task_in_scope.permission
    where m.user_id = auth.uid() and m.organization_id = task.organization_id and m.status = 'active'
      and (p.scope = 'organization' or m.user_id in (task.assigned_to, task.created_by)
        or (p.scope = 'team' and exists (
          select from public.memberships mate
          where mate.organization_id = m.organization_id and mate.team_id = m.team_id
            and mate.user_id in (task.assigned_to, task.created_by)))
        or exists (
          select from public.leads l
          where l.organization_id = task.organization_id and l.id = task.lead_id and l.deleted_at is null
            and private.lead_in_scope(l, task_in_scope.permission) and private.lead_in_scope(l, 'leads:read'))))
$$;

create function private.require_task(organization_id uuid, task_id uuid, permission text, locked boolean default false)
returns public.tasks
language plpgsql volatile set search_path = ''
as $$
declare
  task public.tasks;
begin
  perform private.require_scope(organization_id, permission);
  if locked then
    select * into task from public.tasks t
    where t.organization_id = require_task.organization_id and t.id = task_id and not t.lead_deleted for update;
  else
    select * into task from public.tasks t
    where t.organization_id = require_task.organization_id and t.id = task_id and not t.lead_deleted;
  end if;
  if task.id is null or not private.task_in_scope(task, 'tasks:read') then
    perform private.problem(404, 'not_found', 'There is no such task.');
  end if;
  if not private.task_in_scope(task, permission) then
    perform private.problem(403, 'permission_denied', 'This task is outside the scope of your permission '
      || permission || '.');
  end if;
  return task;
end
$$;

create function private.delete_task(organization_id uuid, task_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  task public.tasks := private.require_task(organization_id, task_id, 'tasks:write', true);
begin
  delete from public.tasks t where t.id = task.id;
  return;
end
$$;

grant execute on function private.delete_task(uuid, uuid) to authenticated;

create function public.delete_task(organization_id uuid, task_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_task(organization_id, task_id)
$$;

comment on function public.delete_task is 'Deletes a task.';

grant execute on function public.delete_task(uuid, uuid) to authenticated;

create function private.get_task(organization_id uuid, task_id uuid)
returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select private.task_json(private.require_task(organization_id, task_id, 'tasks:read'))
$$;

grant execute on function private.get_task(uuid, uuid) to authenticated;

create function public.get_task(organization_id uuid, task_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_task(organization_id, task_id)
$$;

comment on function public.get_task is 'One task.';

grant execute on function public.get_task(uuid, uuid) to authenticated;

create function private.lead_label(lead public.leads)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(nullif(lead.full_name, ''), lead.email, lead.phone)
$$;

create function private.task_filters(filters jsonb)
returns text
language sql stable set search_path = ''
as $$
  select private.conditions(filters, '{
      "lead_id": ["lead_id", "=", "uuid"], "status": ["status", "=", "text"], "priority": ["priority", "=", "text"],
      "due_before": ["due_at", "<", "timestamptz"], "due_after": ["due_at", ">=", "timestamptz"]}')
    || case filters ->> 'assigned_to'
      when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else coalesce(' and x.assigned_to = ' || quote_literal((filters ->> 'assigned_to')::uuid), '') end
    || case filters ->> 'overdue'
      when 'true' then ' and x.status in (''open'', ''in_progress'') and x.due_at < now()'
      when 'false' then ' and (x.status in (''open'', ''in_progress'') and x.due_at < now()) is not true'
      else '' end
$$;

create function private.scope_or_null(organization_id uuid, permission text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_in_scope(permission)) then
    return private.lead_scope(organization_id, permission);
  end if;
  return 'false';
end
$$;

create function private.task_scope_filter(organization_id uuid, permission text)
returns text[]
language plpgsql stable set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  base text := format('x.organization_id = %L and not x.lead_deleted', organization_id);
  people uuid[] := array[auth.uid()];
  visible text;
  leads text;
begin
  if scope = 'organization' then
    return array[base];
  end if;
  -- Branch by branch and without a redundant condition, indexes alone give the leads.
  visible := private.scope_or_null(organization_id, 'leads:read');
  if visible = private.lead_scope(organization_id, permission) then
    visible := 'true';
  end if;
  select string_agg(format(
    'select x.id from public.leads x where x.organization_id = %L and x.deleted_at is null and %s and %s',
    task_scope_filter.organization_id, b, visible), ' union all ')
  into leads
  from unnest(private.lead_scope_filter(organization_id, permission)) b;
  if scope = 'team' then
    people := people || array(
      select mate.user_id from public.memberships mate
      join public.memberships m on m.organization_id = mate.organization_id and m.team_id = mate.team_id
      where m.organization_id = task_scope_filter.organization_id and m.user_id = auth.uid()
        and mate.user_id <> auth.uid());
  end if;
  return array[
    format('%s and x.assigned_to = any (%L)', base, people),
    format('%1$s and x.created_by = any (%2$L) and (x.assigned_to = any (%2$L)) is not true', base, people),
    format('%1$s and (x.assigned_to = any (%2$L)) is not true and (x.created_by = any (%2$L)) is not true'
      || ' and x.lead_id in (%3$s)',
      base, people, leads)];
end
$$;

create function private.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  branches text[] := private.task_scope_filter(organization_id, 'tasks:read');
  key text := case ltrim(sort, '-')
    when 'priority' then 'array_position(array[''low'', ''normal'', ''high''], r.priority)'
      else format('r.%I', ltrim(sort, '-')) end;
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  conditions text := private.task_filters(filters);
  union_all text;
  total bigint;
  ids uuid[];
begin
  if ltrim(sort, '-') not in ('due_at', 'created_at', 'updated_at', 'priority') then
    perform private.problem(422, 'invalid_field', 'Tasks cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ->> 'assigned_to' in ('me', auth.uid()::text) then
    branches := branches[1:1];
  end if;
  select string_agg(format(
    'select x.id, x.due_at, x.created_at, x.updated_at, x.priority from public.tasks x where %s%s', b, conditions),
    ' union all ') into union_all
  from unnest(branches) b;
  execute format(
    'with matches as %1$s materialized (%2$s)
    select (select count(*) from matches), array(
      select r.id from matches r order by %3$s %4$s, r.id %4$s limit $3 offset $4)',
    case when cardinality(branches) = 1 then 'not' else '' end, union_all, key, direction)
  into total, ids using list_tasks.organization_id, filters, page_limit, page_offset;
  return jsonb_build_object('total', total, 'rows', private.task_rows(organization_id, ids));
end
$$;

grant execute on function private.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;

create function public.list_tasks(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_tasks(organization_id, filters, sort,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_tasks is
  'One page of tasks and their total number. filters: see private.task_filters.';

grant execute on function public.list_tasks(uuid, jsonb, text, integer, integer) to authenticated;

comment on function private.require_task is
  'A task that is visible to the caller and within the scope of the permission.';

create function private.run_task_reminders(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  notifications private.notification[];
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
        || case when l.id is null then '{}' else jsonb_build_object('lead_id', l.id, 'lead_name',
          private.lead_label(l.lead)) end,
      l.id)::private.notification)
  into notifications
  from claimed t
  left join lateral (
    select x.id, x as lead from public.leads x
    join public.memberships m on m.organization_id = x.organization_id and m.user_id = t.assigned_to
      and m.status = 'active'
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where x.organization_id = t.organization_id and x.id = t.lead_id
      and (p.scope = 'organization' or m.user_id in (x.assigned_to, x.created_by)
        or (p.scope = 'team' and x.team_id = m.team_id))
  ) l on true;
  perform private.notify(coalesce(notifications, '{}'));
  return coalesce(cardinality(notifications), 0);
end
$$;

comment on function private.run_task_reminders is 'Sends the task reminders that are due; returns their number.';

comment on function private.team_mates is
  'Members of the teams in which the caller has the permission with team scope: "organization_id user_id".';

grant execute on function private.team_mates(text) to authenticated;

create function private.update_task(organization_id uuid, task_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.tasks := private.require_task(organization_id, task_id, 'tasks:write', true);
  updated public.tasks;
begin
  if current.version <> expected_version then
    return jsonb_build_object('stale', private.task_json(current));
  end if;
  updated := jsonb_populate_record(current, (
    select jsonb_object_agg(c.key, c.value) from jsonb_each(change) c
    where c.key in ('title', 'description', 'status', 'priority', 'due_at', 'assigned_to', 'remind_minutes_before')));
  if updated.assigned_to is distinct from current.assigned_to then
    perform private.require_assignee(organization_id, updated.assigned_to);
  end if;
  update public.tasks t set title = updated.title, description = updated.description, status = updated.status,
    priority = updated.priority, due_at = updated.due_at, assigned_to = updated.assigned_to,
      remind_minutes_before = updated.remind_minutes_before
  where t.id = current.id
  returning t.* into updated;
  return jsonb_build_object('task', private.task_json(updated));
end
$$;

grant execute on function private.update_task(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_task(organization_id uuid, task_id uuid, change jsonb,
  expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_task(organization_id, task_id, change, expected_version)
$$;

comment on function public.update_task is
  'Changes a task if it has the expected version: { task }, else { stale } with the current task.';

grant execute on function public.update_task(uuid, uuid, jsonb, integer) to authenticated;

comment on table public.interactions is 'Calls, notes, meetings, e-mails and texts with a lead. Append-only.';

create index interactions_of_lead on public.interactions (organization_id, lead_id, id desc);

create index interactions_created_by on public.interactions (created_by);

alter table public.interactions enable row level security;

create policy "those who see the lead and interactions read them" on public.interactions for select to authenticated
  using (organization_id = any ((select private.organizations_in_scope('interactions:read'))::uuid[]) and exists (
    select from public.leads l
    where l.organization_id = interactions.organization_id and l.id = interactions.lead_id
      and (l.organization_id = any ((select private.organizations_with('interactions:read'))::uuid[])
        or l.assigned_to = (select auth.uid()) or l.created_by = (select auth.uid())
        or l.team_id = any ((select private.teams_with('interactions:read'))::uuid[]))));

revoke all on public.interactions from public, anon, authenticated, service_role;

grant select on public.interactions to authenticated, service_role;

create trigger forbid_history_changes before update on public.interactions
  for each row execute function private.forbid_history_changes();

create function private.interaction_json(interaction public.interactions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(interaction) - 'organization_id' || jsonb_build_object('created_by_name', (
    select p.full_name from public.profiles p where p.id = interaction.created_by))
$$;

create function private.create_interaction(organization_id uuid, lead_id uuid, interaction jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  created public.interactions;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'interactions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  lead := private.require_lead(organization_id, lead_id, 'interactions:write', true);
  insert into public.interactions
    (organization_id, lead_id, type, direction, subject, body, outcome, duration_seconds, occurred_at, created_by)
  select lead.organization_id, lead.id, r.type, r.direction, r.subject, r.body, r.outcome, r.duration_seconds,
    coalesce(r.occurred_at, now()), auth.uid()
  from jsonb_to_record(interaction) as r
    (type text, direction text, subject text, body text, outcome text, duration_seconds integer,
      occurred_at timestamptz)
  returning * into created;
  if created.occurred_at > now() + interval '5 minutes' then
    perform private.problem(422, 'invalid_field', 'occurred_at is in the future.',
      '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  if created.type in ('call', 'meeting') or (created.type in ('email', 'sms') and created.direction is distinct
    from 'inbound') then
    update public.leads l set sla_responded_at = greatest(l.sla_started_at, least(created.occurred_at, now()))
    where l.id = lead.id and l.assigned_to = auth.uid() and l.sla_status is not null and l.sla_responded_at is null;
  end if;
  return private.store_idempotent_response(organization_id, private.interaction_json(created));
end
$$;

grant execute on function private.create_interaction(uuid, uuid, jsonb) to authenticated;

create function public.create_interaction(organization_id uuid, lead_id uuid, interaction jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_interaction(organization_id, lead_id, interaction)
$$;

comment on function public.create_interaction is
  'Logs an interaction with a lead; the first contact by the assignee answers the response clock.';

grant execute on function public.create_interaction(uuid, uuid, jsonb) to authenticated;

create function private.timeline_rows(kinds text[], ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind, 'at', private.uuid_v7_time(d.id),
    'actor_name', f.full_name)
    || d.detail order by d.n), '[]')
  from (
    select p.kind, p.id, p.n, case p.kind
      when 'interaction' then (
        select jsonb_build_object('actor_id', i.created_by, 'type', i.type, 'direction', i.direction, 'subject',
          i.subject, 'body', i.body,
          'outcome', i.outcome, 'duration_seconds', i.duration_seconds, 'occurred_at', i.occurred_at)
        from public.interactions i where i.id = p.id)
      when 'task' then (
        select jsonb_build_object('actor_id', t.created_by, 'title', t.title, 'status', t.status, 'priority',
          t.priority,
          'due_at', t.due_at, 'completed_at', t.completed_at, 'assigned_to', t.assigned_to, 'assigned_to_name',
            u.full_name)
        from public.tasks t left join public.profiles u on u.id = t.assigned_to where t.id = p.id)
      when 'message' then (
        select jsonb_build_object('actor_id', m.created_by, 'direction', m.direction, 'status', m.status, 'body',
          m.body,
          'to', m.to_number, 'from', m.from_number)
        from public.messages m where m.id = p.id)
      when 'stage_change' then (
        select jsonb_build_object('actor_id', h.changed_by, 'from_status', h.from_status, 'to_status', h.to_status,
          'seconds_in_stage', h.seconds_in_stage, 'note', h.note)
        from public.lead_history h where h.id = p.id)
      when 'assignment' then (
        select jsonb_build_object('actor_id', a.assigned_by, 'from_user', a.from_user, 'from_user_name', g.full_name,
          'to_user', a.to_user, 'to_user_name', u.full_name, 'method', a.method, 'note', a.note, 'deadline', a.deadline)
        from public.lead_assignments a
        left join public.profiles g on g.id = a.from_user
        left join public.profiles u on u.id = a.to_user
        where a.id = p.id)
      when 'student_added' then (
        select jsonb_build_object('actor_id', s.created_by, 'student_id', s.id, 'student_name',
          btrim(s.first_name || ' ' || s.last_name))
        from public.students s where s.id = p.id)
      when 'lead_created' then (
        select jsonb_build_object('actor_id', l.created_by, 'source', l.source) from public.leads l where l.id = p.id)
      end as detail
    from unnest(kinds, ids) with ordinality p (kind, id, n)
    offset 0
  ) d
  left join public.profiles f on f.id = (d.detail ->> 'actor_id')::uuid
$$;

create function private.lead_timeline(organization_id uuid, lead_id uuid, wanted_kind text, before uuid,
  page_limit integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'leads:read');
  organization uuid := lead.organization_id;
  bound uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  max_rows integer := least(greatest(page_limit, 1), 200) + 1;
  kinds text[] := array['stage_change', 'assignment', 'student_added', 'lead_created']
    || case when private.lead_in_scope(lead, 'interactions:read') then array['interaction'] end
    || case when private.lead_in_scope(lead, 'tasks:read') then array['task'] end
    || case when organization = any (private.organizations_in_scope('messages:read')) then array['message'] end;
  page_kinds text[];
  page_ids uuid[];
begin
  if wanted_kind is not null then
    kinds := array(select k from unnest(kinds) k where k = wanted_kind);
  end if;
  with events as (
    (select 'interaction' as kind, i.id from public.interactions i
      where 'interaction' = any (kinds) and i.organization_id = organization and i.lead_id = lead.id and i.id < bound
      order by i.id desc limit max_rows)
    union all
    (select 'task', t.id from public.tasks t
      where 'task' = any (kinds) and t.organization_id = organization and t.lead_id = lead.id and t.id < bound
      order by t.id desc limit max_rows)
    union all
    (select 'message', m.id from public.messages m
      where 'message' = any (kinds) and m.organization_id = organization and m.lead_id = lead.id and m.id < bound
      order by m.id desc limit max_rows)
    union all
    (select 'stage_change', h.id from public.lead_history h
      where 'stage_change' = any (kinds) and h.organization_id = organization and h.lead_id = lead.id and h.id < bound
      order by h.id desc limit max_rows)
    union all
    (select 'assignment', a.id from public.lead_assignments a
      where 'assignment' = any (kinds) and a.organization_id = organization and a.lead_id = lead.id and a.id < bound
      order by a.id desc limit max_rows)
    union all
    (select 'student_added', s.id from public.students s
      where 'student_added' = any (kinds) and s.organization_id = organization and s.lead_id = lead.id and s.id < bound
      order by s.id desc limit max_rows)
    union all
    select 'lead_created', lead.id where 'lead_created' = any (kinds) and lead.id < bound
  )
  select array_agg(p.kind order by p.id desc), array_agg(p.id order by p.id desc) into page_kinds, page_ids
  from (select h.kind, h.id from events h order by h.id desc limit max_rows) p;
  return jsonb_build_object('rows', private.timeline_rows(page_kinds[:max_rows - 1], page_ids[:max_rows - 1]),
    'next_before', case when cardinality(page_ids) = max_rows then page_ids[max_rows - 1] end);
end
$$;

grant execute on function private.lead_timeline(uuid, uuid, text, uuid, integer) to authenticated;

create function public.lead_timeline(
  organization_id uuid, lead_id uuid, page_limit integer, before uuid default null, wanted_kind text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.lead_timeline(organization_id, lead_id, wanted_kind, before, page_limit)
$$;

comment on function public.lead_timeline is
  'Events of a lead, newest first: { rows, next_before }. before: next_before of the previous page.';

grant execute on function public.lead_timeline(uuid, uuid, integer, uuid, text) to authenticated;

create function private.list_interactions(organization_id uuid, lead_id uuid, wanted_type text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  lead public.leads := private.require_lead(organization_id, lead_id, 'interactions:read');
begin
  return jsonb_build_object(
    'total', (
      select count(*) from public.interactions i
      where i.organization_id = lead.organization_id and i.lead_id = lead.id
        and (wanted_type is null or i.type = wanted_type)),
    'rows', coalesce((
      select jsonb_agg(private.interaction_json(p.interaction) order by p.id desc)
      from (
        select i.id, i as interaction from public.interactions i
        where i.organization_id = lead.organization_id and i.lead_id = lead.id
          and (wanted_type is null or i.type = wanted_type)
        order by i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

grant execute on function private.list_interactions(uuid, uuid, text, integer, integer) to authenticated;

create function public.list_interactions(
  organization_id uuid, lead_id uuid, page_limit integer, page_offset integer, wanted_type text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_interactions(organization_id, lead_id, wanted_type,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_interactions is
  'One page of a lead''s interactions, newest first. wanted_type: null for all.';

grant execute on function public.list_interactions(uuid, uuid, integer, integer, text) to authenticated;

create table private.lead_uploads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  file_name text not null,
  delimiter text,
  header_row integer,
  columns jsonb,
  total_rows integer,
  size bigint not null default 0,
  upload_complete boolean not null default false,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours'
);

comment on table private.lead_uploads is
  'A file of leads that waits for its import, at most 24 hours. upload_complete: all pieces are stored.';

create index lead_uploads_organization on private.lead_uploads (organization_id);

create index lead_uploads_created_by on private.lead_uploads (created_by);

create index lead_uploads_expiry on private.lead_uploads (expires_at);

create table private.lead_upload_pieces (
  upload_id uuid not null references private.lead_uploads (id) on delete cascade,
  "position" integer not null,
  first_row integer not null,
  content text not null,
  primary key (upload_id, "position")
);

comment on table private.lead_upload_pieces is
  'The text of the file, cut at row ends. first_row: the row number of its first row as spreadsheet programs count.';

comment on table public.lead_imports is
  'Imports of leads: settings and results. The progress of a running import is in private.lead_import_runs.';

comment on column public.lead_imports.mapping is 'Field by column index (from 0).';

create index lead_imports_listing on public.lead_imports (organization_id, created_at desc);

create index lead_imports_created_by on public.lead_imports (created_by);

create index lead_imports_assigned_to on public.lead_imports (assigned_to) where assigned_to is not null;

alter table public.lead_imports enable row level security;

create policy "those who import leads read their organization's imports" on public.lead_imports
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('leads:import'))::uuid[]));

revoke all on public.lead_imports from public, anon, authenticated, service_role;

grant select on public.lead_imports to authenticated, service_role;

create trigger set_updated_at before update on public.lead_imports
  for each row execute function private.set_updated_at();

create table private.lead_import_runs (
  import_id uuid primary key references public.lead_imports (id) on delete cascade,
  delimiter text not null,
  header_row integer not null,
  next_position integer not null default 0,
  pieces integer not null,
  processed integer not null default 0,
  created integer not null default 0,
  updated integer not null default 0,
  skipped integer not null default 0,
  invalid integer not null default 0,
  runner uuid,
  leased_until timestamptz,
  attempts integer not null default 0,
  last_step_at timestamptz
);

comment on table private.lead_import_runs is
  'Queued and running imports: the next piece and the current runner. Deleted when the import ends.';

comment on column private.lead_import_runs.attempts is 'Runs that claimed the import since a piece was last finished.';

create table private.lead_import_rows (
  import_id uuid not null references public.lead_imports (id) on delete cascade,
  lead_id uuid not null,
  "row" integer not null,
  primary key (import_id, lead_id)
);

comment on table private.lead_import_rows is
  'The row of a running import that created or changed a lead; a later row of that lead is a duplicate.';

create table private.lead_import_errors (
  import_id uuid not null references public.lead_imports (id) on delete cascade,
  "row" integer not null,
  kind text not null constraint lead_import_errors_kind check (kind in ('invalid', 'skipped')),
  reason text not null,
  cells jsonb not null,
  primary key (import_id, "row")
);

comment on table private.lead_import_errors is
  'Rows that were not imported, with cells and reason: the first 50,000, for 30 days.';

create type private.import_counts as (created integer, updated integer, skipped integer, invalid integer);

create function private.require_lead_upload(organization_id uuid, upload_id uuid, upload_complete boolean)
returns private.lead_uploads
language plpgsql set search_path = ''
as $$
declare
  upload private.lead_uploads;
begin
  perform private.require_permission(organization_id, 'leads:import');
  select * into upload from private.lead_uploads u
  where u.organization_id = require_lead_upload.organization_id and u.id = require_lead_upload.upload_id
    and u.upload_complete = require_lead_upload.upload_complete and u.expires_at > now()
  for update;
  if upload.id is null then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
  return upload;
end
$$;

create function private.add_lead_upload_pieces(organization_id uuid, upload_id uuid, pieces jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  upload private.lead_uploads := private.require_lead_upload(organization_id, upload_id, false);
begin
  insert into private.lead_upload_pieces (upload_id, "position", first_row, content)
  select upload.id, p."position", p.first_row, p.content
  from jsonb_to_recordset(pieces) as p ("position" integer, first_row integer, content text);
  update private.lead_uploads u
  set size = u.size + (select coalesce(sum(octet_length(p ->> 'content')), 0) from jsonb_array_elements(pieces) p)
  where u.id = upload.id
  returning * into upload;
  if upload.size > 160000000 then
    perform private.problem(413, 'too_large', 'The file is too large.');
  end if;
end
$$;

grant execute on function private.add_lead_upload_pieces(uuid, uuid, jsonb) to authenticated;

create function public.add_lead_upload_pieces(organization_id uuid, upload_id uuid, pieces jsonb)
returns void
language sql set search_path = ''
as $$
  select private.add_lead_upload_pieces(organization_id, upload_id, pieces)
$$;

comment on function public.add_lead_upload_pieces is 'Stores further pieces of an incomplete upload.';

grant execute on function public.add_lead_upload_pieces(uuid, uuid, jsonb) to authenticated;

create function private.lead_import_terms(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fields', private.lead_field_definitions(organization_id), 'stages', (
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label) order by s.position), '[]')
    from public.pipeline_stages s where s.organization_id = lead_import_terms.organization_id))
$$;

create function private.begin_lead_upload(organization_id uuid, file_name text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'leads:import');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  if (select count(*) >= 40 or coalesce(sum(u.size), 0) > 500000000 from private.lead_uploads u
      where u.organization_id = begin_lead_upload.organization_id and u.expires_at > now()) then
    perform private.problem(409, 'too_many_uploads',
      'Too many files wait to be imported. Import some of them, or wait until they expire.');
  end if;
  insert into private.lead_uploads (organization_id, file_name, created_by)
  values (organization_id, left(file_name, 255), auth.uid()) returning id into upload;
  return jsonb_build_object('upload_id', upload) || private.lead_import_terms(organization_id);
end
$$;

grant execute on function private.begin_lead_upload(uuid, text) to authenticated;

create function public.begin_lead_upload(organization_id uuid, file_name text)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_lead_upload(organization_id, file_name)
$$;

comment on function public.begin_lead_upload is
  'Starts an upload of leads and returns the stages and fields that its cells may name.';

grant execute on function public.begin_lead_upload(uuid, text) to authenticated;

create function private.require_lead_import(organization_id uuid, import_id uuid, locked boolean default false)
returns public.lead_imports
language plpgsql set search_path = ''
as $$
declare
  import public.lead_imports;
begin
  perform private.require_permission(organization_id, 'leads:import');
  if locked then
    -- In the lock order of import_lead_slice.
    perform from private.lead_import_runs r
    join public.lead_imports i on i.id = r.import_id and i.organization_id = require_lead_import.organization_id
    where r.import_id = require_lead_import.import_id for update of r;
  end if;
  select * into import from public.lead_imports i
  where i.organization_id = require_lead_import.organization_id and i.id = require_lead_import.import_id;
  if import.id is null then
    perform private.problem(404, 'not_found', 'There is no such import.');
  end if;
  return import;
end
$$;

create function private.end_lead_import(import_id uuid, status text, error text default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  summary text;
  assigned bigint;
  only_lead public.leads;
begin
  delete from private.lead_import_runs r where r.import_id = end_lead_import.import_id returning * into run;
  update public.lead_imports i
  set status = end_lead_import.status, error = end_lead_import.error, finished_at = now(),
    counts = jsonb_build_object('processed', run.processed, 'created', run.created, 'updated', run.updated,
      'skipped', run.skipped, 'invalid', run.invalid)
  where i.id = end_lead_import.import_id
  returning * into import;
  delete from private.lead_import_rows r where r.import_id = import.id;
  delete from private.lead_uploads u where u.id = import.upload_id;
  select count(*) into assigned from public.leads l
  where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  -- A single lead is notified by its name, as in assign_leads.
  if assigned = 1 then
    select * into only_lead from public.leads l
    where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  end if;
  summary := format('%s leads added, %s changed, %s rows skipped, %s invalid', run.created, run.updated, run.skipped,
    run.invalid);
  perform private.notify(array_agg(n.notice)) from (
    select row(import.organization_id, import.created_by, 'import_finished', 'import:' || import.id,
      case when import.status = 'done' then format('The import of %s is finished', import.file_name)
        else format('The import of %s did not finish', import.file_name) end,
      concat_ws('. ', error, summary || '.'),
      import.counts || jsonb_build_object('import_id', import.id, 'file_name', import.file_name, 'status',
        import.status,
        'error', import.error),
      null)::private.notification as notice
    -- People who cancel an import need no notification of its end; the assignee of its leads does.
    where import.created_by is not null and import.status <> 'canceled'
    union all
    select row(import.organization_id, import.assigned_to, 'assignment', 'import-assigned:' || import.id,
      case assigned when 1 then 'A lead was assigned to you'
        else format('%s leads were assigned to you', assigned) end,
          format(case assigned when 1 then 'It comes from the file %s.' else 'They come from the file %s.' end,
      import.file_name), jsonb_build_object('import_id', import.id, 'lead_id', only_lead.id, 'leads', assigned,
        'lead_name', case assigned when 1 then private.lead_label(only_lead)
          else format('%s leads from %s', assigned, import.file_name) end,
        'assigned_by_name', (select p.full_name from public.profiles p where p.id = import.created_by)),
          only_lead.id)::private.notification
    where import.assigned_to is distinct from import.created_by and assigned > 0
  ) n
  having count(*) > 0;
end
$$;

create function private.lead_import_json(import public.lead_imports)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(import) - array['organization_id', 'counts', 'columns', 'consent', 'mapping']
    || coalesce((select jsonb_build_object('processed', r.processed, 'created', r.created, 'updated', r.updated,
      'skipped', r.skipped, 'invalid', r.invalid) from private.lead_import_runs r where r.import_id = import.id),
        import.counts)
    || jsonb_build_object('created_by_name', (select p.full_name from public.profiles p where p.id = import.created_by),
      'assigned_to_name', (select p.full_name from public.profiles p where p.id = import.assigned_to))
$$;

create function private.get_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  return private.lead_import_json(private.require_lead_import(organization_id, import_id));
end
$$;

create function private.cancel_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  import public.lead_imports := private.require_lead_import(organization_id, import_id, true);
begin
  if import.status not in ('queued', 'running') then
    perform private.problem(409, 'import_ended', 'This import has ended already.');
  end if;
  perform private.end_lead_import(import.id, 'canceled');
  return private.get_lead_import(organization_id, import.id);
end
$$;

grant execute on function private.cancel_lead_import(uuid, uuid) to authenticated;

create function public.cancel_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.cancel_lead_import(organization_id, import_id)
$$;

comment on function public.cancel_lead_import is 'Cancels an import; imported leads stay.';

grant execute on function public.cancel_lead_import(uuid, uuid) to authenticated;

create function private.import_lease()
returns interval
language sql immutable set search_path = ''
as $$
  select interval '30 seconds'
$$;

create function private.next_import_piece(run private.lead_import_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('position', p."position", 'first_row', p.first_row, 'content', p.content)
  from private.lead_upload_pieces p
  join public.lead_imports i on i.upload_id = p.upload_id
  where i.id = run.import_id and p."position" = run.next_position
$$;

create function private.claim_lead_import(runner uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
begin
  loop
    update private.lead_import_runs r
    set runner = claim_lead_import.runner, leased_until = now() + private.import_lease(), attempts = r.attempts + 1
    where r.import_id = (
      select w.import_id from private.lead_import_runs w
      where w.leased_until is null or w.leased_until < now()
      order by w.last_step_at nulls first, w.import_id limit 1 for update skip locked)
    returning * into run;
    if run.import_id is null then
      return null;
    end if;
    exit when run.attempts <= 5;
    perform private.end_lead_import(run.import_id, 'failed', 'The import was interrupted too often at the same place');
  end loop;
  update public.lead_imports i set status = 'running', started_at = coalesce(i.started_at, now())
  where i.id = run.import_id and i.status = 'queued';
  select * into import from public.lead_imports i where i.id = run.import_id;
  return jsonb_build_object(
    'id', import.id, 'mapping', import.mapping, 'consent', import.consent,
    'delimiter', run.delimiter, 'header_row', run.header_row, 'width', jsonb_array_length(import.columns),
    'country', (select o.country from public.organizations o where o.id = import.organization_id),
    'currency', (select o.currency from public.organizations o where o.id = import.organization_id),
    'time_zone', (select o.time_zone from public.organizations o where o.id = import.organization_id),
    'piece', private.next_import_piece(run)) || private.lead_import_terms(import.organization_id);
end
$$;

grant execute on function private.claim_lead_import(uuid) to service_role;

create function public.claim_lead_import(runner uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_lead_import(runner)
$$;

comment on function public.claim_lead_import is 'Leases a waiting import to this runner and returns its next piece.';

grant execute on function public.claim_lead_import(uuid) to service_role;

create function private.discard_lead_upload(organization_id uuid, upload_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:import');
  delete from private.lead_uploads u
  where u.organization_id = discard_lead_upload.organization_id and u.id = discard_lead_upload.upload_id
    and u.created_by = auth.uid() and not u.upload_complete;
end
$$;

grant execute on function private.discard_lead_upload(uuid, uuid) to authenticated;

create function public.discard_lead_upload(organization_id uuid, upload_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_lead_upload(organization_id, upload_id)
$$;

comment on function public.discard_lead_upload is 'Deletes an incomplete upload of the caller.';

grant execute on function public.discard_lead_upload(uuid, uuid) to authenticated;

create function private.execute_lead_import(organization_id uuid, upload_id uuid, settings jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload private.lead_uploads;
  assignee uuid := (settings ->> 'assigned_to')::uuid;
  import uuid;
begin
  perform private.require_permission(organization_id, 'leads:import');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- The lock first: of two requests for one upload the second gets the import's id instead of 404.
  perform from private.lead_uploads u where u.id = execute_lead_import.upload_id for update;
  select jsonb_build_object('import_id', i.id) into answer from public.lead_imports i
  where i.organization_id = execute_lead_import.organization_id and i.upload_id = execute_lead_import.upload_id;
  if answer is not null then
    perform private.problem(409, 'upload_executed', 'This upload was imported already.', answer);
  end if;
  upload := private.require_lead_upload(organization_id, upload_id, true);
  if assignee is not null then
    perform private.require_holders(organization_id, array[assignee], array['assigned_to']);
  end if;
  insert into public.lead_imports
    (organization_id, upload_id, file_name, mapping, columns, on_duplicate, consent, source, assigned_to, total_rows,
      created_by)
  values (organization_id, upload.id, upload.file_name, settings -> 'mapping', upload.columns,
    settings ->> 'on_duplicate', nullif(settings -> 'consent', 'null'), settings ->> 'source', assignee,
      upload.total_rows, auth.uid())
  returning id into import;
  insert into private.lead_import_runs (import_id, delimiter, header_row, pieces)
  values (import, upload.delimiter, upload.header_row, (
    select count(*) from private.lead_upload_pieces p where p.upload_id = upload.id));
  update private.lead_uploads u set expires_at = 'infinity' where u.id = upload.id;
  perform private.invoke('jobs/import-leads');
  return private.store_idempotent_response(organization_id, jsonb_build_object('import_id', import));
end
$$;

grant execute on function private.execute_lead_import(uuid, uuid, jsonb) to authenticated;

create function public.execute_lead_import(organization_id uuid, upload_id uuid, settings jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.execute_lead_import(organization_id, upload_id, settings)
$$;

comment on function public.execute_lead_import is 'Starts the import of an upload.';

grant execute on function public.execute_lead_import(uuid, uuid, jsonb) to authenticated;

create function private.expire_lead_imports()
returns void
language sql set search_path = ''
as $$
  delete from private.lead_uploads where expires_at < now();
  delete from private.lead_import_errors f using public.lead_imports i
  where i.id = f.import_id and i.finished_at < now() - interval '30 days';
$$;

create function private.fail_lead_import(import_id uuid, runner uuid, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform from private.lead_import_runs r
  where r.import_id = fail_lead_import.import_id and r.runner = fail_lead_import.runner for update;
  if found then
    perform private.end_lead_import(import_id, 'failed', reason);
  end if;
end
$$;

grant execute on function private.fail_lead_import(uuid, uuid, text) to service_role;

create function public.fail_lead_import(import_id uuid, runner uuid, reason text)
returns void
language sql set search_path = ''
as $$
  select private.fail_lead_import(import_id, runner, reason)
$$;

comment on function public.fail_lead_import is 'Ends an import that cannot continue.';

grant execute on function public.fail_lead_import(uuid, uuid, text) to service_role;

grant execute on function private.get_lead_import(uuid, uuid) to authenticated;

create function public.get_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_lead_import(organization_id, import_id)
$$;

comment on function public.get_lead_import is 'An import and its progress.';

grant execute on function public.get_lead_import(uuid, uuid) to authenticated;

create function private.may_continue_import(import public.lead_imports)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:import'
    where m.organization_id = import.organization_id and m.user_id = import.created_by and m.status = 'active')
$$;

create function private.lock_import(import public.lead_imports)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('lead_import|' || import.organization_id, 0));
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || import.organization_id, 0));
  perform private.lock_pipeline(import.organization_id);
  if import.assigned_to is not null then
    perform private.lock_holders(import.organization_id, array[import.assigned_to]);
  end if;
end
$$;

create function private.leads_by_contact(organization_id uuid, phones text[], emails text[])
returns table (contact text, lead_id uuid, status text)
language plpgsql stable rows 2000 set search_path = '' set plan_cache_mode = force_custom_plan
as $$
begin
  return query
    select distinct on (l.phone) l.phone, l.id, l.status from public.leads l
    where l.organization_id = leads_by_contact.organization_id and l.deleted_at is null and l.phone = any (phones)
    order by l.phone, l.created_at, l.id;
  return query
    select distinct on (l.email) l.email, l.id, l.status from public.leads l
    where l.organization_id = leads_by_contact.organization_id and l.deleted_at is null and l.email = any (emails)
    order by l.email, l.created_at, l.id;
end
$$;

create function private.import_rows(rows jsonb)
returns table ("row" integer, first_name text, last_name text, email text, phone text, source text, status text,
  value numeric, tags text[], time_zone text, country text, region text, custom_fields jsonb, consented boolean,
    consent_at timestamptz, cells jsonb)
language sql immutable rows 2000 set search_path = ''
as $$
  select * from jsonb_to_recordset(rows) as r ("row" integer, first_name text, last_name text, email text, phone text,
    source text, status text, value numeric, tags text[], time_zone text, country text, region text,
      custom_fields jsonb, consented boolean, consent_at timestamptz, cells jsonb)
$$;

create function private.validate_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns jsonb
language sql set search_path = '' set enable_nestloop = off set jit = off
as $$
  with found as materialized (
    select f.* from private.leads_by_contact(import.organization_id,
      array(select r.phone from private.import_rows(rows) r where r.phone is not null),
        array(select r.email from private.import_rows(rows) r where r.email is not null)) f
  ), new_rows as materialized (
    select r.*, p.lead_id as by_phone, e.lead_id as by_email, coalesce(p.status, e.status) as from_status
    from private.import_rows(rows) r
    left join found p on p.contact = r.phone
    left join found e on e.contact = r.email
    where p.lead_id is not null or e.lead_id is not null or definitions <> '[]'
  ), matched as (
    select g.*, coalesce(g.by_phone, g.by_email) as lead_id,
      coalesce((
        select min(t."row") from private.lead_import_rows t
        where t.import_id = import.id and t.lead_id in (g.by_phone, g.by_email)
      ), nullif(min(g."row") over (partition by coalesce(g.by_phone, g.by_email)), g."row")) as first_row
    from new_rows g
  ), validated as (
    select m."row", m.lead_id, case
      when m.lead_id is not null and m.first_row is not null
        then jsonb_build_array('skipped', format('The phone number or e-mail address is already in row %s.',
          m.first_row))
      when m.lead_id is not null and import.on_duplicate = 'skip'
        then jsonb_build_array('skipped', format('There is a lead with this %s already.',
          case when m.by_phone is not null then 'phone number' else 'e-mail address' end))
      when m.by_phone <> m.by_email
        then jsonb_build_array('skipped', 'The phone number belongs to one lead and the e-mail address to another.')
      when definitions <> '[]' and f.errors <> '[]'
        then jsonb_build_array('invalid', (
          select string_agg(concat_ws(' ', x.error ->> 'path', x.error ->> 'message'), '; ') || '.'
          from jsonb_array_elements(f.errors) x (error)))
      when m.lead_id is not null and m.status <> m.from_status and exists (
          select from public.pipeline_stages s
          where s.organization_id = import.organization_id and s.key = m.from_status
            and m.status <> all (s.next_stages))
        then jsonb_build_array('skipped', format('A lead in the stage %s may not move to %s.', m.from_status, m.status))
      end as error
    from matched m
    cross join lateral (
      select case when definitions <> '[]' then private.custom_field_errors(
        case when m.lead_id is null then definitions
          -- Required fields that an existing lead lacks are not this row's error.
          else (select jsonb_agg(d - 'required') from jsonb_array_elements(definitions) d) end,
        coalesce(m.custom_fields, '{}')) end as errors
    ) f
  )
  select coalesce(jsonb_agg(jsonb_build_object('row', j."row", 'lead_id', j.lead_id, 'kind', j.error ->> 0, 'reason',
    j.error ->> 1)), '[]')
  from validated j where j.lead_id is not null or j.error is not null
$$;

create function private.insert_import_rows(import public.lead_imports, rows jsonb, validation jsonb)
returns integer
language plpgsql set search_path = ''
as $$
declare
  stage text := private.first_stage(import.organization_id);
  organization_currency text := (select o.currency from public.organizations o where o.id = import.organization_id);
  team uuid := (select m.team_id from public.memberships m
    where m.organization_id = import.organization_id and m.user_id = import.created_by);
  free_capacity bigint := 0;
  inserted integer;
begin
  if import.assigned_to = any (private.lock_holders(import.organization_id, array[import.assigned_to])) then
    select coalesce(h.capacity - h.open, 2147483647) into free_capacity
    from private.holder_loads(import.organization_id, array[import.assigned_to]) h;
  end if;
  with new_rows as materialized (
    select private.uuid_v7() as id, case when row_number() over (order by r."row") <= free_capacity
      then import.assigned_to end as assignee, r.*
    from private.import_rows(rows) r
    where not exists (select from jsonb_to_recordset(validation) as j ("row" integer) where j."row" = r."row")
  ), leads as (
    insert into public.leads (id, organization_id, first_name, last_name, email, phone, source, status, value,
      currency, tags, time_zone, country, region, custom_fields, assigned_to, team_id, created_by, import_id)
    select g.id, import.organization_id, coalesce(g.first_name, ''), coalesce(g.last_name, ''), g.email, g.phone,
      coalesce(g.source, import.source), coalesce(g.status, stage), coalesce(g.value, 0), organization_currency,
        coalesce(g.tags, '{}'), g.time_zone, g.country, g.region, coalesce(g.custom_fields, '{}'), g.assignee, team,
          import.created_by, import.id
    from new_rows g
  ), row_links as (
    insert into private.lead_import_rows (import_id, lead_id, "row") select import.id, g.id, g."row" from new_rows g
  ), holders as (
    insert into public.lead_assignments (organization_id, lead_id, to_user, method, assigned_by)
    select import.organization_id, g.id, g.assignee, 'import', import.created_by
    from new_rows g where g.assignee is not null
  ), granted as (
    insert into public.consents (organization_id, lead_id, event, phone, scope, source, disclosure, disclosure_version,
      act, occurred_at, recorded_by)
    select import.organization_id, g.id, 'granted', g.phone, import.consent ->> 'scope', import.consent ->> 'source',
      import.consent ->> 'disclosure', import.consent ->> 'disclosure_version', import.consent ->> 'act',
        coalesce(g.consent_at, (import.consent ->> 'occurred_at')::timestamptz), import.created_by
    from new_rows g where import.consent is not null and g.consented and g.phone is not null
  )
  select count(*) into inserted from new_rows;
  return inserted;
end
$$;

create function private.update_import_rows(import public.lead_imports, rows jsonb, validation jsonb)
returns integer
language plpgsql set search_path = ''
as $$
declare
  updated integer;
begin
  with new_rows as materialized (
    select j.lead_id, l.status as from_status, l.status_since, r.*
    from private.import_rows(rows) r
    join jsonb_to_recordset(validation) as j ("row" integer, lead_id uuid, reason text) on j."row" = r."row"
    cross join lateral (
      select l.status, l.status_since from public.leads l
      where l.id = j.lead_id and l.organization_id is not distinct from import.organization_id for update) l
    where j.lead_id is not null and j.reason is null
  ), leads as (
    update public.leads l
    set first_name = coalesce(g.first_name, l.first_name), last_name = coalesce(g.last_name, l.last_name),
      email = coalesce(g.email, l.email), phone = coalesce(g.phone, l.phone), source = coalesce(g.source, l.source),
        status = coalesce(g.status, l.status), value = coalesce(g.value, l.value), tags = l.tags
        || array(select t from unnest(g.tags) t where t <> all (l.tags)),
      time_zone = coalesce(g.time_zone, l.time_zone), country = coalesce(g.country, l.country),
      region = coalesce(g.region, l.region), custom_fields = l.custom_fields || coalesce(g.custom_fields, '{}')
    from new_rows g
    where l.id = g.lead_id and l.organization_id is not distinct from import.organization_id
  ), history as (
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note,
      changed_by)
    select import.organization_id, g.lead_id, g.from_status, g.status,
      extract(epoch from now() - g.status_since)::bigint,
      'Imported from ' || import.file_name, import.created_by
    from new_rows g where g.status <> g.from_status
  ), row_links as (
    insert into private.lead_import_rows (import_id, lead_id, "row") select import.id, g.lead_id, g."row"
      from new_rows g
  ), granted as (
    insert into public.consents (organization_id, lead_id, event, phone, scope, source, disclosure, disclosure_version,
      act, occurred_at, recorded_by)
    select import.organization_id, g.lead_id, 'granted', g.phone, import.consent ->> 'scope',
      import.consent ->> 'source', import.consent ->> 'disclosure', import.consent ->> 'disclosure_version',
        import.consent ->> 'act', coalesce(g.consent_at, (import.consent ->> 'occurred_at')::timestamptz),
          import.created_by
    from new_rows g where import.consent is not null and g.consented and g.phone is not null
  )
  select count(*) into updated from new_rows;
  return updated;
end
$$;

create function private.record_import_errors(import_id uuid, rows jsonb, validation jsonb)
returns void
language sql set search_path = ''
as $$
  insert into private.lead_import_errors (import_id, "row", kind, reason, cells)
  select record_import_errors.import_id, r."row", j.kind, j.reason, r.cells
  from jsonb_to_recordset(validation) as j ("row" integer, kind text, reason text)
  join private.import_rows(rows) r on r."row" = j."row"
  where j.reason is not null and exists (
    select from private.lead_import_runs u where u.import_id = record_import_errors.import_id
      and u.skipped + u.invalid < 50000)
  on conflict do nothing
$$;

create function private.write_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  counts private.import_counts := row(0, 0, 0, 0);
  row_counts private.import_counts;
  validation jsonb;
begin
  if rows = '[]' then
    return counts;
  end if;
  begin
    validation := private.validate_import_rows(import, rows, definitions);
    counts.created := private.insert_import_rows(import, rows, validation);
    if validation <> '[]' then
      counts.updated := private.update_import_rows(import, rows, validation);
      perform private.record_import_errors(import.id, rows, validation);
      select count(*) filter (where j ->> 'kind' = 'skipped'), count(*) filter (where j ->> 'kind' = 'invalid')
      into counts.skipped, counts.invalid from jsonb_array_elements(validation) j;
    end if;
  exception when data_exception or integrity_constraint_violation then
    counts := row(0, 0, 0, 0);
    if jsonb_array_length(rows) = 1 then
      perform private.record_import_errors(import.id, rows, jsonb_build_array(jsonb_build_object(
        'row', rows -> 0 -> 'row', 'kind', 'invalid', 'reason', 'A value of this row cannot be stored.')));
      counts.invalid := 1;
    else
      for i in 0 .. jsonb_array_length(rows) - 1 loop
        row_counts := private.write_import_rows(import, jsonb_build_array(rows -> i), definitions);
        counts := row(counts.created + row_counts.created, counts.updated + row_counts.updated,
          counts.skipped + row_counts.skipped, counts.invalid + row_counts.invalid);
      end loop;
    end if;
  end;
  return counts;
end
$$;

create function private.write_import_slice(import public.lead_imports, rows jsonb, errors jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  definitions jsonb := private.lead_field_definitions(import.organization_id);
  counts private.import_counts;
  row_counts private.import_counts;
  repeat_row jsonb;
begin
  counts := private.write_import_rows(import, (
    select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(rows) r where not r ? 'repeats'), definitions);
  -- After the others and one by one, because the result depends on whether the earlier row was imported.
  for repeat_row in select r from jsonb_array_elements(rows) r where r ? 'repeats' order by (r ->> 'row')::integer loop
    row_counts := private.write_import_rows(import, jsonb_build_array(repeat_row), definitions);
    counts := row(counts.created + row_counts.created, counts.updated + row_counts.updated,
      counts.skipped + row_counts.skipped, counts.invalid + row_counts.invalid);
  end loop;
  insert into private.lead_import_errors (import_id, "row", kind, reason, cells)
  select import.id, e."row", 'invalid', e.reason, e.cells
  from jsonb_to_recordset(errors) as e ("row" integer, reason text, cells jsonb)
  where exists (
    select from private.lead_import_runs u where u.import_id = import.id and u.skipped + u.invalid < 50000)
  on conflict do nothing;
  counts.invalid := counts.invalid + jsonb_array_length(errors);
  return counts;
end
$$;

create function private.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, errors jsonb,
  hand_over boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  counts private.import_counts;
begin
  select * into run from private.lead_import_runs r where r.import_id = import_lead_slice.import_id for update;
  if run.import_id is null or run.runner is distinct from import_lead_slice.runner
    or run.next_position <> from_position then
    return jsonb_build_object('state', 'moved_on');
  end if;
  select * into import from public.lead_imports i where i.id = run.import_id;
  if not private.may_continue_import(import) then
    perform private.end_lead_import(import.id, 'failed',
      'The person who started the import may no longer import leads');
    return jsonb_build_object('state', 'failed');
  end if;
  -- The audit log names the person who imports, although a job does the work.
  perform set_config('request.jwt.claims', jsonb_build_object('sub', import.created_by, 'role', 'service_role')::text,
    true);
  perform private.lock_import(import);
  counts := private.write_import_slice(import, rows, errors);
  update private.lead_import_runs r
  set next_position = r.next_position + 1, attempts = 0, last_step_at = now(),
    leased_until = case when not hand_over then now() + private.import_lease() end,
    processed = r.processed + jsonb_array_length(rows) + jsonb_array_length(errors),
    created = r.created + counts.created, updated = r.updated + counts.updated,
    skipped = r.skipped + counts.skipped, invalid = r.invalid + counts.invalid
  where r.import_id = import.id
  returning * into run;
  if run.next_position >= run.pieces then
    perform private.end_lead_import(import.id, 'done');
    return jsonb_build_object('state', 'done');
  end if;
  if hand_over then
    perform private.invoke('jobs/import-leads');
    return jsonb_build_object('state', 'handed_over');
  end if;
  return jsonb_build_object('state', 'running', 'piece', private.next_import_piece(run));
end
$$;

grant execute on function private.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean) to service_role;

create function public.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, errors jsonb,
  hand_over boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_lead_slice(import_id, runner, from_position, rows, errors, hand_over)
$$;

comment on function public.import_lead_slice is
  'Writes one piece of an import in one transaction and returns the next.';

grant execute on function public.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean) to service_role;

create function private.list_lead_import_errors(organization_id uuid, import_id uuid, after_row integer,
  page_limit integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  import public.lead_imports := private.require_lead_import(organization_id, import_id);
begin
  if after_row = 0 then
    perform private.audit_export(organization_id, 'lead_imports', '{}', import.id);
  end if;
  return jsonb_build_object('columns', import.columns, 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', f."row", 'kind', f.kind, 'reason', f.reason, 'cells', f.cells)
      order by f."row"), '[]')
    from (
      select * from private.lead_import_errors f
      where f.import_id = import.id and f."row" > after_row order by f."row" limit page_limit
    ) f));
end
$$;

grant execute on function private.list_lead_import_errors(uuid, uuid, integer, integer) to authenticated;

create function public.list_lead_import_errors(organization_id uuid, import_id uuid, after_row integer default 0,
  page_limit integer default 1000)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_lead_import_errors(organization_id, import_id, after_row, private.page_size(page_limit, 1000))
$$;

comment on function public.list_lead_import_errors is 'Rows that were not imported, with the reason.';

grant execute on function public.list_lead_import_errors(uuid, uuid, integer, integer) to authenticated;

create function private.list_lead_imports(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:import');
  return jsonb_build_object('total', (
    select count(*) from public.lead_imports i where i.organization_id = list_lead_imports.organization_id
  ), 'rows', (
    select coalesce(jsonb_agg(private.lead_import_json(p) order by p.created_at desc, p.id desc), '[]')
    from (
      select i.* from public.lead_imports i where i.organization_id = list_lead_imports.organization_id
      order by i.created_at desc, i.id desc limit page_limit offset page_offset
    ) p
  ));
end
$$;

grant execute on function private.list_lead_imports(uuid, integer, integer) to authenticated;

create function public.list_lead_imports(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_lead_imports(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_lead_imports is 'The organization''s imports, newest first.';

grant execute on function public.list_lead_imports(uuid, integer, integer) to authenticated;

create function private.known_contacts(organization_id uuid, contacts jsonb)
returns jsonb
language sql stable set search_path = '' set enable_nestloop = off set jit = off
as $$
  with given as (
    select c."row", c.phone, c.email from jsonb_to_recordset(contacts) as c ("row" integer, phone text, email text)
  ), found as materialized (
    select f.* from private.leads_by_contact(known_contacts.organization_id,
      array(select g.phone from given g where g.phone is not null),
        array(select g.email from given g where g.email is not null)) f
  ), known as (
    select g."row", case when p.lead_id is not null then 'phone' else 'email' end as field,
      coalesce(p.lead_id, e.lead_id) as lead_id
    from given g
    left join found p on p.contact = g.phone
    left join found e on e.contact = g.email
    where coalesce(p.lead_id, e.lead_id) is not null
  )
  select jsonb_build_object('in_organization', (select count(*) from known), 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', k."row", 'field', k.field, 'in', 'organization', 'first_row',
      null,
      'lead_id', case when (select private.lead_in_scope(l, 'leads:read') from public.leads l where l.id = k.lead_id)
        then k.lead_id end)
      order by k."row"), '[]')
    from (select * from known order by "row" limit 20) k))
$$;

create function private.preview_lead_upload(organization_id uuid, upload_id uuid, file jsonb, contacts jsonb,
  answer jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  upload private.lead_uploads := private.require_lead_upload(organization_id, upload_id, file is null);
  known jsonb := private.known_contacts(organization_id, contacts);
begin
  if file is not null then
    update private.lead_uploads u
    set upload_complete = true, delimiter = file ->> 'delimiter', header_row = (file ->> 'header_row')::integer,
      columns = file -> 'columns', total_rows = (file ->> 'total_rows')::integer
    where u.id = upload.id;
  end if;
  return private.store_idempotent_response(organization_id, answer || jsonb_build_object('duplicates',
    answer -> 'duplicates' || jsonb_build_object('in_organization', known -> 'in_organization',
      'rows', answer -> 'duplicates' -> 'rows' || (known -> 'rows'))));
end
$$;

grant execute on function private.preview_lead_upload(uuid, uuid, jsonb, jsonb, jsonb) to authenticated;

create function public.preview_lead_upload(organization_id uuid, upload_id uuid, file jsonb, contacts jsonb,
  answer jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_lead_upload(organization_id, upload_id, file, contacts, answer)
$$;

comment on function public.preview_lead_upload is
  'Completes an upload (file not null) and adds the contacts that exist in the organization to the answer.';

grant execute on function public.preview_lead_upload(uuid, uuid, jsonb, jsonb, jsonb) to authenticated;

create function private.read_lead_upload(organization_id uuid, upload_id uuid, with_piece boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb := private.idempotent_response(organization_id);
  upload private.lead_uploads;
begin
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  if exists (select from public.lead_imports i
    where i.organization_id = read_lead_upload.organization_id and i.upload_id = read_lead_upload.upload_id) then
    perform private.require_permission(organization_id, 'leads:import');
    perform private.problem(409, 'upload_executed', 'This upload was imported already.',
      jsonb_build_object('import_id', (
      select i.id from public.lead_imports i
      where i.organization_id = read_lead_upload.organization_id and i.upload_id = read_lead_upload.upload_id)));
  end if;
  upload := private.require_lead_upload(organization_id, upload_id, true);
  return jsonb_build_object('file_name', upload.file_name, 'delimiter', upload.delimiter, 'header_row',
    upload.header_row,
      'columns', upload.columns, 'total_rows', upload.total_rows, 'pieces', case when with_piece then (
        select jsonb_agg(jsonb_build_object('first_row', p.first_row, 'content', p.content))
        from private.lead_upload_pieces p where p.upload_id = upload.id and p."position" = 0) end)
    || private.lead_import_terms(organization_id);
end
$$;

grant execute on function private.read_lead_upload(uuid, uuid, boolean) to authenticated;

create function public.read_lead_upload(organization_id uuid, upload_id uuid, with_piece boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_lead_upload(organization_id, upload_id, with_piece)
$$;

comment on function public.read_lead_upload is 'The columns of an upload and, if asked, its first piece.';

grant execute on function public.read_lead_upload(uuid, uuid, boolean) to authenticated;

comment on table private.lead_totals is
  'Leads and their value by the dimensions of dashboards; person_id null: all leads of the team.';

create index lead_totals_organization on private.lead_totals (organization_id, person_id, team_id);

create index lead_totals_pending on private.lead_totals (organization_id) where not rolled_up;

create unique index lead_totals_once on private.lead_totals
  (organization_id, person_id, team_id, status, outcome, source, sla_status, assigned)
  nulls not distinct where rolled_up;

comment on table private.holder_totals is 'Leads by assignee; with a creator_id, those that this other person created.';

create index holder_totals_organization on private.holder_totals (organization_id, creator_id, holder_id);

create index holder_totals_pending on private.holder_totals (organization_id) where not rolled_up;

create unique index holder_totals_once on private.holder_totals
  (organization_id, creator_id, holder_id, team_id, outcome, sla_status)
  nulls not distinct where rolled_up;

comment on table private.lead_arrivals is
  'Leads of the last days by the quarter of an hour of their creation; person_id as in lead_totals.';

create index lead_arrivals_organization on private.lead_arrivals (organization_id, person_id, quarter_hour);

create index lead_arrivals_pending on private.lead_arrivals (organization_id) where not rolled_up;

create unique index lead_arrivals_once on private.lead_arrivals
  (organization_id, person_id, quarter_hour, team_id)
  nulls not distinct where rolled_up;

comment on table private.sla_totals is
  'Responses in time (met), late responses and breaches; person_id as in lead_totals.';

create index sla_totals_organization on private.sla_totals (organization_id, person_id, team_id);

create index sla_totals_pending on private.sla_totals (organization_id) where not rolled_up;

create unique index sla_totals_once on private.sla_totals
  (organization_id, person_id, team_id, outcome, response_minutes)
  nulls not distinct where rolled_up;

create type private.sla_count as (response_minutes integer, outcome text, events bigint);

create function private.holder_figures(organization_id uuid, permission text)
returns table (holder_id uuid, outcome text, sla_status text, leads bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select t.holder_id, t.outcome, t.sla_status, sum(t.leads)::bigint
    from (
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null
        and (access.scope = 'organization' or access.scope = 'team' and (o.team_id = access.team or o.holder_id = me))
      union all
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id is null and o.holder_id = me
        and access.scope = 'own'
      union all
      select * from private.holder_totals o
      where o.organization_id = holder_figures.organization_id and o.creator_id = me
        and (access.scope = 'own' or access.scope = 'team' and o.team_id is distinct from access.team)
    ) t
    group by 1, 2, 3
    having sum(t.leads) <> 0;
end
$$;

create function private.arrivals_today(organization_id uuid, permission text)
returns bigint
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  zone text := (select o.time_zone from public.organizations o where o.id = organization_id);
  today date := (now() at time zone zone)::date;
  since timestamptz := (today - 1)::timestamp at time zone zone;
  me uuid := auth.uid();
begin
  return (
    select coalesce(sum(t.leads), 0)
    from (
      select * from private.lead_arrivals o
      where o.organization_id = arrivals_today.organization_id and o.person_id is null and o.quarter_hour >= since
        and (access.scope = 'organization' or access.scope = 'team' and o.team_id = access.team)
      union all
      select * from private.lead_arrivals o
      where o.organization_id = arrivals_today.organization_id and o.person_id = me and o.quarter_hour >= since
        and (access.scope = 'own' or access.scope = 'team' and o.team_id is distinct from access.team)
    ) t
    where (t.quarter_hour at time zone zone)::date = today);
end
$$;

create function private.sla_json(counts private.sla_count[])
returns jsonb
language sql immutable set search_path = ''
as $$
  with figures as (
    select coalesce(sum(c.events) filter (where c.outcome = 'met'), 0) as met,
      coalesce(sum(c.events) filter (where c.outcome = 'breached'), 0) as breached
    from unnest(counts) c
  ), minutes as (
    select c.response_minutes, sum(sum(c.events)) over (order by c.response_minutes) as upto,
      sum(sum(c.events)) over () as total
    from unnest(counts) c where c.response_minutes is not null group by 1
  )
  select jsonb_build_object('met', f.met, 'breached', f.breached, 'met_rate',
    round(f.met / nullif(f.met + f.breached, 0), 4),
    'responses', coalesce((select max(m.total) from minutes m), 0),
    'median_response_minutes', (
      select min(m.response_minutes) from minutes m where m.upto >= ceil(0.5::double precision * m.total)),
    'p90_response_minutes', (
      select min(m.response_minutes) from minutes m where m.upto >= ceil(0.9::double precision * m.total)))
  from figures f
$$;

create function private.sla_figures(organization_id uuid, permission text, by_person boolean)
returns table (person_id uuid, outcome text, response_minutes integer, events bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, permission);
  me uuid := auth.uid();
begin
  return query
    select case when by_person then t.person_id end, t.outcome, t.response_minutes, sum(t.events)::bigint
    from (
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id is null and not by_person
        and (access.scope = 'organization' or access.scope = 'team' and o.team_id = access.team)
      union all
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id = me and (access.scope = 'own'
        or access.scope = 'team' and not by_person and o.team_id is distinct from access.team)
      union all
      select * from private.sla_totals o
      where o.organization_id = sla_figures.organization_id and o.person_id is not null and by_person
        and (access.scope = 'organization' or access.scope = 'team' and (o.team_id = access.team or o.person_id = me))
    ) t
    group by 1, 2, 3
    having sum(t.events) <> 0;
end
$$;

create function private.lead_dashboard(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  with f as materialized (
    select f.status, f.outcome, f.source, f.sla_status, f.assigned, sum(f.leads) as leads, sum(f.value) as value
    from private.lead_figures(lead_dashboard.organization_id, 'dashboard:read') f group by 1, 2, 3, 4, 5
    having sum(f.leads) <> 0
  ), t as (
    select coalesce(sum(f.leads), 0) as total, coalesce(sum(f.value), 0) as value,
      coalesce(sum(f.leads) filter (where f.outcome is null), 0) as open,
      coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as won,
      coalesce(sum(f.leads) filter (where f.outcome = 'lost'), 0) as lost,
      coalesce(sum(f.value) filter (where f.outcome is null), 0) as open_value,
      coalesce(sum(f.value) filter (where f.outcome = 'won'), 0) as won_value,
      coalesce(sum(f.value) filter (where f.outcome = 'lost'), 0) as lost_value,
      coalesce(sum(f.leads) filter (where f.outcome is null and not f.assigned), 0) as unassigned,
        coalesce(sum(f.leads) filter (where f.sla_status = 'due_soon'), 0) as due_soon,
          coalesce(sum(f.leads) filter (where f.sla_status = 'breached'), 0) as breached
    from f
  )
  select jsonb_build_object('total', t.total, 'open', t.open, 'won', t.won, 'lost', t.lost,
    'new_today', private.arrivals_today(lead_dashboard.organization_id, 'dashboard:read'),
    'unassigned', t.unassigned, 'due_soon', t.due_soon, 'breached', t.breached,
    'conversion_rate', round(t.won / nullif(t.total, 0), 4),
    'value', jsonb_build_object('total', t.value::numeric(20, 2)::text, 'open', t.open_value::numeric(20, 2)::text,
      'won', t.won_value::numeric(20, 2)::text, 'lost', t.lost_value::numeric(20, 2)::text),
    'sla', (
      select private.sla_json(array_agg(row(s.response_minutes, s.outcome, s.events)::private.sla_count))
      from private.sla_figures(lead_dashboard.organization_id, 'dashboard:read', false) s),
    'by_status', (
      select coalesce(jsonb_agg(jsonb_build_object('status', s.key, 'label', s.label, 'outcome', s.outcome,
        'count', coalesce(c.leads, 0), 'value', coalesce(c.value, 0)::numeric(20, 2)::text) order by s.position), '[]')
      from public.pipeline_stages s
      left join (select f.status, sum(f.leads) as leads, sum(f.value) as value from f group by f.status) c
        on c.status = s.key
      where s.organization_id = lead_dashboard.organization_id),
    'by_source', (
      select coalesce(jsonb_agg(jsonb_build_object('source', c.source, 'count', c.leads) order by c.leads desc,
        c.source), '[]')
      from (select f.source, sum(f.leads) as leads from f group by f.source) c)
  ) into answer from t;
  return answer;
end
$$;

grant execute on function private.lead_dashboard(uuid) to authenticated;

create function public.lead_dashboard(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_dashboard(organization_id)
$$;

comment on function public.lead_dashboard is
  'The figures of the leads in the caller''s scope; today is the organization''s local day.';

grant execute on function public.lead_dashboard(uuid) to authenticated;

create function private.leads_per_assignee(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  access record := private.totals_scope(organization_id, 'dashboard:read');
begin
  return (
    with held as (
      select f.holder_id, coalesce(sum(f.leads) filter (where f.outcome is null), 0) as open,
        coalesce(sum(f.leads) filter (where f.sla_status = 'due_soon'), 0) as due_soon,
          coalesce(sum(f.leads) filter (where f.sla_status = 'breached'), 0) as breached,
            coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as converted
      from private.holder_figures(leads_per_assignee.organization_id, 'dashboard:read') f group by f.holder_id
    ), people as (
      select m.user_id from public.memberships m
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
      where m.organization_id = leads_per_assignee.organization_id and m.status = 'active'
        and (access.scope = 'organization' or m.user_id = auth.uid() or access.scope = 'team'
          and m.team_id = access.team)
      union
      select h.holder_id from held h
    )
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.user_id, 'full_name', u.full_name, 'open',
      coalesce(h.open, 0),
      'due_soon', coalesce(h.due_soon, 0), 'breached', coalesce(h.breached, 0), 'converted', coalesce(h.converted, 0))
      order by coalesce(h.open, 0) desc, u.full_name, p.user_id), '[]')
    from people p
    left join held h on h.holder_id = p.user_id
    left join public.profiles u on u.id = p.user_id);
end
$$;

grant execute on function private.leads_per_assignee(uuid) to authenticated;

create function public.leads_per_assignee(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.leads_per_assignee(organization_id)
$$;

comment on function public.leads_per_assignee is 'Leads of the caller''s scope by assignee.';

grant execute on function public.leads_per_assignee(uuid) to authenticated;

create function private.sla_performance(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  select private.sla_json(array_agg(row(s.response_minutes, s.outcome, s.events)::private.sla_count)) into answer
  from private.sla_figures(organization_id, 'dashboard:read', false) s;
  return answer || jsonb_build_object('by_assignee', (
    select coalesce(jsonb_agg(jsonb_build_object('user_id', p.person_id, 'full_name', u.full_name) || p.sla
      order by u.full_name, p.person_id), '[]')
    from (
      select s.person_id, private.sla_json(array_agg(row(s.response_minutes, s.outcome,
        s.events)::private.sla_count)) as sla
      from private.sla_figures(sla_performance.organization_id, 'dashboard:read', true) s group by s.person_id
    ) p
    left join public.profiles u on u.id = p.person_id));
end
$$;

grant execute on function private.sla_performance(uuid) to authenticated;

create function public.sla_performance(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sla_performance(organization_id)
$$;

comment on function public.sla_performance is 'Response times within the caller''s scope, in total and by person.';

grant execute on function public.sla_performance(uuid) to authenticated;

comment on table public.messages is 'Every text, out and in. Written by functions only; the outbox is its queued rows.';

comment on column public.messages.created_by is
  'Who sent it. No foreign key: its index would be written with every change of status, and history outlives accounts.';

comment on column public.messages.sending_at is
  'When the latest attempt was claimed, just before its request went out. While the status stays sending, the outcome '
  'is unknown.';

comment on column public.messages.wait_reason is
  'Why a queued message was put off until send_after. What is not kept here (rate, circuit_open, paused) '
  'private.message_wait tells.';

comment on column public.messages.held_at is
  'Since when a person has to decide: its outcome is unknown and must not be resolved automatically.';

comment on column public.messages.expires_at is
  'The end of the window it was sent in: the provider is told not to deliver it later.';

comment on column public.messages.reported is 'Unrecognized fields of the provider''s callbacks.';

comment on column public.messages.provider_account is
  'Fingerprint of the provider account of the latest attempt; null: not known.';

comment on column public.messages.in_reply_to is
  'The campaign message that an inbound message answers: see campaign_message_answered.';

comment on column public.messages.lookups_made is
  'How often the provider was asked for its status without a final answer.';

comment on column public.messages.unknown_at is
  'Since when the provider is no longer asked and the outcome counts as unknown. A late report clears it.';

comment on column public.messages.unknown_reason is
  'Why the outcome is unknown. no_account: its sender was deleted; other_account: its sender now uses another '
  'provider account, which has no record of it.';

comment on column public.messages.resolved_by is
  'Who set the outcome manually; a later report by the provider overrides it. No foreign key: see created_by.';

comment on column public.messages.lookup_until is
  'End of the lease of a status lookup, or the time of the next lookup.';

create index messages_organization on public.messages (organization_id, id desc);

create index messages_batch on public.messages (organization_id, batch_id) where batch_id is not null;

create index messages_customer on public.messages (organization_id, customer_id) where customer_id is not null;

create index messages_campaign on public.messages (organization_id, campaign_id) where campaign_id is not null;

create index messages_account on public.messages (organization_id, account_id);

create index messages_provider_id on public.messages (provider_message_id) where provider_message_id is not null;

create index messages_due on public.messages (account_id, priority, send_after, id) where status = 'queued';

create index messages_waiting on public.messages (organization_id, wait_reason) where status = 'queued' and wait_reason is not null;

create index messages_lead on public.messages (organization_id, lead_id, id desc) where lead_id is not null;

create index messages_to on public.messages (to_number, organization_id, id desc);

create index messages_refused_confirmations on public.messages (account_id, created_at)
  where purpose = 'opt_out_confirmation' and error_code = '21610';

create index messages_from on public.messages (organization_id, from_number, id desc) where direction = 'inbound';

create index messages_to_reconcile on public.messages (account_id, greatest(sent_at, lookup_until))
  where status = 'sent' and unknown_at is null;

create index messages_unknown on public.messages (organization_id, id desc)
  where unknown_at is not null or held_at is not null;

create index messages_unknown_outcome on public.messages (sending_at) where status = 'sending' and held_at is null;

create index messages_held on public.messages (sending_at) where status = 'sending' and held_at is not null
  and unknown_at is null;

alter table public.messages enable row level security;

create policy "those who may read messages read their organization's" on public.messages for select to authenticated
  using (organization_id = any ((select private.organizations_with('messages:read'))::uuid[]));

revoke all on public.messages from public, anon, authenticated, service_role;

grant select on public.messages to authenticated, service_role;

create function private.count_messages()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.message_totals
    select organization_id, status, count(*), sum(segments) from new_rows where direction = 'outbound' group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into private.message_totals
    select t.organization_id, t.status, -count(*), -sum(t.segments) from old_rows t
    where t.direction = 'outbound' and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2;
  else
    insert into private.message_totals
    select organization_id, status, sum(n), sum(n * segments)
    from (
      select organization_id, status, segments, 1 as n from new_rows where direction = 'outbound'
      union all
      select organization_id, status, segments, -1 from old_rows where direction = 'outbound'
    ) d
    group by 1, 2
    having sum(n) <> 0 or sum(n * segments) <> 0;
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_messages();

create trigger count_update after update on public.messages referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_messages();

create trigger count_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_messages();

create function private.start_dispatch()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from new_rows where status = 'queued' and send_after <= now()) then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return null;
end
$$;

create trigger start_dispatch after insert on public.messages referencing new table as new_rows
  for each statement execute function private.start_dispatch();

create function private.count_message_outcomes()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, status,
      error_code, currency, quarter_hour, messages, segments, cost)
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.status, n.error_code,
      case when n.price is not null then coalesce(n.price_currency, 'USD') end,
        date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00'),
      count(*), sum(n.segments), sum(coalesce(n.price, 0))
    from new_rows n where n.direction = 'outbound' group by 1, 2, 3, 4, 5, 6, 7, 8;
    insert into private.message_outcome_totals (organization_id, account_id, quarter_hour, received)
    select n.organization_id, n.account_id, date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00'),
      count(*)
    from new_rows n where n.direction = 'inbound' group by 1, 2, 3;
  elsif tg_op = 'DELETE' then
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, status,
      error_code, currency, quarter_hour, messages, segments, cost)
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.status, t.error_code,
      case when t.price is not null then coalesce(t.price_currency, 'USD') end,
        date_bin('15 minutes', t.created_at, timestamptz '2000-01-01 00:00+00'),
      -count(*), -sum(t.segments), -sum(coalesce(t.price, 0))
    from old_rows t
    where t.direction = 'outbound' and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5, 6, 7, 8;
    insert into private.message_outcome_totals (organization_id, account_id, quarter_hour, received)
    select t.organization_id, t.account_id, date_bin('15 minutes', t.created_at, timestamptz '2000-01-01 00:00+00'),
      -count(*)
    from old_rows t
    where t.direction = 'inbound' and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3;
  else
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, status,
      error_code, currency, quarter_hour, messages, segments, cost, received)
    select d.organization_id, d.campaign_id, d.variant_id, d.account_id, d.status, d.error_code, d.currency,
      d.quarter_hour, sum(d.messages), sum(d.messages * d.segments), sum(d.messages * d.price), sum(d.received)
    from (
      select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.status, n.error_code,
        case when n.price is not null then coalesce(n.price_currency, 'USD') end as currency,
          date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00') as quarter_hour,
        1 as messages, n.segments, coalesce(n.price, 0) as price, 0 as received
      from new_rows n where n.direction = 'outbound'
      union all
      select o.organization_id, o.campaign_id, o.variant_id, o.account_id, o.status, o.error_code,
        case when o.price is not null then coalesce(o.price_currency, 'USD') end,
          date_bin('15 minutes', o.created_at, timestamptz '2000-01-01 00:00+00'), -1, o.segments, coalesce(o.price, 0),
          0
      from old_rows o where o.direction = 'outbound'
      union all
      select n.organization_id, null, null, n.account_id, null, null, null,
        date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00'), 0, 0, 0, 1
      from new_rows n where n.direction = 'inbound'
      union all
      select o.organization_id, null, null, o.account_id, null, null, null,
        date_bin('15 minutes', o.created_at, timestamptz '2000-01-01 00:00+00'), 0, 0, 0, -1
      from old_rows o where o.direction = 'inbound'
    ) d
    group by 1, 2, 3, 4, 5, 6, 7, 8
    having sum(d.messages) <> 0 or sum(d.messages * d.segments) <> 0 or sum(d.messages * d.price) <> 0
      or sum(d.received) <> 0;
  end if;
  return null;
end
$$;

create trigger count_outcomes_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_message_outcomes();

create trigger count_outcomes_update after update on public.messages
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_message_outcomes();

create trigger count_outcomes_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_message_outcomes();

create function private.sync_conversations_from_messages()
returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  notifications private.notification[];
begin
  if not exists (
    select from new_rows n
    where n.direction = 'inbound' or (n.created_by is not null and n.purpose = 'custom' and n.batch_id is null
      and n.campaign_id is null))
  then
    return null;
  end if;
  with written as materialized (
    select n.organization_id, n.provider, p.sender, p.phone, n.id, n.created_at, n.direction, n.body, n.media,
      n.lead_id, n.customer_id, count(*) filter (where n.direction = 'inbound') over pair as inbound_count,
      row_number() over (pair order by n.id desc) as place
    from new_rows n
    cross join lateral (
      select case n.direction when 'inbound' then n.to_number else n.from_number end as sender,
        case n.direction when 'inbound' then n.from_number else n.to_number end as phone
    ) p
    where n.direction = 'inbound' or (n.created_by is not null and n.purpose = 'custom' and n.batch_id is null
      and n.campaign_id is null)
    window pair as (partition by n.organization_id, n.provider, p.sender, p.phone)
  ), upserted as (
    insert into public.conversations as c (organization_id, provider, sender, phone, lead_id, customer_id, unread,
      last_message_id, last_message_at, last_direction, last_preview)
    select s.organization_id, s.provider, s.sender, s.phone,
      -- record_inbound has already looked up the contacts.
      case s.direction when 'inbound' then s.lead_id
        else coalesce(s.lead_id, private.newest_lead(s.organization_id, s.phone)) end,
      case s.direction when 'inbound' then s.customer_id
        else coalesce(s.customer_id, private.newest_customer(s.organization_id, s.phone)) end,
      s.inbound_count, s.id, s.created_at, s.direction,
      case when btrim(s.body) = '' and jsonb_array_length(s.media) > 0 then '[media]' else left(s.body, 160) end
    from written s where s.place = 1 order by s.organization_id, s.phone, s.sender, s.provider
    on conflict on constraint conversations_numbers_once do update set
      status = 'open', closed_at = null, closed_by = null,
      unread = c.unread + excluded.unread,
      lead_id = coalesce(excluded.lead_id, c.lead_id),
      customer_id = coalesce(excluded.customer_id, c.customer_id),
      last_message_id = greatest(c.last_message_id, excluded.last_message_id),
      last_message_at = case when excluded.last_message_id > c.last_message_id then excluded.last_message_at
        else c.last_message_at end,
      last_direction = case when excluded.last_message_id > c.last_message_id then excluded.last_direction
        else c.last_direction end,
      last_preview = case when excluded.last_message_id > c.last_message_id then excluded.last_preview
        else c.last_preview end
    returning c.*
  )
  select array_agg(row(f.organization_id, f.assigned_to, 'conversation', 'conversation:' || s.id, 'New message from '
    || f.phone, f.last_preview, jsonb_build_object('conversation_id', f.id, 'message_id', s.id),
    null)::private.notification)
  into notifications
  from upserted f
  join written s on s.place = 1 and s.organization_id = f.organization_id and s.phone = f.phone and s.sender = f.sender
    and s.provider = f.provider
  where f.assigned_to is not null and s.inbound_count > 0 and f.unread = s.inbound_count;
  if notifications is not null then
    perform private.notify(notifications);
  end if;
  return null;
end
$$;

create trigger sync_conversations_from_messages after insert on public.messages referencing new table as new_rows
  for each statement execute function private.sync_conversations_from_messages();

create function private.campaign_message_answered(organization_id uuid, account_id uuid, phone text, at timestamptz)
returns uuid
language plpgsql stable set search_path = '' set jit = off
as $$
begin
  return (
    select m.id from public.messages m
    where m.organization_id = campaign_message_answered.organization_id
      and m.to_number = campaign_message_answered.phone
      and m.id >= private.uuid_v7_floor(at - interval '72 hours') and m.created_at <= at
      and m.campaign_id is not null and m.status in ('sending', 'sent', 'delivered', 'undelivered')
    order by m.account_id is not distinct from campaign_message_answered.account_id desc, m.id desc limit 1);
end
$$;

create function private.attribute_reply_to_campaign()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.in_reply_to := private.campaign_message_answered(new.organization_id, new.account_id, new.from_number,
    new.created_at);
  return new;
end
$$;

create trigger attribute_reply_to_campaign before insert on public.messages
  for each row when (new.direction = 'inbound') execute function private.attribute_reply_to_campaign();

create table private.campaign_responses (
  message_id uuid primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  variant_id uuid,
  account_id uuid,
  quarter_hour timestamptz not null,
  texts integer not null,
  opt_outs integer not null default 0
);

create function private.count_replies()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set plan_cache_mode = force_generic_plan
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.campaign_responses r using old_rows t where r.message_id = t.id and t.campaign_id is not null;
  elsif exists (select from new_rows n where n.in_reply_to is not null) then
    insert into private.campaign_responses as r (message_id, organization_id, campaign_id, variant_id, account_id,
      quarter_hour, texts)
    select m.id, m.organization_id, m.campaign_id, m.variant_id, m.account_id, private.quarter_hour(m.created_at),
      a.texts
    from (
      select n.in_reply_to as id, count(*) as texts from new_rows n where n.in_reply_to is not null group by 1
    ) a
    join public.messages m on m.id = a.id order by m.id
    on conflict on constraint campaign_responses_pkey do update set texts = r.texts + excluded.texts;
  end if;
  return null;
end
$$;

create trigger count_replies_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_replies();

create trigger count_replies_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_replies();

create table public.message_events (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  message_id uuid not null,
  status text not null,
  source text not null,
  code text,
  detail text,
  provider_message_id text,
  occurred_at timestamptz not null default clock_timestamp(),
  constraint message_events_source
  check (source in ('dispatch', 'callback', 'provider', 'person'))
) partition by range (id);

comment on table public.message_events is
  'What was done with and reported about each message, in the order in which it became known. Append-only.';

create index message_events_message on public.message_events (message_id, id);

create index message_events_organization on public.message_events (organization_id, id desc);

alter table public.message_events enable row level security;

create policy "those who may read messages read their events" on public.message_events for select to authenticated
  using (organization_id = any ((select private.organizations_with('messages:read'))::uuid[]));

revoke all on public.message_events from public, anon, authenticated, service_role;

grant select on public.message_events to authenticated, service_role;

create table private.price_cursors (
  account_id uuid primary key,
  organization_id uuid not null,
  day date not null,
  page text,
  due_at timestamptz not null,
  constraint price_cursors_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);

comment on table private.price_cursors is
  'How far each Twilio number''s price lists have been read: the day, the next page, and when to read on (or when the '
  'lease of a reader ends).';

create index price_cursors_organization on private.price_cursors (organization_id, account_id);

create index price_cursors_due on private.price_cursors (due_at);

create function private.status_rank(status text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case status when 'queued' then 0 when 'sending' then 1 when 'sent' then 2 else 3 end
$$;

create function private.apply_receipt(message public.messages, provider_id text, reported text, code text,
  detail text, source text)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  new_status text := case when reported in ('queued', 'sending') then 'sent' else reported end;
  of_a_copy constant boolean := coalesce(message.attempts > 1 and provider_id <> message.provider_message_id, false);
begin
  if exists (
    select from public.message_events e
    where e.message_id = message.id and e.status = reported and e.source = apply_receipt.source
      and e.code is not distinct from apply_receipt.code and e.provider_message_id is not distinct from provider_id
  ) then
    return false;
  end if;
  insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
  values (message.organization_id, message.id, reported, source, code, detail, provider_id);
  -- The last case: the provider has a message that we believed canceled, suppressed or failed before it was accepted.
  if (private.status_rank(new_status) > private.status_rank(message.status)
      and not (of_a_copy and new_status in ('failed', 'undelivered', 'canceled')))
    or (of_a_copy and new_status = 'delivered' and message.status in ('failed', 'undelivered'))
    or (message.resolved_by is not null and private.status_rank(new_status) = private.status_rank('delivered'))
    or (message.status in ('failed', 'canceled', 'suppressed') and message.provider_message_id is null
      and message.resolved_by is null) then
    update public.messages m set
      status = new_status,
      provider_message_id = coalesce(m.provider_message_id, provider_id),
      error_code = case when new_status in ('failed', 'undelivered') then apply_receipt.code end,
      error_message = case when new_status in ('failed', 'undelivered') then detail end,
      sent_at = coalesce(m.sent_at, now()),
      delivered_at = case when new_status = 'delivered' then now() end,
      held_at = null, lookup_until = null, unknown_at = null, unknown_reason = null, resolved_by = null,
      updated_at = now()
    where m.id = message.id;
  elsif message.provider_message_id is null then
    update public.messages m set provider_message_id = provider_id, updated_at = now() where m.id = message.id;
  end if;
  return true;
end
$$;

create table private.lookup_pauses (
  account_id uuid primary key,
  organization_id uuid not null,
  until timestamptz not null,
  failures integer not null,
  reason text not null,
  constraint lookup_pauses_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);

create function private.account_credentials(account_ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.id, s.decrypted_secret::jsonb
    || jsonb_build_object('provider_account', a.provider_account)), '{}')
  from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
  where a.id = any (account_ids)
$$;

create function private.claim_price_lists(batch_size integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  insert into private.price_cursors (account_id, organization_id, day, due_at)
  select a.id, a.organization_id, d.day, (d.day + 1)::timestamp at time zone 'UTC' + interval '3 hours'
  from public.sms_accounts a
  cross join lateral (select greatest(a.created_at::date, current_date - 1) as day) d
  where a.provider = 'twilio'
    and not exists (select from private.price_cursors c where c.account_id = a.id)
  on conflict on constraint price_cursors_pkey do nothing;
  with picked as materialized (
    select c.account_id from private.price_cursors c
    where c.due_at <= now()
      and not exists (select from private.lookup_pauses p where p.account_id = c.account_id and p.until > now())
    order by c.due_at limit batch_size for update skip locked
  ), leased as (
    -- A stored page address may have expired: after three failures the day is read from its first page.
    update private.price_cursors c set
      due_at = now() + interval '2 minutes',
      page = case when coalesce((select p.failures from private.lookup_pauses p where p.account_id = c.account_id),
        0) < 3
        then c.page end
    from picked p where c.account_id = p.account_id returning c.*
  )
  select coalesce(jsonb_agg(jsonb_build_object('account_id', l.account_id, 'from', a.sender_id, 'day', l.day, 'page',
    l.page)), '[]')
  into answer from leased l join public.sms_accounts a on a.id = l.account_id;
  return jsonb_build_object('lists', answer, 'credentials', private.account_credentials(array(
    select (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;

grant execute on function private.claim_price_lists(integer) to service_role;

create function public.claim_price_lists(batch_size integer default 5)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_price_lists(batch_size)
$$;

comment on function public.claim_price_lists is 'Leases Twilio numbers whose daily list is due to be read for prices.';

grant execute on function public.claim_price_lists(integer) to service_role;

create function public.list_messages(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters - 'unknown', '{
    "status": ["status", "=", "text"], "direction": ["direction", "=", "text"], "to": ["to_number", "=", "text"],
    "batch_id": ["batch_id", "=", "uuid"], "campaign_id": ["campaign_id", "=", "uuid"],
    "customer_id": ["customer_id", "=", "uuid"], "from": ["created_at", ">=", "timestamptz"],
    "before": ["created_at", "<", "timestamptz"]}') || case (filters ->> 'unknown')::boolean
      when true then ' and (x.unknown_at is not null or x.held_at is not null)'
      when false then ' and x.unknown_at is null and x.held_at is null' else '' end;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.messages x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.message_json(p.message)) from (
        select x as message from public.messages x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer
  using list_messages.organization_id, filters, private.page_size(page_limit), private.page_start(page_offset);
  return answer;
end
$$;

comment on function public.list_messages is
  'One page of messages, newest first. filters: { status?, unknown?, direction?, to?, batch_id?, campaign_id?, '
  'customer_id?, from?, before? }.';

grant execute on function public.list_messages(uuid, jsonb, integer, integer) to authenticated;

create table private.send_rate_buckets (
  id uuid primary key,
  tokens numeric not null,
  updated_at timestamptz not null default clock_timestamp(),
  day date,
  day_count integer not null default 0
);

create function private.next_token_at(id uuid, per_second numeric, daily_cap integer, cap_zone text)
returns timestamptz
language sql stable set search_path = ''
as $$
  select coalesce((
    select case
        when b.day_count >= next_token_at.daily_cap and b.day = (now() at time zone next_token_at.cap_zone)::date
          then ((now() at time zone next_token_at.cap_zone)::date + 1)::timestamp at time zone next_token_at.cap_zone
        when next_token_at.per_second is null or b.tokens >= 1 then '-infinity'
        else b.updated_at + (1 - b.tokens) / next_token_at.per_second * interval '1 second' end
    from private.send_rate_buckets b where b.id = next_token_at.id), '-infinity')
$$;

create function private.message_wait(message public.messages, out reason text, out until timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  next_token timestamptz;
begin
  if message.status <> 'queued' or message.organization_id <> all (private.my_organizations()) then
    return;
  end if;
  select * into account from public.sms_accounts a where a.id = message.account_id;
  if exists (select from public.campaigns c where c.id = message.campaign_id and c.status = 'paused') then
    reason := 'paused';
  elsif account.status = 'circuit_open' then
    reason := 'circuit_open';
    until := account.circuit_open_until;
  elsif message.send_after > now() then
    reason := coalesce(message.wait_reason, 'retry');
    until := message.send_after;
  elsif account.cooldown_until > now() and message.campaign_id is not null then
    reason := 'cooldown';
    until := account.cooldown_until;
  else
    select greatest(private.next_token_at(account.id, account.per_second, account.daily_cap, account.cap_zone),
      private.next_token_at(o.id, o.messages_per_second, null, null)) into next_token
    from public.organizations o where o.id = message.organization_id;
    if next_token > now() then
      reason := 'rate';
      until := next_token;
    end if;
  end if;
end
$$;

create function private.message_json(message public.messages)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(message) || jsonb_build_object('wait_reason', w.reason, 'wait_until', w.until)
  from private.message_wait(message) w
$$;

create function public.message_status(organization_id uuid, message_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.message_json(m) || jsonb_build_object('events', (
    select jsonb_build_array(jsonb_build_object('status', case when m.status = 'suppressed' then m.status
        when m.direction = 'inbound' then 'received' else 'queued' end, 'at', m.created_at))
      || coalesce(jsonb_agg(jsonb_build_object('status', e.status, 'at', e.occurred_at, 'code', e.code) order by e.id),
        '[]')
    from public.message_events e where e.organization_id = m.organization_id and e.message_id = m.id
  ))
  from public.messages m
  where m.organization_id = message_status.organization_id and m.id = message_status.message_id
$$;

grant execute on function public.message_status(uuid, uuid) to authenticated;

grant execute on function private.message_wait(public.messages) to authenticated;

grant execute on function private.message_json(public.messages) to authenticated;

grant execute on function private.money_text(numeric, text) to authenticated;

create function private.store_provider_fields(message_id uuid, facts jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  counted constant integer := nullif((facts ->> 'segments')::integer, 0);
  cost constant numeric := abs((facts ->> 'price')::numeric);
begin
  update public.messages m set
    segments = coalesce(counted, m.segments),
    price = coalesce(cost, m.price),
    price_currency = case when cost is null then m.price_currency
      else coalesce(facts ->> 'currency', m.price_currency) end,
    reported = nullif(coalesce(m.reported, '{}') || coalesce(facts -> 'reported', '{}'), '{}'),
    updated_at = now()
  where m.id = message_id and (
    m.segments <> counted or m.price is distinct from coalesce(round(cost, 5), m.price)
    or not coalesce(m.reported, '{}') @> coalesce(facts -> 'reported', '{}'));
end
$$;

create function private.suppress(organization_id uuid, phone text, source text, reason text)
returns void
language sql set search_path = ''
as $$
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  values (organization_id, phone, 'all', source, reason)
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing
$$;

create function private.apply_report(message public.messages, report jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  changed constant boolean := private.apply_receipt(message, report ->> 'provider_message_id', report ->> 'status',
    report ->> 'code', report ->> 'message', 'provider');
begin
  if report -> 'facts' <> '{}' then
    perform private.store_provider_fields(message.id, report -> 'facts');
  end if;
  if changed and (report ->> 'opt_out')::boolean then
    perform private.suppress(message.organization_id, message.to_number, 'provider',
      'The provider reports that the number has opted out (' || coalesce(report ->> 'code', 'no code') || ').');
  end if;
end
$$;

create function private.record_price_page(account_id uuid, day date, reports jsonb, next_page text)
returns integer
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  account public.sms_accounts;
  message public.messages;
  unfinished uuid[];
  priced integer;
begin
  select * into account from public.sms_accounts a where a.id = record_price_page.account_id;
  -- Locks in the order of ids, as record_lookups does.
  perform from public.messages m
  where m.organization_id = account.organization_id and m.provider = account.provider
    and m.provider_message_id in (select r ->> 'provider_message_id' from jsonb_array_elements(reports) r)
  order by m.id for update;
  unfinished := array(
    select m.id from jsonb_array_elements(reports) r
    join public.messages m on m.provider_message_id = r ->> 'provider_message_id' and m.provider = account.provider
      and m.organization_id = account.organization_id
    where m.status = 'sent' and private.status_rank(r ->> 'status') > private.status_rank('sent')
      and r ->> 'status' not in ('queued', 'sending')
    order by m.id);
  for message in select * from public.messages m where m.id = any (unfinished) order by m.id loop
    perform private.apply_report(message, r) from jsonb_array_elements(reports) r
    where r ->> 'provider_message_id' = message.provider_message_id;
  end loop;
  update public.messages m set
    price = abs((r -> 'facts' ->> 'price')::numeric),
    price_currency = r -> 'facts' ->> 'currency',
    segments = coalesce((r -> 'facts' ->> 'segments')::integer, m.segments),
    updated_at = now()
  from jsonb_array_elements(reports) r
  where m.provider_message_id = r ->> 'provider_message_id' and m.provider = account.provider
    and m.organization_id = account.organization_id and r -> 'facts' ->> 'price' is not null and m.price is null;
  get diagnostics priced = row_count;
  update private.price_cursors c set
    page = next_page,
    day = case when next_page is null then c.day + 1 else c.day end,
    due_at = case when next_page is null then (c.day + 2)::timestamp at time zone 'UTC' + interval '3 hours'
      else now() end
  where c.account_id = record_price_page.account_id and c.day = record_price_page.day;
  return priced + cardinality(unfinished);
end
$$;

grant execute on function private.record_price_page(uuid, date, jsonb, text) to service_role;

create function public.record_price_page(account_id uuid, day date, reports jsonb, next_page text default null)
returns integer
language sql set search_path = ''
as $$
  select private.record_price_page(account_id, day, reports, next_page)
$$;

comment on function public.record_price_page is
  'Records prices and final statuses from one page of a number''s list; returns how many messages it changed.';

grant execute on function public.record_price_page(uuid, date, jsonb, text) to service_role;

create function private.record_receipt(message_id uuid, provider text, provider_message_id text, status text, code text,
  detail text, opt_out boolean, facts jsonb, signed_by uuid[])
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  -- Planning over the partitions for each call would take a third of a callback's time.
  set plan_cache_mode = force_generic_plan
as $$
declare
  message public.messages;
  changed boolean;
begin
  if record_receipt.message_id is not null then
    select * into message from public.messages m
    where m.id = record_receipt.message_id and m.provider = record_receipt.provider for update;
  else
    select * into message from public.messages m
    where m.provider_message_id = record_receipt.provider_message_id
      and m.provider = record_receipt.provider for update;
  end if;
  if message is null then
    return '{"known": false, "changed": false}'::jsonb;
  end if;
  if record_receipt.message_id is null
    and not message.organization_id = any (coalesce(signed_by, array[message.organization_id]))
  then
    return '{"known": false, "changed": false}'::jsonb;
  end if;
  changed := private.apply_receipt(message, provider_message_id, status, code, detail, 'callback');
  if facts <> '{}' then
    perform private.store_provider_fields(message.id, facts);
  end if;
  -- A repeated report must not suppress again: the number may have opted in since.
  if opt_out and changed then
    perform private.suppress(message.organization_id, message.to_number, 'provider',
      'The provider reports that the number has opted out (' || code || ').');
  end if;
  return jsonb_build_object('known', true, 'changed', changed);
end
$$;

grant execute on function private.record_receipt(uuid, text, text, text, text, text, boolean, jsonb,
  uuid[]) to service_role;

create function public.record_receipt(provider text, provider_message_id text, status text,
  message_id uuid default null, code text default null, detail text default null, opt_out boolean default false,
  facts jsonb default '{}', signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_receipt(message_id, provider, provider_message_id, status, code, detail, opt_out, facts,
    signed_by)
$$;

comment on function public.record_receipt is
  'Records one delivery report; a repeat changes nothing. facts: { price?, currency?, segments?, reported? }.';

grant execute on function public.record_receipt(text, text, text, uuid, text, text, boolean, jsonb,
  uuid[]) to service_role;

create function private.is_auto_reply(purpose text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select purpose in ('opt_out_confirmation', 'opt_in_confirmation', 'help', 'phone_confirmation')
$$;

create function private.resolve_message_manually(organization_id uuid, message_id uuid, outcome text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  message public.messages;
begin
  perform private.require_permission(organization_id, 'messages:send');
  select * into message from public.messages m
  where m.organization_id = resolve_message_manually.organization_id and m.id = message_id
    and m.direction = 'outbound' for update;
  if message.id is null then
    perform private.problem(404, 'not_found', 'There is no such message.');
  end if;
  if message.resolved_by is not null and message.status = outcome then
    return private.message_json(message);
  end if;
  if not (message.status = 'sent' and message.unknown_at is not null)
    and not (message.status = 'sending' and message.held_at is not null) then
    perform private.problem(409, 'not_unknown', 'The outcome of this message is known, or still being looked up.');
  end if;
  if outcome = 'resend' and (message.status <> 'sending' or message.category = 'marketing'
    or private.is_auto_reply(message.purpose)) then
    perform private.problem(409, 'not_repeatable', case message.status
      when 'sending' then 'A marketing message or an automatic reply is not sent again while its outcome is unknown.'
      else 'The provider accepted this message; it is not sent again.' end);
  end if;
  insert into public.message_events (organization_id, message_id, status, source, detail)
  values (message.organization_id, message.id, case outcome when 'resend' then 'queued' else outcome end, 'person',
    reason);
  update public.messages m set
    status = case outcome when 'resend' then 'queued' else outcome end,
    send_after = case outcome when 'resend' then now() else m.send_after end,
    error_code = case outcome when 'failed' then 'resolved_manually' end,
    error_message = case outcome when 'failed' then reason end,
    sent_at = case outcome when 'delivered' then coalesce(m.sent_at, m.sending_at, now()) else m.sent_at end,
    delivered_at = case outcome when 'delivered' then now() end,
    resolved_by = case when outcome <> 'resend' then auth.uid() end,
    lookups_made = 0, held_at = null, lookup_until = null, unknown_at = null, unknown_reason = null, updated_at = now()
  where m.id = message.id
  returning * into message;
  if outcome = 'resend' then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.message_json(message);
end
$$;

grant execute on function private.resolve_message_manually(uuid, uuid, text, text) to authenticated;

create function public.resolve_message_manually(organization_id uuid, message_id uuid, outcome text, reason text)
returns jsonb
language sql set search_path = ''
as $$
  select private.resolve_message_manually(organization_id, message_id, outcome, reason)
$$;

comment on function public.resolve_message_manually is
  'Sets the outcome of a message that is listed as unknown: delivered, failed, or resend (service messages only).';

grant execute on function public.resolve_message_manually(uuid, uuid, text, text) to authenticated;

create function private.missing_variable(body text, name text, account_number text, arrears text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when name is null and body like '%{{name}}%' then 'name'
    when account_number is null and body like '%{{account\_number}}%' then 'account_number'
    when arrears is null and body like '%{{arrears}}%' then 'arrears' end
$$;

create function private.send_bulk(organization_id uuid, recipients jsonb, filter jsonb, message text, maximum integer, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  refusal jsonb;
  rows jsonb;
  invalid jsonb;
  batch uuid;
  queued jsonb;
  may_read_customers boolean;
  organization public.organizations;
  body text := private.checked_template(message);
begin
  maximum := least(coalesce(maximum, 10000), 10000);
  perform private.require_permission(organization_id, 'messages:send');
  replayed := private.idempotent_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  may_read_customers := organization_id = any (private.organizations_with('customers:read'));
  if recipients is null then
    perform private.require_permission(organization_id, 'customers:read');
    select coalesce(jsonb_agg(jsonb_build_object('customer_id', c.id, 'position', c.position)), '[]') into recipients
    from (
      select c.id, row_number() over (order by c.id) - 1 as position from public.customers c
      where c.organization_id = send_bulk.organization_id
        and (filter ->> 'status' is null or c.status = filter ->> 'status')
        and (filter ->> 'arrears_min' is null or c.arrears >= (filter ->> 'arrears_min')::numeric)
        and (filter ->> 'arrears_max' is null or c.arrears <= (filter ->> 'arrears_max')::numeric)
      limit maximum + 1
    ) c;
    if jsonb_array_length(recipients) > maximum then
      perform private.problem(422, 'too_many_recipients', 'The filter matches more than ' || maximum || ' customers.');
    end if;
  end if;
  if jsonb_typeof(recipients) is distinct from 'array' or jsonb_array_length(recipients) not between 1 and maximum then
    perform private.problem(422, 'too_many_recipients', 'Give between 1 and ' || maximum || ' recipients.',
      '[{"path": "recipients", "message": "must have between 1 and 10,000 items"}]');
  end if;
  -- A hundred recipients cost as much as one message.
  refusal := private.over_rate_limit('send', ceil(jsonb_array_length(recipients) / 100.0)::integer);
  if refusal is not null then
    return refusal;
  end if;
  select * into strict organization from public.organizations o where o.id = send_bulk.organization_id;
  with allowed as materialized (
    select private.phone_pattern_of(organization) as pattern
  ), r as (
    select x.position, x.customer_id, coalesce(c.phone, x."to") as "to",
      coalesce(c.name, x.name) as name, coalesce(c.account_number, x.account_number) as account_number,
      coalesce(private.money_text(c.arrears, c.currency), x.arrears) as arrears,
      x.customer_id is not null and c.id is null as missing
    from private.batch_rows(recipients) x
    left join public.customers c
      on c.organization_id = send_bulk.organization_id and c.id = x.customer_id and may_read_customers
  ), judged as (
    select r.*, case when r.missing then 'There is no such customer.'
      when r."to" is null or r."to" !~ '^\+[1-9][0-9]{6,14}$' then 'This is not a phone number in E.164 form.'
      when r."to" !~ (select a.pattern from allowed a) then 'The organization does not text numbers of this country.'
      when private.missing_variable(body, r.name, r.account_number, r.arrears) is not null
        then 'The text needs ' || private.missing_variable(body, r.name, r.account_number, r.arrears) || '.'
      when row_number() over (partition by r."to", r.name, r.account_number, r.arrears order by r.position) > 1
        then 'The same text to this number is in the list already.' end as fault
    from r
  )
  select
    coalesce(jsonb_agg(jsonb_build_object('position', j.position, 'customer_id', j.customer_id, 'to', j."to",
      'name', j.name, 'account_number', j.account_number, 'arrears', j.arrears)) filter (where j.fault is null), '[]'),
    coalesce(jsonb_agg(jsonb_build_object('index', j.position, 'message', j.fault) order by j.position)
      filter (where j.fault is not null), '[]')
  into rows, invalid from judged j;
  insert into public.batches (organization_id, kind, send_sms, created_by)
  values (organization_id, 'sms', true, auth.uid()) returning id into batch;
  queued := private.queue_messages(organization_id, rows, message, 'custom', batch, sender_id);
  update public.batches b set counts = jsonb_build_object('messages_queued', queued -> 'queued',
    'suppressed', jsonb_array_length(queued -> 'suppressed'), 'invalid', jsonb_array_length(invalid))
  where b.id = batch;
  return private.store_idempotent_response(organization_id, jsonb_build_object('batch_id', batch, 'queued', queued -> 'queued',
    'suppressed', jsonb_array_length(queued -> 'suppressed'), 'invalid', invalid));
end
$$;

grant execute on function private.send_bulk(uuid, jsonb, jsonb, text, integer, text) to authenticated;

create function public.send_bulk(
  organization_id uuid, message text, recipients jsonb default null, filter jsonb default null,
  maximum integer default 10000, sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_bulk(organization_id, recipients, filter, message, maximum, sender_id)
$$;

comment on function public.send_bulk is 'Queues many texts in one transaction: { batch_id, queued, suppressed, invalid }.';

grant execute on function public.send_bulk(uuid, text, jsonb, jsonb, integer, text) to authenticated;

create function private.lead_recipient(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  lead public.leads;
begin
  select * into lead from public.leads l
  where l.organization_id = lead_recipient.organization_id and l.id = lead_recipient.lead_id and l.deleted_at is null;
  if lead.id is null or not private.lead_in_scope(lead, 'leads:read') then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  elsif lead.phone is null then
    perform private.problem(422, 'no_phone', 'The lead has no phone number.',
      '[{"path": "lead_id", "message": "has no phone number"}]');
  end if;
  return jsonb_build_object('lead_id', lead.id, 'to', lead.phone, 'name', nullif(lead.full_name, ''));
end
$$;

create function private.send_message(
  organization_id uuid, customer_id uuid, to_number text, message text, purpose text, sender_id text, lead_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  refusal jsonb;
  recipient jsonb;
  queued jsonb;
  missing text;
  template text := coalesce(message, private.template_of(organization_id, purpose));
begin
  -- The other purposes are for messages that the system writes; some of them reach numbers that have opted out.
  perform private.require_valid(purpose in ('warning', 'disconnection', 'connection', 'custom'), 'purpose',
    'is not a purpose that people give');
  perform private.require_permission(organization_id, 'messages:send');
  replayed := private.idempotent_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  refusal := private.over_rate_limit('send');
  if refusal is not null then
    return refusal;
  end if;
  if customer_id is not null then
    select jsonb_build_object('customer_id', c.id, 'to', c.phone, 'name', c.name, 'account_number', c.account_number,
      'arrears', private.money_text(c.arrears, c.currency)) into recipient
    from public.customers c
    where c.organization_id = send_message.organization_id and c.id = send_message.customer_id
      and c.organization_id = any (private.organizations_with('customers:read'));
    if recipient is null then
      perform private.problem(404, 'not_found', 'There is no such customer.');
    end if;
  else
    template := private.checked_template(template);
    recipient := case when lead_id is null then jsonb_build_object('to', to_number)
      else private.lead_recipient(organization_id, lead_id) end;
    missing := private.missing_variable(template, recipient ->> 'name', null, null);
    if missing is not null and lead_id is null then
      perform private.problem(422, 'missing_variable', 'The text has variables that only a customer can fill in.',
        '[{"path": "message", "message": "has variables, but the recipient is no customer"}]');
    elsif missing is not null then
      perform private.problem(422, 'missing_variable', 'The text has a variable that this lead has no value for.',
        jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'has {{' || missing || '}}, but the lead has none')));
    end if;
  end if;
  perform private.require_phone(organization_id, recipient ->> 'to',
    case when customer_id is not null then 'customer_id' when lead_id is not null then 'lead_id' else 'to' end);
  queued := private.queue_messages(organization_id, jsonb_build_array(recipient || '{"position": 0}'),
    template, purpose, null, sender_id);
  return private.store_idempotent_response(organization_id, queued -> 'first');
end
$$;

grant execute on function private.send_message(uuid, uuid, text, text, text, text, uuid) to authenticated;

create function public.send_message(
  organization_id uuid, customer_id uuid default null, to_number text default null, message text default null,
  purpose text default 'custom', sender_id text default null, lead_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_message(organization_id, customer_id, to_number, message, purpose, sender_id, lead_id)
$$;

comment on function public.send_message is 'Queues one text. Without message, the organization''s template of the purpose.';

grant execute on function public.send_message(uuid, uuid, text, text, text, text, uuid) to authenticated;

comment on function private.sms_segments is 'Encoding and number of billable parts of a text.';

grant execute on function private.sms_segments(text) to authenticated;

comment on table public.sms_accounts is
  'A provider and the sender that messages go out as. Without credentials of its own it uses the platform''s account.';

comment on column public.sms_accounts.status is
  'circuit_open: the provider refuses everything; the queue waits, and one message at a time is sent as a probe.';

comment on column public.sms_accounts.per_second is
  'Messages a second that the carrier accepts from this number; null: no limit of ours.';

comment on column public.sms_accounts.daily_cap is
  'Messages a day; a day begins at midnight in cap_zone (T-Mobile: US Pacific). Null: no cap.';

comment on column public.sms_accounts.cooldown_until is 'The number fails too often: no campaign uses it until then.';

comment on column public.sms_accounts.failures_counted_from is
  'Failures before this moment do not count towards the next cooldown.';

comment on column public.sms_accounts.provider_account is
  'Fingerprint of the provider account whose credentials it has (see private.provider_account); null: it uses the '
  'platform''s. Kept with each message: when credentials change, another account''s silence about a message proves '
  'nothing.';

create unique index sms_accounts_one_default on public.sms_accounts (organization_id) where is_default;

create unique index sms_accounts_number_owner on public.sms_accounts (sender_id) where provider = 'twilio';

create index sms_accounts_provider_account on public.sms_accounts (provider_account) where provider_account is not null;

alter table public.sms_accounts enable row level security;

create policy "those who may read messages read the senders" on public.sms_accounts for select to authenticated
  using (organization_id = any ((select private.organizations_with('messages:read'))::uuid[]));

create policy "admins add senders" on public.sms_accounts for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]));

create policy "admins change senders" on public.sms_accounts for update to authenticated
  using (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]));

revoke all on public.sms_accounts from public, anon, authenticated, service_role;

grant select on public.sms_accounts to authenticated, service_role;

grant insert (organization_id, provider, sender_id, is_default, label, number_type, per_second, daily_cap, cap_zone,
  segment_price) on public.sms_accounts to authenticated;

grant update (is_default, status, label, number_type, per_second, daily_cap, cap_zone, segment_price)
  on public.sms_accounts to authenticated;

create trigger set_updated_at before update on public.sms_accounts
  for each row execute function private.set_updated_at();

create function private.set_sender_defaults()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.number_type := coalesce(new.number_type, (private.sender_types(new.provider, new.sender_id))[1]);
  return new;
end
$$;

create trigger set_defaults before insert on public.sms_accounts
  for each row execute function private.set_sender_defaults();

create function private.cool_down_numbers()
returns integer
language plpgsql set search_path = ''
as $$
declare
  failing record;
  reason text;
  others bigint;
  cooled_down integer := 0;
begin
  for failing in
    select a.id, a.organization_id, coalesce(a.label, a.sender_id) as name, f.failed, f.filtered, f.known
    from (
      select distinct c.organization_id from public.campaigns c where c.status = 'running'
    ) o
    join public.sms_accounts a on a.organization_id = o.organization_id and a.status = 'active'
      and (a.cooldown_until is null or a.cooldown_until <= now())
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0) as failed,
        coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0) as filtered,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0) as known
      from private.message_outcome_totals t
      where t.organization_id = a.organization_id and t.account_id = a.id and t.campaign_id is not null
        and t.quarter_hour >= private.quarter_hour(now() - interval '1 hour')
        and (a.failures_counted_from is null or t.quarter_hour >= a.failures_counted_from)
    ) f
    where f.known >= 50 and (f.failed > 0.5 * f.known or f.filtered > 0.1 * f.known)
    order by a.id
  loop
    reason := case when failing.filtered > 0.1 * failing.known
      then 'Carriers filter ' || round(100 * failing.filtered / failing.known) || ' % of its messages.'
      else round(100 * failing.failed / failing.known) || ' % of its messages fail.' end;
    update public.sms_accounts a
    set cooldown_until = now() + interval '2 hours', cooldown_reason = reason,
      failures_counted_from = now() + interval '2 hours'
    where a.id = failing.id and a.status = 'active' and (a.cooldown_until is null or a.cooldown_until <= now());
    continue when not found;
    cooled_down := cooled_down + 1;
    select count(*) into others from public.sms_accounts a
    where a.organization_id = failing.organization_id and a.id <> failing.id and a.status = 'active'
      and (a.cooldown_until is null or a.cooldown_until <= now());
    perform private.notify_admins(failing.organization_id, 'system',
      'Campaigns do not use the number ' || failing.name || ' for two hours',
      reason || case when others = 0
        then ' It is the only number: no campaign sends until then, unless you end the cooldown or add another number.'
        else ' Campaigns with other numbers continue with those; campaigns with this number only wait.' end,
      jsonb_build_object('phone_number_id', failing.id));
  end loop;
  return cooled_down;
end
$$;

create function private.default_send_rate(number_type text)
returns numeric
language sql immutable set search_path = ''
as $$
  select case number_type when 'long_code' then 1 when 'toll_free' then 3 when 'short_code' then 30 end
$$;

create function private.lock_numbers(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'organization:update');
  perform pg_advisory_xact_lock(hashtextextended('numbers|' || organization_id, 0));
end
$$;

create function private.provider_account(provider text, credentials jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select left(encode(sha256(convert_to(provider || ':'
    || coalesce(credentials ->> 'account_sid', credentials ->> 'api_key'), 'utf8')), 'hex'), 16)
$$;

create function private.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a
  where a.id = account_id and a.organization_id = any (private.organizations_with('organization:update')) for update;
  if account is null then
    perform private.problem(404, 'not_found', 'There is no such sender.');
  end if;
  if not (case account.provider when 'twilio' then credentials ?& array['account_sid', 'auth_token']
    else credentials ? 'api_key' end) then
    perform private.problem(422, 'invalid_field', 'These are not credentials for ' || account.provider || '.',
      '[{"path": "credentials", "message": "lacks a key that the provider needs"}]');
  end if;
  if account.credentials_secret_id is not null then
    perform vault.update_secret(account.credentials_secret_id, credentials::text);
  end if;
  update public.sms_accounts a set
    credentials_secret_id = coalesce(a.credentials_secret_id, vault.create_secret(credentials::text, 'sms_account_'
      || account_id)),
    provider_account = private.provider_account(account.provider, credentials)
  where a.id = account_id;
  perform private.audit_event(account.organization_id, 'credentials_replaced', 'sms_accounts', account.id);
end
$$;

create function private.number_json(account public.sms_accounts, figures jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', account.id, 'provider', account.provider, 'number', account.sender_id,
    'number_type', account.number_type, 'label', account.label, 'per_second', account.per_second, 'daily_cap',
    account.daily_cap, 'cap_zone', account.cap_zone, 'segment_price', account.segment_price, 'is_default',
    account.is_default, 'status', account.status, 'status_reason', account.circuit_open_reason, 'has_credentials',
    account.credentials_secret_id is not null, 'cooldown_until', case when account.cooldown_until > now()
    then account.cooldown_until end, 'cooldown_reason', case when account.cooldown_until > now()
    then account.cooldown_reason end, 'created_at', account.created_at, 'updated_at', account.updated_at,
    'health', (
      select jsonb_build_object('messages', f.messages, 'delivered', f.delivered, 'failed', f.failed, 'filtered',
        f.filtered, 'delivered_rate', round(f.delivered::numeric / nullif(f.delivered + f.failed, 0), 4),
        'failed_rate', round(f.failed::numeric / nullif(f.delivered + f.failed, 0), 4),
        'filtered_rate', round(f.filtered::numeric / nullif(f.delivered + f.failed, 0), 4))
      from jsonb_to_record(coalesce(figures, '{"messages": 0, "delivered": 0, "failed": 0, "filtered": 0}'))
        as f (messages bigint, delivered bigint, failed bigint, filtered bigint)))
$$;

create function private.number_figures(organization_id uuid, since timestamptz)
returns table (account_id uuid, messages bigint, delivered bigint, failed bigint, filtered bigint)
language plpgsql stable set search_path = ''
as $$
begin
  return query select t.account_id, sum(t.messages)::bigint,
    coalesce(sum(t.messages) filter (where t.status = 'delivered'), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.message_outcome_totals t
  where t.organization_id = number_figures.organization_id and t.quarter_hour >= since and t.account_id is not null
    and t.campaign_id is not null and t.status is not null
  group by t.account_id;
end
$$;

create function private.masked_number(account public.sms_accounts)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.number_json(account, (
    select to_jsonb(f) from private.number_figures(account.organization_id, now() - interval '24 hours') f
    where f.account_id = account.id))
$$;

create function private.create_phone_number(organization_id uuid, number jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  account public.sms_accounts;
  types text[] := private.sender_types(number ->> 'provider', number ->> 'number');
  kind text := coalesce(number ->> 'number_type', types[1]);
  known uuid;
  first boolean;
begin
  perform private.lock_numbers(organization_id);
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if kind <> all (types) then
    perform private.problem(422, 'invalid_field', 'The number does not match number_type.',
      jsonb_build_array(jsonb_build_object('path', 'number_type', 'message', 'can be '
        || array_to_string(types, ' or '))));
  end if;
  select a.id into known from public.sms_accounts a
  where a.organization_id = create_phone_number.organization_id and a.provider = number ->> 'provider'
    and a.sender_id = number ->> 'number';
  if known is not null then
    perform private.problem(409, 'already_exists', 'The organization already has this number.',
      jsonb_build_object('existing_id', known));
  end if;
  first := not exists (
    select from public.sms_accounts a
    where a.organization_id = create_phone_number.organization_id and a.is_default and a.status <> 'disabled');
  if first or (number ->> 'is_default')::boolean then
    update public.sms_accounts a set is_default = false
    where a.organization_id = create_phone_number.organization_id and a.is_default;
  end if;
  insert into public.sms_accounts (organization_id, provider, sender_id, number_type, label, per_second, daily_cap,
    cap_zone, segment_price, is_default)
  values (organization_id, number ->> 'provider', number ->> 'number', kind, number ->> 'label',
    case when number ? 'per_second' then (number ->> 'per_second')::numeric else private.default_send_rate(kind) end,
    (number ->> 'daily_cap')::integer, coalesce(number ->> 'cap_zone', 'America/Los_Angeles'),
    (number ->> 'segment_price')::numeric, first or coalesce((number ->> 'is_default')::boolean, false))
  returning * into account;
  if jsonb_typeof(number -> 'credentials') = 'object' then
    perform private.set_sms_credentials(account.id, number -> 'credentials');
    select * into account from public.sms_accounts a where a.id = account.id;
  end if;
  return private.store_idempotent_response(organization_id, private.masked_number(account));
end
$$;

grant execute on function private.create_phone_number(uuid, jsonb) to authenticated;

create function public.create_phone_number(organization_id uuid, number jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_phone_number(organization_id, number)
$$;

comment on function public.create_phone_number is 'Adds a number to the pool.';

grant execute on function public.create_phone_number(uuid, jsonb) to authenticated;

create function private.delete_credentials(account public.sms_accounts)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.sms_accounts a set credentials_secret_id = null, provider_account = null
  where a.id = account.id and a.credentials_secret_id is not null;
  delete from vault.secrets s where s.id = account.credentials_secret_id;
end
$$;

create function private.require_number(organization_id uuid, number_id uuid)
returns public.sms_accounts
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a
  where a.organization_id = require_number.organization_id and a.id = number_id for update;
  if account.id is null then
    perform private.problem(404, 'not_found', 'There is no such phone number.');
  end if;
  return account;
end
$$;

create function private.ensure_default_sender(account public.sms_accounts)
returns void
language plpgsql set search_path = ''
as $$
begin
  if account.is_default and exists (
    select from public.sms_accounts a
    where a.organization_id = account.organization_id and a.id <> account.id and a.status <> 'disabled')
  then
    perform private.problem(409, 'default_number', 'This is the default number. Make another one the default first.');
  end if;
end
$$;

create table public.campaign_numbers (
  organization_id uuid not null,
  campaign_id uuid not null,
  account_id uuid not null,
  primary key (organization_id, campaign_id, account_id),
  constraint campaign_numbers_campaign foreign key (organization_id, campaign_id)
    references public.campaigns (organization_id, id) on delete cascade,
  constraint campaign_numbers_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);

create function private.delete_phone_number(organization_id uuid, number_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  used boolean;
begin
  perform private.lock_numbers(organization_id);
  account := private.require_number(organization_id, number_id);
  perform private.ensure_default_sender(account);
  -- Without a number of its own the campaign would silently continue from the default sender.
  if exists (
    select from public.campaign_numbers n
    join public.campaigns c on c.organization_id = n.organization_id and c.id = n.campaign_id
    where n.organization_id = account.organization_id and n.account_id = account.id and c.deleted_at is null
      and c.status not in ('completed', 'canceled'))
  then
    perform private.problem(409, 'number_in_use',
      'A campaign that has not ended sends from this number. It can be disabled.');
  end if;
  used := exists (
    select from public.messages m where m.organization_id = account.organization_id and m.account_id = account.id);
  perform private.delete_credentials(account);
  if used then
    update public.sms_accounts a set status = 'disabled', is_default = false where a.id = account.id;
  else
    delete from public.sms_accounts a where a.id = account.id;
  end if;
  return jsonb_build_object('disabled', used);
end
$$;

grant execute on function private.delete_phone_number(uuid, uuid) to authenticated;

create function public.delete_phone_number(organization_id uuid, number_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.delete_phone_number(organization_id, number_id)
$$;

comment on function public.delete_phone_number is 'Takes a number out of the pool; one with messages stays, disabled.';

grant execute on function public.delete_phone_number(uuid, uuid) to authenticated;

create function private.list_phone_numbers(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'messages:read');
  return (
    with matching as materialized (
      select a from public.sms_accounts a
      where a.organization_id = list_phone_numbers.organization_id
        and (filters ->> 'status' is null or a.status = filters ->> 'status')
        and (filters ->> 'number_type' is null or a.number_type = filters ->> 'number_type')
    ), page as (
      select m.a from matching m order by (m.a).is_default desc, (m.a).id limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.number_json(p.a, to_jsonb(f)) order by (p.a).is_default desc, (p.a).id)
      from page p
      left join private.number_figures(organization_id, now() - interval '24 hours') f on f.account_id = (p.a).id),
        '[]')));
end
$$;

grant execute on function private.list_phone_numbers(uuid, jsonb, integer, integer) to authenticated;

create function public.list_phone_numbers(organization_id uuid, filters jsonb default '{}',
  page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_phone_numbers(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_phone_numbers is 'A page of the organization''s numbers with their health.';

grant execute on function public.list_phone_numbers(uuid, jsonb, integer, integer) to authenticated;

comment on function private.number_figures is 'filtered: Twilio''s 30007 (carrier filter), included in failed.';

grant execute on function private.sender_types(text, text) to authenticated, service_role;

grant execute on function private.set_sms_credentials(uuid, jsonb) to authenticated;

create function public.set_sms_credentials(account_id uuid, credentials jsonb)
returns void
language sql set search_path = ''
as $$
  select private.set_sms_credentials(account_id, credentials)
$$;

comment on function public.set_sms_credentials is 'Stores a sender''s own provider credentials in Vault.';

grant execute on function public.set_sms_credentials(uuid, jsonb) to authenticated;

create function private.update_phone_number(organization_id uuid, number_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  types text[];
begin
  perform private.lock_numbers(organization_id);
  account := private.require_number(organization_id, number_id);
  types := private.sender_types(account.provider, account.sender_id);
  if change ? 'number_type' and (change ->> 'number_type') <> all (types) then
    perform private.problem(422, 'invalid_field', 'The number does not match number_type.',
      jsonb_build_array(jsonb_build_object('path', 'number_type', 'message', 'can be '
        || array_to_string(types, ' or '))));
  end if;
  if change ->> 'status' = 'disabled' then
    perform private.ensure_default_sender(account);
  end if;
  if (change ->> 'is_default')::boolean then
    if coalesce(change ->> 'status', account.status) = 'disabled' then
      perform private.problem(409, 'number_disabled', 'A disabled number cannot be the default.');
    end if;
    update public.sms_accounts a set is_default = false
    where a.organization_id = update_phone_number.organization_id and a.is_default and a.id <> number_id;
  end if;
  update public.sms_accounts a set
    number_type = coalesce(change ->> 'number_type', a.number_type),
    label = case when change ? 'label' then change ->> 'label' else a.label end,
    per_second = case when change ? 'per_second' then (change ->> 'per_second')::numeric else a.per_second end,
    daily_cap = case when change ? 'daily_cap' then (change ->> 'daily_cap')::integer else a.daily_cap end,
    cap_zone = coalesce(change ->> 'cap_zone', a.cap_zone),
    segment_price = case when change ? 'segment_price' then (change ->> 'segment_price')::numeric
      else a.segment_price end,
    is_default = a.is_default or coalesce((change ->> 'is_default')::boolean, false),
    status = coalesce(change ->> 'status', a.status),
    circuit_open_until = case when change ? 'status' then null else a.circuit_open_until end,
    circuit_open_reason = case when change ? 'status' then null else a.circuit_open_reason end,
    outages = case when change ? 'status' then 0 else a.outages end,
    cooldown_until = case when change ? 'cooldown_until' then null else a.cooldown_until end,
    cooldown_reason = case when change ? 'cooldown_until' then null else a.cooldown_reason end,
    failures_counted_from = case when change ? 'cooldown_until' then now() else a.failures_counted_from end
  where a.id = number_id;
  if jsonb_typeof(change -> 'credentials') = 'object' then
    perform private.set_sms_credentials(number_id, change -> 'credentials');
  elsif change ? 'credentials' then
    perform private.delete_credentials(account);
  end if;
  select * into account from public.sms_accounts a where a.id = number_id;
  if account.status = 'active' then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.masked_number(account);
end
$$;

grant execute on function private.update_phone_number(uuid, uuid, jsonb) to authenticated;

create function public.update_phone_number(organization_id uuid, number_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_phone_number(organization_id, number_id, change)
$$;

comment on function public.update_phone_number is 'Changes a number, disables it, ends its cooldown.';

grant execute on function public.update_phone_number(uuid, uuid, jsonb) to authenticated;

create function private.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  with held as materialized (
    select a.organization_id, s.decrypted_secret::jsonb as secret
    from public.sms_accounts a join vault.decrypted_secrets s on s.id = a.credentials_secret_id
    where a.provider = webhook_credentials.provider
      and a.provider_account = private.provider_account(provider, jsonb_build_object('account_sid', account_reference))
  )
  select coalesce(jsonb_agg(h.secret || jsonb_build_object('organization_id', h.organization_id)), '[]')
  from held h where h.secret ->> 'account_sid' = account_reference
$$;

grant execute on function private.webhook_credentials(text, text) to service_role;

create function public.webhook_credentials(provider text, account_reference text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.webhook_credentials(provider, account_reference)
$$;

comment on function public.webhook_credentials is
  'Credentials of tenants'' own provider accounts with this account id.';

grant execute on function public.webhook_credentials(text, text) to service_role;

comment on table public.templates is 'Texts with {{name}}, {{account_number}}, {{arrears}} and {{organization}}.';

comment on column public.templates.weight is 'Weight of the template''s own body beside those of its variants.';

create unique index templates_one_of_kind on public.templates (organization_id, kind) where kind <> 'custom';

alter table public.templates enable row level security;

create policy "those who may read templates read their organization's" on public.templates for select to authenticated
  using (organization_id = any ((select private.organizations_with('templates:read'))::uuid[]));

create policy "those who may write templates add them" on public.templates for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));

create policy "those who may write templates change them" on public.templates for update to authenticated
  using (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));

create policy "those who may write templates delete them" on public.templates for delete to authenticated
  using (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));

revoke all on public.templates from public, anon, authenticated, service_role;

grant select on public.templates to authenticated, service_role;

grant insert (organization_id, kind, name, body), update (name, body), delete on public.templates to authenticated;

create trigger set_updated_at before update on public.templates
  for each row execute function private.set_updated_at();

create table private.link_shorteners (
  host text primary key constraint link_shorteners_form check (host = lower(host) and host ~ '^[a-z0-9.-]+\.[a-z]+$'),
  source text not null,
  effective_from date not null default '2024-01-01',
  effective_to date
);

create function private.shortener_fault(body text)
returns text
language sql stable set search_path = ''
as $$
  select 'has a link through a public shortener: ' || s.host from private.link_shorteners s
  where s.effective_from <= current_date and (s.effective_to is null or s.effective_to >= current_date)
    and lower(body) ~ ('(^|[^a-z0-9-])' || replace(s.host, '.', '\.') || '([^a-z0-9.-]|$)')
  order by s.host limit 1
$$;

create function private.has_opt_out_instructions(body text)
returns boolean
language sql immutable set search_path = ''
as $$
  select t.said ~* '\munsubscribe\M|\mopt.?out\M'
    or t.said ~ ('(?<![[:alnum:]_-])(?<![A-Z]{2} )(STOP|ARRET|ARRÊT)'
      || '(?![[:alnum:]_-])(?! ([A-Z]{2}|(by|in|into|at|over|for|and)\M))')
    or t.said ~* ('\m(reply|respond|answer|text|txt|send|r[eé]pondez|envoyez|responda|responde|env[ií][ae])\M'
      || '( with| back)?[^[:alnum:]]{1,3}'
      || '(stop|end|quit|cancel|arr[eê]t|alto|baja)\M')
    or t.said ~* ('\m(stop|quit|cancel|arr[eê]t|alto|baja)[^[:alnum:]]{0,2}(to|2|=|pour|para)[^[:alnum:]]?'
      || '(end|opt|unsub|cancel|quit|stop|leave|salir|arr[eê]ter)')
  from (select regexp_replace(body, '\{\{[^{}]*\}\}', '~', 'g') as said) t
$$;

create function private.checked_marketing_text(organization_id uuid, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['first_name', 'last_name', 'full_name', 'name', 'email', 'phone', 'source', 'region',
    'country', 'organization'];
  fault text;
begin
  fault := case
    when body ~ '\{\{\{|\}\}\}' or regexp_replace(body, '\{\{[^{}]*\}\}', '', 'g') ~ '\{\{|\}\}'
      then 'has braces that do not pair'
    else (
      select 'has unknown variables: ' || string_agg(distinct v.name, ', ')
      from (
        select btrim(split_part(m[1], '|', 1)) as name from regexp_matches(body, '\{\{([^{}]*)\}\}', 'g') m
      ) v
      where v.name <> all (known) and not exists (
        select from public.lead_fields f
        where f.organization_id = checked_marketing_text.organization_id and 'custom.' || f.key = v.name)) end;
  fault := coalesce(fault, private.shortener_fault(body));
  fault := coalesce(fault, case when not private.has_opt_out_instructions(body) then
    'does not say how to opt out, such as "Reply STOP to opt out"' end);
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return regexp_replace(regexp_replace(body, '\{\{\s*([^{}|]*?)\s*\}\}', '{{\1}}', 'g'),
    '\{\{\s*([^{}|]*?)\s*\|\s*([^{}]*?)\s*\}\}', '{{\1|\2}}', 'g');
end
$$;

create function private.checked_service_text(body text, kind text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  fault text := case when kind = 'custom' then private.shortener_fault(body) end;
begin
  fault := coalesce(fault, (
    select 'has unknown variables: ' || string_agg(distinct v[1], ', ')
    from regexp_matches(body, '\{\{\s*([^{}]*?)\s*\}\}', 'g') v
    where v[1] <> all (known)));
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', path, 'message', fault)));
  end if;
  return private.checked_template(body);
end
$$;

create function private.checked_template_body(template public.templates, body text, path text default 'body')
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if template.category = 'marketing' then
    return private.checked_marketing_text(template.organization_id, body, path);
  end if;
  return private.checked_service_text(body, template.kind, path);
end
$$;

create function private.check_template()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.body := private.checked_template_body(new, new.body);
  return new;
end
$$;

create trigger check_body before insert or update of body, category on public.templates
  for each row execute function private.check_template();

create table public.campaign_templates (
  organization_id uuid not null,
  campaign_id uuid not null,
  template_id uuid not null,
  weight integer not null default 1 constraint campaign_templates_weight check (weight between 1 and 1000),
  primary key (organization_id, campaign_id, template_id),
  constraint campaign_templates_campaign foreign key (organization_id, campaign_id)
    references public.campaigns (organization_id, id) on delete cascade
);

create function private.template_in_use(organization_id uuid, template_id uuid, states text[])
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return exists (
    select from public.campaign_templates t
    join public.campaigns c on c.organization_id = t.organization_id and c.id = t.campaign_id
    where t.organization_id = template_in_use.organization_id and t.template_id = template_in_use.template_id
      and c.deleted_at is null and c.status = any (states));
end
$$;

create function private.enforce_template_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    -- The organization itself is being deleted.
    if not exists (select from public.organizations o where o.id = old.organization_id) then
      return old;
    end if;
    if private.template_in_use(old.organization_id, old.id, array['draft', 'scheduled', 'freezing', 'running',
      'paused']) then
      perform private.problem(409, 'template_in_use', 'A campaign that has not ended uses this template.');
    end if;
    return old;
  end if;
  if new.category = 'marketing' and new.kind <> 'custom' then
    perform private.problem(422, 'invalid_field', 'A template with a kind must have category ''service''.',
      '[{"path": "category", "message": "must be service for this template"}]');
  end if;
  if tg_op = 'UPDATE' then
    if (new.body, new.weight) is distinct from (old.body, old.weight)
      and private.template_in_use(old.organization_id, old.id, array['freezing', 'running'])
    then
      perform private.problem(409, 'template_in_use', 'A running campaign uses this template. Pause it first.');
    end if;
    if new.category <> old.category
      and private.template_in_use(old.organization_id, old.id, array['draft', 'scheduled', 'freezing', 'running',
        'paused'])
    then
      perform private.problem(409, 'template_in_use',
        'A campaign that has not ended uses this template: its category cannot change.');
    end if;
  end if;
  return new;
end
$$;

create trigger enforce_rules before insert or update or delete on public.templates
  for each row execute function private.enforce_template_rules();

create table public.template_variants (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  template_id uuid not null,
  label text not null constraint template_variants_label_length check (char_length(btrim(label)) between 1 and 50),
  body text not null constraint template_variants_body_length check (char_length(body) between 1 and 1600),
  weight integer not null default 1 constraint template_variants_weight check (weight between 0 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint template_variants_label_unique unique (organization_id, template_id, label),
  constraint template_variants_template foreign key (organization_id, template_id)
    references public.templates (organization_id, id) on delete cascade
);

comment on table public.template_variants is
  'Further bodies of a template, for comparison. Which one a recipient gets depends on the recipient alone.';

alter table public.template_variants enable row level security;

create policy "those who may read templates read their variants" on public.template_variants for select to authenticated
  using (organization_id = any ((select private.organizations_with('templates:read'))::uuid[]));

revoke all on public.template_variants from public, anon, authenticated, service_role;

grant select on public.template_variants to authenticated, service_role;

create trigger set_updated_at before update on public.template_variants
  for each row execute function private.set_updated_at();

create function private.check_template_variant()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  select * into template from public.templates t where t.organization_id = new.organization_id
    and t.id = new.template_id;
  new.body := private.checked_template_body(template, new.body);
  return new;
end
$$;

create trigger check_body before insert or update of body on public.template_variants
  for each row execute function private.check_template_variant();

create view private.template_bodies as
  select t.organization_id, t.id as template_id, t.id as variant_id, t.body, t.weight from public.templates t
  union all
  select v.organization_id, v.template_id, v.id, v.body, v.weight from public.template_variants v;

create function private.check_weights(template public.templates)
returns void
language plpgsql set search_path = ''
as $$
begin
  if template.weight = 0 and not exists (
    select from public.template_variants v
    where v.organization_id = template.organization_id and v.template_id = template.id and v.weight > 0)
  then
    perform private.problem(422, 'invalid_field', 'All variants have weight 0.',
      '[{"path": "weight", "message": "is 0, as is that of each variant"}]');
  end if;
end
$$;

grant execute on function private.checked_template(text) to authenticated;

create function private.replace_variants(template public.templates, variants jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  labels text[] := array(select btrim(v ->> 'label') from jsonb_array_elements(variants) v);
  variant record;
begin
  if template.kind <> 'custom' and cardinality(labels) > 0 then
    perform private.problem(422, 'invalid_field', 'A template with a kind can have only one variant.',
      '[{"path": "variants", "message": "must be empty for this template"}]');
  end if;
  if (select count(distinct l) from unnest(labels) l) < cardinality(labels) then
    perform private.problem(422, 'invalid_field', 'Two variants have the same label.',
      '[{"path": "variants", "message": "has the same label twice"}]');
  end if;
  if private.template_in_use(template.organization_id, template.id, array['freezing', 'running']) then
    perform private.problem(409, 'template_in_use', 'A running campaign uses this template. Pause it first.');
  end if;
  if exists (
      select from public.template_variants v
      where v.organization_id = template.organization_id and v.template_id = template.id and v.label <> all (labels))
    and private.template_in_use(template.organization_id, template.id, array['paused'])
  then
    perform private.problem(409, 'template_in_use',
      'Recipients of a paused campaign were given variants of this template: they can be edited, not removed.');
  end if;
  delete from public.template_variants v
  where v.organization_id = template.organization_id and v.template_id = template.id and v.label <> all (labels);
  for variant in
    select e.ordinality - 1 as position, btrim(e.value ->> 'label') as label, e.value ->> 'body' as body,
      coalesce((e.value ->> 'weight')::integer, 1) as weight
    from jsonb_array_elements(variants) with ordinality e
  loop
    -- The trigger checks as well, but only here is it known which of the variants is at fault.
    perform private.checked_template_body(template, variant.body, 'variants.' || variant.position || '.body');
    insert into public.template_variants as v (organization_id, template_id, label, body, weight)
    values (template.organization_id, template.id, variant.label, variant.body, variant.weight)
    on conflict on constraint template_variants_label_unique do update set body = excluded.body,
    weight = excluded.weight;
  end loop;
end
$$;

create function private.template_json(template public.templates)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', template.id, 'kind', template.kind, 'category', template.category, 'name',
    template.name, 'body', template.body, 'weight', template.weight, 'created_at', template.created_at, 'updated_at',
    template.updated_at, 'variants', coalesce((
      select jsonb_agg(jsonb_build_object('id', v.id, 'label', v.label, 'body', v.body, 'weight', v.weight)
        order by v.label)
      from public.template_variants v where v.organization_id = template.organization_id
        and v.template_id = template.id), '[]'))
$$;

create function private.create_template(organization_id uuid, template jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.templates (organization_id, name, body, category, weight)
  values (organization_id, template ->> 'name', template ->> 'body', coalesce(template ->> 'category', 'service'),
    coalesce((template ->> 'weight')::integer, 1))
  returning * into created;
  perform private.replace_variants(created, coalesce(template -> 'variants', '[]'));
  perform private.check_weights(created);
  return private.store_idempotent_response(organization_id, private.template_json(created));
end
$$;

grant execute on function private.create_template(uuid, jsonb) to authenticated;

create function public.create_template(organization_id uuid, template jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_template(organization_id, template)
$$;

comment on function public.create_template is 'Adds a template with its variants.';

grant execute on function public.create_template(uuid, jsonb) to authenticated;

create function private.require_template(organization_id uuid, template_id uuid)
returns public.templates
language plpgsql set search_path = ''
as $$
declare
  template public.templates;
begin
  select * into template from public.templates t
  where t.organization_id = require_template.organization_id and t.id = require_template.template_id for update;
  if template.id is null then
    perform private.problem(404, 'not_found', 'There is no such template.');
  end if;
  return template;
end
$$;

create function private.delete_template(organization_id uuid, template_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  template := private.require_template(organization_id, template_id);
  if template.kind <> 'custom' then
    perform private.problem(409, 'template_of_kind', 'Built-in templates can be edited, not deleted.');
  end if;
  delete from public.templates t where t.id = template.id;
end
$$;

grant execute on function private.delete_template(uuid, uuid) to authenticated;

create function public.delete_template(organization_id uuid, template_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_template(organization_id, template_id)
$$;

comment on function public.delete_template is 'Deletes a template that no unfinished campaign uses.';

grant execute on function public.delete_template(uuid, uuid) to authenticated;

create function private.get_template(organization_id uuid, template_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:read');
  select * into template from public.templates t
  where t.organization_id = get_template.organization_id and t.id = get_template.template_id;
  if template.id is null then
    perform private.problem(404, 'not_found', 'There is no such template.');
  end if;
  return private.template_json(template);
end
$$;

grant execute on function private.get_template(uuid, uuid) to authenticated;

create function public.get_template(organization_id uuid, template_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_template(organization_id, template_id)
$$;

comment on function public.get_template is 'A template with its variants.';

grant execute on function public.get_template(uuid, uuid) to authenticated;

create function private.lead_variables(lead public.leads, organization text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  variables jsonb := jsonb_strip_nulls(jsonb_build_object('first_name', nullif(lead.first_name, ''),
    'last_name', nullif(lead.last_name, ''), 'full_name', nullif(lead.full_name, ''), 'name',
    nullif(lead.full_name, ''), 'email', lead.email, 'phone', lead.phone, 'source', lead.source, 'region', lead.region,
    'country', lead.country, 'organization', organization));
begin
  if lead.custom_fields <> '{}' then
    variables := variables || coalesce((
      select jsonb_object_agg('custom.' || f.key, case jsonb_typeof(f.value) when 'string' then f.value
        else to_jsonb(f.value::text) end)
      from jsonb_each(lead.custom_fields) f where jsonb_typeof(f.value) in ('string', 'number')), '{}');
  end if;
  return variables;
end
$$;

create function private.list_templates(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'templates:read');
  return (
    with matching as materialized (
      select t from public.templates t
      where t.organization_id = list_templates.organization_id
        and (filters ->> 'category' is null or t.category = filters ->> 'category')
        and (filters ->> 'kind' is null or t.kind = filters ->> 'kind')
        and (filters ->> 'search' is null or position(lower(filters ->> 'search') in lower(t.name)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.template_json(p.t) order by lower((p.t).name), (p.t).id)
      from (
        select m.t from matching m order by lower((m.t).name), (m.t).id limit page_limit offset page_offset
      ) p), '[]')));
end
$$;

grant execute on function private.list_templates(uuid, jsonb, integer, integer) to authenticated;

create function public.list_templates(organization_id uuid, filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_templates(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_templates is 'A page of templates with their variants.';

grant execute on function public.list_templates(uuid, jsonb, integer, integer) to authenticated;

create function private.render_template_text(body text, variables jsonb)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  parts text[] := string_to_array(body, '{{');
  answer text := parts[1];
  inside text;
  value text;
begin
  -- Each part but the first begins right after a "{{".
  for i in 2..cardinality(parts) loop
    inside := split_part(parts[i], '}}', 1);
    value := coalesce(case when variables ->> btrim(split_part(inside, '|', 1)) ~ '\S'
      then variables ->> btrim(split_part(inside, '|', 1)) end, case when position('|' in inside) > 0
      then btrim(substr(inside, position('|' in inside) + 1)) end);
    if value is null then
      return null;
    end if;
    answer := answer || value || substr(parts[i], char_length(inside) + 3);
  end loop;
  return answer;
end
$$;

create function private.render_template(organization_id uuid, template_id uuid, lead_id uuid, variables jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  template jsonb := private.get_template(organization_id, template_id);
  organization text := (select o.name from public.organizations o where o.id = render_template.organization_id);
  known jsonb := jsonb_build_object('organization', organization);
begin
  if lead_id is not null then
    known := private.lead_variables(private.require_lead(organization_id, lead_id, 'leads:read'), organization);
  end if;
  known := known || coalesce(variables, '{}');
  return jsonb_build_object('renderings', (
    select jsonb_agg(jsonb_build_object('variant_id', w.id, 'label', w.label, 'weight', w.weight,
      'body', private.render_template_text(w.body, known), 'missing', coalesce((
        select jsonb_agg(distinct m[1]) from regexp_matches(w.body, '\{\{([^{}|]*)\}\}', 'g') m
        where coalesce(known ->> m[1], '') !~ '\S'), '[]')) order by w.place, w.label)
    from (
      select 0 as place, null as label, (template ->> 'id')::uuid as id, template ->> 'body' as body,
        (template ->> 'weight')::integer as weight
      union all
      select 1, v.label, v.id, v.body, v.weight
      from jsonb_to_recordset(template -> 'variants') as v (id uuid, label text, body text, weight integer)
    ) w));
end
$$;

grant execute on function private.render_template(uuid, uuid, uuid, jsonb) to authenticated;

create function public.render_template(organization_id uuid, template_id uuid, lead_id uuid default null,
  variables jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.render_template(organization_id, template_id, lead_id, variables)
$$;

comment on function public.render_template is
  'Each wording of a template, filled in with a lead''s data or given values.';

grant execute on function public.render_template(uuid, uuid, uuid, jsonb) to authenticated;

create function private.update_template(organization_id uuid, template_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  before public.templates;
  template public.templates;
begin
  perform private.require_permission(organization_id, 'templates:write');
  before := private.require_template(organization_id, template_id);
  update public.templates t
  set name = coalesce(change ->> 'name', t.name), body = coalesce(change ->> 'body', t.body),
    category = coalesce(change ->> 'category', t.category), weight = coalesce((change ->> 'weight')::integer, t.weight)
  where t.organization_id = update_template.organization_id and t.id = update_template.template_id
  returning * into template;
  if change ? 'variants' then
    perform private.replace_variants(template, change -> 'variants');
  elsif template.category <> before.category then
    -- The other category has other rules for the bodies of variants.
    perform private.replace_variants(template, private.template_json(template) -> 'variants');
  end if;
  perform private.check_weights(template);
  return private.template_json(template);
end
$$;

grant execute on function private.update_template(uuid, uuid, jsonb) to authenticated;

create function public.update_template(organization_id uuid, template_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_template(organization_id, template_id, change)
$$;

comment on function public.update_template is 'Changes a template; variants are replaced as a whole.';

grant execute on function public.update_template(uuid, uuid, jsonb) to authenticated;

create table private.contact_windows (
  id uuid primary key default private.uuid_v7(),
  country text not null,
  region text,
  weekdays integer[] not null default '{1,2,3,4,5,6,7}',
  holidays boolean not null default false,
  opens time,
  closes time,
  effective_from date not null,
  effective_to date,
  source text not null,
  constraint contact_windows_pair check ((opens is null) = (closes is null) and (opens is null or opens < closes))
);

comment on table private.contact_windows is
  'When the law of a place allows marketing messages to arrive, by local weekday (ISO, 1 is Monday). Without hours: '
  'not at all on these days. holidays: the row is for holidays of the place, whatever the weekday. The windows of a '
  'country and of its region must both hold.';

create index contact_windows_place on private.contact_windows (country, region);

create table private.contact_caps (
  id uuid primary key default private.uuid_v7(),
  country text not null,
  region text,
  messages integer not null constraint contact_caps_messages check (messages > 0),
  hours integer not null constraint contact_caps_hours check (hours between 1 and 8760),
  effective_from date not null,
  effective_to date,
  source text not null
);

comment on table private.contact_caps is
  'How many marketing messages the law of a place lets one sender send to a person within so many hours. The law '
  'counts messages on one subject; we count all.';

create index contact_caps_place on private.contact_caps (country, region);

create table private.holidays (
  country text not null,
  region text not null default '',
  day date not null,
  name text not null,
  source text not null,
  primary key (country, region, day)
);

comment on table private.holidays is 'Public holidays of a country (region empty) or of one region.';

comment on table private.area_codes is
  'Area codes of the North American Numbering Plan: where a number is probably used. With several zones the window '
  'must hold in each.';

create table private.region_zones (
  country text not null,
  region text not null,
  time_zones text[] not null constraint region_zones_zones_given check (cardinality(time_zones) > 0),
  source text not null,
  name text,
  primary key (country, region)
);

comment on table private.region_zones is 'Time zones of states and provinces, for leads with an address.';

comment on column private.region_zones.name is
  'The region''s name in lower case without accents: addresses have it instead of the code.';

create type private.local_hours as (
  day date, opens time, closes time, closed boolean,
  open boolean, changes_at timestamptz
);

comment on type private.local_hours is
  'The legal hours of a day (closed: none), and whether a message may arrive at a moment of it and when that may '
  'change.';

create function private.area_cap(country text, region text, day date, out messages integer, out hours integer)
language plpgsql stable set search_path = ''
as $$
begin
  select c.messages, c.hours into messages, hours from private.contact_caps c
  where c.country = area_cap.country and (c.region is null or c.region = area_cap.region)
    and c.effective_from <= day and (c.effective_to is null or c.effective_to >= day)
  order by c.messages, c.hours desc limit 1;
end
$$;

create function private.local_hours(zone text, moment timestamptz, country text, region text, quiet_from time,
  quiet_to time, last private.local_hours)
returns private.local_hours
language plpgsql stable set search_path = ''
as $$
declare
  wall constant timestamp := moment at time zone zone;
  wall_time constant time := wall::time;
  target timestamp;
  hours private.local_hours := last;
begin
  if country is not null and hours.day is distinct from wall::date then
    select wall::date, max(w.opens), min(w.closes), bool_or(w.opens is null)
    into hours.day, hours.opens, hours.closes, hours.closed
    from private.contact_windows w
    where w.country = local_hours.country and (w.region is null or w.region = local_hours.region)
      and w.effective_from <= wall::date and (w.effective_to is null or w.effective_to >= wall::date)
      and case when w.holidays then exists (
          select from private.holidays h
          where h.country = w.country and h.day = wall::date and h.region in ('', local_hours.region))
        else extract(isodow from wall)::integer = any (w.weekdays) end;
  end if;
  hours.open := hours.closed is not true
    and wall_time >= coalesce(hours.opens, '00:00') and wall_time < coalesce(hours.closes, '24:00')
    and (quiet_from is null or case when quiet_from < quiet_to then wall_time < quiet_from or wall_time >= quiet_to
      else wall_time < quiet_from and wall_time >= quiet_to end);
  target := case
    when hours.open then wall::date + least(hours.closes, case when quiet_from > wall_time then quiet_from end, '24:00')
    when hours.closed is true or wall_time >= coalesce(hours.closes, '24:00') then wall::date + 1
    when wall_time < hours.opens then wall::date + hours.opens
    when wall_time < quiet_to then wall::date + quiet_to
    else wall::date + 1 end;
  hours.changes_at := moment + (target - wall);
  -- The clocks change on the way: stop there and look again.
  if hours.changes_at at time zone zone <> target then
    hours.changes_at := private.next_offset(zone, moment, hours.changes_at);
  end if;
  return hours;
end
$$;

create function private.area_window(organization public.organizations, by_law boolean, country text, region text,
  zones text[], at timestamptz, out sends_at timestamptz, out closes_at timestamptz)
language plpgsql stable set search_path = ''
as $$
declare
  horizon constant timestamptz := at + interval '14 days';
  -- Countries of North America without rows of their own: the law of the United States applies to the caller.
  law_country constant text := case when by_law then coalesce(
    (select w.country from private.contact_windows w where w.country = area_window.country limit 1), 'US') end;
  zone text;
  moment timestamptz := at;
  hours private.local_hours;
  turn integer := 0;
  agreed integer := 0;
begin
  if not by_law and organization.quiet_hours_start is null then
    sends_at := at;
    return;
  end if;

  while agreed < cardinality(zones) loop
    zone := zones[turn % cardinality(zones) + 1];
    hours := private.local_hours(zone, moment, law_country, region, organization.quiet_hours_start,
      organization.quiet_hours_end, hours);
    if hours.open then
      agreed := agreed + 1;
      turn := turn + 1;
      continue;
    end if;
    agreed := 0;
    moment := hours.changes_at;
    if moment > horizon then
      return;
    end if;
  end loop;
  sends_at := moment;

  foreach zone in array zones loop
    moment := sends_at;
    while moment <= horizon loop
      hours := private.local_hours(zone, moment, law_country, region, organization.quiet_hours_start,
        organization.quiet_hours_end, hours);
      if not hours.open then
        closes_at := least(closes_at, moment);
        exit;
      end if;
      moment := hours.changes_at;
    end loop;
  end loop;
end
$$;

create function private.recipient(phone text, country text, region text, stated_zone text, organization_zone text,
  out place_country text, out place_region text, out zones text[])
language plpgsql stable set search_path = ''
as $$
declare
  american boolean := phone like '+1%';
  given text := upper(nullif(btrim(region), ''));
  code private.area_codes;
begin
  place_country := upper(nullif(btrim(country), ''));
  if place_country in ('PR', 'VI', 'GU', 'MP', 'AS') then
    given := place_country;
    place_country := 'US';
  end if;
  if place_country is not null then
    -- A country without regions has one row. Regions are written FL, US-FL or Florida.
    select z.region, z.time_zones into place_region, zones from private.region_zones z
    where z.country = place_country and z.region = coalesce(given, '');
    if zones is null and given is not null then
      select z.region, z.time_zones into place_region, zones from private.region_zones z
      where z.country = place_country
        and (z.region in ('', regexp_replace(given, '^(US|CA)-', ''))
          or z.name = lower(regexp_replace(normalize(given, nfd), '[\u0300-\u036f]', '', 'g')))
      order by z.region desc limit 1;
    end if;
    place_region := nullif(place_region, '');
  end if;
  if zones is null and american then
    select * into code from private.area_codes a where a.code = substr(phone, 3, 3);
    if place_country is null and given is not null and code.country is not null then
      select r.place_country, r.place_region, r.zones into place_country, place_region, zones
      from private.recipient(phone, code.country, region, null, null) r;
    end if;
    place_country := coalesce(place_country, code.country);
    place_region := coalesce(place_region, case when code.country = place_country then code.region end);
  end if;
  zones := case
    when not american then array[organization_zone]
    when zones is not null then zones
    when stated_zone is not null and private.is_time_zone(stated_zone) then array[stated_zone]
    else coalesce(code.time_zones, array['America/New_York', 'America/Chicago', 'America/Denver',
      'America/Los_Angeles']) end;
end
$$;

create function private.contact_cap(phone text, country text, region text, day date, out messages integer,
  out hours integer)
language plpgsql stable set search_path = ''
as $$
begin
  if phone like '+1%' then
    select c.messages, c.hours into messages, hours
    from private.recipient(phone, contact_cap.country, contact_cap.region, null, null) r
    cross join lateral private.area_cap(r.place_country, r.place_region, day) c;
  end if;
end
$$;

comment on function private.contact_cap is
  'How many marketing messages the law lets one sender send to this recipient, within how many hours; null: no cap.';

create function private.contact_window(organization public.organizations, category text, phone text, country text,
  region text, stated_zone text, at timestamptz,
  out sends_at timestamptz, out closes_at timestamptz, out zone text)
language plpgsql stable set search_path = ''
as $$
declare
  by_law constant boolean := coalesce(category = 'marketing' and phone like '+1%', false);
  place record;
begin
  if by_law then
    select * into place from private.recipient(phone, country, region, stated_zone, organization.time_zone);
  else
    select null as place_country, null as place_region, array[organization.time_zone] as zones into place;
  end if;
  zone := array_to_string(place.zones, ',');
  select w.sends_at, w.closes_at into sends_at, closes_at
  from private.area_window(organization, by_law, place.place_country, place.place_region, place.zones, at) w;
end
$$;

comment on function private.contact_window is
  'When a message to this recipient may next arrive, until when, and in which zones (the likeliest first).';

comment on table public.suppressions is 'Numbers that an organization must not text. Lifted ones stay as history.';

create unique index suppressions_one_active on public.suppressions (organization_id, phone, scope)
  where lifted_at is null;

create index suppressions_organization on public.suppressions (organization_id, id desc);

create index suppressions_created_by on public.suppressions (created_by);

create index suppressions_lifted_by on public.suppressions (lifted_by);

create index suppressions_of_phone on public.suppressions (organization_id, phone, id desc);

create index suppressions_of_source on public.suppressions (organization_id, source, id desc);

alter table public.suppressions enable row level security;

create policy "those who may read suppressions read their organization's"
  on public.suppressions for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));

create policy "those who may suppress numbers add them" on public.suppressions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('suppressions:write'))::uuid[])
    and created_by = (select auth.uid()) and source = 'manual');

revoke all on public.suppressions from public, anon, authenticated, service_role;

grant select on public.suppressions to authenticated, service_role;

grant insert (organization_id, phone, scope, source, reason) on public.suppressions to authenticated;

create table private.suppression_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  source text not null,
  quarter_hour timestamptz not null,
  added bigint not null,
  rolled_up boolean not null default false
);

create function private.count_suppressions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.suppression_totals
    select n.organization_id, n.source, private.quarter_hour(n.created_at), count(*) from new_rows n group by 1, 2, 3;
  else
    insert into private.suppression_totals
    select t.organization_id, t.source, private.quarter_hour(t.created_at), -count(*) from old_rows t
    where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3;
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.suppressions referencing new table as new_rows
  for each statement execute function private.count_suppressions();

create trigger count_delete after delete on public.suppressions referencing old table as old_rows
  for each statement execute function private.count_suppressions();

comment on table public.consents is
  'The consent ledger: who agreed to what, after which disclosure, by which act, when (47 CFR 64.1200(f)(9)). '
  'Append-only.';

comment on column public.consents.outdated is
  'Consent from before a revocation that was already known when it was recorded (an old list imported today): it does '
  'not count.';

create index consents_of_lead on public.consents (organization_id, lead_id) where lead_id is not null;

create index consents_recorded_by on public.consents (recorded_by) where recorded_by is not null;

create index consents_of_phone on public.consents (organization_id, phone, id desc) include (channel, event, outdated);

alter table public.consents enable row level security;

create policy "those who see the lead read its consents" on public.consents for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[])
    or exists (select from public.leads l where l.organization_id = consents.organization_id
      and l.id = consents.lead_id));

revoke all on public.consents from public, anon, authenticated, service_role;

grant select on public.consents to authenticated, service_role;

create trigger forbid_history_changes before update on public.consents
  for each row execute function private.forbid_history_changes();

create function private.mark_outdated_consent()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.outdated := exists (
    select from public.consents c
    where c.organization_id = new.organization_id and c.phone = new.phone and c.event = 'revoked'
      and c.channel = new.channel
      and c.occurred_at > new.occurred_at);
  return new;
end
$$;

create trigger mark_outdated_consent before insert on public.consents
  for each row when (new.event = 'granted') execute function private.mark_outdated_consent();

create function private.count_opt_outs()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on
as $$
begin
  if not exists (select from new_rows n where n.message_id is not null and n.event = 'revoked') then
    return null;
  end if;
  update private.campaign_responses r set opt_outs = r.opt_outs + a.opt_outs
  from (
    select m.in_reply_to as id, count(distinct m.id) as opt_outs
    from new_rows n join public.messages m on m.id = n.message_id
    where n.event = 'revoked' and m.in_reply_to is not null group by 1
  ) a
  where r.message_id = a.id;
  return null;
end
$$;

create trigger count_opt_outs after insert on public.consents referencing new table as new_rows
  for each statement execute function private.count_opt_outs();

create table public.dnc_lists (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint dnc_lists_name_length check (char_length(btrim(name)) between 1 and 100),
  kind text not null constraint dnc_lists_kind check (kind in ('registry', 'litigator', 'internal')),
  status text not null default 'importing'
    constraint dnc_lists_status check (status in ('importing', 'active', 'failed', 'deleting')),
  upload_complete boolean not null default false,
  calling_code text not null default '1' constraint dnc_lists_calling_code check (calling_code ~ '^[1-9][0-9]{0,2}$'),
  numbers bigint not null default 0,
  invalid bigint not null default 0,
  size_bytes bigint not null default 0,
  next_position integer not null default 0,
  pieces integer not null default 0,
  error text,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint dnc_lists_organization_key unique (organization_id, id),
  constraint dnc_lists_name_unique unique (organization_id, name)
);

comment on table public.dnc_lists is
  'Do-not-call lists that an organization checks. Written consent overrides a registry (47 CFR 64.1200(c)(2)(ii)), '
  'never the other kinds.';

comment on column public.dnc_lists.upload_complete is 'Whether the whole file has been received.';

comment on column public.dnc_lists.next_position is 'The next piece of the file to import.';

create index dnc_lists_created_by on public.dnc_lists (created_by);

alter table public.dnc_lists enable row level security;

create policy "those who may read suppressions read the lists" on public.dnc_lists for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));

revoke all on public.dnc_lists from public, anon, authenticated, service_role;

grant select (id, organization_id, name, kind, status, numbers, invalid, error, created_by, created_at, updated_at)
  on public.dnc_lists to authenticated;

grant select on public.dnc_lists to service_role;

create trigger set_updated_at before update on public.dnc_lists
  for each row execute function private.set_updated_at();

create table private.dnc_pieces (
  organization_id uuid not null,
  list_id uuid not null,
  "position" integer not null,
  content text not null,
  primary key (organization_id, list_id, "position"),
  constraint dnc_pieces_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);

comment on table private.dnc_pieces is
  'An uploaded file in pieces that end where lines end. A piece is deleted when it is imported.';

create table private.dnc_numbers (
  organization_id uuid not null,
  phone text not null,
  list_id uuid not null,
  primary key (organization_id, phone, list_id),
  constraint dnc_numbers_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);

comment on table private.dnc_numbers is
  'The numbers on the lists. Looked up by number only; no role may read them as a list.';

create index dnc_numbers_of_list on private.dnc_numbers (organization_id, list_id);

create table public.reply_reviews (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  phone text not null constraint reply_reviews_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  message_id uuid not null,
  last_message_id uuid,
  rule_id uuid,
  status text not null default 'open'
    constraint reply_reviews_status check (status in ('open', 'opt_out', 'dismissed')),
  decided_by uuid references public.profiles (id) on delete set null,
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reply_reviews_decided check ((status = 'open') = (decided_at is null))
);

create table public.campaign_targets (
  organization_id uuid not null,
  campaign_id uuid not null,
  position integer not null,
  lead_id uuid not null,
  phone text,
  variant_id uuid,
  status text not null default 'pending'
    constraint campaign_targets_status check (status in ('pending', 'sent', 'excluded', 'canceled')),
  reason text constraint campaign_targets_reason check (reason in (
    'no_phone', 'duplicate_number', 'suppressed', 'dnc', 'litigator', 'no_consent', 'consent_revoked',
    'frequency_cap', 'lead_deleted', 'number_changed', 'missing_variable', 'text_too_long', 'window_closed',
    'country_not_allowed')),
  wait_reason text constraint campaign_targets_wait_reason check (wait_reason in ('quiet_hours', 'frequency_cap', 'review', 'rate')),
  send_after timestamptz not null default now(),
  message_id uuid,
  updated_at timestamptz not null default now(),
  primary key (campaign_id, position),
  constraint campaign_targets_lead_once unique (campaign_id, lead_id)
) with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02);

create function private.close_reply_reviews(organization_id uuid, phone text, status text, decided_by uuid default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.reply_reviews r
  set status = close_reply_reviews.status, decided_by = close_reply_reviews.decided_by, decided_at = now()
  where r.organization_id = close_reply_reviews.organization_id and r.phone = close_reply_reviews.phone
    and r.status = 'open';
  if found then
    update public.messages m set send_after = now(), wait_reason = null, updated_at = now()
    where m.organization_id = close_reply_reviews.organization_id and m.to_number = close_reply_reviews.phone
      and m.status = 'queued'
      and m.wait_reason = 'review';
    update public.campaign_targets t set send_after = now(), updated_at = now()
    where t.campaign_id in (
        select c.id from public.campaigns c
        where c.organization_id = close_reply_reviews.organization_id and c.status in ('running', 'paused'))
      and t.phone = close_reply_reviews.phone and t.status = 'pending' and t.send_after > now();
  end if;
end
$$;

create function private.consent_json(consent public.consents)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(consent) - 'organization_id' || jsonb_build_object('recorded_by_name',
    (select p.full_name from public.profiles p where p.id = consent.recorded_by))
$$;

create function private.add_consent(organization_id uuid, consent jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.consents := jsonb_populate_record(null::public.consents, consent);
  created public.consents;
  by_text boolean := coalesce(consent ->> 'channel', 'sms') = 'sms';
begin
  perform private.require_permission(organization_id, 'consents:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if wanted.lead_id is not null then
    perform private.require_lead(organization_id, wanted.lead_id, 'leads:read');
  end if;
  if wanted.occurred_at > now() + interval '5 minutes' then
    perform private.problem(422, 'invalid_field', 'occurred_at is in the future.',
      '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  -- The same lock as record_inbound: a reply of the number may be arriving.
  perform pg_advisory_xact_lock(hashtextextended('reply|' || organization_id || '|' || wanted.phone, 0));
  if wanted.event = 'granted' and exists (
    select from public.consents c
    where c.organization_id = add_consent.organization_id and c.phone = wanted.phone and c.event = 'revoked'
      and c.channel = coalesce(wanted.channel, 'sms') and c.occurred_at >= wanted.occurred_at)
  then
    perform private.problem(409, 'revoked_since', 'The number has revoked its consent since then.');
  end if;
  insert into public.consents (organization_id, lead_id, event, phone, channel, scope, source, disclosure,
    disclosure_version, act, ip, user_agent, raw_text, recognized_by, occurred_at, honored_at, recorded_by)
  values (organization_id, wanted.lead_id, wanted.event, wanted.phone, coalesce(wanted.channel, 'sms'),
    coalesce(wanted.scope, case wanted.event when 'revoked' then 'all' else 'marketing' end), wanted.source,
    wanted.disclosure, wanted.disclosure_version, wanted.act, wanted.ip, wanted.user_agent, wanted.raw_text,
    case wanted.event when 'revoked' then 'person' end, wanted.occurred_at,
    case wanted.event when 'revoked' then clock_timestamp() end, auth.uid())
  returning * into created;
  if created.event = 'revoked' and by_text then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    values (organization_id, created.phone, created.scope, 'manual', left('Revoked consent: ' || created.source, 500))
    on conflict do nothing;
    perform private.close_reply_reviews(organization_id, created.phone, 'opt_out', auth.uid());
  end if;
  return private.store_idempotent_response(organization_id, private.consent_json(created)
    || jsonb_build_object('suppressed', exists (
    select from public.suppressions s
    where s.organization_id = add_consent.organization_id and s.phone = created.phone and s.lifted_at is null)));
end
$$;

grant execute on function private.add_consent(uuid, jsonb) to authenticated;

create function public.add_consent(organization_id uuid, consent jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.add_consent(organization_id, consent)
$$;

comment on function public.add_consent is 'Records consent or its revocation by hand.';

grant execute on function public.add_consent(uuid, jsonb) to authenticated;

create function private.require_open_list(organization_id uuid, list_id uuid)
returns public.dnc_lists
language plpgsql set search_path = ''
as $$
declare
  list public.dnc_lists;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select * into list from public.dnc_lists l
  where l.organization_id = require_open_list.organization_id and l.id = list_id and not l.upload_complete
    and l.created_by = auth.uid()
  for update;
  if list.id is null then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  return list;
end
$$;

create function private.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  insert into private.dnc_pieces (organization_id, list_id, "position", content)
  select list.organization_id, list.id, list.pieces + p.place - 1, p.content
  from unnest(pieces) with ordinality as p (content, place);
  update public.dnc_lists l
  set pieces = l.pieces + cardinality(add_dnc_pieces.pieces),
    size_bytes = l.size_bytes + (select coalesce(sum(octet_length(p)), 0) from unnest(add_dnc_pieces.pieces) p)
  where l.id = list.id returning * into list;
  if list.size_bytes > 52500000 then
    perform private.problem(413, 'too_large', 'The file is larger than 50 MB.');
  end if;
end
$$;

grant execute on function private.add_dnc_pieces(uuid, uuid, text[]) to authenticated;

create function public.add_dnc_pieces(organization_id uuid, list_id uuid, pieces text[])
returns void
language sql set search_path = ''
as $$
  select private.add_dnc_pieces(organization_id, list_id, pieces)
$$;

comment on function public.add_dnc_pieces is 'Stores the next pieces of a list''s file.';

grant execute on function public.add_dnc_pieces(uuid, uuid, text[]) to authenticated;

create function private.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created uuid;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('dnc|' || organization_id, 0));
  if (select count(*) from public.dnc_lists l where l.organization_id = begin_dnc_list.organization_id) >= 50 then
    perform private.problem(409, 'too_many_lists', 'An organization has at most 50 lists. Delete one of them.');
  end if;
  if exists (
    select from public.dnc_lists l
    where l.organization_id = begin_dnc_list.organization_id and l.name = btrim(list ->> 'name')) then
    perform private.problem(409, 'already_exists', 'There already is a list of this name.');
  end if;
  insert into public.dnc_lists (organization_id, name, kind, calling_code, created_by)
  values (organization_id, btrim(list ->> 'name'), list ->> 'kind', list ->> 'calling_code', auth.uid())
  returning id into created;
  return jsonb_build_object('list_id', created);
end
$$;

grant execute on function private.begin_dnc_list(uuid, jsonb) to authenticated;

create function public.begin_dnc_list(organization_id uuid, list jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_dnc_list(organization_id, list)
$$;

comment on function public.begin_dnc_list is 'Creates a list whose file is about to be uploaded.';

grant execute on function public.begin_dnc_list(uuid, jsonb) to authenticated;

create function private.unnest_phones(phones text[])
returns table (phone text)
language sql immutable rows 5000 set search_path = ''
as $$
  select unnest(phones)
$$;

create function private.check_marketing_eligibility(organization_id uuid, phones text[])
returns table (phone text, blocked_reason text, consent_id uuid)
language plpgsql stable set search_path = '' set enable_hashjoin = on set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
declare
  organization public.organizations;
  allowed text;
begin
  select * into strict organization from public.organizations o where o.id = check_marketing_eligibility.organization_id;
  allowed := private.phone_pattern_of(organization);
  return query
  with held as materialized (
    select s.phone, bool_or(s.source = 'litigator') as litigator from public.suppressions s
    where s.organization_id = check_marketing_eligibility.organization_id and s.phone = any (phones) and s.lifted_at is null
    group by s.phone
  ), listed as materialized (
    select d.phone, bool_or(l.kind = 'litigator') as litigator, bool_or(l.kind = 'internal') as internal,
      bool_or(l.kind = 'registry') as registry
    from private.dnc_numbers d
    join public.dnc_lists l on l.organization_id = d.organization_id and l.id = d.list_id and l.status = 'active'
    where d.organization_id = check_marketing_eligibility.organization_id and d.phone = any (phones)
    group by d.phone
  ), latest as materialized (
    select distinct on (c.phone) c.phone, c.id, c.event from public.consents c
    where c.organization_id = check_marketing_eligibility.organization_id and c.phone = any (phones) and c.channel = 'sms' and not c.outdated
    order by c.phone, c.id desc
  ), open_reviews as materialized (
    select r.phone from public.reply_reviews r
    where r.organization_id = check_marketing_eligibility.organization_id and r.phone = any (phones) and r.status = 'open'
  )
  select n.phone, case
      when held.litigator or listed.litigator then 'litigator'
      when held.phone is not null then 'suppressed'
      when listed.internal or (listed.registry and latest.event is distinct from 'granted') then 'dnc'
      when latest.event = 'revoked' then 'consent_revoked'
      when latest.id is null and organization.marketing_consent = 'required' then 'no_consent'
      when n.phone !~ allowed then 'country_not_allowed'
      when r.phone is not null then 'doubtful_reply'
    end, case when latest.event = 'granted' then latest.id end
  from private.unnest_phones(phones) n
  left join held on held.phone = n.phone
  left join listed on listed.phone = n.phone
  left join latest on latest.phone = n.phone
  left join open_reviews r on r.phone = n.phone;
end
$$;

create function private.check_numbers(organization_id uuid, phones text[])
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (
    select coalesce(jsonb_agg(jsonb_build_object('phone', j.phone, 'blocked_reason', j.blocked_reason,
      'consent', case when c.id is not null then jsonb_build_object('event', c.event, 'scope', c.scope, 'source',
        c.source, 'occurred_at', c.occurred_at) end,
      'review_id', r.id)), '[]')
    from private.check_marketing_eligibility(check_numbers.organization_id, phones[1:1000])
      as j (phone, blocked_reason, consent_id)
    left join lateral (
      select x.* from public.consents x
      where x.organization_id = check_numbers.organization_id and x.phone = j.phone and x.channel = 'sms'
        and not x.outdated
      order by x.id desc limit 1
    ) c on true
    left join public.reply_reviews r
      on r.organization_id = check_numbers.organization_id and r.phone = j.phone and r.status = 'open');
end
$$;

grant execute on function private.check_numbers(uuid, text[]) to authenticated;

create function public.check_numbers(organization_id uuid, phones text[])
returns jsonb
language sql stable set search_path = ''
as $$
  select private.check_numbers(organization_id, phones)
$$;

comment on function public.check_numbers is 'Why each number must not get a marketing message now.';

grant execute on function public.check_numbers(uuid, text[]) to authenticated;

create function private.dnc_list_json(list public.dnc_lists)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', list.id, 'name', list.name, 'kind', list.kind, 'status', list.status,
    'calling_code', list.calling_code, 'numbers', list.numbers, 'invalid', list.invalid, 'progress', case
      when list.status = 'active' then 1
      else round(list.next_position::numeric / greatest(list.pieces, 1), 3) end, 'error', list.error,
    'created_by', list.created_by, 'created_by_name', (select p.full_name from public.profiles p
      where p.id = list.created_by),
    'created_at', list.created_at, 'updated_at', list.updated_at)
$$;

create function private.complete_dnc_upload(organization_id uuid, list_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  if list.pieces = 0 then
    perform private.problem(422, 'invalid_field', 'The file is empty.', '[{"path": "file", "message": "is empty"}]');
  end if;
  update public.dnc_lists l set upload_complete = true where l.id = list.id returning * into list;
  perform private.invoke('jobs/import-dnc');
  return private.store_idempotent_response(organization_id, private.dnc_list_json(list));
end
$$;

grant execute on function private.complete_dnc_upload(uuid, uuid) to authenticated;

create function public.complete_dnc_upload(organization_id uuid, list_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.complete_dnc_upload(organization_id, list_id)
$$;

comment on function public.complete_dnc_upload is 'Ends the upload of a list and starts its import.';

grant execute on function public.complete_dnc_upload(uuid, uuid) to authenticated;

create function private.suppression_json(suppression public.suppressions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(suppression) - 'organization_id' || jsonb_build_object(
    'created_by_name', (select p.full_name from public.profiles p where p.id = suppression.created_by),
    'lifted_by_name', (select p.full_name from public.profiles p where p.id = suppression.lifted_by))
$$;

create function private.create_suppression(organization_id uuid, suppression jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  answer jsonb;
  wanted constant uuid := private.uuid_v7();
  created public.suppressions;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- One statement, because the existing suppression may be lifted at the same moment.
  insert into public.suppressions as s (id, organization_id, phone, scope, source, reason)
  values (wanted, organization_id, suppression ->> 'phone', coalesce(suppression ->> 'scope', 'all'),
    coalesce(suppression ->> 'source', 'manual'), suppression ->> 'reason')
  on conflict (organization_id, phone, scope) where lifted_at is null do update
    set source = case when excluded.source = 'litigator' then 'litigator' else s.source end
  returning * into created;
  return private.store_idempotent_response(organization_id,
    jsonb_build_object('created', created.id = wanted, 'suppression', private.suppression_json(created)));
end
$$;

grant execute on function private.create_suppression(uuid, jsonb) to authenticated;

create function public.create_suppression(organization_id uuid, suppression jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_suppression(organization_id, suppression)
$$;

comment on function public.create_suppression is 'Suppresses a number.';

grant execute on function public.create_suppression(uuid, jsonb) to authenticated;

create function private.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  update public.dnc_lists l set status = 'deleting', name = left(l.name, 60) || ' ' || l.id
  where l.organization_id = delete_dnc_list.organization_id and l.id = delete_dnc_list.list_id and l.upload_complete
    and l.status <> 'deleting';
  if not found then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  perform private.invoke('jobs/import-dnc');
end
$$;

grant execute on function private.delete_dnc_list(uuid, uuid) to authenticated;

create function public.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_dnc_list(organization_id, list_id)
$$;

comment on function public.delete_dnc_list is 'Deletes a do-not-call list; it stops counting at once.';

grant execute on function public.delete_dnc_list(uuid, uuid) to authenticated;

create function private.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  delete from public.dnc_lists l where l.id = list.id;
end
$$;

grant execute on function private.discard_dnc_list(uuid, uuid) to authenticated;

create function public.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_dnc_list(organization_id, list_id)
$$;

comment on function public.discard_dnc_list is 'Removes a list whose upload was interrupted.';

grant execute on function public.discard_dnc_list(uuid, uuid) to authenticated;

create function private.dnc_phone(line text, calling_code text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  found text[];
  digits text;
begin
  -- Nearly all lines are nothing but a number.
  found := regexp_match(line, '^["\s]*(\+?[0-9]{7,15})["\s]*$');
  if found is null then
    found := regexp_match(line, '^["\s]*([2-9][0-9]{2})"?[,;\t ]\s*"?([2-9][0-9]{6})["\s]*$');
    if found is not null and calling_code = '1' then
      return '+1' || found[1] || found[2];
    end if;
    found := regexp_match(line, '(?:^|[,;\t])["''=\s]*(\+?\(?[0-9][0-9() .\-]{5,20}[0-9])["\s]*(?:$|[,;\t])');
    if found is null then
      return null;
    end if;
  end if;
  digits := regexp_replace(found[1], '[^0-9]', '', 'g');
  digits := case
    when left(found[1], 1) = '+' then digits
    when digits like '00%' then substr(digits, 3)
    when calling_code = '1' then case when char_length(digits) = 10 then '1' || digits when digits like '1%'
      and char_length(digits) = 11 then digits end
    when digits like '0%' then calling_code || substr(digits, 2)
    when digits like calling_code || '%' and char_length(digits) > char_length(calling_code) + 7 then digits
    when char_length(digits) between 7 and 11 then calling_code || digits end;
  return case when digits ~ '^1' then case when digits ~ '^1[2-9][0-9]{2}[2-9][0-9]{6}$' then '+' || digits end
    when digits ~ '^[2-9][0-9]{7,14}$' then '+' || digits end;
end
$$;

create function private.import_dnc_slice()
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists;
  text_of_piece text;
  lines bigint;
  valid bigint;
  added bigint;
begin
  select * into list from public.dnc_lists l
  where l.upload_complete and l.status in ('importing', 'deleting') order by l.updated_at limit 1
  for update skip locked;
  if list.id is null then
    return null;
  end if;
  if list.status = 'deleting' then
    -- By ctid: statistics of a list that was just imported are missing, and a join would be planned badly.
    delete from private.dnc_numbers d where d.ctid = any (array(
      select x.ctid from private.dnc_numbers x where x.organization_id = list.organization_id and x.list_id = list.id
      limit 20000));
    if not found then
      delete from public.dnc_lists l where l.id = list.id;
      return jsonb_build_object('list_id', list.id, 'state', 'deleted');
    end if;
    update public.dnc_lists l set updated_at = now() where l.id = list.id;
    return jsonb_build_object('list_id', list.id, 'state', 'deleting');
  end if;
  delete from private.dnc_pieces p
  where p.organization_id = list.organization_id and p.list_id = list.id and p."position" = list.next_position
  returning p.content into text_of_piece;
  with read as materialized (
    select private.dnc_phone(l.line, list.calling_code) as phone
    from regexp_split_to_table(text_of_piece, '\r\n|\r|\n') as l (line)
    where l.line ~ '[^\s]'
  ), added_numbers as (
    insert into private.dnc_numbers (organization_id, phone, list_id)
    select distinct list.organization_id, r.phone, list.id from read r where r.phone is not null order by 2
    on conflict on constraint dnc_numbers_pkey do nothing
    returning 1
  )
  select (select count(*) from read), (select count(*) from read r where r.phone is not null),
    (select count(*) from added_numbers)
  into lines, valid, added;
  -- A first line without a number is a header, not an invalid line.
  if list.next_position = 0 and private.dnc_phone(split_part(text_of_piece, E'\n', 1), list.calling_code) is null then
    lines := greatest(lines - 1, valid);
  end if;
  update public.dnc_lists l
  set numbers = l.numbers + added, invalid = l.invalid + lines - valid, next_position = l.next_position + 1,
    status = case when l.next_position + 1 < l.pieces then 'importing' when l.numbers + added > 0 then 'active'
      else 'failed' end,
    error = case when l.next_position + 1 >= l.pieces and l.numbers + added = 0
      then 'No phone number was found in the file.' end
  where l.id = list.id
  returning * into list;
  return jsonb_build_object('list_id', list.id, 'state', list.status);
end
$$;

grant execute on function private.import_dnc_slice() to service_role;

create function public.import_dnc_slice()
returns jsonb
language sql set search_path = ''
as $$
  select private.import_dnc_slice()
$$;

comment on function public.import_dnc_slice is
  'One batch of work on do-not-call lists: imports a piece, or deletes numbers of a deleted list.';

grant execute on function public.import_dnc_slice() to service_role;

create function private.import_suppressions(organization_id uuid, phones text[], scope text, reason text, answer jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  added bigint;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  replayed := private.idempotent_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  if cardinality(phones) > 10000 then
    perform private.problem(422, 'invalid_field', 'At most 10,000 numbers at a time.',
      '[{"path": "numbers", "message": "has more than 10,000"}]');
  end if;
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  select import_suppressions.organization_id, p.phone, import_suppressions.scope, 'import', import_suppressions.reason
  from (select distinct u.phone from unnest(phones) as u (phone)) p order by p.phone
  on conflict do nothing;
  get diagnostics added = row_count;
  return private.store_idempotent_response(organization_id,
    answer || jsonb_build_object('added', added, 'known', cardinality(phones) - added));
end
$$;

grant execute on function private.import_suppressions(uuid, text[], text, text, jsonb) to authenticated;

create function public.import_suppressions(organization_id uuid, phones text[], scope text, reason text, answer jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_suppressions(organization_id, phones, scope, reason, answer)
$$;

comment on function public.import_suppressions is 'Suppresses many numbers.';

grant execute on function public.import_suppressions(uuid, text[], text, text, jsonb) to authenticated;

create function private.lift_suppression(organization_id uuid, suppression_id uuid, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  lifted timestamptz;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  select s.lifted_at into lifted from public.suppressions s
  where s.organization_id = lift_suppression.organization_id and s.id = suppression_id for update;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such suppression.');
  end if;
  if lifted is not null then
    perform private.problem(409, 'already_lifted', 'This suppression has already been lifted.');
  end if;
  if coalesce(btrim(reason), '') = '' then
    perform private.problem(422, 'invalid_field', 'Say why the suppression is lifted.',
      '[{"path": "reason", "message": "is missing"}]');
  end if;
  update public.suppressions s set lifted_at = now(), lifted_by = auth.uid(),
    lifted_reason = left(btrim(lift_suppression.reason), 500)
  where s.id = suppression_id;
end
$$;

grant execute on function private.lift_suppression(uuid, uuid, text) to authenticated;

create function public.lift_suppression(organization_id uuid, suppression_id uuid, reason text)
returns void
language sql set search_path = ''
as $$
  select private.lift_suppression(organization_id, suppression_id, reason)
$$;

comment on function public.lift_suppression is 'Lifts a suppression; it is kept as history.';

grant execute on function public.lift_suppression(uuid, uuid, text) to authenticated;

create function private.list_consents(organization_id uuid, phone text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'consents:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.consents c where c.organization_id = list_consents.organization_id
        and c.phone = list_consents.phone),
    'rows', coalesce((
      select jsonb_agg(private.consent_json(p.c) order by (p.c).id desc)
      from (
        select c from public.consents c
        where c.organization_id = list_consents.organization_id and c.phone = list_consents.phone
        order by c.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

grant execute on function private.list_consents(uuid, text, integer, integer) to authenticated;

create function public.list_consents(organization_id uuid, phone text, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_consents(organization_id, phone, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_consents is 'The consent ledger of a number.';

grant execute on function public.list_consents(uuid, text, integer, integer) to authenticated;

create function private.list_dnc_lists(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.dnc_lists l
      where l.organization_id = list_dnc_lists.organization_id and l.upload_complete and l.status <> 'deleting'),
    'rows', coalesce((
      select jsonb_agg(private.dnc_list_json(p.l) order by (p.l).id desc)
      from (
        select l from public.dnc_lists l
        where l.organization_id = list_dnc_lists.organization_id and l.upload_complete and l.status <> 'deleting'
        order by l.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

grant execute on function private.list_dnc_lists(uuid, integer, integer) to authenticated;

create function public.list_dnc_lists(organization_id uuid, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_dnc_lists(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_dnc_lists is 'The organization''s do-not-call lists.';

grant execute on function public.list_dnc_lists(uuid, integer, integer) to authenticated;

create function private.list_reply_reviews(organization_id uuid, status text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.reply_reviews r
      where r.organization_id = list_reply_reviews.organization_id
        and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'phone', p.phone, 'message_id', p.message_id, 'text', m.body,
        'last_text', l.body, 'status', p.status, 'decided_by', p.decided_by, 'decided_by_name', d.full_name,
        'decided_at', p.decided_at, 'created_at', p.created_at) order by p.id desc)
      from (
        select r.* from public.reply_reviews r
        where r.organization_id = list_reply_reviews.organization_id
          and (list_reply_reviews.status is null or r.status = list_reply_reviews.status)
        order by r.id desc limit page_limit offset page_offset
      ) p
      left join public.messages m on m.id = p.message_id
      left join public.messages l on l.id = p.last_message_id
      left join public.profiles d on d.id = p.decided_by), '[]'));
end
$$;

grant execute on function private.list_reply_reviews(uuid, text, integer, integer) to authenticated;

create function public.list_reply_reviews(organization_id uuid, status text default null, page_limit integer default 50,
  page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_reply_reviews(organization_id, status,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_reply_reviews is 'Replies that may be an opt-out, with their text.';

grant execute on function public.list_reply_reviews(uuid, text, integer, integer) to authenticated;

create function private.list_suppressions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := format('s.organization_id = %L', organization_id);
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  conditions := concat_ws(' and ', conditions, 's.phone = ' || quote_literal(filters ->> 'phone'),
    's.scope = ' || quote_literal(filters ->> 'scope'), 's.source = ' || quote_literal(filters ->> 'source'),
    case filters ->> 'state' when 'active' then 's.lifted_at is null' when 'lifted' then 's.lifted_at is not null' end);
  execute format($query$
    select jsonb_build_object('total', (select count(*) from public.suppressions s where %1$s), 'rows', coalesce((
      select jsonb_agg(private.suppression_json(p.s) order by (p.s).id desc)
      from (select s from public.suppressions s where %1$s order by s.id desc limit %2$s offset %3$s) p), '[]'))
  $query$, conditions, page_limit, page_offset) into answer;
  return answer;
end
$$;

grant execute on function private.list_suppressions(uuid, jsonb, integer, integer) to authenticated;

create function public.list_suppressions(organization_id uuid, filters jsonb default '{}',
  page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_suppressions(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_suppressions is 'A page of suppressions, including lifted ones.';

grant execute on function public.list_suppressions(uuid, jsonb, integer, integer) to authenticated;

create function private.run_dnc_list_jobs()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from public.dnc_lists l where not l.upload_complete and l.updated_at < now() - interval '1 hour';
  if exists (select from public.dnc_lists l where l.upload_complete and l.status in ('importing', 'deleting')) then
    perform private.invoke('jobs/import-dnc');
  end if;
end
$$;

create table public.reply_rules (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid references public.organizations (id) on delete cascade,
  kind text not null constraint reply_rules_kind check (kind in ('keyword', 'phrase', 'not_phrase')),
  meaning text not null constraint reply_rules_meaning check (meaning in ('stop', 'start', 'help', 'doubtful')),
  language text not null default 'en' constraint reply_rules_language check (language ~ '^[a-z]{2}$'),
  pattern text not null,
  source text not null constraint reply_rules_source_length check (char_length(source) between 1 and 500),
  effective_from date not null default '2024-01-01',
  effective_to date,
  undoes_only boolean not null default false,
  part text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reply_rules_once unique nulls not distinct (organization_id, kind, language, pattern),
  constraint reply_rules_pattern_length check (char_length(pattern) between 1 and 1000)
);

comment on column public.reply_rules.undoes_only is
  'A word that also answers ordinary questions (YES): it counts only for a number that has opted out.';

comment on table public.reply_rules is
  'Words and phrases of replies and what they mean. A keyword is the whole reply, a phrase a pattern found in it. '
  'What a not_phrase matches does not count; where an organization''s own not_phrase matches, a person decides about '
  'what the system''s rules found.';

comment on column public.reply_rules.part is
  'A cheaper expression that matches whatever the phrase matches: see required_substring. Null: there is none.';

create index reply_rules_organization on public.reply_rules (organization_id);

alter table public.reply_rules enable row level security;

create policy "everyone reads the system's rules, members their organization's"
  on public.reply_rules for select to authenticated
  using (organization_id is null or organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.reply_rules from public, anon, authenticated, service_role;

grant select on public.reply_rules to authenticated, service_role;

create trigger set_updated_at before update on public.reply_rules
  for each row execute function private.set_updated_at();

create function private.normalized_reply(body text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select regexp_replace('. ' || regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    lower(normalize(translate(case
      when body ~* '^\s*(liked|loved|disliked|laughed at|emphasized|questioned|reacted .{1,12} to|removed an? .{3,20} from|le gustó|a aimé|a adoré|[^[:alnum:]]{1,12} (to|a|à)) ["“«].*["”»]\s*$'
        then '' else replace(left(body, 2000), U&'\+01F6D1', ' stop ') end,
      U&'\2018\2019\02BC\0060\00B4\2032\200B\200C\200D\2060\FEFF\00AD', ''''''''''''''), nfkc)),
    -- A dot within a word (s.t.o.p) or a number does not end a sentence.
    '(?<=\w)\.(?=\w)', ' ', 'g'),
    '[.!?;:\n\r]+', ' . ', 'g'),
    -- Signs of ASCII and Latin-1 except the apostrophe, then punctuation, arrows, symbols, emoji and private use.
    '[\u0001-\u0020"#$%&()*+,\-/<=>@\[\\\]^_{|}~\u007F-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF\u00D7\u00F7\u2000-\u2BFF\u3000-\u303F\uE000-\uF8FF\uFE00-\uFE0F\uFFFD\U0001F000-\U0001FAFF\U000E0000-\U000E007F]+',
    ' ', 'g'),
    -- An apostrophe that is a quotation mark.
    '(?<![[:alnum:]])''+|''+(?![[:alnum:]])', ' ', 'g'),
    '(\s*\.)+\s*$|^(\s*\.)+', '', 'g') || ' .', '\s+', ' ', 'g')
$$;

create function private.pattern_weight(pattern text)
returns numeric
language sql immutable set search_path = ''
as $$
  select char_length(pattern) * least(1e9,
    exp(coalesce(sum(ln(greatest(1, least(m[1]::numeric, 1000), least(nullif(m[2], '')::numeric, 1000)))), 0)))
  from regexp_matches(pattern, '\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}', 'g') m
$$;

create function private.leading_group(pattern text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  with tokens as (
    select m[1] as token, place, sum(case m[1] when '(' then 1 when ')' then -1
      else 0 end) over (order by place) as depth
    from regexp_matches(leading_group.pattern, '(\\.|\[\^?\]?[^\]]*\]|.)', 'g') with ordinality t (m, place)
  )
  select string_agg(t.token, '' order by t.place) from tokens t
  where t.place <= (select min(e.place) from tokens e where e.depth = 0)
$$;

create function private.common_words()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '. i you u he she we they it me my your his her our us them this that these those is are am was were be been '
    'do does did don''t do not dont have has had no not never no longer yes ok okay please pls plz just thanks '
    'thank you thx and or but so if the a an to of for on in at by with from about up out off all any more again '
    'now here there what when where who why how can could will would should want wanna wish need like get got '
    'getting take let make know see say said go come still ever too also good great nice time today tomorrow i''m '
    'im it''s you''re por favor gracias de la el en que si ya no y a mi su je ne le pas plus merci un une .'
$$;

create function private.substring_weight(part text, letters integer)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case when letters > 0 then letters + case when private.common_words() ~ part then 0 else 1000 end else 0 end
$$;

create function private.required_substring(pattern text, out part text, out letters integer)
language plpgsql immutable set search_path = ''
as $$
declare
  place integer := 1;
  piece text;
  repeat text;
  literal boolean;
  run text := '';
  run_letters integer := 0;
  piece_letters integer;
  best text;
  best_weight integer;
  total integer := 0;
begin
  -- Not analysed: options, other syntaxes, long escapes, brackets within brackets.
  if pattern ~ '^\*\*\*|\(\?[^:=!<]|\\[^mMwWsSdD[:punct:][:space:]]|\[[^\]]*[\[\\]|\{(?![0-9])' then
    return;
  end if;
  loop
    piece := substr(pattern, place, 1);
    piece := case piece
      when '\' then substr(pattern, place, 2)
      when '[' then substring(substr(pattern, place) from '^\[\^?\]?[^\]]*\]')
      when '(' then private.leading_group(substr(pattern, place))
      else piece end;
    place := place + char_length(piece);
    repeat := coalesce(substring(substr(pattern, place) from '^(?:[*+?]|\{[0-9,]*\})\??'), '');
    place := place + char_length(repeat);
    -- Anchors and lookaround add no required text.
    continue when piece in ('\m', '\M', '^', '$') or piece ~ '^\(\?(=|!|<)';

    literal := left(piece, 1) not in ('', '|', '(', '[', '.') and piece !~ '^\\[wWsSdD]';
    if literal and repeat = '' then
      run := run || piece;
      run_letters := run_letters + (piece ~ '[[:alpha:]]')::integer;
      continue;
    end if;
    -- A run of literals ends here; the piece after it is optional, or a part of its own.
    piece_letters := case
      when piece in ('', '|') or repeat ~ '^(\*|\?|\{0)' then 0
      when left(piece, 1) = '('
        then (private.required_substring(regexp_replace(piece, '^\((\?:)?(.*)\)$', '\2'))).letters
      else (literal and piece ~ '[[:alpha:]]')::integer end;
    select p.part, p.weight into best, best_weight
    from (
      values (best, best_weight), (run, private.substring_weight(run, run_letters)),
        (piece, private.substring_weight(piece, piece_letters))
    ) as p (part, weight)
    where p.weight > 0 order by p.weight desc limit 1;
    total := total + run_letters + coalesce(piece_letters, 0);
    run := '';
    run_letters := 0;
    if piece in ('', '|') then
      if best is null then
        part := null;
        letters := null;
        return;
      end if;
      part := concat_ws('|', part, best);
      letters := least(letters, total);
      exit when piece = '';
      best := null;
      best_weight := null;
      total := 0;
    end if;
  end loop;
end
$$;

create function private.check_reply_rule()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.kind = 'keyword' then
    new.pattern := btrim(private.normalized_reply(new.pattern), ' .');
    if new.pattern = '' then
      perform private.problem(422, 'invalid_field', 'The keyword has no letters.',
        '[{"path": "pattern", "message": "has no letters"}]');
    end if;
    return new;
  end if;
  if new.pattern ~ '\\[1-9]' then
    perform private.problem(422, 'invalid_field', 'A pattern may not contain back references.',
      '[{"path": "pattern", "message": "has a back reference"}]');
  end if;
  if new.organization_id is not null and (private.pattern_weight(new.pattern) > 10000
    or private.pattern_weight(new.pattern) + (
      select coalesce(sum(private.pattern_weight(r.pattern)), 0) from public.reply_rules r
      where r.organization_id = new.organization_id and r.kind <> 'keyword' and r.id <> new.id) > 20000)
  then
    perform private.problem(422, 'rules_too_complex',
      'The pattern is too complex, alone or together with the other rules.',
      '[{"path": "pattern", "message": "is too complex"}]');
  end if;
  begin
    -- Also without parentheses: "a)|(b" is valid only between them.
    if '' ~ new.pattern or '' ~ ('(?:' || new.pattern || ')') then
      perform private.problem(422, 'invalid_field', 'The pattern matches an empty reply.',
        '[{"path": "pattern", "message": "matches everything"}]');
    end if;
  exception when invalid_regular_expression then
    perform private.problem(422, 'invalid_field', 'The pattern is not a regular expression.',
      '[{"path": "pattern", "message": "is not a regular expression"}]');
  end;
  -- All rules of a kind are compiled as one expression, which has limits of its own.
  begin
    perform 'any text' ~ (
      select string_agg('(?:' || p.pattern || ')', '|') from (
        select r.pattern from public.reply_rules r
        where r.kind = new.kind and r.id <> new.id
          and (r.organization_id is null or r.organization_id = new.organization_id)
          and (new.kind = 'not_phrase' or (r.meaning in ('help', 'start')) = (new.meaning in ('help', 'start'))
            and (r.meaning = 'doubtful') = (new.meaning = 'doubtful'))
        union all select new.pattern
      ) p);
  exception when invalid_regular_expression then
    perform private.problem(422, 'rules_too_complex',
      'The pattern is too complex, alone or together with the other rules.',
      '[{"path": "pattern", "message": "is too complex"}]');
  end;
  new.part := case new.kind when 'phrase' then (private.required_substring(new.pattern)).part end;
  return new;
end
$$;

create trigger check_rule before insert or update on public.reply_rules
  for each row execute function private.check_reply_rule();

comment on table public.reply_reviews is
  'Replies that may be an opt-out. While one is open, nothing but confirmations and help is sent to its number.';

comment on column public.reply_reviews.last_message_id is
  'The latest further reply that needs review, received while the review was open.';

comment on column public.reply_reviews.decided_by is 'Null in a closed review: the number sent a clear reply later.';

create unique index reply_reviews_one_open on public.reply_reviews (organization_id, phone) where status = 'open';

create index reply_reviews_listing on public.reply_reviews (organization_id, id desc);

create index reply_reviews_decided_by on public.reply_reviews (decided_by);

alter table public.reply_reviews enable row level security;

create policy "those who may read suppressions read the reviews" on public.reply_reviews for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));

revoke all on public.reply_reviews from public, anon, authenticated, service_role;

grant select on public.reply_reviews to authenticated, service_role;

create trigger set_updated_at before update on public.reply_reviews
  for each row execute function private.set_updated_at();

create function private.strip_accents(text text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select regexp_replace(normalize(text, nfd), '[\u0300-\u036f]', '', 'g')
$$;

create function private.fit_to_single_segment(name text, text text, short_text text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  shown text := btrim(name);
  said text := fit_to_single_segment.text;
begin
  if (private.sms_segments(shown)).encoding <> 'GSM-7' then
    if (private.sms_segments(private.strip_accents(shown))).encoding = 'GSM-7' then
      shown := private.strip_accents(shown);
    else
      said := short_text;
    end if;
  end if;
  while char_length(shown) > 1 and (private.sms_segments(shown || said)).segments > 1 loop
    shown := rtrim(left(shown, -1));
  end loop;
  return shown || said;
end
$$;

create function private.send_auto_reply(account public.sms_accounts, phone text, purpose text, customer_id uuid,
  lead_id uuid, expires_at timestamptz default now() + interval '5 minutes')
returns void
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  said text;
begin
  select * into strict organization from public.organizations o where o.id = account.organization_id;
  said := case send_auto_reply.purpose
    when 'opt_out_confirmation' then private.fit_to_single_segment(organization.name,
      ': you are unsubscribed and will get no more texts. Reply START to resubscribe.',
      ': unsubscribed. No more texts. START to resubscribe.')
    when 'opt_in_confirmation' then private.fit_to_single_segment(organization.name,
      ': you are subscribed again. Reply HELP for help, STOP to unsubscribe.',
      ': subscribed again. STOP to unsubscribe.')
    else left(organization.name, 100) || ': ' || coalesce('for help contact ' || organization.contact_details,
      'for help reply to this text') || '. Msg&data rates may apply. Reply STOP to unsubscribe.' end;
  insert into public.messages (organization_id, purpose, account_id, customer_id, lead_id, to_number, from_number, body,
    encoding, segments, status, provider, expires_at)
  select account.organization_id, send_auto_reply.purpose, account.id, send_auto_reply.customer_id,
    send_auto_reply.lead_id, phone, account.sender_id, said, s.encoding, s.segments, 'queued', account.provider,
    send_auto_reply.expires_at
  from private.sms_segments(said) s;
end
$$;

create function private.answer_help(account public.sms_accounts, message public.messages, answered_by_provider boolean)
returns void
language plpgsql set search_path = ''
as $$
begin
  if answered_by_provider or exists (
    select from public.messages m
    where m.organization_id = account.organization_id and m.to_number = message.from_number
      and m.id > private.uuid_v7_floor(now() - interval '1 minute') and m.purpose = 'help')
  then
    return;
  end if;
  perform private.send_auto_reply(account, message.from_number, 'help', message.customer_id, message.lead_id);
end
$$;

create function private.classify_reply(organization_id uuid, body text, at date default current_date,
  out meaning text, out recognized_by text, out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  normalized text := private.normalized_reply(body);
  form text;
  forms text[];
  whole_forms text[];
  parts text;
  has_part boolean;
  rules record;
  matched text;
  overruled boolean := false;
begin
  if normalized = '. .' then
    return;
  end if;
  forms := case when normalized ~ '^[\u0001-\u007F]*$' then array[normalized]
    else array[normalized, private.strip_accents(normalized)] end;
  whole_forms := array(select btrim(f, ' .') from unnest(forms) f);
  select r.meaning, 'keyword', r.id into meaning, recognized_by, rule_id
  from public.reply_rules r
  where r.kind = 'keyword' and r.pattern = any (whole_forms)
    and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
  order by array_position(array['stop', 'help', 'start', 'doubtful'], r.meaning), r.organization_id nulls first limit 1;
  if meaning is not null then
    return;
  end if;
  -- Matching all phrases takes a millisecond or more; most replies contain no required part of any of them.
  select string_agg(distinct r.part, '|') into parts from public.reply_rules r
  where r.kind = 'phrase' and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at);
  has_part := exists (select from unnest(forms) f where f ~ parts);
  select string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'phrase'
    and r.meaning = 'stop') as stop, string_agg('(?:' || r.pattern || ')', '|'
    order by r.id) filter (where r.kind = 'phrase' and r.meaning = 'doubtful') as doubtful,
    string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'phrase'
      and r.meaning in ('help', 'start')) as other,
    string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'not_phrase'
      and r.organization_id is null) as not_this,
    string_agg('(?:' || r.pattern || ')', '|' order by r.id) filter (where r.kind = 'not_phrase'
      and r.organization_id is not null) as not_here
  into rules from public.reply_rules r
  where r.kind <> 'keyword' and (has_part or r.part is null)
    and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
    and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at);

  foreach form in array forms loop
    if form ~ rules.stop then
      -- Harmless passages are removed; what remains decides.
      matched := regexp_replace(form, rules.not_this, ' ~ ', 'g');
      if matched ~ rules.stop then
        meaning := 'stop';
        if rules.not_here is not null and form ~ rules.not_here then
          overruled := true;
          meaning := 'doubtful';
        end if;
        exit;
      end if;
    end if;
  end loop;
  if meaning is null and rules.other is not null then
    select r.meaning, f.form into meaning, matched
    from unnest(forms) as f (form), public.reply_rules r
    where f.form ~ rules.other and r.kind = 'phrase' and r.meaning in ('help', 'start') and f.form ~ r.pattern
      and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
      and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
    order by r.meaning limit 1;
  end if;
  if meaning is null then
    foreach form in array forms loop
      if form ~ rules.doubtful then
        matched := regexp_replace(form, concat_ws('|', rules.not_this, rules.not_here), ' ~ ', 'g');
        if matched ~ rules.doubtful then
          meaning := 'doubtful';
          exit;
        end if;
      end if;
    end loop;
  end if;
  if meaning is not null then
    recognized_by := 'phrase';
    -- One by one up to the first match, because each has to be compiled.
    rule_id := (
      select o.id from (
        select r.id, r.pattern from public.reply_rules r
        where r.kind = 'phrase' and r.meaning = case when overruled then 'stop' else classify_reply.meaning end
          and (r.organization_id is null or r.organization_id = classify_reply.organization_id)
          and r.effective_from <= at and (r.effective_to is null or r.effective_to >= at)
        order by r.id offset 0
      ) o where matched ~ o.pattern limit 1);
  end if;
end
$$;

comment on function private.classify_reply is
  'What a reply means by the rules of the system and of the organization in effect on that day.';

create function private.create_reply_rule(organization_id uuid, rule jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.reply_rules;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('reply_rules|' || organization_id, 0));
  if (select count(*) from public.reply_rules r where r.organization_id = create_reply_rule.organization_id) >= 500 then
    perform private.problem(422, 'too_many_rules', 'An organization has at most 500 rules of its own.');
  end if;
  insert into public.reply_rules (organization_id, kind, meaning, language, pattern, source, effective_from,
    effective_to)
  values (organization_id, rule ->> 'kind', rule ->> 'meaning', coalesce(rule ->> 'language', 'en'), rule ->> 'pattern',
    coalesce(rule ->> 'source', 'The organization'), coalesce((rule ->> 'effective_from')::date, current_date),
    (rule ->> 'effective_to')::date)
  returning * into created;
  return private.store_idempotent_response(organization_id, to_jsonb(created));
end
$$;

grant execute on function private.create_reply_rule(uuid, jsonb) to authenticated;

create function public.create_reply_rule(organization_id uuid, rule jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_reply_rule(organization_id, rule)
$$;

comment on function public.create_reply_rule is 'Adds an organization''s own keyword or phrase.';

grant execute on function public.create_reply_rule(uuid, jsonb) to authenticated;

create function private.record_consent(message public.messages, event text, recognized_by text, rule_id uuid,
  recorded_by uuid default null)
returns void
language sql set search_path = ''
as $$
  insert into public.consents (organization_id, lead_id, event, phone, scope, source, act, message_id, raw_text,
    recognized_by, rule_id, occurred_at, honored_at, recorded_by)
  values (message.organization_id, message.lead_id, event, message.from_number, case event when 'revoked' then 'all'
    else 'marketing' end, 'reply', case event when 'granted' then coalesce(nullif(left(message.body, 500), ''),
    'START') end, message.id, left(message.body, 2000), recognized_by,
    rule_id, message.created_at, clock_timestamp(), recorded_by)
$$;

create function private.decide_reply_review(organization_id uuid, review_id uuid, decision text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  review public.reply_reviews;
  message public.messages;
  account public.sms_accounts;
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  if decision is null or decision not in ('opt_out', 'dismissed') then
    perform private.problem(422, 'invalid_field', 'The decision must be opt_out or dismissed.',
      '[{"path": "decision", "message": "must be opt_out or dismissed"}]');
  end if;
  select * into review from public.reply_reviews r
  where r.organization_id = decide_reply_review.organization_id and r.id = review_id;
  if review is null then
    perform private.problem(404, 'not_found', 'There is no such review.');
  end if;
  -- The same lock as record_inbound: a further reply of the number may be arriving.
  perform pg_advisory_xact_lock(hashtextextended('reply|' || organization_id || '|' || review.phone, 0));
  select * into review from public.reply_reviews r where r.id = review_id for update;
  if review.status = 'open' then
    if decision = 'opt_out' then
      select * into message from public.messages m where m.id = review.message_id;
      insert into public.suppressions (organization_id, phone, scope, source, reason)
      values (organization_id, review.phone, 'all', 'reply', 'Replied, and a person took it as an opt-out: '
        || left(coalesce(message.body, '?'), 100))
      on conflict do nothing;
      if found and message.created_at > now() - interval '5 minutes' then
        select * into account from public.sms_accounts a where a.id = message.account_id;
        perform private.send_auto_reply(account, review.phone, 'opt_out_confirmation', message.customer_id,
          message.lead_id, message.created_at + interval '5 minutes');
      end if;
      if message.id is not null then
        perform private.record_consent(message, 'revoked', 'person', review.rule_id, auth.uid());
      end if;
    end if;
    perform private.close_reply_reviews(organization_id, review.phone, decision, auth.uid());
    select * into review from public.reply_reviews r where r.id = review_id;
  elsif review.status <> decision then
    perform private.problem(409, 'already_decided', 'This review has already been decided differently.');
  end if;
  return jsonb_build_object('id', review.id, 'phone', review.phone, 'message_id', review.message_id, 'status',
    review.status, 'decided_by', review.decided_by, 'decided_at', review.decided_at, 'created_at', review.created_at);
end
$$;

grant execute on function private.decide_reply_review(uuid, uuid, text) to authenticated;

create function public.decide_reply_review(organization_id uuid, review_id uuid, decision text)
returns jsonb
language sql set search_path = ''
as $$
  select private.decide_reply_review(organization_id, review_id, decision)
$$;

comment on function public.decide_reply_review is
  'A person decides whether a reply was an opt-out: opt_out or dismissed.';

grant execute on function public.decide_reply_review(uuid, uuid, text) to authenticated;

create function private.delete_reply_rule(organization_id uuid, rule_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  delete from public.reply_rules r where r.organization_id = delete_reply_rule.organization_id
    and r.id = delete_reply_rule.rule_id;
  if not found then
    perform private.problem(404, 'not_found', 'The organization has no such rule.');
  end if;
end
$$;

grant execute on function private.delete_reply_rule(uuid, uuid) to authenticated;

create function public.delete_reply_rule(organization_id uuid, rule_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_reply_rule(organization_id, rule_id)
$$;

comment on function public.delete_reply_rule is 'Removes an organization''s own rule; the audit log keeps it.';

grant execute on function public.delete_reply_rule(uuid, uuid) to authenticated;

create function private.needs_review(organization_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.reply_reviews r
    where r.organization_id = needs_review.organization_id and r.phone = needs_review.phone and r.status = 'open')
$$;

comment on function private.needs_review is
  'Whether a reply of this number awaits a person''s decision: until then nothing but confirmations and help is sent '
  'to it.';

create function private.open_reply_review(message public.messages, rule_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  is_new boolean;
begin
  if exists (
    select from public.suppressions s
    where s.organization_id = message.organization_id and s.phone = message.from_number and s.lifted_at is null
      and s.scope = 'all')
  then
    return;
  end if;
  insert into public.reply_reviews as r (organization_id, phone, message_id, rule_id)
  values (message.organization_id, message.from_number, message.id, rule_id)
  on conflict (organization_id, phone) where status = 'open' do update set last_message_id = excluded.message_id
  returning r.last_message_id is null into is_new;
  if is_new then
    perform private.notify_admins(message.organization_id, 'doubtful_reply', 'A reply needs a decision',
      'Somebody may have opted out. Nothing is sent to the number until someone decides.',
      jsonb_build_object('message_id', message.id));
  end if;
end
$$;

create function private.opt_in_by_reply(account public.sms_accounts, message public.messages, recognized_by text,
  rule_id uuid)
returns text
language plpgsql set search_path = ''
as $$
declare
  lifted boolean;
  is_new boolean;
begin
  update public.suppressions s set lifted_at = now(), lifted_reason = 'Replied: ' || left(message.body, 100)
  where s.organization_id = account.organization_id and s.phone = message.from_number and s.lifted_at is null
    and s.source in ('reply', 'provider');
  lifted := found;
  if not lifted and recognized_by <> 'provider'
    and (select r.undoes_only from public.reply_rules r where r.id = rule_id)
  then
    return null;
  end if;
  is_new := lifted or not exists (
    select from (
      select c.event, c.source from public.consents c
      where c.organization_id = account.organization_id and c.phone = message.from_number order by c.id desc limit 1
    ) latest where latest.event = 'granted' and latest.source = 'reply');
  if is_new then
    perform private.record_consent(message, 'granted', recognized_by, rule_id);
  end if;
  perform private.close_reply_reviews(account.organization_id, message.from_number, 'dismissed');
  if is_new and recognized_by <> 'provider' and not exists (
    select from public.suppressions s
    where s.organization_id = account.organization_id and s.phone = message.from_number and s.lifted_at is null)
  then
    perform private.send_auto_reply(account, message.from_number, 'opt_in_confirmation', message.customer_id,
      message.lead_id);
  end if;
  return 'start';
end
$$;

create function private.opt_out_by_reply(account public.sms_accounts, message public.messages, recognized_by text,
  rule_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  is_new boolean;
begin
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  values (account.organization_id, message.from_number, 'all', 'reply', 'Replied: ' || left(message.body, 100))
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  is_new := found;
  perform private.record_consent(message, 'revoked', recognized_by, rule_id);
  perform private.close_reply_reviews(account.organization_id, message.from_number, 'opt_out');
  -- Twilio answers its own keywords, unless that is turned off, and then refuses our confirmation (21610).
  if is_new and recognized_by <> 'provider' and not (recognized_by = 'keyword' and exists (
    select from public.messages m
    where m.account_id = account.id and m.purpose = 'opt_out_confirmation' and m.error_code = '21610'
      and m.created_at > now() - interval '30 days'))
  then
    perform private.send_auto_reply(account, message.from_number, 'opt_out_confirmation', message.customer_id,
      message.lead_id);
  end if;
end
$$;

create function private.insert_inbound_message(account public.sms_accounts, provider_message_id text, from_number text,
  body text, media jsonb, facts jsonb)
returns public.messages
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
begin
  insert into public.messages (organization_id, direction, account_id, customer_id, lead_id, to_number, from_number,
    body, encoding, segments, status, provider, provider_message_id, media, price, price_currency, reported)
  select account.organization_id, 'inbound', account.id,
    private.newest_customer(account.organization_id, from_number),
    private.newest_lead(account.organization_id, from_number),
    account.sender_id, insert_inbound_message.from_number, insert_inbound_message.body, s.encoding,
    coalesce(nullif((facts ->> 'segments')::integer, 0), s.segments), 'received', account.provider,
    insert_inbound_message.provider_message_id, insert_inbound_message.media, abs((facts ->> 'price')::numeric),
    case when facts ->> 'price' is not null then facts ->> 'currency' end, nullif(facts -> 'reported', '{}')
  from private.sms_segments(insert_inbound_message.body) s
  returning * into message;
  return message;
end
$$;

create function private.record_inbound(provider text, provider_message_id text, from_number text, to_number text,
  body text, media jsonb, opt_out_type text, facts jsonb, signed_by uuid[])
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
  set plan_cache_mode = force_generic_plan
as $$
declare
  account public.sms_accounts;
  message public.messages;
  reply record;
  meaning text;
begin
  perform pg_advisory_xact_lock(hashtextextended('inbound|' || provider_message_id, 0));
  select * into account from public.sms_accounts a
  where a.provider = record_inbound.provider and a.sender_id = record_inbound.to_number
    and (signed_by is null or a.organization_id = any (signed_by));
  if account is null then
    return '{"known": false, "duplicate": false, "meaning": null}'::jsonb;
  end if;
  if exists (select from public.messages m where m.provider_message_id = record_inbound.provider_message_id) then
    return '{"known": true, "duplicate": true, "meaning": null}'::jsonb;
  end if;
  message := private.insert_inbound_message(account, provider_message_id, from_number, body, media, facts);

  -- An organization's own rule must not cost anybody an opt-out: without it the system's rules decide.
  begin
    select * into reply from private.classify_reply(account.organization_id, body);
  exception when invalid_regular_expression then
    select * into reply from private.classify_reply(null, body);
  end;
  if lower(opt_out_type) in ('stop', 'start', 'help') then
    select r.meaning, r.recognized_by, r.rule_id into reply
    from (values (lower(opt_out_type), 'provider', case when reply.meaning = lower(opt_out_type)
      then reply.rule_id end))
      as r (meaning, recognized_by, rule_id);
  end if;
  meaning := reply.meaning;
  -- Short codes and names cannot be suppressed: nobody replies from one.
  if meaning is not null and from_number ~ '^\+[1-9][0-9]{6,14}$' then
    perform pg_advisory_xact_lock(hashtextextended('reply|' || account.organization_id || '|' || from_number, 0));
    case meaning
      when 'stop' then perform private.opt_out_by_reply(account, message, reply.recognized_by, reply.rule_id);
      when 'start' then meaning := private.opt_in_by_reply(account, message, reply.recognized_by, reply.rule_id);
      when 'help' then perform private.answer_help(account, message, reply.recognized_by = 'provider');
      else perform private.open_reply_review(message, reply.rule_id);
    end case;
  end if;
  return jsonb_build_object('known', true, 'duplicate', false, 'meaning', meaning);
end
$$;

grant execute on function private.record_inbound(text, text, text, text, text, jsonb, text, jsonb,
  uuid[]) to service_role;

create function public.record_inbound(provider text, provider_message_id text, from_number text, to_number text,
  body text, media jsonb default '[]', opt_out_type text default null, facts jsonb default '{}',
  signed_by uuid[] default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_inbound(provider, provider_message_id, from_number, to_number, body, media, opt_out_type, facts,
    signed_by)
$$;

comment on function public.record_inbound is
  'Records one inbound message and applies what it means: STOP in any words, START, HELP; a repeat changes nothing. '
  'facts: see record_receipt.';

grant execute on function public.record_inbound(text, text, text, text, text, jsonb, text, jsonb,
  uuid[]) to service_role;

create function private.refused_as_opted_out(organization_id uuid, account_id uuid, phone text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from (
      select m.error_code, m.created_at from public.messages m
      where m.organization_id = refused_as_opted_out.organization_id and m.to_number = phone
        and m.account_id = refused_as_opted_out.account_id and m.direction = 'outbound'
        and m.status in ('sent', 'delivered', 'undelivered', 'failed')
      order by m.id desc limit 1
    ) latest
    where latest.error_code in ('21610', '30640') and not exists (
      select from public.consents c
      where c.organization_id = refused_as_opted_out.organization_id and c.phone = refused_as_opted_out.phone
        and c.event = 'granted' and c.source = 'reply' and c.created_at > latest.created_at))
$$;

comment on function private.common_words is
  'Words that most replies contain: searching for one of them excludes few replies.';

comment on function private.substring_weight is 'How much is saved by searching for a part first; 0: nothing.';

create function private.try_reply(organization_id uuid, body text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  return (select to_jsonb(u) from private.classify_reply(try_reply.organization_id, body) u);
end
$$;

grant execute on function private.try_reply(uuid, text) to authenticated;

create function public.try_reply(organization_id uuid, body text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.try_reply(organization_id, body)
$$;

comment on function public.try_reply is
  'How a reply would be classified: { meaning, recognized_by, rule_id }. Nothing is recorded.';

grant execute on function public.try_reply(uuid, text) to authenticated;

comment on table private.calling_codes is
  'Which country a number belongs to, by its first digits; the longest prefix counts. Area codes of North America are in private.area_codes.';

comment on view private.phone_prefixes is 'First digits of phone numbers and the country they mean; the longest prefix counts.';

create table private.default_segment_prices (
  currency text primary key,
  price numeric(12, 5) not null,
  source text not null
);

comment on table private.default_segment_prices is
  'What a segment is taken to cost where the number states no price; used for the daily spending limit.';

comment on table private.daily_spending is
  'What the messages of a local day cost by estimate, in the organization''s currency. exhausted: the limit held something back, and the admins were told.';

comment on function private.allowed_phone_pattern is 'A regular expression for the phone numbers of some countries (ISO 3166-1 alpha-2).';

create function private.sending_restriction(organization public.organizations, own_credentials boolean, phone text)
returns text
language sql stable set search_path = ''
as $$
  select case
    when organization.standing = 'suspended' then 'suspended'
    when organization.standing = 'sandbox' and not own_credentials and not exists (
      select from public.memberships m
      join public.profiles p on p.id = m.user_id
      where m.organization_id = organization.id and m.status = 'active'
        and p.phone = sending_restriction.phone and p.phone_confirmed_at is not null)
    then 'sandbox' end
$$;

create function private.segment_price(organization public.organizations, account public.sms_accounts)
returns numeric
language sql stable set search_path = ''
as $$
  select coalesce(account.segment_price, (
    select d.price from private.default_segment_prices d where d.currency = organization.currency))
$$;

create function private.remaining_budget(organization public.organizations)
returns numeric
language plpgsql set search_path = ''
as $$
declare
  today constant date := (now() at time zone organization.time_zone)::date;
  spent numeric;
begin
  if organization.daily_spending_limit is null then
    return null;
  end if;
  insert into private.daily_spending (organization_id, day) values (organization.id, today)
  on conflict on constraint daily_spending_pkey do nothing;
  select s.amount into spent from private.daily_spending s
  where s.organization_id = organization.id and s.day = today for update;
  return organization.daily_spending_limit - spent;
end
$$;

create function private.spend(organization public.organizations, amount numeric, refused boolean)
returns void
language plpgsql set search_path = ''
as $$
declare
  today constant date := (now() at time zone organization.time_zone)::date;
  told boolean;
begin
  select s.exhausted into told from private.daily_spending s where s.organization_id = organization.id and s.day = today;
  update private.daily_spending s set amount = s.amount + spend.amount, exhausted = s.exhausted or refused
  where s.organization_id = organization.id and s.day = today;
  if refused and not coalesce(told, false) then
    perform private.notify_admins(organization.id, 'system', 'The daily spending limit is reached',
      'Messages of today cost ' || organization.currency || ' ' || organization.daily_spending_limit
        || ' by estimate, which is your limit. What is queued waits until midnight, or until an admin raises the limit.',
      '{"reason": "daily_spending_limit"}');
  end if;
end
$$;

create function private.budget_resumes_at(organization public.organizations)
returns timestamptz
language sql stable set search_path = ''
as $$
  select ((now() at time zone organization.time_zone)::date + 1)::timestamp at time zone organization.time_zone
  from private.daily_spending s
  where organization.daily_spending_limit is not null and s.organization_id = organization.id
    and s.day = (now() at time zone organization.time_zone)::date and s.exhausted
$$;

comment on table public.campaigns is
  'Marketing messages to an audience of leads: what, to whom, from which numbers, when and how fast.';

comment on column public.campaigns.audience is '{ filter: the filters of GET /leads } or { lead_ids: [...] }.';

comment on column public.campaigns.late_after_minutes is
  'A campaign that misses its schedule by more is paused for a person to decide.';

comment on column public.campaigns.snapshot_cursor is
  'The last lead that the audience snapshot has reached; null: not started, or done.';

create index campaigns_listing on public.campaigns (organization_id, created_at desc);

create index campaigns_active on public.campaigns (status, scheduled_at)
  where status in ('scheduled', 'freezing', 'running');

create index campaigns_canceled on public.campaigns (finished_at) where status = 'canceled';

create index campaigns_started_by on public.campaigns (started_by);

create index campaigns_created_by on public.campaigns (created_by);

create index campaigns_finished on public.campaigns (finished_at) where finished_at is not null;

alter table public.campaigns enable row level security;

create policy "those who may read campaigns read their organization's" on public.campaigns for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaigns from public, anon, authenticated, service_role;

grant select on public.campaigns to authenticated, service_role;

create function private.delete_campaign_targets()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.campaign_targets t where t.campaign_id in (select c.id from old_rows c);
  return null;
end
$$;

create trigger delete_campaign_targets after delete on public.campaigns referencing old table as old_rows
  for each statement execute function private.delete_campaign_targets();

create function private.set_campaign_derived_columns()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.updated_at := now();
  if new.version = old.version then
    new.version := old.version + 1;
  end if;
  return new;
end
$$;

create trigger set_updated_at before update on public.campaigns
  for each row when (old.snapshot_cursor is not distinct from new.snapshot_cursor or old.status <> new.status)
  execute function private.set_campaign_derived_columns();

create table private.campaign_progress (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  version bigint not null default 1,
  state jsonb not null,
  changed_at timestamptz not null default now(),
  computed_at timestamptz not null default '-infinity'
);

create function private.iso_time(moment timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create table private.target_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  status text not null,
  reason text,
  targets bigint not null,
  rolled_up boolean not null default false
);

create function private.campaign_state(campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('campaign_id', c.id, 'status', c.status, 'status_reason', c.status_reason,
    'started_at', private.iso_time(c.started_at), 'finished_at', private.iso_time(c.finished_at), 'targets', t.targets,
    'excluded', t.excluded, 'messages', m.messages, 'segments', m.segments, 'cost', m.cost)
  from public.campaigns c
  cross join lateral (
    select jsonb_build_object('total', coalesce(sum(x.targets), 0),
        'pending', coalesce(sum(x.targets) filter (where x.status = 'pending'), 0),
        'sent', coalesce(sum(x.targets) filter (where x.status = 'sent'), 0),
        'excluded', coalesce(sum(x.targets) filter (where x.status = 'excluded'), 0),
        'canceled', coalesce(sum(x.targets) filter (where x.status = 'canceled'), 0)) as targets,
      coalesce(jsonb_object_agg(x.reason, x.targets) filter (where x.status = 'excluded' and x.targets <> 0),
        '{}') as excluded
    from (
      select d.status, d.reason, sum(d.targets) as targets from private.target_totals d
      where d.campaign_id = c.id group by 1, 2) x
  ) t
  cross join lateral (
    select coalesce(jsonb_object_agg(x.status, x.messages) filter (where x.messages <> 0), '{}') as messages,
      coalesce(sum(x.segments), 0) as segments, trim_scale(round(coalesce(sum(x.cost), 0), 5))::text as cost
    from (
      select d.status, sum(d.messages) as messages, sum(d.segments) as segments, sum(d.cost) as cost
      from private.message_outcome_totals d
      where d.campaign_id = c.id group by 1) x
  ) m
  where c.id = campaign_state.campaign_id
$$;

create function private.create_campaign_progress()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress (campaign_id, state) values (new.id, private.campaign_state(new.id));
  return null;
end
$$;

create trigger create_campaign_progress after insert on public.campaigns for each row
  execute function private.create_campaign_progress();

create table private.campaign_progress_dirty (
  campaign_id uuid not null,
  dirty_until timestamptz not null
);

create function private.progress_json(progress private.campaign_progress)
returns jsonb
language sql stable set search_path = ''
as $$
  select progress.state || jsonb_build_object('version', progress.version, 'changed_at',
    private.iso_time(progress.changed_at))
$$;

create function private.broadcast_progress(campaign_id uuid, apart interval)
returns void
language plpgsql set search_path = ''
as $$
declare
  progress private.campaign_progress;
  found_state jsonb;
begin
  select * into progress from private.campaign_progress p
  where p.campaign_id = broadcast_progress.campaign_id and p.computed_at <= clock_timestamp() - apart
  for update skip locked;
  if progress.campaign_id is null then
    return;
  end if;
  found_state := private.campaign_state(campaign_id);
  if found_state = progress.state then
    update private.campaign_progress p set computed_at = clock_timestamp() where p.campaign_id = progress.campaign_id;
    return;
  end if;
  update private.campaign_progress p
  set version = p.version + 1, state = found_state, changed_at = clock_timestamp(), computed_at = clock_timestamp()
  where p.campaign_id = progress.campaign_id
  returning * into progress;
  perform realtime.send(private.progress_json(progress), 'progress', 'campaign:' || progress.campaign_id, true);
exception when others then
  raise warning 'the progress of campaign % was not broadcast: %', broadcast_progress.campaign_id, sqlerrm;
end
$$;

create function private.broadcast_campaign_status()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress_dirty (campaign_id, dirty_until)
  values (new.id, clock_timestamp() + interval '90 seconds');
  perform private.broadcast_progress(new.id, interval '0');
  return null;
exception when others then
  raise warning 'the status of campaign % was not broadcast: %', new.id, sqlerrm;
  return null;
end
$$;

create constraint trigger broadcast_campaign_status after update of status, status_reason on public.campaigns
  deferrable initially deferred for each row
  when (old.status <> new.status or old.status_reason is distinct from new.status_reason)
  execute function private.broadcast_campaign_status();

comment on table public.campaign_templates is 'The templates that a campaign rotates, by weight.';

alter table public.campaign_templates enable row level security;

create policy "those who may read campaigns read their templates"
  on public.campaign_templates for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_templates from public, anon, authenticated, service_role;

grant select on public.campaign_templates to authenticated, service_role;

create trigger audit_row after insert or update or delete on public.campaign_templates
  for each row execute function private.audit_row('campaign_id');

comment on table public.campaign_numbers is
  'The numbers that a campaign sends from; none: the organization''s default sender.';

create index campaign_numbers_of_account on public.campaign_numbers (organization_id, account_id);

alter table public.campaign_numbers enable row level security;

create policy "those who may read campaigns read their numbers" on public.campaign_numbers for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_numbers from public, anon, authenticated, service_role;

grant select on public.campaign_numbers to authenticated, service_role;

create trigger audit_row after insert or update or delete on public.campaign_numbers
  for each row execute function private.audit_row('campaign_id');

create view private.campaign_senders as
  select c.id as campaign_id, a.*
  from public.campaigns c
  join public.sms_accounts a on a.organization_id = c.organization_id and (
    a.id in (
      select n.account_id from public.campaign_numbers n where n.organization_id = c.organization_id
        and n.campaign_id = c.id)
    or a.is_default and not exists (
      select from public.campaign_numbers n where n.organization_id = c.organization_id and n.campaign_id = c.id));

comment on table public.campaign_targets is
  'The audience snapshot of a campaign, one row a recipient. No foreign keys: a million rows are written while the '
  'campaign is locked, the claim looks the lead up anyway, and targets are deleted with their campaign.';

create index campaign_targets_organization on public.campaign_targets (organization_id, campaign_id, status, position);

create index campaign_targets_due on public.campaign_targets (campaign_id, send_after, position)
  where status = 'pending';

create unique index campaign_targets_number_once on public.campaign_targets (campaign_id, phone)
  where status in ('pending', 'sent');

create index campaign_targets_reason on public.campaign_targets (campaign_id, reason, position)
  where status = 'excluded';

create index campaign_targets_message on public.campaign_targets (message_id) where message_id is not null;

alter table public.campaign_targets enable row level security;

create policy "those who may read campaigns read their targets" on public.campaign_targets for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_targets from public, anon, authenticated, service_role;

grant select on public.campaign_targets to authenticated, service_role;

create function private.count_targets()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.target_totals
    select n.organization_id, n.campaign_id, n.status, n.reason, count(*) from new_rows n group by 1, 2, 3, 4;
  elsif tg_op = 'DELETE' then
    insert into private.target_totals
    select t.organization_id, t.campaign_id, t.status, t.reason, -count(*) from old_rows t
    where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3, 4;
  else
    insert into private.target_totals
    select d.organization_id, d.campaign_id, d.status, d.reason, sum(d.n)
    from (
      select organization_id, campaign_id, status, reason, 1 as n from new_rows
      union all
      select organization_id, campaign_id, status, reason, -1 from old_rows
    ) d
    group by 1, 2, 3, 4 having sum(d.n) <> 0;
  end if;
  return null;
end
$$;

create trigger count_insert after insert on public.campaign_targets referencing new table as new_rows
  for each statement execute function private.count_targets();

create trigger count_update after update on public.campaign_targets
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_targets();

create trigger count_delete after delete on public.campaign_targets referencing old table as old_rows
  for each statement execute function private.count_targets();

create table private.campaign_failure_checks (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  checked_until timestamptz not null default now(),
  known bigint not null default 0,
  failed bigint not null default 0,
  filtered bigint not null default 0
);

comment on table private.campaign_failure_checks is
  'When a campaign''s failures were last checked, and how many there were when a person resumed it: those do not '
  'count again.';

create function private.notify_about_campaign(campaign public.campaigns, event text, title text, body text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.notify(array(
    select row(campaign.organization_id, p.user_id, 'campaign', 'campaign:' || campaign.id || ':' || event, title, body,
      jsonb_build_object('campaign_id', campaign.id, 'campaign_name', campaign.name), null)::private.notification
    from (
      select campaign.started_by as user_id union select campaign.created_by union
      select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
      where m.organization_id = campaign.organization_id and m.status = 'active' and r.organization_id is null
        and r.key = 'admin'
    ) p where p.user_id is not null));
end
$$;

create function private.pause_with_error(campaign public.campaigns, event text, title text, reason text)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id;
  perform private.notify_about_campaign(campaign, event, title, reason
    || ' Fix this, then resume the campaign if it should still be sent.');
end
$$;

create function private.reassign_sender(campaign public.campaigns)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update public.messages m
  set account_id = other.id, from_number = other.sender_id, provider = other.provider, updated_at = now()
  from public.sms_accounts gone, (
    select a.id, a.sender_id, a.provider from private.campaign_senders a
    where a.campaign_id = campaign.id and a.status <> 'disabled' order by a.status, a.id limit 1
  ) other
  where gone.organization_id = campaign.organization_id and gone.status = 'disabled'
    and m.account_id = gone.id and m.status = 'queued' and m.campaign_id = campaign.id;
end
$$;

create function private.is_campaign_done(campaign public.campaigns)
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return not exists (select from public.campaign_targets t where t.campaign_id = campaign.id and t.status = 'pending')
    -- The counters usually spare reading a million messages.
    and not (coalesce((
      select sum(t.messages) from private.message_outcome_totals t
      where t.campaign_id = campaign.id and t.status in ('queued', 'sending')), 0) > 0 and exists (
      select from public.messages m
      where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id
        and m.status in ('queued', 'sending') and m.held_at is null));
end
$$;

create function private.variant_shares(campaign public.campaigns)
returns table (variant_id uuid, low numeric, high numeric)
language sql stable set search_path = ''
as $$
  with shares as (
    select w.variant_id, c.weight::numeric * w.weight as weight,
      sum(c.weight::numeric * w.weight) over (order by w.template_id, w.variant_id) as high,
      sum(c.weight::numeric * w.weight) over () as whole
    from public.campaign_templates c
    join private.template_bodies w on w.organization_id = c.organization_id and w.template_id = c.template_id
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id and c.weight * w.weight > 0
  )
  select s.variant_id, (s.high - s.weight) / s.whole, s.high / s.whole from shares s
$$;

create function private.audience_conditions(campaign public.campaigns)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  return format('x.organization_id = %L and x.deleted_at is null', campaign.organization_id) || case
    when campaign.audience ? 'lead_ids' then format(' and x.id = any (%L::uuid[])',
      array(select jsonb_array_elements_text(campaign.audience -> 'lead_ids')))
    else private.lead_filters(campaign.organization_id, coalesce(campaign.audience -> 'filter', '{}')) end;
end
$$;

create function private.texts_north_america(campaign public.campaigns)
returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  answer boolean;
begin
  execute format('select exists (select from public.leads x where x.phone >= ''+1'' and x.phone < ''+2'' and %s)',
    private.audience_conditions(campaign)) into answer;
  return answer;
end
$$;

create function private.campaign_faults(campaign public.campaigns)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(f.fault), '[]') from (
    select jsonb_build_object('path', 'templates', 'message',
      'Give at least one template with a body or variant of weight above 0.') as fault
    where not exists (select from private.variant_shares(campaign))
    union all
    select jsonb_build_object('path', 'templates', 'message', 'The template ' || t.name || ' is not for marketing.')
    from public.campaign_templates c
    join public.templates t on t.organization_id = c.organization_id and t.id = c.template_id
      and t.category <> 'marketing'
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id
    union all
    select jsonb_build_object('path', 'numbers', 'message', 'There is no active number to send from.')
    where not exists (
      select from private.campaign_senders a where a.campaign_id = campaign.id and a.status <> 'disabled')
    union all
    select jsonb_build_object('path', 'contact_details', 'message',
      'Set the organization''s contact details first: in North America HELP is answered with a number or an address.')
    from public.organizations o
    where o.id = campaign.organization_id and o.contact_details is null and private.texts_north_america(campaign)
  ) f
$$;

create function private.start_audience_snapshot(campaign public.campaigns, starter uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform from public.templates t
  where t.organization_id = campaign.organization_id and t.id in (
    select c.template_id from public.campaign_templates c
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id)
  order by t.id for share;
  update public.campaigns c set status = 'freezing', status_reason = null, started_at = now(), started_by = starter
  where c.id = campaign.id;
  insert into private.campaign_failure_checks (campaign_id) values (campaign.id)
  on conflict on constraint campaign_failure_checks_pkey do nothing;
  perform private.invoke('jobs/snapshot-audiences');
end
$$;

create function private.campaign_failures(campaign_id uuid)
returns table (known bigint, failed bigint, filtered bigint)
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.messages), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.message_outcome_totals t
  where t.campaign_id = campaign_failures.campaign_id and t.status in ('delivered', 'failed', 'undelivered')
$$;

create function private.check_campaign_failures(campaign_id uuid)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  figures record;
  reason text;
begin
  select * into campaign from public.campaigns c
  where c.id = check_campaign_failures.campaign_id and c.status = 'running' for no key update skip locked;
  if campaign.id is null then
    return false;
  end if;
  select f.known - coalesce(w.known, 0) as known, f.failed - coalesce(w.failed, 0) as failed,
    f.filtered - coalesce(w.filtered, 0) as filtered
  into figures
  from private.campaign_failures(campaign.id) f
  left join private.campaign_failure_checks w on w.campaign_id = campaign.id;
  reason := case when figures.known < campaign.pause_after then null
    when figures.filtered > campaign.pause_filtered_rate * figures.known then
      'Carriers filter ' || round(100.0 * figures.filtered / figures.known, 1) || ' % of the messages.'
    when figures.failed > campaign.pause_error_rate * figures.known then
      round(100.0 * figures.failed / figures.known, 1) || ' % of the messages fail.' end;
  if reason is null then
    return false;
  end if;
  update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id;
  perform private.notify_about_campaign(campaign, 'paused:' || extract(epoch from now()), campaign.name
    || ' was paused', reason);
  return true;
end
$$;

create function private.advance_campaign(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults jsonb;
begin
  if campaign.status = 'scheduled'
    and campaign.scheduled_at < now() - make_interval(mins => campaign.late_after_minutes) then
    update public.campaigns c set status = 'paused',
      status_reason = 'Its scheduled time had passed before it could start.'
    where c.id = campaign.id;
    perform private.notify_about_campaign(campaign, 'missed:' || extract(epoch from campaign.scheduled_at),
      campaign.name || ' missed its schedule',
      'It was scheduled for ' || campaign.scheduled_at || '. Resume it if it should still be sent.');
  elsif campaign.status = 'scheduled' then
    faults := private.campaign_faults(campaign);
    if faults = '[]' then
      perform private.start_audience_snapshot(campaign, campaign.started_by);
    else
      -- For instance a number that was disabled since: a snapshot taken now would be useless.
      perform private.pause_with_error(campaign, 'faulty:' || extract(epoch from campaign.scheduled_at),
        campaign.name || ' could not start',
        (select string_agg(f.value ->> 'message', ' ') from jsonb_array_elements(faults) f));
    end if;
  elsif campaign.status = 'freezing' then
    perform private.invoke('jobs/snapshot-audiences');
  elsif private.check_campaign_failures(campaign.id) then
    return;
  elsif private.is_campaign_done(campaign) then
    update public.campaigns c set status = 'completed', finished_at = now() where c.id = campaign.id;
    perform private.notify_about_campaign(campaign, 'completed', campaign.name || ' is completed',
      'Every recipient has an outcome.');
  elsif not exists (select from private.campaign_senders a where a.campaign_id = campaign.id
    and a.status <> 'disabled') then
    perform private.pause_with_error(campaign, 'stuck:' || extract(epoch from now()), campaign.name || ' was paused',
      'There is no active number to send from.');
  else
    perform private.reassign_sender(campaign);
  end if;
exception when data_exception then
  raise warning 'campaign %: its audience cannot be read: %', campaign.id, sqlerrm;
  perform private.pause_with_error(campaign, 'unreadable:' || extract(epoch from now()), campaign.name || ' was paused',
    'Its audience cannot be read.');
end
$$;

create function private.campaign_json(campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(c) - array['organization_id', 'snapshot_cursor', 'deleted_at', 'audience']
    || jsonb_build_object(
      'audience', case when c.audience ? 'lead_ids' and jsonb_array_length(c.audience -> 'lead_ids') > 1000
        then jsonb_build_object('leads', jsonb_array_length(c.audience -> 'lead_ids')) else c.audience end,
      'templates', coalesce((
        select jsonb_agg(jsonb_build_object('template_id', t.template_id, 'name', n.name, 'weight', t.weight)
          order by t.template_id)
        from public.campaign_templates t
        left join public.templates n on n.organization_id = t.organization_id and n.id = t.template_id
        where t.organization_id = c.organization_id and t.campaign_id = c.id), '[]'),
      'numbers', coalesce((
        select jsonb_agg(n.account_id order by n.account_id) from public.campaign_numbers n
        where n.organization_id = c.organization_id and n.campaign_id = c.id), '[]'),
      'targets', (
        select jsonb_build_object('total', coalesce(sum(t.targets), 0),
          'pending', coalesce(sum(t.targets) filter (where t.status = 'pending'), 0),
          'sent', coalesce(sum(t.targets) filter (where t.status = 'sent'), 0),
          'excluded', coalesce(sum(t.targets) filter (where t.status = 'excluded'), 0),
          'canceled', coalesce(sum(t.targets) filter (where t.status = 'canceled'), 0))
        from private.target_totals t where t.campaign_id = c.id),
      'excluded', coalesce((
        select jsonb_object_agg(e.reason, e.targets) from (
          select t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = c.id and t.status = 'excluded' group by 1 having sum(t.targets) <> 0) e), '{}'),
      'messages', coalesce((
        select jsonb_object_agg(e.status, e.messages) from (
          select t.status, sum(t.messages) as messages from private.message_outcome_totals t
          where t.campaign_id = c.id group by 1 having sum(t.messages) <> 0) e), '{}'),
      'segments', (select coalesce(sum(t.segments), 0) from private.message_outcome_totals t
        where t.campaign_id = c.id),
      'started_by_name', (select p.full_name from public.profiles p where p.id = c.started_by),
      'created_by_name', (select p.full_name from public.profiles p where p.id = c.created_by))
  from public.campaigns c where c.id = campaign_json.campaign_id
$$;

comment on function private.campaign_json is
  'A campaign with its templates, numbers and the figures of its targets and messages.';

create function private.campaigns_pending_cancellation()
returns setof uuid
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return query select c.id from public.campaigns c
  cross join lateral (
    select from public.campaign_targets t where t.campaign_id = c.id and t.status = 'pending' limit 1
  ) waiting
  where c.status = 'canceled' and c.finished_at > now() - interval '7 days';
end
$$;

create function private.lock_campaign(organization_id uuid, campaign_id uuid)
returns public.campaigns
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:write');
  select * into campaign from public.campaigns c
  where c.organization_id = lock_campaign.organization_id and c.id = campaign_id and c.deleted_at is null for update;
  if campaign.id is null then
    perform private.problem(404, 'not_found', 'There is no such campaign.');
  end if;
  return campaign;
end
$$;

create function private.reject_campaign_state(campaign public.campaigns, wanted text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.problem(409, 'campaign_state', 'A ' || campaign.status || ' campaign cannot be ' || wanted || '.',
    jsonb_build_object('campaign_status', campaign.status));
end
$$;

create function private.cancel_targets(campaign_id uuid, size integer)
returns integer
language plpgsql set search_path = ''
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  marked integer;
begin
  update public.campaign_targets t set status = 'canceled', updated_at = now()
  from (
    select x.position from public.campaign_targets x
    where x.campaign_id = cancel_targets.campaign_id and x.status = 'pending' limit size for update skip locked
  ) p
  where t.campaign_id = cancel_targets.campaign_id and t.position = p.position;
  get diagnostics marked = row_count;
  return marked;
end
$$;

create function private.cancel_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
begin
  if campaign.status in ('completed', 'canceled') then
    perform private.reject_campaign_state(campaign, 'canceled');
  end if;
  update public.campaigns c set status = 'canceled', status_reason = 'Canceled by a person.', finished_at = now()
  where c.id = campaign.id;
  if private.cancel_targets(campaign.id, 10000) = 10000 then
    perform private.invoke('jobs/snapshot-audiences');
  end if;
  update public.messages m set status = 'canceled', error_code = 'campaign_canceled',
    error_message = 'Its campaign was canceled.', updated_at = now()
  where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id and m.status = 'queued';
  return private.campaign_json(campaign_id);
end
$$;

grant execute on function private.cancel_campaign(uuid, uuid) to authenticated;

create function public.cancel_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.cancel_campaign(organization_id, campaign_id)
$$;

comment on function public.cancel_campaign is 'Ends a campaign: recipients who were not texted yet will not be.';

grant execute on function public.cancel_campaign(uuid, uuid) to authenticated;

create function private.cancel_targets_batch(size integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
begin
  return (
    select coalesce(sum(private.cancel_targets(p.id, size)), 0)
    from (select c as id from private.campaigns_pending_cancellation() c limit 1) p);
end
$$;

grant execute on function private.cancel_targets_batch(integer) to service_role;

create function public.cancel_targets_batch(size integer default 10000)
returns integer
language sql set search_path = ''
as $$
  select private.cancel_targets_batch(size)
$$;

comment on function public.cancel_targets_batch is
  'Marks the next targets of a canceled campaign as canceled, one batch a transaction.';

grant execute on function public.cancel_targets_batch(integer) to service_role;

create function private.check_failing_campaigns(campaign_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  checked_id uuid;
begin
  for checked_id in
    select w.campaign_id from private.campaign_failure_checks w
    where w.campaign_id = any (campaign_ids) and w.checked_until < clock_timestamp() - interval '2 seconds'
    order by w.campaign_id for update skip locked
  loop
    update private.campaign_failure_checks w set checked_until = clock_timestamp() where w.campaign_id = checked_id;
    perform private.check_campaign_failures(checked_id);
  end loop;
end
$$;

create function private.checked_audience(organization_id uuid, audience jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  unknown bigint;
begin
  if audience ? 'lead_ids' then
    select count(*) into unknown
    from (select distinct i.id::uuid as id from jsonb_array_elements_text(audience -> 'lead_ids') i (id)) i
    left join public.leads l on l.organization_id = checked_audience.organization_id and l.id = i.id
      and l.deleted_at is null
    where l.id is null;
    if unknown > 0 then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(jsonb_build_object(
        'path', 'audience.lead_ids', 'message', 'contains ' || unknown
          || ' ids that are not leads of the organization')));
    end if;
    return audience;
  end if;
  if audience -> 'filter' ->> 'team_id' is not null and not exists (
      select from public.teams t
      where t.organization_id = checked_audience.organization_id
        and t.id = (audience -> 'filter' ->> 'team_id')::uuid) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "audience.filter.team_id", "message": "is not a team of the organization"}]');
  end if;
  if audience -> 'filter' ->> 'assigned_to' = 'me' then
    return jsonb_set(audience, '{filter,assigned_to}', to_jsonb(auth.uid()));
  end if;
  return audience;
end
$$;

create function private.set_campaign_parts(campaign public.campaigns, given jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults jsonb;
begin
  if given ? 'templates' then
    -- Share locks: no template is deleted or changes its category until the row that forbids it is committed.
    perform from public.templates x
    where x.organization_id = campaign.organization_id
      and x.id in (select t.template_id from jsonb_to_recordset(given -> 'templates') t (template_id uuid))
    order by x.id for share;
    select jsonb_agg(jsonb_build_object('path', 'templates.' || t.place - 1 || '.template_id', 'message',
        case when x.id is null then 'is not a template of the organization' else 'is not for marketing' end)
          order by t.place)
    into faults
    from rows from (jsonb_to_recordset(given -> 'templates') as (template_id uuid)) with ordinality t (template_id,
      place)
    left join public.templates x on x.organization_id = campaign.organization_id and x.id = t.template_id
    where x.category is distinct from 'marketing';
    if faults is not null then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
    end if;
    delete from public.campaign_templates t
    where t.organization_id = campaign.organization_id and t.campaign_id = campaign.id;
    insert into public.campaign_templates (organization_id, campaign_id, template_id, weight)
    select campaign.organization_id, campaign.id, t.template_id, coalesce(t.weight, 1)
    from jsonb_to_recordset(given -> 'templates') t (template_id uuid, weight integer);
  end if;
  if given ? 'numbers' then
    if exists (
      select from jsonb_array_elements_text(given -> 'numbers') n (id)
      where not exists (
        select from public.sms_accounts a where a.organization_id = campaign.organization_id
          and a.id = n.id::uuid)) then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
        '[{"path": "numbers", "message": "contains an id that is not a number of the organization"}]');
    end if;
    delete from public.campaign_numbers n
    where n.organization_id = campaign.organization_id and n.campaign_id = campaign.id;
    insert into public.campaign_numbers (organization_id, campaign_id, account_id)
    select distinct campaign.organization_id, campaign.id, n.id::uuid
    from jsonb_array_elements_text(given -> 'numbers') n (id);
  end if;
end
$$;

create function private.create_campaign(organization_id uuid, campaign jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  wanted := jsonb_populate_record(null::public.campaigns, campaign);
  insert into public.campaigns (organization_id, name, audience, scheduled_at, late_after_minutes, messages_per_minute,
    pause_error_rate, pause_filtered_rate, pause_after, created_by)
  values (organization_id, wanted.name, private.checked_audience(organization_id, wanted.audience), wanted.scheduled_at,
    coalesce(wanted.late_after_minutes, 60), wanted.messages_per_minute, coalesce(wanted.pause_error_rate, 0.2),
    coalesce(wanted.pause_filtered_rate, 0.05), coalesce(wanted.pause_after, 100), auth.uid())
  returning * into wanted;
  perform private.set_campaign_parts(wanted, campaign);
  return private.store_idempotent_response(organization_id, private.campaign_json(wanted.id));
end
$$;

grant execute on function private.create_campaign(uuid, jsonb) to authenticated;

create function public.create_campaign(organization_id uuid, campaign jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_campaign(organization_id, campaign)
$$;

comment on function public.create_campaign is
  'Adds a campaign as a draft; a repeat with the same Idempotency-Key gets the same answer.';

grant execute on function public.create_campaign(uuid, jsonb) to authenticated;

create function private.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
begin
  if campaign.status not in ('draft', 'completed', 'canceled') then
    perform private.reject_campaign_state(campaign, 'deleted');
  end if;
  update public.campaigns c set deleted_at = now() where c.id = campaign.id;
end
$$;

grant execute on function private.delete_campaign(uuid, uuid) to authenticated;

create function public.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_campaign(organization_id, campaign_id)
$$;

comment on function public.delete_campaign is 'Deletes a campaign that is not under way; what it sent stays on record.';

grant execute on function public.delete_campaign(uuid, uuid) to authenticated;

create function private.find_campaign(organization_id uuid, campaign_id uuid)
returns public.campaigns
language plpgsql stable set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  select * into campaign from public.campaigns c
  where c.organization_id = find_campaign.organization_id and c.id = campaign_id and c.deleted_at is null;
  if campaign.id is null then
    perform private.problem(404, 'not_found', 'There is no such campaign.');
  end if;
  return campaign;
end
$$;

create function private.get_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
begin
  return private.campaign_json(campaign.id);
end
$$;

grant execute on function private.get_campaign(uuid, uuid) to authenticated;

create function public.get_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_campaign(organization_id, campaign_id)
$$;

comment on function public.get_campaign is 'A campaign with its figures.';

grant execute on function public.get_campaign(uuid, uuid) to authenticated;

create function private.list_campaigns(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  term text := '%' || replace(replace(replace(filters ->> 'search', '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  return (
    with found as materialized (
      select c.id, c.created_at from public.campaigns c
      where c.organization_id = list_campaigns.organization_id and c.deleted_at is null
        and (filters ->> 'status' is null or c.status = filters ->> 'status')
        and (term is null or c.name ilike term)
    ), page as (
      select f.* from found f order by f.created_at desc, f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.campaign_json(p.id) order by p.created_at desc, p.id desc) from page p), '[]')));
end
$$;

grant execute on function private.list_campaigns(uuid, jsonb, integer, integer) to authenticated;

create function public.list_campaigns(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_campaigns(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_campaigns is
  'One page of campaigns and their total number. filters: { status?, search? }.';

grant execute on function public.list_campaigns(uuid, jsonb, integer, integer) to authenticated;

create function private.target_wait(campaign public.campaigns, target public.campaign_targets, out reason text,
  out until timestamptz)
language plpgsql stable set search_path = ''
as $$
declare
  organization public.organizations;
begin
  if target.status <> 'pending' then
    return;
  end if;
  select * into strict organization from public.organizations o where o.id = campaign.organization_id;
  until := private.budget_resumes_at(organization);
  if campaign.status = 'paused' then
    reason := 'paused';
    until := null;
  elsif organization.standing = 'suspended' then
    reason := 'suspended';
    until := null;
  elsif until is not null then
    reason := 'budget';
  elsif target.send_after > now() then
    reason := coalesce(target.wait_reason, 'rate');
    until := target.send_after;
  end if;
end
$$;

create function private.list_targets(organization_id uuid, campaign_id uuid, filters jsonb, after integer,
  page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
  named boolean := organization_id = any (private.organizations_with('leads:read'));
  conditions text := format('t.organization_id = %L and t.campaign_id = %L', organization_id, campaign_id);
  answer jsonb;
begin
  if filters ? 'status' then
    conditions := conditions || format(' and t.status = %L', filters ->> 'status');
  end if;
  if filters ? 'reason' then
    conditions := conditions || format(' and t.status = ''excluded'' and t.reason = %L', filters ->> 'reason');
  end if;
  execute format(
    'with page as materialized (
      select t.* from public.campaign_targets t where %s and t.position > %s order by t.position limit %s offset %s)
    select coalesce(jsonb_agg(jsonb_build_object(''position'', p.position, ''lead_id'', p.lead_id,
      ''lead_name'', case when %L then l.full_name end, ''phone'', p.phone, ''status'', p.status, ''reason'', p.reason,
      ''variant_id'', p.variant_id, ''send_after'', p.send_after, ''wait_reason'', w.reason,
      ''wait_until'', w.until, ''message_id'', p.message_id, ''message_status'',
      m.status, ''error_code'', m.error_code, ''updated_at'', p.updated_at) order by p.position), ''[]'')
    from page p
    cross join lateral private.target_wait($1, p) w
    left join public.leads l on l.organization_id = p.organization_id and l.id = p.lead_id and l.deleted_at is null
    left join public.messages m on m.id = p.message_id',
    conditions, coalesce(after, 0), page_limit, page_offset, named)
  into answer using campaign;
  return jsonb_build_object('rows', answer, 'total', (
    select coalesce(sum(t.targets), 0) from private.target_totals t
    where t.campaign_id = campaign.id and (not filters ? 'status' or t.status = filters ->> 'status')
      and (not filters ? 'reason' or t.status = 'excluded' and t.reason = filters ->> 'reason')));
end
$$;

grant execute on function private.list_targets(uuid, uuid, jsonb, integer, integer, integer) to authenticated;

create function public.list_targets(organization_id uuid, campaign_id uuid, filters jsonb, after integer,
  page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_targets(organization_id, campaign_id, filters, after,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_targets is
  'One page of a campaign''s targets and their total number. filters: { status?, reason? }.';

grant execute on function public.list_targets(uuid, uuid, jsonb, integer, integer, integer) to authenticated;

create function private.pause_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
begin
  if campaign.status not in ('running', 'scheduled', 'freezing') then
    perform private.reject_campaign_state(campaign, 'paused');
  end if;
  update public.campaigns c set status = 'paused', status_reason = 'Paused by a person.' where c.id = campaign.id;
  return private.campaign_json(campaign_id);
end
$$;

grant execute on function private.pause_campaign(uuid, uuid) to authenticated;

create function public.pause_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.pause_campaign(organization_id, campaign_id)
$$;

comment on function public.pause_campaign is 'Pauses a campaign; resume_campaign continues where it was.';

grant execute on function public.pause_campaign(uuid, uuid) to authenticated;

create function private.preview_audience(campaign public.campaigns, every integer)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb;
begin
  execute format($preview$
    with chosen as materialized (
      select x.id, x.phone from public.leads x
      where %1$s and (%2$s = 1 or (hashtextextended(coalesce(x.phone, x.id::text), 7) & 1073741823) %% %2$s = 0)
    ), numbered as materialized (
      select c.id, c.phone,
        case when c.phone is not null then row_number() over (partition by c.phone order by c.id) end as occurrence
      from chosen c
    ), eligibility as materialized (
      select e.phone, e.blocked_reason
      from private.check_marketing_eligibility($1.organization_id, array(
        select n.phone from numbered n where n.occurrence = 1 order by n.phone)) as e (phone, blocked_reason,
          consent_id)
    ), outcomes as materialized (
      select n.id, n.phone, case when n.phone is null then 'no_phone' when n.occurrence > 1 then 'duplicate_number'
        else nullif(e.blocked_reason, 'doubtful_reply') end as reason
      from numbered n left join eligibility e on e.phone = n.phone
    )
    select jsonb_build_object('chosen', (select count(*) from outcomes),
      'included', (select count(*) from outcomes o where o.reason is null),
      'excluded', coalesce((
        select jsonb_object_agg(r.reason, r.n) from (
          select o.reason, count(*) as n from outcomes o where o.reason is not null group by 1) r), '{}'),
      'samples', coalesce((
        select jsonb_agg(s.id) from (
          select o.id from outcomes o where o.reason is null
          order by hashtextextended($1.id || o.phone, 1) limit 300) s), '[]'))
    $preview$, private.audience_conditions(campaign), every)
  into answer using campaign;
  return answer;
end
$$;

create function private.preview_messages(campaign public.campaigns, lead_ids jsonb, out rendered bigint,
  out missing_variable bigint, out segments numeric, out samples jsonb)
language sql stable set search_path = ''
as $$
  select count(t.body), count(*) filter (where t.body is null), avg(s.segments),
    coalesce(jsonb_agg(jsonb_build_object('lead_id', t.id, 'lead_name', t.full_name, 'phone', t.phone,
      'variant_id', t.variant_id, 'text', t.body, 'segments', s.segments, 'encoding', s.encoding) order by t.place)
      filter (where t.place_of_kind <= 5 and t.body is not null), '[]')
  from (
    select r.*, row_number() over (partition by r.body is null order by r.place) as place_of_kind
    from (
      select l.id, l.full_name, l.phone, b.variant_id, i.place,
        private.render_template_text(b.body, private.lead_variables(l, o.name)) as body
      from jsonb_array_elements_text(lead_ids) with ordinality i (id, place)
      join public.leads l on l.organization_id = campaign.organization_id and l.id = i.id::uuid
      join public.organizations o on o.id = l.organization_id
      join lateral (
        select x.variant_id from private.variant_shares(campaign) x
        where (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 >= x.low
          and (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 < x.high
      ) share on true
      join private.template_bodies b on b.organization_id = l.organization_id and b.variant_id = share.variant_id
    ) r
  ) t
  left join lateral private.sms_segments(t.body) s on t.body is not null
$$;

create function private.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_nestloop = off set enable_mergejoin = off set jit = off
as $$
declare
  exact_to constant integer := 200000;
  campaign constant public.campaigns := private.find_campaign(organization_id, campaign_id);
  audience bigint;
  every integer;
  figures jsonb;
  recipients bigint;
  messages record;
  segments numeric;
  price numeric;
begin
  perform private.require_permission(organization_id, 'leads:read');
  execute format('select count(*) from public.leads x where %s', private.audience_conditions(campaign)) into audience;
  every := greatest(1, ceil(audience::numeric / exact_to))::integer;
  figures := private.preview_audience(campaign, every);
  recipients := (figures ->> 'included')::bigint * every;
  select * into messages from private.preview_messages(campaign, figures -> 'samples');
  segments := recipients * coalesce(messages.segments, 0) * messages.rendered
    / greatest(1, messages.rendered + messages.missing_variable);
  price := (
    select case when bool_and(a.segment_price is not null) then avg(a.segment_price) end from private.campaign_senders a
    where a.campaign_id = campaign.id and a.status <> 'disabled');
  return jsonb_build_object('audience', audience, 'exact', every = 1, 'checked', figures -> 'chosen',
    'recipients', recipients,
    'excluded', (
      select coalesce(jsonb_object_agg(e.key, e.value::bigint * every), '{}')
      from jsonb_each_text(figures -> 'excluded') e),
    'rendered', messages.rendered + messages.missing_variable, 'missing_variable', messages.missing_variable,
    'segments', round(segments), 'segments_exact', recipients = messages.rendered,
    'cost', round(segments * price, 2)::text, 'samples', messages.samples, 'faults', private.campaign_faults(campaign));
end
$$;

grant execute on function private.preview_campaign(uuid, uuid) to authenticated;

create function public.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_campaign(organization_id, campaign_id)
$$;

comment on function public.preview_campaign is
  'What a snapshot of a campaign''s audience would contain now: sizes, exclusions, segments, cost, samples.';

grant execute on function public.preview_campaign(uuid, uuid) to authenticated;

create function private.reject_campaign_faults(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults constant jsonb := private.campaign_faults(campaign);
begin
  if campaign.started_at is null then
    -- The audience may be any leads of the organization.
    perform private.require_permission(campaign.organization_id, 'leads:read');
  end if;
  if faults <> '[]' then
    perform private.problem(422, 'campaign_incomplete', case when campaign.started_at is null
      then 'The campaign cannot start yet.' else 'The campaign cannot continue yet.' end, faults);
  end if;
end
$$;

create function private.resume_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
  failures record;
begin
  if campaign.status <> 'paused' then
    perform private.reject_campaign_state(campaign, 'resumed');
  end if;
  perform private.reject_campaign_faults(campaign);
  if campaign.started_at is null and campaign.scheduled_at > now() then
    update public.campaigns c set status = 'scheduled', status_reason = null where c.id = campaign.id;
  elsif campaign.started_at is null then
    perform private.start_audience_snapshot(campaign, auth.uid());
  elsif campaign.frozen_at is null then
    update public.campaigns c set status = 'freezing', status_reason = null where c.id = campaign.id;
    perform private.invoke('jobs/snapshot-audiences');
  else
    -- Failures from before the pause must not pause it again at once.
    select * into failures from private.campaign_failures(campaign.id);
    insert into private.campaign_failure_checks as w (campaign_id, known, failed, filtered)
    values (campaign.id, failures.known, failures.failed, failures.filtered)
    on conflict on constraint campaign_failure_checks_pkey do update
      set known = excluded.known, failed = excluded.failed, filtered = excluded.filtered, checked_until = now();
    update public.campaigns c set status = 'running', status_reason = null where c.id = campaign.id;
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.campaign_json(campaign_id);
end
$$;

grant execute on function private.resume_campaign(uuid, uuid) to authenticated;

create function public.resume_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resume_campaign(organization_id, campaign_id)
$$;

comment on function public.resume_campaign is 'Continues a paused campaign.';

grant execute on function public.resume_campaign(uuid, uuid) to authenticated;

create function private.run_campaign_scheduler()
returns void
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  for campaign in
    select * from public.campaigns c
    where c.status in ('scheduled', 'freezing', 'running') and (c.status <> 'scheduled' or c.scheduled_at <= now())
    order by c.id for no key update skip locked
  loop
    perform private.advance_campaign(campaign);
  end loop;
  if exists (select from private.campaigns_pending_cancellation()) then
    perform private.invoke('jobs/snapshot-audiences');
  end if;
end
$$;

create function private.snapshot_leads(campaign public.campaigns, size integer, out leads integer, out last_lead uuid)
language plpgsql set search_path = ''
as $$
declare
  last_position constant integer := (
    select coalesce(max(t.position), 0) from public.campaign_targets t where t.campaign_id = campaign.id);
begin
  execute format($batch$
    with picked as materialized (
      select x.id, x.phone from public.leads x where %1$s and x.id > %2$L and x.id < %3$L order by x.id limit %4$s
    ), numbered as materialized (
      select p.id, p.phone, row_number() over (order by p.id) as place,
        case when p.phone is not null
          then row_number() over (partition by p.phone collate "C" order by p.id) end as occurrence,
        (hashtextextended($1.id || coalesce(p.phone, p.id::text), 0) & 1073741823) / 1073741824.0 as share
      from picked p
    ), eligibility as materialized (
      select e.phone, e.blocked_reason
      from private.check_marketing_eligibility($1.organization_id, array(
        select n.phone from numbered n where n.occurrence = 1 order by n.phone)) as e (phone, blocked_reason,
          consent_id)
      where e.blocked_reason <> 'doubtful_reply'
    ), shares as materialized (
      select * from private.variant_shares($1)
    ), decided as materialized (
      select $2 + n.place as position, n.id, n.phone,
        (select s.variant_id from shares s where n.share >= s.low and n.share < s.high) as variant_id,
        case when n.phone is null then 'no_phone' when n.occurrence > 1 then 'duplicate_number'
          else e.blocked_reason end as reason
      from numbered n left join eligibility e on e.phone = n.phone
    ), pending as (
      insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status)
      select $1.organization_id, $1.id, d.position, d.id, d.phone, d.variant_id, 'pending' from decided d
      where d.reason is null order by d.position
      on conflict (campaign_id, phone) where status in ('pending', 'sent') do nothing
      returning position
    ), excluded as (
      insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status,
        reason)
      select $1.organization_id, $1.id, d.position, d.id, d.phone, d.variant_id, 'excluded',
        coalesce(d.reason, 'duplicate_number')
      from decided d left join pending p on p.position = d.position
      where p.position is null order by d.position
    )
    select count(*), (select p.id from picked p order by p.id desc limit 1) from picked $batch$,
    private.audience_conditions(campaign),
    coalesce(campaign.snapshot_cursor, '00000000-0000-0000-0000-000000000000'::uuid),
    private.uuid_v7_floor(campaign.started_at), size)
  into leads, last_lead using campaign, last_position;
end
$$;

create function private.snapshot_audience_batch(campaign_id uuid, size integer)
returns jsonb
language plpgsql security definer set search_path = ''
  set enable_nestloop = off set enable_mergejoin = off set jit = off
  -- Batches of fifty and of fifty thousand numbers need different plans.
  set plan_cache_mode = force_custom_plan
as $$
declare
  campaign public.campaigns;
  batch record;
  done boolean;
begin
  select * into campaign from public.campaigns c
  where c.status = 'freezing'
    and (snapshot_audience_batch.campaign_id is null or c.id = snapshot_audience_batch.campaign_id)
  order by random() limit 1 for update skip locked;
  if campaign.id is null then
    return '{"campaign_id": null, "leads": 0, "done": true}'::jsonb;
  end if;
  select * into batch from private.snapshot_leads(campaign, size);
  done := batch.leads < size;
  if done then
    update public.campaigns c set status = 'running', frozen_at = now(), snapshot_cursor = null
    where c.id = campaign.id;
    -- Until the new targets are in the statistics, the planner would read all of them for each claim.
    analyze (skip_locked) public.campaign_targets;
    perform private.invoke('jobs/dispatch-messages');
  else
    update public.campaigns c set snapshot_cursor = batch.last_lead where c.id = campaign.id;
  end if;
  return jsonb_build_object('campaign_id', campaign.id, 'leads', batch.leads, 'done', done);
exception when data_exception then
  raise warning 'campaign %: its audience cannot be read: %', campaign.id, sqlerrm;
  update public.campaigns c set status = 'paused', status_reason = 'Its audience cannot be read.'
  where c.id = campaign.id and c.status = 'freezing';
  if found then
    perform private.notify_about_campaign(campaign, 'unreadable:' || extract(epoch from now()),
      campaign.name || ' was paused', 'Its audience cannot be read. Cancel it and create it again.');
  end if;
  return jsonb_build_object('campaign_id', campaign.id, 'leads', 0, 'done', true);
end
$$;

grant execute on function private.snapshot_audience_batch(uuid, integer) to service_role;

create function public.snapshot_audience_batch(campaign_id uuid default null, size integer default 20000)
returns jsonb
language sql set search_path = ''
as $$
  select private.snapshot_audience_batch(campaign_id, size)
$$;

comment on function public.snapshot_audience_batch is
  'Writes the next leads of a campaign''s audience to its targets, one batch a transaction.';

grant execute on function public.snapshot_audience_batch(uuid, integer) to service_role;

create function private.start_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
begin
  if campaign.status <> 'draft' then
    perform private.reject_campaign_state(campaign, 'started');
  end if;
  perform private.reject_campaign_faults(campaign);
  if campaign.scheduled_at > now() then
    update public.campaigns c set status = 'scheduled', status_reason = null, started_by = auth.uid()
    where c.id = campaign.id;
  else
    perform private.start_audience_snapshot(campaign, auth.uid());
  end if;
  return private.campaign_json(campaign_id);
end
$$;

grant execute on function private.start_campaign(uuid, uuid) to authenticated;

create function public.start_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.start_campaign(organization_id, campaign_id)
$$;

comment on function public.start_campaign is 'Starts a draft, now or at its scheduled time.';

grant execute on function public.start_campaign(uuid, uuid) to authenticated;

create function private.update_campaign(organization_id uuid, campaign_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.lock_campaign(organization_id, campaign_id);
  changed public.campaigns;
begin
  if campaign.version <> expected_version then
    return jsonb_build_object('stale', private.campaign_json(campaign_id));
  end if;
  if campaign.started_at is not null and change ?| array['audience', 'templates', 'scheduled_at', 'late_after_minutes']
    or campaign.status in ('completed', 'canceled') then
    perform private.reject_campaign_state(campaign, 'changed in this way');
  end if;
  if change ? 'audience' then
    change := change || jsonb_build_object('audience', private.checked_audience(organization_id, change -> 'audience'));
  end if;
  changed := jsonb_populate_record(campaign, change);
  if campaign.status = 'scheduled' and changed.scheduled_at is null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "scheduled_at", "message": "is required while the campaign is scheduled"}]');
  end if;
  perform private.set_campaign_parts(campaign, change);
  update public.campaigns c
  set name = changed.name, audience = changed.audience, scheduled_at = changed.scheduled_at,
    late_after_minutes = changed.late_after_minutes, messages_per_minute = changed.messages_per_minute,
    pause_error_rate = changed.pause_error_rate, pause_filtered_rate = changed.pause_filtered_rate,
    pause_after = changed.pause_after
  where c.id = campaign.id returning * into changed;
  if campaign.status in ('scheduled', 'freezing', 'running')
    and change ?| array['audience', 'templates', 'numbers', 'scheduled_at'] then
    perform private.reject_campaign_faults(changed);
  end if;
  return jsonb_build_object('campaign', private.campaign_json(campaign_id));
end
$$;

grant execute on function private.update_campaign(uuid, uuid, jsonb, integer) to authenticated;

create function public.update_campaign(organization_id uuid, campaign_id uuid, change jsonb,
  expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_campaign(organization_id, campaign_id, change, expected_version)
$$;

comment on function public.update_campaign is
  'Changes a campaign if it still has the expected version: { campaign }, else { stale } with the current campaign.';

grant execute on function public.update_campaign(uuid, uuid, jsonb, integer) to authenticated;

comment on table private.send_rate_buckets is
  'What a number, a campaign or an organization (id) may still send this second and has sent today. Locks are short and taken in the order of ids.';

create type private.account_share as (account_id uuid, messages integer);

create type private.waiting_source as (id uuid, organization_id uuid);

create type private.send_rate_limit as (id uuid, per_second numeric, daily_cap integer, cap_zone text, wanted integer);

create type private.frequency_limit as (phone text, since timestamptz, max_messages integer, except_message uuid);

comment on type private.frequency_limit is
  'A recipient may get a marketing message while it got fewer than max_messages since then, not counting except_message.';

create type private.send_verdict as (
  verdict text,
  reason text,
  wait_until timestamptz,
  closes_at timestamptz,
  consent_id uuid,
  zone text
);

create type private.message_verdict as (id uuid, decision private.send_verdict);

create type private.target_verdict as (
  position integer,
  phone text,
  lead_id uuid,
  variant_id uuid,
  body text,
  decision private.send_verdict
);

create type private.sender_choice as (position integer, account_id uuid, send_after timestamptz, message_id uuid);

create type private.campaign_capacity as (
  account_ids uuid[],
  capacities integer[],
  total integer,
  bucket_ids uuid[],
  granted integer[]
);

comment on type private.campaign_capacity is
  'What each number of a campaign may send now, what all together may, and the tokens that were taken for it.';

create function private.acquire_tokens(limits private.send_rate_limit[])
returns table (id uuid, granted integer)
language plpgsql set search_path = ''
as $$
begin
  insert into private.send_rate_buckets (id, tokens)
  select l.id, greatest(1, coalesce(l.per_second, 1)) from unnest(limits) l order by l.id
  on conflict on constraint send_rate_buckets_pkey do nothing;
  perform from private.send_rate_buckets b where b.id in (select l.id from unnest(limits) l) order by b.id for update;
  return query
    with state as (
      select b.id, l.wanted, l.per_second,
        case when l.per_second is null then null else least(greatest(1, l.per_second),
          b.tokens + l.per_second * extract(epoch from clock_timestamp() - b.updated_at)) end as tokens,
        (clock_timestamp() at time zone coalesce(l.cap_zone, 'UTC'))::date as today,
        case when b.day = (clock_timestamp() at time zone coalesce(l.cap_zone, 'UTC'))::date then b.day_count else 0 end as day_count,
        l.daily_cap
      from private.send_rate_buckets b join unnest(limits) l on l.id = b.id
    ), decided as (
      select s.*, greatest(0, least(s.wanted, coalesce(floor(s.tokens)::integer, s.wanted),
        coalesce(s.daily_cap - s.day_count, s.wanted))) as grants
      from state s
    )
    update private.send_rate_buckets b
    set tokens = coalesce(d.tokens - d.grants, b.tokens), updated_at = clock_timestamp(), day = d.today,
      day_count = d.day_count + d.grants
    from decided d where b.id = d.id
    returning b.id, d.grants;
end
$$;

create function private.assign_senders(
  campaign public.campaigns, capacity private.campaign_capacity, targets private.target_verdict[])
returns private.sender_choice[]
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    with ready as materialized (
      select t.position, t.phone, case when cardinality(capacity.account_ids) = 1 then capacity.account_ids[1] else (
          -- As in under_frequency_cap: by the recipient alone.
          select m.account_id from public.messages m
          where m.organization_id is not distinct from campaign.organization_id and m.to_number = t.phone
            and m.account_id = any (capacity.account_ids)
          order by m.id desc limit 1) end as usual_account
      from unnest(targets) t where (t.decision).verdict = 'send'
    ), preferred as materialized (
      select p.*, row_number() over (partition by p.account_id order by p.usual_account is null, p.position) as nth
      from (
        select r.*, coalesce(r.usual_account, (
          select a.id from public.sms_accounts a
          where a.id = any (capacity.account_ids) and r.phone like '+1%' and left(a.sender_id, 5) = left(r.phone, 5)
          order by a.id limit 1)) as account_id
        from ready r
      ) p
    ), assigned as materialized (
      select p.position, p.account_id from preferred p
      where p.nth <= capacity.capacities[array_position(capacity.account_ids, p.account_id)]
    ), free as materialized (
      -- One row for each further message that a number may send, the numbers in turn.
      select f.account_id, row_number() over (order by f.n, f.account_id) as nth
      from (
        select a.id as account_id, n
        from unnest(capacity.account_ids) as a (id)
        cross join lateral generate_series(1, capacity.capacities[array_position(capacity.account_ids, a.id)] - (
          select count(*) from assigned x where x.account_id = a.id)) n
      ) f
      order by f.n, f.account_id limit capacity.total
    ), unassigned as materialized (
      select p.position, row_number() over (order by p.position) as nth from preferred p
      where p.usual_account is null and not exists (select from assigned x where x.position = p.position)
    ), chosen as materialized (
      select a.position, a.account_id from assigned a
      union all
      select u.position, f.account_id from unassigned u join free f on f.nth = u.nth
    )
    select row(c.position, c.account_id, null, private.uuid_v7())::private.sender_choice from chosen c
    union all
    select row(p.position, null, case
        when b.day_count >= a.daily_cap then ((now() at time zone a.cap_zone)::date + 1)::timestamp at time zone a.cap_zone
        else now() + greatest(1, p.nth / coalesce(a.per_second, 1)) * interval '1 second' end, null)::private.sender_choice
    from preferred p
    join public.sms_accounts a on a.id = p.usual_account
    left join private.send_rate_buckets b on b.id = a.id
    where not exists (select from chosen c where c.position = p.position));
end
$$;

create function private.affordable_messages(organization public.organizations, account_ids uuid[])
returns integer
language plpgsql set search_path = ''
as $$
declare
  price numeric := (
    select max(private.segment_price(organization, a)) from public.sms_accounts a where a.id = any (account_ids));
begin
  if coalesce(price, 0) = 0 then
    return 2147483647;
  end if;
  return least(greatest(floor(private.remaining_budget(organization) / price), 0), 2147483647);
end
$$;

create function private.campaign_capacity(
  campaign public.campaigns, organization public.organizations, batch_size integer, half_open uuid[])
returns private.campaign_capacity
language plpgsql set search_path = '' set jit = off
as $$
declare
  capacity private.campaign_capacity;
  limits private.send_rate_limit[];
  affordable integer := batch_size;
begin
  capacity.account_ids := array(
    select a.id from private.campaign_senders a
    where a.campaign_id = campaign.id and (a.status = 'active' or a.id = any (half_open))
      and (a.cooldown_until is null or a.cooldown_until <= now())
      and (organization.standing = 'approved' or organization.standing = 'sandbox' and a.credentials_secret_id is not null)
    order by a.id);
  capacity.total := 0;
  capacity.bucket_ids := '{}';
  capacity.granted := '{}';
  if cardinality(capacity.account_ids) = 0 then
    return capacity;
  end if;
  if organization.daily_spending_limit is not null then
    affordable := private.affordable_messages(organization, capacity.account_ids);
    if affordable < 1 then
      perform private.spend(organization, 0, true);
      return capacity;
    end if;
  end if;
  limits := array(
    select row(campaign.id, campaign.messages_per_minute / 60.0, null, null, batch_size)::private.send_rate_limit
    where campaign.messages_per_minute is not null
    union all
    select row(organization.id, organization.messages_per_second, null, null, batch_size)::private.send_rate_limit
    where organization.messages_per_second is not null
    union all
    select row(a.id, a.per_second, a.daily_cap, a.cap_zone, batch_size)::private.send_rate_limit
    from public.sms_accounts a
    where a.id = any (capacity.account_ids) and (a.per_second is not null or a.daily_cap is not null));
  if cardinality(limits) > 0 then
    select array_agg(t.id), array_agg(t.granted) into capacity.bucket_ids, capacity.granted
    from private.acquire_tokens(limits) t;
  end if;
  select array_agg(
      least(coalesce(t.granted, batch_size), case when p.id = any (half_open) then 1 else batch_size end) order by p.n)
  into capacity.capacities
  from unnest(capacity.account_ids) with ordinality as p (id, n)
  left join unnest(capacity.bucket_ids, capacity.granted) as t (id, granted) on t.id = p.id;
  capacity.total := least(batch_size, affordable, (select sum(c) from unnest(capacity.capacities) c), (
    select min(t.granted) from unnest(capacity.bucket_ids, capacity.granted) as t (id, granted)
    where t.id in (campaign.id, organization.id)));
  return capacity;
end
$$;

comment on function private.check_marketing_eligibility is 'Why each number must get no marketing text now, and the consent that lets it.';

create function private.successor_of_target(campaign public.campaigns, lead_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select x.id from public.leads x
  where x.organization_id = campaign.organization_id and x.phone = successor_of_target.phone and x.deleted_at is null and (
    x.id = (
      select g.merged_into from public.leads g
      where g.organization_id = campaign.organization_id and g.id = successor_of_target.lead_id)
    or exists (
      select from public.campaign_targets d
      where d.campaign_id = campaign.id and d.lead_id = x.id and d.reason = 'duplicate_number'))
  order by x.id limit 1
$$;

create function private.under_frequency_cap(organization_id uuid, limits private.frequency_limit[])
returns text[]
language plpgsql stable set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  oldest constant uuid := private.uuid_v7_floor((select min(l.since) from unnest(limits) l) - interval '31 days');
begin
  return array(
    select l.phone from unnest(limits) l
    group by l.phone
    having bool_and((
      -- By the recipient alone (`is not distinct from` uses no index): while the statistics do not know a month's partition
      -- yet, the planner would walk all texts of the organization for each recipient.
      select count(*) from public.messages m
      where m.organization_id is not distinct from under_frequency_cap.organization_id and m.to_number = l.phone
        and m.category = 'marketing' and m.direction = 'outbound'
        and m.status in ('queued', 'sending', 'sent', 'delivered', 'undelivered')
        and m.id >= oldest and coalesce(m.sending_at, m.created_at) >= l.since
        and m.id is distinct from l.except_message
    ) < l.max_messages));
end
$$;

create function private.frequency_capped(organization_id uuid, limits private.frequency_limit[])
returns table (phone text, busy boolean)
language plpgsql set search_path = ''
as $$
declare
  mine constant text[] := array(
    select r.phone from (select distinct l.phone from unnest(limits) l) r
    where pg_try_advisory_xact_lock(hashtextextended('recipient|' || organization_id || '|' || r.phone, 0)));
  free constant text[] := private.under_frequency_cap(organization_id, array(select l from unnest(limits) l where l.phone = any (mine)));
begin
  return query
    select distinct l.phone, l.phone <> all (mine) from unnest(limits) l where l.phone <> all (free);
end
$$;

create function private.target_verdicts(campaign public.campaigns, organization public.organizations, size integer)
returns private.target_verdict[]
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    with picked as materialized (
      select t.* from public.campaign_targets t
      where t.campaign_id = campaign.id and t.status = 'pending' and t.send_after <= now()
      order by t.send_after, t.position limit size
      for update skip locked
    ), eligible as materialized (
      select e.* from private.check_marketing_eligibility(campaign.organization_id, array(select x.phone from picked x)) e
    ), recipients as materialized (
      select p.position, p.phone, p.variant_id, l.id as lead_id, l.country, l.region, l.time_zone, e.blocked_reason,
        e.consent_id, l.phone as lead_phone, row(left(p.phone, 5), l.country, l.region, l.time_zone)::text as place,
        private.render_template_text(b.body, private.lead_variables(l, organization.name)) as body
      from picked p
      left join public.leads own
        on own.organization_id = campaign.organization_id and own.id = p.lead_id and own.deleted_at is null
      left join public.leads l on l.organization_id = campaign.organization_id and l.id = coalesce(
        case when own.id is null or own.phone is distinct from p.phone
          then private.successor_of_target(campaign, p.lead_id, p.phone) end, own.id)
      left join eligible e on e.phone = p.phone
      left join private.template_bodies b on b.organization_id = campaign.organization_id and b.variant_id = p.variant_id
    ), places as materialized (
      -- Recipients of one address and area code are in one area, and those of one area share its law and its hours.
      select d.place, r.*, d.phone like '+1%' as by_law, row(r.*, d.phone like '+1%')::text as area
      from (
        select distinct on (k.place) k.place, k.phone, k.country, k.region, k.time_zone from recipients k where k.lead_id is not null
      ) d
      cross join lateral private.recipient(d.phone, d.country, d.region, d.time_zone, organization.time_zone) r
    ), areas as materialized (
      select a.area, h.sends_at, h.closes_at, array_to_string(a.zones, ',') as zone, c.messages as cap, c.hours as cap_hours
      from (select distinct on (p.area) p.* from places p) a
      cross join lateral private.area_window(organization, a.by_law, a.place_country, a.place_region, a.zones, now()) h
      left join lateral private.area_cap(a.place_country, a.place_region, current_date) c on a.by_law
    ), checked as materialized (
      select k.*, h.sends_at, h.closes_at, h.zone, h.cap, h.cap_hours, case
          when k.lead_id is null then 'lead_deleted'
          when k.lead_phone is distinct from k.phone then 'number_changed'
          when k.blocked_reason is not null then k.blocked_reason
          when k.body is null then 'missing_variable'
          -- A value may have any length; no provider takes more at once, and each segment costs.
          when private.utf16_length(k.body) > 1600 then 'text_too_long'
          when h.sends_at is null then 'window_closed' end as reason
      from recipients k
      left join places p on p.place = k.place
      left join areas h on h.area = p.area
    ), capped as materialized (
      select c.* from private.frequency_capped(campaign.organization_id, array(
        select row(k.phone, now() - make_interval(hours => x.hours), x.messages, null)::private.frequency_limit
        from checked k
        cross join lateral (
          values (k.cap, k.cap_hours), (organization.marketing_gap_messages, organization.marketing_gap_hours)
        ) x (messages, hours)
        where k.reason is null and k.sends_at <= now() and x.messages is not null)) c
    ), decided as materialized (
      select k.*,
        case when k.reason <> 'doubtful_reply' then k.reason when not c.busy then 'frequency_cap' end as excluded_for,
        case when k.reason = 'doubtful_reply' then 'review' when c.busy then 'frequency_cap' else 'quiet_hours' end as wait_reason,
        case when k.reason = 'doubtful_reply' then now() + interval '15 minutes'
          when k.reason is null and k.sends_at > now() then k.sends_at
          when c.busy then now() + interval '1 second' end as wait_until
      from checked k left join capped c on c.phone = k.phone
    )
    select row(d.position, d.phone, d.lead_id, d.variant_id, d.body, row(
      case when d.excluded_for is not null then 'exclude' when d.wait_until is not null then 'wait' else 'send' end,
      case when d.excluded_for is not null then d.excluded_for when d.wait_until is not null then d.wait_reason end,
      d.wait_until, d.closes_at, d.consent_id, d.zone)::private.send_verdict)::private.target_verdict
    from decided d);
end
$$;

create function private.claimed_message_json(message public.messages)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', message.id, 'attempt', message.attempts, 'to', message.to_number, 'from', message.from_number,
    'body', case when message.purpose = 'phone_confirmation' then private.with_phone_code(message.id, message.body)
      else message.body end, 'provider', message.provider, 'account_id', message.account_id,
    'provider_account', message.provider_account, 'expires_at', message.expires_at)
$$;

create function private.release_tokens(ids uuid[], amounts integer[])
returns void
language sql set search_path = ''
as $$
  update private.send_rate_buckets b set tokens = b.tokens + r.amount, day_count = b.day_count - r.amount
  from (
    select u.id, u.amount::integer from unnest(ids, amounts) as u (id, amount) where u.amount > 0 order by u.id
  ) r
  where b.id = r.id
$$;

create function private.release_unused_tokens(campaign public.campaigns, capacity private.campaign_capacity, messages jsonb)
returns void
language sql set search_path = ''
as $$
  select private.release_tokens(capacity.bucket_ids, array(
    select t.granted - (
      select count(*)::integer from jsonb_array_elements(messages) m
      where t.id in (campaign.id, campaign.organization_id) or (m ->> 'account_id')::uuid = t.id)
    from unnest(capacity.bucket_ids, capacity.granted) with ordinality as t (id, granted, n) order by t.n))
  where cardinality(capacity.bucket_ids) > 0
$$;

create function private.claim_campaign(campaign public.campaigns, batch_size integer, half_open uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  organization public.organizations;
  capacity private.campaign_capacity;
  targets private.target_verdict[] := '{}'::private.target_verdict[];
  choices private.sender_choice[];
  messages jsonb := '[]';
  cost numeric;
begin
  select * into strict organization from public.organizations o where o.id = campaign.organization_id;
  capacity := private.campaign_capacity(campaign, organization, batch_size, half_open);
  if capacity.total > 0 then
    targets := private.target_verdicts(campaign, organization, capacity.total);
  end if;
  if cardinality(targets) > 0 then
    choices := private.assign_senders(campaign, capacity, targets);
    with decided as materialized (
      select t.position, t.phone, t.lead_id, t.variant_id, t.body, (t.decision).*, c.account_id, c.send_after, c.message_id
      from unnest(targets) t left join unnest(choices) c on c.position = t.position
    ), sent as (
      insert into public.messages (id, organization_id, category, purpose, account_id, lead_id, campaign_id, variant_id,
        target_position, consent_id, to_number, from_number, body, encoding, segments, status, provider, attempts, sending_at,
        checked_at, recipient_zone, provider_account, expires_at, created_by)
      select d.message_id, campaign.organization_id, 'marketing', 'custom', a.id, d.lead_id, campaign.id, d.variant_id,
        d.position, d.consent_id, d.phone, a.sender_id, d.body, s.encoding, s.segments, 'sending', a.provider, 1,
        clock_timestamp(), now(), d.zone, coalesce(a.provider_account, platform ->> a.provider), d.closes_at, campaign.started_by
      from decided d
      join public.sms_accounts a on a.id = d.account_id
      cross join lateral private.sms_segments(d.body) s
      returning *
    ), logged as (
      insert into public.message_events (organization_id, message_id, status, source)
      select s.organization_id, s.id, 'sending', 'dispatch' from sent s
    ), marked as (
      update public.campaign_targets t set
        status = case when d.message_id is not null then 'sent' when d.verdict = 'exclude' then 'excluded' else 'pending' end,
        reason = case when d.verdict = 'exclude' then d.reason end,
        wait_reason = case when d.verdict = 'wait' then d.reason when d.send_after is not null then 'rate' end,
        message_id = d.message_id,
        send_after = coalesce(d.wait_until, d.send_after, t.send_after),
        updated_at = now()
      from decided d
      where t.campaign_id = campaign.id and t.position = d.position
        and (d.message_id is not null or d.send_after is not null or d.verdict <> 'send')
    )
    select coalesce(jsonb_agg(private.claimed_message_json(s)), '[]'),
      coalesce(sum(s.segments * coalesce(private.segment_price(organization, a), 0)), 0)
    into messages, cost
    from sent s join public.sms_accounts a on a.id = s.account_id;
    if organization.daily_spending_limit is not null then
      perform private.spend(organization, cost, false);
    end if;
  end if;
  perform private.release_unused_tokens(campaign, capacity, messages);
  return jsonb_build_object('checked', cardinality(targets), 'messages', messages);
end
$$;

create function private.pick_queued_messages(batch_size integer, shares private.account_share[])
returns setof public.messages
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select p.* from unnest(shares) as share
    join public.sms_accounts a on a.id = share.account_id
    cross join lateral (
      select q.* from generate_series(1, 4) as urgency
      cross join lateral (
        select m.* from public.messages m
        where m.account_id = share.account_id and m.status = 'queued' and m.priority = urgency and m.send_after <= now()
          and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
            and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
        order by m.send_after, m.id
        limit share.messages
        for update of m skip locked
      ) q
      limit share.messages
    ) p
    limit batch_size;
end
$$;

create function private.within_budget(candidates public.messages[], verdicts private.message_verdict[])
returns setof private.message_verdict
language plpgsql set search_path = '' set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  organization public.organizations;
  remaining numeric;
  held uuid[] := '{}'::uuid[];
  over uuid[];
begin
  for organization in
    select o.* from public.organizations o
    where o.daily_spending_limit is not null and o.id in (
      select m.organization_id from unnest(candidates) m join unnest(verdicts) v on v.id = m.id
      where (v.decision).verdict = 'send')
    order by o.id
  loop
    remaining := private.remaining_budget(organization);
    over := array(
      select c.id from (
        select m.id, m.priority, sum(m.segments * coalesce(private.segment_price(organization, a), 0))
          over (order by m.priority, m.id) as total
        from unnest(candidates) m
        join unnest(verdicts) v on v.id = m.id and (v.decision).verdict = 'send'
        join public.sms_accounts a on a.id = m.account_id
        where m.organization_id = organization.id
      ) c
      where c.total > remaining and c.priority > 1);
    if cardinality(over) > 0 then
      held := held || over;
      perform private.spend(organization, 0, true);
    end if;
  end loop;
  return query
    select v.id, case when v.id = any (held)
      then row('wait', 'budget', private.budget_resumes_at(o), null, null, null)::private.send_verdict else v.decision end
    from unnest(verdicts) v
    join unnest(candidates) m on m.id = v.id
    join public.organizations o on o.id = m.organization_id;
end
$$;

create function private.marketing_verdict(message public.messages, out blocked_reason text, out consent_id uuid,
  out marketing_sends_at timestamptz, out marketing_closes_at timestamptz, out zone text, out wait_reason text)
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  organization public.organizations;
  lead public.leads;
  capped record;
begin
  wait_reason := 'quiet_hours';
  select * into strict organization from public.organizations o where o.id = message.organization_id;
  select * into lead from public.leads l where l.organization_id = message.organization_id and l.id = message.lead_id;
  select e.blocked_reason, e.consent_id into blocked_reason, consent_id
  from private.check_marketing_eligibility(message.organization_id, array[message.to_number]) e;
  select w.sends_at, w.closes_at, w.zone into marketing_sends_at, marketing_closes_at, zone
  from private.contact_window(organization, 'marketing', message.to_number, lead.country, lead.region, lead.time_zone, now()) w;
  if blocked_reason is null and marketing_sends_at <= now() then
    -- Since it was refused others may have been sent.
    select c.busy into capped from private.frequency_capped(message.organization_id, array(
      select row(message.to_number, now() - make_interval(hours => x.hours), x.messages, message.id)::private.frequency_limit
      from (
        select * from private.contact_cap(message.to_number, lead.country, lead.region, current_date)
        union all
        select organization.marketing_gap_messages, organization.marketing_gap_hours
      ) x where x.messages is not null)) c;
    if found and capped.busy then
      marketing_sends_at := now() + interval '1 second';
      wait_reason := 'frequency_cap';
    elsif found then
      blocked_reason := 'frequency_cap';
    end if;
  end if;
  marketing_sends_at := coalesce(marketing_sends_at, now() + interval '1 day');
end
$$;

create function private.message_verdicts(candidates public.messages[])
returns setof private.message_verdict
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
  with campaigns as materialized (
    -- A pause waits for the claims under way, and no claim waits for a pause.
    select c.id, c.status from public.campaigns c
    where c.id in (select m.campaign_id from unnest(candidates) m where m.campaign_id is not null) and c.status <> 'paused'
    for key share skip locked
  ), organizations as materialized (
    select o.id, o as organization, w.sends_at, w.closes_at, private.phone_pattern_of(o) as allowed_phones
    from public.organizations o
    cross join lateral private.contact_window(o, 'service', null, null, null, null, now()) w
    where o.id in (select m.organization_id from unnest(candidates) m)
  ), facts as materialized (
    select m.id, m.purpose, c.status as campaign_status, private.is_auto_reply(m.purpose) as auto_reply, m.expires_at,
      -- Until the first attempt expires_at is the message's own; later it is the end of the window of that attempt.
      case when m.checked_at is null then m.expires_at end as own_expiry,
      opted.out as opted_out, marketing.blocked_reason, marketing.consent_id, marketing.marketing_sends_at,
      marketing.marketing_closes_at, marketing.zone, coalesce(marketing.wait_reason, 'quiet_hours') as wait_reason,
      o.sends_at as organization_sends_at,
      o.closes_at as organization_closes_at, m.to_number ~ o.allowed_phones as country_allowed,
      -- A person who writes to a sandboxed organization gets their answer.
      private.sending_restriction(o.organization, a.credentials_secret_id is not null or private.is_auto_reply(m.purpose),
        m.to_number) as restriction, m.category, m.organization_id, m.account_id, m.to_number
    from unnest(candidates) m
    join organizations o on o.id = m.organization_id
    join public.sms_accounts a on a.id = m.account_id
    left join campaigns c on c.id = m.campaign_id
    cross join lateral (
      select m.category <> 'marketing' and exists (
        select from public.suppressions s
        where s.organization_id = m.organization_id and s.phone = m.to_number and s.lifted_at is null and s.scope = 'all') as out
    ) opted
    left join lateral (
      -- The limit keeps the planner from evaluating this for messages that are not marketing.
      select v.* from private.marketing_verdict(m) v
      where m.category = 'marketing' and not private.is_auto_reply(m.purpose) limit 1
    ) marketing on true
    where m.campaign_id is null or c.id is not null
  ), checked as materialized (
    select f.*,
      coalesce(case when f.auto_reply then f.expires_at else f.own_expiry end <= now(), false) as expired,
      case when f.auto_reply then
          case when f.opted_out and f.purpose = 'opt_in_confirmation'
            or private.refused_as_opted_out(f.organization_id, f.account_id, f.to_number) then 'suppressed' end
        when f.category = 'marketing' then f.blocked_reason
        when f.opted_out then 'suppressed'
        when not f.country_allowed then 'country_not_allowed'
        when exists (
          select from public.reply_reviews r
          where r.organization_id = f.organization_id and r.phone = f.to_number and r.status = 'open'
        ) then 'doubtful_reply' end as reason,
      case when f.auto_reply then now() when f.category = 'marketing' then f.marketing_sends_at
        else f.organization_sends_at end as sends_at,
      case when f.auto_reply then f.expires_at when f.category = 'marketing' then least(f.own_expiry, f.marketing_closes_at)
        else least(f.own_expiry, f.organization_closes_at) end as closes_at
    from facts f
  )
  select k.id, row(
    case when k.campaign_status = 'canceled' then 'cancel'
      when k.reason <> 'doubtful_reply' then 'exclude'
      when k.expired or k.purpose = 'opt_out_confirmation' and not k.opted_out then 'cancel'
      when k.reason is not null or k.sends_at > now() or k.restriction is not null then 'wait'
      else 'send' end,
    case when k.campaign_status = 'canceled' then 'campaign_canceled'
      when k.reason <> 'doubtful_reply' then k.reason
      when k.expired then 'expired'
      when k.purpose = 'opt_out_confirmation' and not k.opted_out then 'superseded'
      when k.reason is not null then 'review'
      when k.restriction is not null then k.restriction
      when k.sends_at > now() then k.wait_reason end,
    case when k.reason = 'doubtful_reply' then greatest(k.sends_at, now() + interval '10 minutes')
      when k.restriction is not null then greatest(k.sends_at, now() + interval '15 minutes')
      else k.sends_at end,
    k.closes_at, k.consent_id, k.zone)::private.send_verdict
  from checked k;
end
$$;

create function private.verdict_text(reason text)
returns text
language sql immutable set search_path = ''
as $$
  select case reason
    when 'suppressed' then 'The number has opted out.'
    when 'frequency_cap' then 'The number has got as many marketing messages as it may.'
    when 'campaign_canceled' then 'Its campaign was canceled.'
    when 'expired' then 'It came too late to be sent.'
    when 'superseded' then 'The number has opted in again.'
    when 'country_not_allowed' then 'The organization does not text numbers of this country.'
    else 'The number must not get marketing messages.' end
$$;

create function private.record_spending(messages public.messages[])
returns void
language sql set search_path = ''
as $$
  select private.spend(o, sum(m.segments * coalesce(private.segment_price(o, a), 0)), false)
  from unnest(messages) m
  join public.organizations o on o.id = m.organization_id and o.daily_spending_limit is not null
  join public.sms_accounts a on a.id = m.account_id
  group by o.id, o
$$;

create function private.claim_messages(batch_size integer, shares private.account_share[], platform jsonb)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off
  -- Planning anew takes a quarter of the time, and there is one way to do it.
  set plan_cache_mode = force_generic_plan
as $$
declare
  candidates public.messages[];
  answer jsonb;
  bucket_ids uuid[];
  unused integer[];
begin
  candidates := array(select m from private.pick_queued_messages(batch_size, shares) m);
  if cardinality(candidates) = 0 then
    return '[]'::jsonb;
  end if;
  with verdicts as materialized (
    select v.id, (v.decision).*, m.account_id, m.organization_id,
      row_number() over (partition by m.account_id, (v.decision).verdict order by m.priority, m.id) as of_account,
      row_number() over (partition by m.organization_id, (v.decision).verdict order by m.priority, m.id) as of_organization
    from private.within_budget(candidates, array(select v from private.message_verdicts(candidates) v)) v
    join unnest(candidates) m on m.id = v.id
  ), limits as materialized (
    select array(
      select row(a.id, a.per_second, a.daily_cap, a.cap_zone, count(*))::private.send_rate_limit
      from verdicts v join public.sms_accounts a on a.id = v.account_id
      where v.verdict = 'send' and (a.per_second is not null or a.daily_cap is not null) group by a.id
      union all
      select row(o.id, o.messages_per_second, null, null, count(*))::private.send_rate_limit
      from verdicts v join public.organizations o on o.id = v.organization_id
      where v.verdict = 'send' and o.messages_per_second is not null group by o.id) as list
  ), granted as materialized (
    select g.id, g.granted from limits l cross join lateral private.acquire_tokens(l.list) g where cardinality(l.list) > 0
  ), moved as materialized (
    select v.* from verdicts v
    left join granted a on a.id = v.account_id
    left join granted o on o.id = v.organization_id
    where v.verdict <> 'send'
      or (v.of_account <= coalesce(a.granted, batch_size) and v.of_organization <= coalesce(o.granted, batch_size))
  ), marked as (
    update public.messages m set
      status = case v.verdict when 'send' then 'sending' when 'wait' then 'queued' when 'exclude' then 'suppressed' else 'canceled' end,
      error_code = case when v.verdict in ('exclude', 'cancel') then v.reason else m.error_code end,
      error_message = case when v.verdict in ('exclude', 'cancel') then private.verdict_text(v.reason) else m.error_message end,
      wait_reason = case when v.verdict = 'wait' then v.reason end,
      send_after = case when v.verdict = 'wait' then v.wait_until else m.send_after end,
      attempts = m.attempts + case when v.verdict = 'send' then 1 else 0 end,
      sending_at = case when v.verdict = 'send' then clock_timestamp() else m.sending_at end,
      checked_at = case when v.verdict = 'send' then now() else m.checked_at end,
      expires_at = case when v.verdict = 'send' then v.closes_at else m.expires_at end,
      consent_id = coalesce(v.consent_id, m.consent_id),
      recipient_zone = coalesce(v.zone, m.recipient_zone),
      provider_account = case when v.verdict = 'send' then coalesce((
          select a.provider_account from public.sms_accounts a where a.id = m.account_id), platform ->> m.provider)
        else m.provider_account end,
      updated_at = now()
    from moved v where m.id = v.id
    returning m.*
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source)
    select k.organization_id, k.id, k.status, 'dispatch' from marked k where k.status in ('sending', 'suppressed', 'canceled')
  ), left_over as (
    select g.id, g.granted - (
      select count(*) from marked k where k.status = 'sending' and g.id in (k.account_id, k.organization_id)) as amount
    from granted g
  )
  select coalesce((select jsonb_agg(private.claimed_message_json(k)) from marked k where k.status = 'sending'), '[]'),
    (select array_agg(l.id order by l.id) from left_over l where l.amount > 0),
    (select array_agg(l.amount order by l.id) from left_over l where l.amount > 0)
  into answer, bucket_ids, unused;
  if bucket_ids is not null then
    perform private.release_tokens(bucket_ids, unused);
  end if;
  perform private.record_spending(array(
    select m from unnest(candidates) m
    where m.id in (select (s ->> 'id')::uuid from jsonb_array_elements(answer) s)));
  return answer;
end
$$;

create function private.claim_targets(batch_size integer, campaign_ids uuid[], half_open uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  campaign_id uuid;
  result jsonb;
  claimed jsonb := '[]'::jsonb;
  checked integer := 0;
  deadline constant timestamptz := clock_timestamp() + interval '100 milliseconds';
begin
  foreach campaign_id in array campaign_ids loop
    exit when jsonb_array_length(claimed) >= batch_size or checked >= 500;
    select * into campaign from public.campaigns c where c.id = campaign_id and c.status = 'running' for key share skip locked;
    continue when campaign.id is null;
    loop
      result := private.claim_campaign(campaign, batch_size - jsonb_array_length(claimed), half_open, platform);
      claimed := claimed || (result -> 'messages');
      checked := checked + (result ->> 'checked')::integer;
      exit when jsonb_array_length(claimed) >= batch_size or result -> 'checked' = '0' or checked >= 500 or clock_timestamp() > deadline;
    end loop;
  end loop;
  return claimed;
end
$$;

create function private.lock_rate_buckets(account_ids uuid[], campaign_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  tenants uuid[] := array(
    select c.organization_id from public.campaigns c where c.id = any (campaign_ids)
    union select a.organization_id from public.sms_accounts a where a.id = any (account_ids));
  ids uuid[] := array(
    select c.id from public.campaigns c where c.id = any (campaign_ids) and c.messages_per_minute is not null
    union all
    select a.id from public.sms_accounts a
    where a.organization_id = any (tenants) and (a.per_second is not null or a.daily_cap is not null)
    union all
    select o.id from public.organizations o
    where o.id = any (tenants) and o.messages_per_second is not null);
begin
  if cardinality(ids) > 0 then
    insert into private.send_rate_buckets (id, tokens, updated_at)
    select b.id, 0, to_timestamp(0) from unnest(ids) as b (id) order by b.id
    on conflict on constraint send_rate_buckets_pkey do nothing;
    perform from private.send_rate_buckets b where b.id = any (ids) order by b.id for update;
  end if;
end
$$;

create function private.waiting_accounts(half_open uuid[])
returns private.waiting_source[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    select row(a.id, a.organization_id)::private.waiting_source
    from public.sms_accounts a
    cross join lateral (
      select from generate_series(1, 4) as urgency
      cross join lateral (
        select from public.messages m
        where m.account_id = a.id and m.status = 'queued' and m.priority = urgency and m.send_after <= now()
          and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
            and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
        order by m.send_after limit 1
      ) due
      limit 1
    ) waiting
    where a.status = 'active' or a.id = any (half_open)
    order by random());
end
$$;

create function private.waiting_campaigns(half_open uuid[])
returns private.waiting_source[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    select row(w.id, w.organization_id)::private.waiting_source
    from (
      select c.id, c.organization_id, row_number() over (partition by c.organization_id order by random()) as nth
      from public.campaigns c
      join public.organizations o on o.id = c.organization_id and o.standing <> 'suspended'
      cross join lateral (
        select from public.campaign_targets t
        where t.campaign_id = c.id and t.status = 'pending' and t.send_after <= now()
        order by t.send_after limit 1
      ) waiting
      cross join lateral (
        select from private.campaign_senders a
        where a.campaign_id = c.id and (a.status = 'active' or a.id = any (half_open))
          and (a.cooldown_until is null or a.cooldown_until <= now())
          and (o.standing = 'approved' or a.credentials_secret_id is not null)
        limit 1
      ) sender
      where c.status = 'running' and private.budget_resumes_at(o) is null
    ) w
    order by w.nth, random() limit 10);
end
$$;

create function private.account_shares(
  batch_size integer, accounts private.waiting_source[], campaigns private.waiting_source[], half_open uuid[])
returns private.account_share[]
language sql stable set search_path = ''
as $$
  with tenants as (
    select ceil(batch_size::numeric / greatest(count(distinct w.organization_id), 1))::integer as share
    from unnest(accounts || campaigns) w
  ), ranked as (
    select w.id, w.n, row_number() over (partition by w.organization_id order by w.n) as nth,
      count(*) over (partition by w.organization_id) as of_organization
    from unnest(accounts) with ordinality as w (id, organization_id, n)
  )
  select array(
    select row(r.id, case when r.id = any (half_open) then 1
      else ceil(t.share::numeric / least(r.of_organization, t.share))::integer end)::private.account_share
    from ranked r cross join tenants t
    where r.nth <= t.share
    order by r.n)
$$;

create function private.accounts_to_probe()
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  answer uuid[] := '{}'::uuid[];
begin
  if exists (select from public.sms_accounts a where a.status = 'circuit_open' and a.circuit_open_until <= now()) then
    with due as (
      select a.id from public.sms_accounts a
      where a.status = 'circuit_open' and a.circuit_open_until <= now()
      for update skip locked
    ), moved as (
      update public.sms_accounts a set circuit_open_until = now() + interval '30 seconds' from due where a.id = due.id returning a.id
    )
    select coalesce(array_agg(m.id), '{}') into answer from moved m;
  end if;
  return answer;
end
$$;

create function private.retry_delay(attempts integer)
returns interval
language sql volatile set search_path = ''
as $$
  select least(900, 2 ^ least(attempts, 12)) * (0.5 + random()) * interval '1 second'
$$;

create function private.open_circuit(account_id uuid, reason text)
returns void
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a where a.id = account_id for update;
  if account is null or account.status = 'disabled' then
    return;
  end if;
  update public.sms_accounts a
  set status = 'circuit_open', outages = a.outages + 1, circuit_open_reason = reason,
    circuit_open_until = now() + least(600, 5 * 2 ^ least(a.outages, 10)) * interval '1 second'
  where a.id = account_id;
  if account.status = 'active' then
    perform private.notify_admins(account.organization_id, 'sender_circuit_open', 'Texts are waiting',
      'The provider of ' || account.sender_id || ' refuses messages (' || coalesce(reason, 'no reason given')
        || '). They wait and go out when it recovers.', jsonb_build_object('account_id', account_id));
  end if;
end
$$;

create function private.record_outcomes(outcomes jsonb)
returns void
language plpgsql set search_path = '' set jit = off set enable_seqscan = off
as $$
declare
  max_attempts constant integer := 8;
  opted_out jsonb;
  answering uuid[];
begin
  if jsonb_array_length(outcomes) = 0 then
    return;
  end if;
  with r as (
    select * from jsonb_to_recordset(outcomes) as x (id uuid, attempt integer, kind text, provider_message_id text,
      segments integer, code text, message text, opt_out boolean, retry_after_seconds integer)
  ), updated as (
    update public.messages m set
      provider_message_id = coalesce(m.provider_message_id, r.provider_message_id),
      segments = coalesce(nullif(r.segments, 0), m.segments),
      status = case
        -- Accepted after all, though it was queued again meanwhile: it must not go out twice.
        when r.kind = 'accepted' and m.status in ('queued', 'sending') then 'sent'
        when m.status <> 'sending' then m.status
        when r.kind = 'rejected' or (r.kind = 'retry' and r.attempt >= max_attempts) then 'failed'
        when r.kind in ('retry', 'outage') then 'queued'
        else 'sending' end,
      attempts = m.attempts - case when r.kind = 'outage' and m.status = 'sending' then 1 else 0 end,
      send_after = case when r.kind = 'retry' and m.status = 'sending'
        then now() + greatest(private.retry_delay(r.attempt), coalesce(r.retry_after_seconds, 0) * interval '1 second')
        else m.send_after end,
      sent_at = case when r.kind = 'accepted' then coalesce(m.sent_at, now()) else m.sent_at end,
      held_at = case when r.kind = 'accepted' then null else m.held_at end,
      error_code = case when r.kind = 'accepted' then m.error_code else coalesce(r.code, m.error_code) end,
      error_message = case when r.kind = 'accepted' then m.error_message else coalesce(r.message, m.error_message) end,
      updated_at = now()
    from r
    where m.id = r.id and (m.attempts = r.attempt or r.kind = 'accepted')
      and (m.status = 'sending' or r.kind = 'accepted')
    returning m.id, m.organization_id, m.to_number, m.account_id, m.status, r.kind, r.code, r.message, r.opt_out,
      r.provider_message_id
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
    select u.organization_id, u.id, case u.kind when 'accepted' then 'sent' when 'unknown' then 'unknown' else u.status end,
      'dispatch', u.code, u.message, u.provider_message_id
    from updated u
  )
  select jsonb_agg(jsonb_build_object('organization_id', u.organization_id, 'phone', u.to_number, 'code', u.code))
      filter (where u.opt_out),
    array_agg(distinct u.account_id) filter (where u.kind in ('accepted', 'rejected'))
  into opted_out, answering from updated u;
  -- What follows is rare, and its tables are audited by triggers that would cost every group something.
  if opted_out is not null then
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    select distinct r.organization_id, r.phone, 'all', 'provider', 'The provider says that the number opted out (' || r.code || ').'
    from jsonb_to_recordset(opted_out) as r (organization_id uuid, phone text, code text)
    on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  end if;
  if exists (select from public.sms_accounts a where a.id = any (answering) and a.status = 'circuit_open') then
    update public.sms_accounts a set status = 'active', outages = 0, circuit_open_until = null, circuit_open_reason = null
    where a.status = 'circuit_open' and a.id = any (answering);
  end if;
  if not jsonb_path_exists(outcomes, '$[*] ? (@.kind == "outage" || @.kind == "unknown")') then
    return;
  end if;
  -- Refused outright, or a whole group without one clear answer: the provider is down, and every further message would
  -- only end in doubt.
  perform private.open_circuit(o.account_id, o.reason)
  from (
    select m.account_id, min(r.message) filter (where r.kind in ('outage', 'unknown')) as reason
    from jsonb_to_recordset(outcomes) as r (id uuid, kind text, message text)
    join public.messages m on m.id = r.id
    group by m.account_id
    having bool_or(r.kind = 'outage')
      or (count(*) >= 5 and bool_and(r.kind = 'unknown'))
  ) o;
end
$$;

create function private.next_due()
returns timestamptz
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return (
    select case when min(due.at) is not null then greatest(min(due.at), now() + interval '100 milliseconds') end from (
      select greatest(m.send_after, case when a.status = 'circuit_open' then a.circuit_open_until end,
        private.next_token_at(a.id, a.per_second, a.daily_cap, a.cap_zone),
        private.next_token_at(o.id, o.messages_per_second, null, null)) as at
      from public.sms_accounts a
      join public.organizations o on o.id = a.organization_id
      cross join lateral (
        select min(q.send_after) as send_after from generate_series(1, 4) as urgency
        cross join lateral (
          select m.send_after from public.messages m
          where m.account_id = a.id and m.status = 'queued' and m.priority = urgency
            and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
              and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
          order by m.send_after limit 1
        ) q
      ) m
      where a.status in ('active', 'circuit_open') and m.send_after < now() + interval '1 minute'
      union all
      select greatest(t.send_after, pool.at, private.next_token_at(c.id, c.messages_per_minute / 60.0, null, null),
        private.next_token_at(o.id, o.messages_per_second, null, null), private.budget_resumes_at(o))
      from public.campaigns c
      join public.organizations o on o.id = c.organization_id and o.standing <> 'suspended'
      cross join lateral (
        select t.send_after from public.campaign_targets t
        where t.campaign_id = c.id and t.status = 'pending' order by t.send_after limit 1
      ) t
      cross join lateral (
        select min(greatest(case when a.status = 'circuit_open' then a.circuit_open_until end, a.cooldown_until,
          private.next_token_at(a.id, a.per_second, a.daily_cap, a.cap_zone))) as at
        from private.campaign_senders a
        where a.campaign_id = c.id and a.status in ('active', 'circuit_open')
          and (o.standing = 'approved' or a.credentials_secret_id is not null)
      ) pool
      where c.status = 'running' and t.send_after < now() + interval '1 minute' and pool.at is not null
    ) due
    where due.at < now() + interval '1 minute');
end
$$;

create function private.exchange_dispatch_batch(outcomes jsonb, batch_size integer, platform jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
  half_open uuid[];
  accounts private.waiting_source[];
  campaigns private.waiting_source[];
  account_ids uuid[];
  campaign_ids uuid[];
begin
  perform private.record_outcomes(outcomes);
  if batch_size > 0 then
    half_open := private.accounts_to_probe();
    accounts := private.waiting_accounts(half_open);
    campaigns := private.waiting_campaigns(half_open);
    account_ids := array(select w.id from unnest(accounts) w);
    campaign_ids := array(select w.id from unnest(campaigns) w);
    perform private.check_failing_campaigns(campaign_ids);
    perform private.lock_rate_buckets(account_ids, campaign_ids);
    claimed := private.claim_messages(
      batch_size, private.account_shares(batch_size, accounts, campaigns, half_open), platform);
    if jsonb_array_length(claimed) < batch_size and cardinality(campaign_ids) > 0 then
      claimed := claimed || private.claim_targets(batch_size - jsonb_array_length(claimed), campaign_ids,
        array(select p.id from unnest(half_open) as p (id) where p.id <> all (account_ids)), platform);
    end if;
  end if;
  return jsonb_build_object(
    'messages', claimed,
    'credentials', private.account_credentials(array(
      select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(claimed) c)),
    'next_due_at', case when jsonb_array_length(claimed) = 0 then private.next_due() end);
end
$$;

grant execute on function private.exchange_dispatch_batch(jsonb, integer, jsonb) to service_role;

create function public.exchange_dispatch_batch(outcomes jsonb default '[]', batch_size integer default 0, platform jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.exchange_dispatch_batch(outcomes, batch_size, platform)
$$;

comment on function public.exchange_dispatch_batch is 'Records a group''s outcomes and marks the next group: one round trip per group.';

grant execute on function public.exchange_dispatch_batch(jsonb, integer, jsonb) to service_role;

create table private.status_lookups (
  provider text primary key constraint status_lookups_provider check (provider in ('arkesel', 'twilio')),
  ask_after interval not null,
  answers_for interval not null,
  max_lookups integer not null constraint status_lookups_max check (max_lookups between 1 and 20),
  source text not null
);

comment on table private.status_lookups is
  'After how long without a report a provider is asked about a message, up to which age it answers, and how often it '
  'is asked.';

comment on table private.lookup_pauses is
  'Senders whose provider refuses lookups, and until when it is not asked, so that one tenant''s fault does not stop '
  'the others.';

create index lookup_pauses_organization on private.lookup_pauses (organization_id, account_id);

create table private.pending_admin_alerts (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  since timestamptz,
  alerted_at timestamptz not null default '-infinity'
);

comment on table private.pending_admin_alerts is
  'Since when there are held messages that the admins were not alerted to, and when they were last alerted: once an '
  'hour at most, however many messages a crash affects.';

create function private.alert_admins_of_held(unknown_after_seconds integer)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  pending private.pending_admin_alerts;
  message_count bigint;
begin
  if not exists (select from private.pending_admin_alerts p where p.since is not null
    and p.alerted_at <= now() - interval '1 hour') then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('resolve unknown outcomes', 0));
  for pending in
    select * from private.pending_admin_alerts p
    where p.since is not null and p.alerted_at <= now() - interval '1 hour'
      and (p.since < now() - interval '5 minutes' or not exists (
      select from public.messages m
      where m.organization_id = p.organization_id and m.status = 'sending' and m.held_at is null
        and m.sending_at < now() - unknown_after_seconds * interval '1 second'))
    order by p.organization_id
  loop
    select count(*) into message_count from public.messages m
    where m.organization_id = pending.organization_id and (m.unknown_at is not null or m.held_at is not null)
      and m.held_at >= pending.since;
    if message_count > 0 then
      perform private.notify_admins(pending.organization_id, 'message_held',
        case message_count when 1 then 'A message needs a decision' else message_count
          || ' messages need a decision' end,
        'It is unknown whether ' || case message_count when 1 then 'it was' else 'they were' end
          || ' sent. Nothing is sent again until someone decides.',
        jsonb_build_object('messages', message_count));
    end if;
    update private.pending_admin_alerts p set since = null, alerted_at = case when message_count > 0 then now()
      else p.alerted_at end
    where p.organization_id = pending.organization_id;
  end loop;
end
$$;

create function private.alert_admins_of_unknown()
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update public.messages m set unknown_at = now(), unknown_reason = 'no_account', updated_at = now()
  from private.status_lookups k
  where m.account_id is null and m.status = 'sent' and m.unknown_at is null and k.provider = m.provider
    and greatest(m.sent_at, m.lookup_until) < now() - k.ask_after;
  update public.messages m set unknown_at = now(), unknown_reason = 'unclear', updated_at = now()
  from private.lookup_pauses p
  where p.until > now() and m.account_id = p.account_id and m.status = 'sent' and m.unknown_at is null
    and greatest(m.sent_at, m.lookup_until) < now() - interval '4 days';
  perform private.notify(array_agg(row(n.organization_id, n.user_id, 'messages_unknown', n.today,
    case n.messages when 1 then 'The outcome of a message is unknown' else 'The outcome of ' || n.messages
      || ' messages is unknown' end,
    'The provider was asked and has no final status. You can find and resolve them in the list of messages.',
    jsonb_build_object('messages', n.messages), null)::private.notification))
  from (
    select s.organization_id, s.user_id, day.today, (
      select count(*) from public.messages m
      where m.organization_id = s.organization_id and (m.unknown_at is not null or m.held_at is not null)
        and m.unknown_at > coalesce((
          select max(t.created_at) from public.notifications t
          where t.organization_id = s.organization_id and t.user_id = s.user_id
            and t.event_key in (day.today, day.yesterday)), now() - interval '25 hours')) as messages
    from (
      select distinct m.organization_id from public.messages m
      where (m.unknown_at is not null or m.held_at is not null) and m.unknown_at > now() - interval '25 hours'
    ) o
    join public.memberships s on s.organization_id = o.organization_id and s.status = 'active'
    join public.roles r on r.id = s.role_id and r.organization_id is null and r.key = 'admin'
    cross join (
      select 'messages_unknown:' || current_date as today, 'messages_unknown:' || (current_date - 1) as yesterday
    ) day
  ) n
  where n.messages > 0;
end
$$;

create function private.claim_for_reconciliation(quiet_seconds integer, batch_size integer)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  accounts uuid[];
  answer jsonb;
begin
  accounts := array(
    select a.id
    from public.sms_accounts a
    join private.status_lookups k on k.provider = a.provider
    cross join lateral (
      select from public.messages m
      where m.account_id = a.id and m.status = 'sent' and m.unknown_at is null
        and greatest(m.sent_at, m.lookup_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.ask_after)
      order by greatest(m.sent_at, m.lookup_until) limit 1
    ) waiting
    where not exists (select from private.lookup_pauses p where p.account_id = a.id and p.until > now())
    order by random() limit batch_size);

  with accepted as materialized (
    select p.* from unnest(accounts) as account (id)
    join public.sms_accounts a on a.id = account.id
    join private.status_lookups k on k.provider = a.provider
    cross join lateral (
      select m.id, m.sent_at < now() - k.answers_for as too_old from public.messages m
      where m.account_id = account.id and m.status = 'sent' and m.unknown_at is null
        and greatest(m.sent_at, m.lookup_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.ask_after)
      order by greatest(m.sent_at, m.lookup_until)
      limit ceil(batch_size::numeric / nullif(cardinality(accounts), 0))
      for update of m skip locked
    ) p
    limit batch_size
  ), held as materialized (
    -- Arkesel cannot list messages: without an id it cannot look one up.
    select m.id, m.sending_at < now() - k.answers_for as too_old
    from public.messages m join private.status_lookups k on k.provider = m.provider
    where m.status = 'sending' and m.held_at is not null and m.unknown_at is null and m.account_id is not null
      and (m.provider = 'twilio' or m.provider_message_id is not null)
      and greatest(m.sending_at, m.lookup_until) < now() - coalesce(make_interval(secs => quiet_seconds), k.ask_after)
      and not exists (select from private.lookup_pauses p where p.account_id = m.account_id and p.until > now())
    order by m.sending_at limit batch_size
    for update of m skip locked
  ), leased as (
    update public.messages m set
      lookup_until = now() + interval '2 minutes',
      unknown_at = case when p.too_old then now() end,
      unknown_reason = case when p.too_old then 'too_old' end,
      updated_at = case when p.too_old then now() else m.updated_at end
    from (select * from accepted union all select * from held limit batch_size) p
    where m.id = p.id
    returning m.*
  )
  select jsonb_build_object(
    'listed', count(*) filter (where l.unknown_at is not null),
    'messages', coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number,
      'from', l.from_number, 'body', l.body, 'provider', l.provider, 'account_id', l.account_id,
      'provider_account', l.provider_account, 'provider_message_id', l.provider_message_id, 'since',
      coalesce(l.sending_at, l.sent_at)))
      filter (where l.unknown_at is null), '[]'))
  into answer from leased l;
  if answer -> 'messages' = '[]' then
    perform private.alert_admins_of_unknown();
  end if;
  return answer || jsonb_build_object('credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer -> 'messages') c)));
end
$$;

grant execute on function private.claim_for_reconciliation(integer, integer) to service_role;

create function public.claim_for_reconciliation(quiet_seconds integer default null, batch_size integer default 100)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_for_reconciliation(quiet_seconds, batch_size)
$$;

comment on function public.claim_for_reconciliation is
  'Leases messages without a final status, to ask the provider about them.';

grant execute on function public.claim_for_reconciliation(integer, integer) to service_role;

create function private.hold_for_decision(message public.messages, reason text default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('resolve unknown outcomes', 0));
  update public.messages m set held_at = now(), unknown_reason = reason, updated_at = now() where m.id = message.id;
  insert into private.pending_admin_alerts as p (organization_id, since) values (message.organization_id, now())
  on conflict on constraint pending_admin_alerts_pkey do update set since = least(p.since, excluded.since)
  where p.since is null or p.since > excluded.since;
end
$$;

create function private.claim_unknown_outcomes(unknown_after_seconds integer, batch_size integer)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  answer jsonb;
begin
  perform private.hold_for_decision(o, case when o.account_id is null then 'no_account' else 'unclear' end) from (
    select d.* from public.messages d
    where d.status = 'sending' and d.held_at is null
      and d.sending_at < now() - case when d.account_id is null then unknown_after_seconds * interval '1 second'
        else interval '1 day' end
    order by d.sending_at limit batch_size for update skip locked) o;
  with picked as materialized (
    select d.id, d.lookup_until is null and not exists (
        select from public.message_events e
        where e.message_id = d.id and e.status = 'unknown' and e.occurred_at >= d.sending_at) as left_behind
    from public.messages d
    where d.status = 'sending' and d.held_at is null and d.account_id is not null
      and d.sending_at < now() - unknown_after_seconds * interval '1 second'
      and (d.lookup_until is null or d.lookup_until < now())
      and not exists (select from private.lookup_pauses p where p.account_id = d.account_id and p.until > now())
    order by d.sending_at limit batch_size for update of d skip locked
  ), leased as (
    update public.messages m set lookup_until = now() + interval '1 minute'
    from picked p where m.id = p.id
    returning m.*, p.left_behind
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'attempt', l.attempts, 'to', l.to_number, 'from',
    l.from_number, 'body', l.body, 'provider', l.provider, 'account_id', l.account_id, 'provider_account',
    l.provider_account, 'provider_message_id', l.provider_message_id, 'since', l.sending_at, 'left_behind',
    l.left_behind)), '[]')
  into answer from leased l;
  if answer = '[]' then
    perform private.alert_admins_of_held(unknown_after_seconds);
  end if;
  return jsonb_build_object('messages', answer, 'credentials', private.account_credentials(array(
    select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;

grant execute on function private.claim_unknown_outcomes(integer, integer) to service_role;

create function public.claim_unknown_outcomes(unknown_after_seconds integer, batch_size integer default 50)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_unknown_outcomes(unknown_after_seconds, batch_size)
$$;

comment on function public.claim_unknown_outcomes is
  'Leases messages whose outcome is unknown, to ask the provider about them.';

grant execute on function public.claim_unknown_outcomes(integer, integer) to service_role;

create function private.count_status_lookup(message public.messages, reason text)
returns text
language plpgsql set search_path = ''
as $$
declare
  max_lookups integer;
begin
  select k.max_lookups into max_lookups from private.status_lookups k where k.provider = message.provider;
  update public.messages m set
    lookups_made = m.lookups_made + 1,
    lookup_until = now() + least(interval '20 hours', interval '1 hour' * 4 ^ least(m.lookups_made, 6)),
    unknown_at = case when m.lookups_made + 1 >= max_lookups then now() end,
    unknown_reason = case when m.lookups_made + 1 >= max_lookups then reason end,
    updated_at = now()
  where m.id = message.id;
  return case when message.lookups_made + 1 >= max_lookups then 'listed' else 'waiting' end;
end
$$;

create function private.resolve_unknown_outcome(message_id uuid, attempt integer, candidates jsonb)
returns text
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
  organization public.organizations;
  choice text;
  report jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('resolve unknown outcomes', 0));
  select * into message from public.messages m where m.id = message_id for update;
  if message is null or message.status <> 'sending' or message.attempts <> attempt then
    return 'resolved';
  end if;
  select c into report from jsonb_array_elements(candidates) c
  where not exists (
    select from public.messages m where m.provider_message_id = c ->> 'provider_message_id' and m.id <> message_id)
  limit 1;
  if report is not null then
    perform private.apply_report(message, report);
    return 'found';
  end if;
  if message.held_at is not null then
    return private.count_status_lookup(message, 'not_found');
  end if;
  select * into organization from public.organizations o where o.id = message.organization_id;
  choice := case when private.is_auto_reply(message.purpose) then 'hold'
    when message.category = 'marketing' then organization.unknown_outcome_marketing
      else organization.unknown_outcome_service end;
  if choice = 'resend' and message.attempts < 8 then
    update public.messages m set status = 'queued', send_after = now(), lookup_until = null, updated_at = now()
    where m.id = message_id;
    return 'resend';
  end if;
  perform private.hold_for_decision(message);
  return 'held';
end
$$;

create function private.record_lookup(message_id uuid, attempt integer, kind text, candidates jsonb)
returns text
language plpgsql set search_path = ''
as $$
declare
  message public.messages;
  report jsonb;
begin
  select * into message from public.messages m where m.id = message_id for update;
  if message.id is null then
    return 'resolved';
  end if;
  if kind in ('failed', 'skipped') then
    -- The next run asks again, once lookups of the sender are no longer paused.
    update public.messages m set lookup_until = case m.status when 'sending' then now() end
    where m.id = message.id and m.status in ('sending', 'sent') and m.lookup_until is not null;
    return 'unanswered';
  end if;
  if kind = 'other_account' and message.status = 'sent' and message.unknown_at is null then
    update public.messages m set unknown_at = now(), unknown_reason = 'other_account', lookup_until = null,
      updated_at = now()
    where m.id = message.id;
    return 'listed';
  elsif kind = 'other_account' and message.status = 'sending' and message.attempts = attempt then
    if message.held_at is not null then
      return private.count_status_lookup(message, 'other_account');
    end if;
    perform private.hold_for_decision(message, 'other_account');
    return 'held';
  elsif kind = 'other_account' then
    return 'resolved';
  end if;
  if message.status = 'sending' then
    if kind = 'unclear' then
      return case when message.held_at is null then 'unanswered'
        else private.count_status_lookup(message, 'unclear') end;
    end if;
    return private.resolve_unknown_outcome(message.id, attempt, candidates);
  end if;
  select c into report from jsonb_array_elements(candidates) c
  where c ->> 'provider_message_id' = message.provider_message_id limit 1;
  if kind = 'answered' and report is not null then
    perform private.apply_report(message, report);
    select * into message from public.messages m where m.id = message_id;
  end if;
  if message.status <> 'sent' or message.unknown_at is not null then
    return 'resolved';
  end if;
  return private.count_status_lookup(message,
    case when kind = 'unclear' then 'unclear' when report is null then 'not_found' else 'not_final' end);
end
$$;

create function private.record_lookups(answers jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  lookup record;
  result text;
  results jsonb := '{}'::jsonb;
begin
  insert into private.lookup_pauses as p (account_id, organization_id, until, failures, reason)
  select a.id, a.organization_id, now() + greatest(interval '30 seconds', f.retry_after), 1, f.code
  from (
    select x.account_id, coalesce(min(x.code), 'none') as code,
      least(86400, coalesce(max(x.retry_after_seconds), 0)) * interval '1 second' as retry_after
    from jsonb_to_recordset(answers) as x (account_id uuid, kind text, code text, retry_after_seconds numeric)
    where x.kind = 'failed' group by x.account_id
  ) f
  join public.sms_accounts a on a.id = f.account_id
  order by a.id
  on conflict on constraint lookup_pauses_pkey do update set
    until = greatest(excluded.until,
      now() + least(interval '1 hour', interval '30 seconds' * 2 ^ least(p.failures, 10))),
    failures = p.failures + 1, reason = excluded.reason;
  delete from private.lookup_pauses p
  where p.account_id in (
      select x.account_id from jsonb_to_recordset(answers) as x (account_id uuid, kind text)
      group by x.account_id having bool_or(x.kind = 'answered') and not bool_or(x.kind = 'failed'));
  for lookup in
    select * from jsonb_to_recordset(answers) as x (id uuid, attempt integer, kind text, candidates jsonb)
    where x.id is not null order by x.id
  loop
    result := private.record_lookup(lookup.id, lookup.attempt, lookup.kind, coalesce(lookup.candidates, '[]'));
    results := results || jsonb_build_object(result, coalesce((results ->> result)::integer, 0) + 1);
  end loop;
  return results;
end
$$;

grant execute on function private.record_lookups(jsonb) to service_role;

create function public.record_lookups(answers jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.record_lookups(answers)
$$;

comment on function public.record_lookups is
  'Records what providers answered about messages without a final status; returns how many had which result.';

grant execute on function public.record_lookups(jsonb) to service_role;

comment on table public.conversations is
  'A conversation between a number of the organization (sender) and another number (phone). Starts with the first '
  'inbound message or the first that a person writes.';

comment on column public.conversations.sender is
  'As in messages.from_number; no foreign key, so that the thread outlives the sender.';

comment on column public.conversations.last_message_at is
  'Of the last message that a person wrote, on either side: a campaign does not move all its recipients to the top.';

create index conversations_listing on public.conversations (organization_id, last_message_at desc);

create index conversations_by_status on public.conversations (organization_id, status, last_message_at desc);

create index conversations_by_assignee on public.conversations (organization_id, assigned_to, last_message_at desc);

create index conversations_unread_first on public.conversations (organization_id, last_message_at desc)
  where unread > 0;

create index conversations_assigned_to on public.conversations (assigned_to) where assigned_to is not null;

create index conversations_closed_by on public.conversations (closed_by) where closed_by is not null;

create index conversations_lead on public.conversations (organization_id, lead_id) where lead_id is not null;

create index conversations_customer on public.conversations (organization_id, customer_id)
  where customer_id is not null;

alter table public.conversations enable row level security;

create policy "those who may read conversations read their organization's"
  on public.conversations for select to authenticated
  using (organization_id = any ((select private.organizations_with('conversations:read'))::uuid[]));

revoke all on public.conversations from public, anon, authenticated, service_role;

grant select on public.conversations to authenticated, service_role;

create trigger set_updated_at before update on public.conversations
  for each row execute function private.set_updated_at();

create trigger audit_update after update on public.conversations referencing old table as old_rows new table as new_rows
  for each statement when (pg_trigger_depth() = 0) execute function private.audit('last_preview');

create trigger audit_delete after delete on public.conversations referencing old table as old_rows
  for each statement execute function private.audit('last_preview');

create function private.require_conversation(organization_id uuid, conversation_id uuid, permission text,
  locked boolean default false)
returns public.conversations
language plpgsql volatile set search_path = ''
as $$
declare
  conversation public.conversations;
begin
  perform private.require_permission(organization_id, permission);
  if locked then
    select * into conversation from public.conversations c
    where c.organization_id = require_conversation.organization_id and c.id = conversation_id for update;
  else
    select * into conversation from public.conversations c
    where c.organization_id = require_conversation.organization_id and c.id = conversation_id;
  end if;
  if conversation.id is null then
    perform private.problem(404, 'not_found', 'There is no such conversation.');
  end if;
  return conversation;
end
$$;

create function private.conversation_rows(organization_id uuid, ids uuid[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sees_customers constant boolean := organization_id = any (private.organizations_with('customers:read'));
  sees_leads constant boolean := organization_id = any (private.organizations_with('leads:read'));
begin
  return coalesce((
    select jsonb_agg(to_jsonb(c) - 'organization_id' - 'last_message_id' || jsonb_build_object(
      'assigned_to_name', p.full_name,
      'lead_id', l.id, 'lead_name', nullif(l.full_name, ''),
      'customer_id', u.id, 'customer_name', u.name) order by i.place)
    from unnest(ids) with ordinality i (id, place)
    join public.conversations c on c.organization_id = conversation_rows.organization_id and c.id = i.id
    left join public.profiles p on p.id = c.assigned_to
    left join public.leads l on l.organization_id = c.organization_id and l.id = c.lead_id
      and case when sees_leads then true else private.lead_in_scope(l, 'leads:read') end
    left join public.customers u on u.organization_id = c.organization_id and u.id = c.customer_id and sees_customers
  ), '[]');
end
$$;

create function private.assign_conversation(organization_id uuid, conversation_id uuid, assigned_to uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:write', true);
begin
  if assigned_to is not null and not exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'conversations:read'
      and p.scope = 'organization'
    where m.organization_id = assign_conversation.organization_id and m.user_id = assign_conversation.assigned_to
      and m.status = 'active')
  then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is not an active member who may read conversations"}]');
  end if;
  if conversation.assigned_to is distinct from assign_conversation.assigned_to then
    update public.conversations c set assigned_to = assign_conversation.assigned_to where c.id = conversation.id;
    if assigned_to <> auth.uid() then
      perform private.notify(array[row(organization_id, assigned_to, 'conversation', 'conversation_assigned:'
        || private.uuid_v7(), 'A conversation was assigned to you', conversation.phone || ': '
        || conversation.last_preview, jsonb_build_object('conversation_id', conversation.id),
        null)::private.notification]);
    end if;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;

grant execute on function private.assign_conversation(uuid, uuid, uuid) to authenticated;

create function public.assign_conversation(organization_id uuid, conversation_id uuid, assigned_to uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_conversation(organization_id, conversation_id, assigned_to)
$$;

comment on function public.assign_conversation is 'Assigns a conversation to a member, or to nobody.';

grant execute on function public.assign_conversation(uuid, uuid, uuid) to authenticated;

create function private.get_conversation(organization_id uuid, conversation_id uuid, before uuid, page_limit integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  conversation constant public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:read');
  bound constant uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  thread jsonb;
begin
  with found as (
    (select m.* from public.messages m
    where m.organization_id = conversation.organization_id and m.to_number = conversation.phone and m.id < bound
      and m.from_number = conversation.sender and m.provider = conversation.provider and m.direction = 'outbound'
    order by m.id desc limit page_limit + 1)
    union all
    (select m.* from public.messages m
    where m.organization_id = conversation.organization_id and m.from_number = conversation.phone and m.id < bound
      and m.to_number = conversation.sender and m.provider = conversation.provider and m.direction = 'inbound'
    order by m.id desc limit page_limit + 1)
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'direction', f.direction, 'status', f.status, 'body', f.body,
    'media', f.media, 'segments', f.segments, 'purpose', f.purpose, 'campaign_id', f.campaign_id, 'error_code',
    f.error_code, 'error_message', f.error_message, 'created_by', f.created_by, 'created_by_name', p.full_name,
    'send_after', f.send_after, 'created_at', f.created_at, 'sent_at', f.sent_at, 'delivered_at', f.delivered_at)
    order by f.id desc), '[]')
  into thread
  from (select * from found order by id desc limit page_limit + 1) f
  left join public.profiles p on p.id = f.created_by;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0 || jsonb_build_object(
    'opted_out', exists (
      select from public.suppressions s
      where s.organization_id = conversation.organization_id and s.phone = conversation.phone and s.lifted_at is null
        and s.scope = 'all'),
    'awaits_review', private.needs_review(conversation.organization_id, conversation.phone),
    'messages', case when jsonb_array_length(thread) > page_limit then thread - page_limit else thread end,
    'next_before', case when jsonb_array_length(thread) > page_limit then thread -> (page_limit - 1) ->> 'id' end);
end
$$;

grant execute on function private.get_conversation(uuid, uuid, uuid, integer) to authenticated;

create function public.get_conversation(organization_id uuid, conversation_id uuid, page_limit integer,
  before uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_conversation(organization_id, conversation_id, before, private.page_size(page_limit))
$$;

comment on function public.get_conversation is
  'A conversation and a page of its messages, newest first; next_before asks for the next page.';

grant execute on function public.get_conversation(uuid, uuid, integer, uuid) to authenticated;

create function private.conversation_search(organization_id uuid, term text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  digits constant text := ltrim(regexp_replace(term, '[^0-9]', '', 'g'), '0');
  found text[] := array[format('x.customer_id = any (array(select private.search_customers(%L, %L)))', organization_id,
    term)];
begin
  if term !~ '[[:alpha:]]' and digits <> '' then
    found := found || format('x.phone like %L', '%' || digits || '%');
  end if;
  if organization_id = any (private.organizations_in_scope('leads:read')) then
    found := found || format('x.lead_id = any (array(select x.id from public.leads x where %s))',
      private.lead_conditions(organization_id, jsonb_build_object('search', term)));
  end if;
  return ' and (' || array_to_string(found, ' or ') || ')';
end
$$;

create function private.list_conversations(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text;
  total bigint;
  ids uuid[];
begin
  perform private.require_permission(organization_id, 'conversations:read');
  conditions := format('x.organization_id = %L', organization_id)
    || private.conditions(filters, '{"status": ["status", "=", "text"], "phone": ["phone", "=", "text"],
      "lead_id": ["lead_id", "=", "uuid"], "customer_id": ["customer_id", "=", "uuid"]}')
    || case when filters ->> 'assigned_to' is null then ''
      when filters ->> 'assigned_to' = 'none' then ' and x.assigned_to is null'
      when filters ->> 'assigned_to' = 'me' then format(' and x.assigned_to = %L', auth.uid())
      else format(' and x.assigned_to = %L', (filters ->> 'assigned_to')::uuid) end
    || case filters ->> 'unread' when 'true' then ' and x.unread > 0' when 'false' then ' and x.unread = 0' else '' end
    || case when filters ->> 'search' <> '' then private.conversation_search(organization_id, filters ->> 'search')
      else '' end;
  execute format(
    'select (select count(*) from public.conversations x where %1$s), array(
      select x.id from public.conversations x where %1$s order by x.last_message_at desc, x.id desc
      limit $3 offset $4)', conditions)
  into total, ids using list_conversations.organization_id, filters, page_limit, page_offset;
  return jsonb_build_object('total', total, 'rows', private.conversation_rows(organization_id, ids));
end
$$;

grant execute on function private.list_conversations(uuid, jsonb, integer, integer) to authenticated;

create function public.list_conversations(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_conversations(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;

comment on function public.list_conversations is
  'One page of conversations, newest first. filters: { status?, assigned_to?: me|none|id, unread?, phone?, lead_id?, '
  'customer_id?, search? }.';

grant execute on function public.list_conversations(uuid, jsonb, integer, integer) to authenticated;

create function private.read_conversation(organization_id uuid, conversation_id uuid, until uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:write', true);
  unread_after bigint := 0;
begin
  if until is not null then
    select count(*) into unread_after from public.messages m
    where m.organization_id = conversation.organization_id and m.from_number = conversation.phone and m.id > until
      and m.direction = 'inbound' and m.to_number = conversation.sender and m.provider = conversation.provider;
  end if;
  if unread_after < conversation.unread then
    update public.conversations c set unread = unread_after where c.id = conversation.id;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;

grant execute on function private.read_conversation(uuid, uuid, uuid) to authenticated;

create function public.read_conversation(organization_id uuid, conversation_id uuid, until uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_conversation(organization_id, conversation_id, until)
$$;

comment on function public.read_conversation is 'Marks a conversation as read, up to a given message of it.';

grant execute on function public.read_conversation(uuid, uuid, uuid) to authenticated;

create function private.render_conversation_message(organization public.organizations, phone text, message text,
  lead_id uuid, customer_id uuid)
returns text
language plpgsql set search_path = ''
as $$
declare
  body constant text := private.checked_template(message);
  lead public.leads;
  customer public.customers;
  missing text;
begin
  if organization.id = any (private.organizations_in_scope('leads:read')) then
    select * into lead from public.leads l
    where l.organization_id = organization.id and l.id = render_conversation_message.lead_id
      and l.phone = render_conversation_message.phone and private.lead_in_scope(l, 'leads:read');
  end if;
  select * into customer from public.customers c
  where c.organization_id = organization.id and c.id = render_conversation_message.customer_id
    and c.phone = render_conversation_message.phone
    and c.organization_id = any (private.organizations_with('customers:read'));
  missing := private.missing_variable(body, coalesce(nullif(lead.full_name, ''), customer.name),
    customer.account_number, private.money_text(customer.arrears, customer.currency));
  if missing is not null then
    perform private.problem(422, 'missing_variable', 'The message has a variable that this number has no value for.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'contains {{' || missing
        || '}}, which has no value')));
  end if;
  return private.rendered(body, organization.name, private.money_text(customer.arrears, customer.currency),
    customer.account_number, coalesce(nullif(lead.full_name, ''), customer.name));
end
$$;

create function private.send_conversation_message(account public.sms_accounts, phone text, message text, lead_id uuid,
  customer_id uuid)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  body text;
  suppressed boolean;
  in_review boolean;
  wrote_recently boolean;
  place public.leads;
  opens timestamptz;
  closes timestamptz;
  queued public.messages;
begin
  select * into strict organization from public.organizations o where o.id = account.organization_id;
  body := private.render_conversation_message(organization, phone, message, lead_id, customer_id);
  suppressed := exists (
    select from public.suppressions s
    where s.organization_id = organization.id and s.phone = send_conversation_message.phone and s.lifted_at is null
      and s.scope = 'all');
  in_review := not suppressed and private.needs_review(organization.id, phone);
  wrote_recently := exists (
    select from public.messages m
    where m.organization_id = organization.id and m.from_number = send_conversation_message.phone
      and m.direction = 'inbound' and m.id >= private.uuid_v7_floor(now() - interval '1 hour'));
  -- Where the number is does not depend on whether the caller may see the lead.
  select * into place from public.leads l
  where l.organization_id = organization.id and l.id = send_conversation_message.lead_id;
  select coalesce(w.sends_at, now() + interval '1 day'),
    case when not wrote_recently and phone like '+1%' then w.closes_at end
  into opens, closes
  from private.contact_window(organization, case when wrote_recently then 'service' else 'marketing' end, phone,
    place.country, place.region, place.time_zone, now()) w;
  insert into public.messages (organization_id, account_id, customer_id, lead_id, to_number, from_number, body,
    encoding, segments, status, provider, send_after, wait_reason, expires_at, created_by, error_code, error_message)
  select organization.id, account.id, send_conversation_message.customer_id, send_conversation_message.lead_id, phone,
    account.sender_id, body, s.encoding, s.segments, case when suppressed then 'suppressed' else 'queued' end,
    account.provider,
    -- As in claim_messages; close_reply_reviews makes it due at once.
    case when in_review then greatest(opens, now() + interval '10 minutes') else opens end,
    case when suppressed then null when in_review then 'review' when opens > now() then 'quiet_hours' end, closes,
    auth.uid(), case when suppressed then 'suppressed' end, case when suppressed then 'The number has opted out.' end
  from private.sms_segments(body) s
  returning * into queued;
  if queued.customer_id is not null and not suppressed then
    insert into public.customer_actions (organization_id, customer_id, action, source, performed_by)
    values (organization.id, queued.customer_id, 'sms_sent', 'manual', auth.uid());
  end if;
  return jsonb_build_object('message_id', queued.id, 'status', queued.status, 'segments', queued.segments,
    'encoding', queued.encoding, 'send_after', queued.send_after,
    'waits_for', case when suppressed then null when in_review then 'review' when opens > now() then 'quiet_hours' end,
    'conversation_id', (
      select c.id from public.conversations c
      where c.organization_id = organization.id and c.phone = send_conversation_message.phone
        and c.sender = account.sender_id and c.provider = account.provider));
end
$$;

create function private.reply_to_conversation(organization_id uuid, conversation_id uuid, message text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations;
  account public.sms_accounts;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:send');
  conversation := private.require_conversation(organization_id, conversation_id, 'conversations:read');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into account from public.sms_accounts a
  where a.organization_id = conversation.organization_id and a.provider = conversation.provider
    and a.sender_id = conversation.sender
    and a.status <> 'disabled';
  if account.id is null then
    perform private.problem(409, 'no_sender', 'The number that this conversation was held with is no longer in use.');
  elsif conversation.phone !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.problem(409, 'no_reply', 'This sender cannot receive messages.');
  end if;
  return private.store_idempotent_response(organization_id,
    private.send_conversation_message(account, conversation.phone, message, conversation.lead_id,
      conversation.customer_id));
end
$$;

grant execute on function private.reply_to_conversation(uuid, uuid, text) to authenticated;

create function public.reply_to_conversation(organization_id uuid, conversation_id uuid, message text)
returns jsonb
language sql set search_path = ''
as $$
  select private.reply_to_conversation(organization_id, conversation_id, message)
$$;

comment on function public.reply_to_conversation is
  'Queues a person''s message in a conversation, with the checks that apply to every message.';

grant execute on function public.reply_to_conversation(uuid, uuid, text) to authenticated;

create function private.set_conversation_status(organization_id uuid, conversation_id uuid, status text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id,
    'conversations:write', true);
begin
  if status is null or status not in ('open', 'closed') then
    perform private.problem(422, 'invalid_field', 'The status must be open or closed.',
      '[{"path": "status", "message": "must be open or closed"}]');
  end if;
  if conversation.status <> set_conversation_status.status then
    update public.conversations c set status = set_conversation_status.status,
      closed_at = case set_conversation_status.status when 'closed' then now() end,
      closed_by = case set_conversation_status.status when 'closed' then auth.uid() end
    where c.id = conversation.id;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;

grant execute on function private.set_conversation_status(uuid, uuid, text) to authenticated;

create function public.set_conversation_status(organization_id uuid, conversation_id uuid, status text)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_conversation_status(organization_id, conversation_id, status)
$$;

comment on function public.set_conversation_status is
  'Closes or reopens a conversation; the next message reopens it as well.';

grant execute on function public.set_conversation_status(uuid, uuid, text) to authenticated;

create function private.start_conversation(organization_id uuid, to_number text, message text, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:send');
  perform private.require_permission(organization_id, 'conversations:read');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if sender_id is null then
    select a.* into account from public.conversations c
    join public.sms_accounts a on a.organization_id = c.organization_id and a.provider = c.provider
      and a.sender_id = c.sender
      and a.status <> 'disabled'
    where c.organization_id = start_conversation.organization_id and c.phone = to_number
    order by c.last_message_at desc limit 1;
  end if;
  if account.id is null then
    select * into account from public.sms_accounts a
    where a.organization_id = start_conversation.organization_id and a.status <> 'disabled'
      and case when start_conversation.sender_id is null then a.is_default
        else a.sender_id = start_conversation.sender_id end
    order by a.is_default desc limit 1;
  end if;
  if account.id is null and sender_id is null then
    perform private.problem(409, 'no_sender', 'The organization has no active sender. An admin sets one up first.');
  elsif account.id is null then
    perform private.problem(422, 'unknown_sender', 'The organization has no active sender of this name.',
      '[{"path": "sender_id", "message": "is not one of the organization''s senders"}]');
  end if;
  return private.store_idempotent_response(organization_id, private.send_conversation_message(account, to_number,
    message, private.newest_lead(organization_id, to_number), private.newest_customer(organization_id, to_number)));
end
$$;

grant execute on function private.start_conversation(uuid, text, text, text) to authenticated;

create function public.start_conversation(organization_id uuid, to_number text, message text,
  sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.start_conversation(organization_id, to_number, message, sender_id)
$$;

comment on function public.start_conversation is
  'Queues a person''s message to a number and starts, or continues, the conversation with it.';

grant execute on function public.start_conversation(uuid, text, text, text) to authenticated;

comment on table private.campaign_progress_dirty is
  'Until when a campaign''s state is computed every second. Rows are only inserted, and deleted when they have '
  'expired. No foreign key: it would lock the campaign.';

create index campaign_progress_dirty_campaign on private.campaign_progress_dirty (campaign_id, dirty_until);

comment on table private.campaign_progress is
  'The state of a campaign that was broadcast last, its version, and when it was last compared with the figures.';

create function private.broadcast_campaign_progress()
returns integer
language plpgsql set search_path = ''
as $$
declare
  dirty_ids uuid[] := array(select distinct s.campaign_id from private.campaign_progress_dirty s order by 1);
  campaign_id uuid;
begin
  -- A run that starts a moment early waits for the second to end; else every other run would skip every campaign.
  perform pg_sleep_until(max(p.computed_at) + interval '1 second') from private.campaign_progress p
  where p.campaign_id = any (dirty_ids) and p.computed_at < clock_timestamp() - interval '800 milliseconds';
  foreach campaign_id in array dirty_ids loop
    perform private.broadcast_progress(campaign_id, interval '1 second');
  end loop;
  delete from private.campaign_progress_dirty s
  where s.campaign_id = any (dirty_ids) and not exists (
    select from private.campaign_progress p where p.campaign_id = s.campaign_id and p.computed_at < s.dirty_until);
  return cardinality(dirty_ids);
end
$$;

comment on function private.broadcast_progress is 'Computes a campaign''s state and broadcasts it if it has changed.';

create function private.campaign_progress(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
begin
  perform private.broadcast_progress(campaign.id, interval '1 second');
  return (select private.progress_json(p) from private.campaign_progress p where p.campaign_id = campaign.id);
end
$$;

grant execute on function private.campaign_progress(uuid, uuid) to authenticated;

create function public.campaign_progress(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.campaign_progress(organization_id, campaign_id)
$$;

comment on function public.campaign_progress is
  'A campaign''s live figures, as broadcast to campaign:{id}; a higher version is a later state.';

grant execute on function public.campaign_progress(uuid, uuid) to authenticated;

comment on function private.campaign_state is 'The live figures of a campaign, from the counters.';

create function private.mark_campaigns_dirty()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress_dirty (campaign_id, dirty_until)
  select d.campaign_id, clock_timestamp() + interval '90 seconds'
  from (select distinct n.campaign_id from new_rows n where n.campaign_id is not null and not n.rolled_up) d
  where not exists (
    select from private.campaign_progress_dirty s
    where s.campaign_id = d.campaign_id and s.dirty_until > clock_timestamp() + interval '30 seconds');
  return null;
exception when others then
  raise warning 'campaigns were not marked as dirty: %', sqlerrm;
  return null;
end
$$;

create function private.purge_cron_run_details()
returns void
language sql set search_path = ''
as $$
  delete from cron.job_run_details d using cron.job j
  where j.jobid = d.jobid and j.jobname = 'broadcast-campaign-progress' and d.status = 'succeeded'
    and d.end_time < now() - interval '5 minutes'
$$;

comment on table private.message_totals is 'Outbound messages by status: a counter (see private.counters).';

create index message_totals_organization on private.message_totals (organization_id);

create index message_totals_pending on private.message_totals (organization_id) where not rolled_up;

create unique index message_totals_once on private.message_totals (organization_id, status) where rolled_up;

comment on table private.message_outcome_totals is
  'Messages by their outcome: a counter (see private.counters); campaign_id null: of no campaign.';

comment on column private.message_outcome_totals.status is
  'Of outbound messages; null: the row counts replies and inbound messages.';

comment on column private.message_outcome_totals.currency is
  'Of the price that the provider reported; null: none reported.';

comment on column private.message_outcome_totals.received is 'Inbound messages, whatever they answer.';

create index message_outcome_totals_campaign on private.message_outcome_totals (campaign_id, quarter_hour);

create index message_outcome_totals_organization on private.message_outcome_totals (organization_id, quarter_hour);

create index message_outcome_totals_pending on private.message_outcome_totals (organization_id) where not rolled_up;

create unique index message_outcome_totals_once on private.message_outcome_totals (organization_id, campaign_id,
  variant_id, account_id, status, error_code, currency, quarter_hour) nulls not distinct where rolled_up;

create function private.add_message_days(sums private.message_outcome_totals[], sign integer)
returns void
language sql set search_path = ''
as $$
  insert into private.message_day_totals as d
  select s.organization_id, (s.quarter_hour at time zone o.time_zone)::date, s.campaign_id, s.account_id, s.status,
    s.error_code, s.currency, sign * sum(s.messages), sign * sum(s.segments), sign * sum(s.cost), sign * sum(s.replied),
    sign * sum(s.opted_out), sign * sum(s.answers), sign * sum(s.received)
  from unnest(sums) s join public.organizations o on o.id = s.organization_id
  group by 1, 2, 3, 4, 5, 6, 7
  on conflict on constraint message_day_totals_once do update set messages = d.messages + excluded.messages,
    segments = d.segments + excluded.segments, cost = d.cost + excluded.cost, replied = d.replied + excluded.replied,
    opted_out = d.opted_out + excluded.opted_out, answers = d.answers + excluded.answers,
    received = d.received + excluded.received
$$;

create function private.add_to_message_days()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    perform private.add_message_days(array(select o::private.message_outcome_totals from old_rows o where o.rolled_up),
      -1);
  end if;
  perform private.add_message_days(array(select n::private.message_outcome_totals from new_rows n where n.rolled_up),
    1);
  return null;
end
$$;

create trigger add_to_days_insert after insert on private.message_outcome_totals referencing new table as new_rows
  for each statement execute function private.add_to_message_days();

create trigger add_to_days_update after update on private.message_outcome_totals
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.add_to_message_days();

create trigger mark_dirty after insert on private.message_outcome_totals referencing new table as new_rows
  for each statement execute function private.mark_campaigns_dirty();

comment on table private.message_day_totals is
  'The rolled-up sums of message_outcome_totals by days of the organization''s time zone, all variants together. '
  'Together with the deltas that are not rolled up they are complete.';

comment on table private.target_totals is 'Targets of campaigns by state: a counter (see private.counters).';

create index target_totals_campaign on private.target_totals (campaign_id);

create index target_totals_organization on private.target_totals (organization_id);

create index target_totals_pending on private.target_totals (organization_id) where not rolled_up;

create unique index target_totals_once on private.target_totals (organization_id, campaign_id, status, reason)
  nulls not distinct where rolled_up;

create trigger mark_dirty after insert on private.target_totals referencing new table as new_rows
  for each statement execute function private.mark_campaigns_dirty();

comment on table private.campaign_responses is
  'Campaign messages that were answered: how many replies came, and how many of them were opt-outs.';

create index campaign_responses_organization on private.campaign_responses (organization_id);

create function private.count_responses()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour,
      replied, opted_out, answers)
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.quarter_hour,
      count(*) filter (where n.texts > n.opt_outs), count(*) filter (where n.opt_outs > 0), sum(n.texts)
    from new_rows n group by 1, 2, 3, 4, 5;
  elsif tg_op = 'DELETE' then
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour,
      replied, opted_out, answers)
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.quarter_hour,
      -count(*) filter (where t.texts > t.opt_outs), -count(*) filter (where t.opt_outs > 0), -sum(t.texts)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5;
  else
    insert into private.message_outcome_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour,
      replied, opted_out, answers)
    select d.organization_id, d.campaign_id, d.variant_id, d.account_id, d.quarter_hour,
      coalesce(sum(d.n) filter (where d.texts > d.opt_outs), 0), coalesce(sum(d.n) filter (where d.opt_outs > 0), 0),
      sum(d.n * d.texts)
    from (select *, 1 as n from new_rows union all select *, -1 from old_rows) d
    group by 1, 2, 3, 4, 5;
  end if;
  return null;
end
$$;

create trigger count_insert after insert on private.campaign_responses referencing new table as new_rows
  for each statement execute function private.count_responses();

create trigger count_update after update on private.campaign_responses
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_responses();

create trigger count_delete after delete on private.campaign_responses referencing old table as old_rows
  for each statement execute function private.count_responses();

comment on table private.suppression_totals is
  'Numbers that were suppressed, by source: a counter (see private.counters).';

create index suppression_totals_organization on private.suppression_totals (organization_id, quarter_hour);

create index suppression_totals_pending on private.suppression_totals (organization_id) where not rolled_up;

create unique index suppression_totals_once on private.suppression_totals (organization_id, source, quarter_hour)
  where rolled_up;

create table public.campaign_alerts (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  kind text not null constraint campaign_alerts_kind check (kind in ('opt_out_rate', 'failure_rate')),
  cases bigint not null,
  sample bigint not null,
  threshold numeric(4, 3) not null,
  opened_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolution text constraint campaign_alerts_resolution check (resolution in ('recovered', 'switched_off', 'ended')),
  constraint campaign_alerts_resolved check ((resolved_at is null) = (resolution is null)),
  constraint campaign_alerts_campaign foreign key (organization_id, campaign_id)
    references public.campaigns (organization_id, id) on delete cascade
);

comment on table public.campaign_alerts is
  'A campaign whose rate passed its organization''s threshold, with the figures of that moment. Resolved when the '
  'rate has fallen to four fifths of the threshold, when the organization turns the alert off, or when replies no '
  'longer count.';

create index campaign_alerts_listing on public.campaign_alerts (organization_id, campaign_id, opened_at desc);

create unique index campaign_alerts_one_open on public.campaign_alerts (campaign_id, kind) where resolved_at is null;

create index campaign_alerts_open on public.campaign_alerts (organization_id, opened_at desc) where resolved_at is null;

alter table public.campaign_alerts enable row level security;

create policy "those who may read campaigns read their alerts" on public.campaign_alerts for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_alerts from public, anon, authenticated, service_role;

grant select on public.campaign_alerts to authenticated, service_role;

create type private.cost_part as (account_id uuid, status text, currency text, segments numeric, cost numeric);

create type private.outcome_sum as (
  day integer, of_campaign boolean, account_id uuid, status text, error_code text, currency text,
  messages numeric, segments numeric, cost numeric, replied numeric, opted_out numeric, answers numeric,
  received numeric
);

create type private.dashboard_figure as (
  level integer, current boolean, of_campaign boolean, day integer, account_id uuid, total numeric,
  queued numeric, sending numeric, sent numeric, delivered numeric, undelivered numeric, failed numeric,
  canceled numeric, suppressed numeric, segments numeric, replied numeric, opted_out numeric, answers numeric,
  received numeric
);

create function private.alert_json(alert public.campaign_alerts, campaign_name text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select to_jsonb(alert) - 'organization_id' || jsonb_build_object('campaign_name', campaign_name)
$$;

create function private.campaign_figures(campaign_id uuid, time_zone text)
returns table (level integer, variant_id uuid, account_id uuid, hour timestamp, total numeric, queued numeric,
  sending numeric, sent numeric, delivered numeric, undelivered numeric, failed numeric, canceled numeric,
  suppressed numeric, segments numeric, replied numeric, opted_out numeric, answers numeric)
language sql stable set search_path = ''
as $$
  with sums as materialized (
    select t.variant_id, t.account_id, t.quarter_hour, t.status, sum(t.messages) as messages,
      sum(t.segments) as segments, sum(t.replied) as replied, sum(t.opted_out) as opted_out, sum(t.answers) as answers
    from private.message_outcome_totals t where t.campaign_id = campaign_figures.campaign_id group by 1, 2, 3, 4
  ), hours as materialized (
    select q.quarter_hour, date_trunc('hour', q.quarter_hour at time zone campaign_figures.time_zone) as hour
    from (select distinct s.quarter_hour from sums s) q
  )
  select grouping(s.variant_id, s.account_id, h.hour), s.variant_id, s.account_id, h.hour, coalesce(sum(s.messages), 0),
    coalesce(sum(s.messages) filter (where s.status = 'queued'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'sending'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'sent'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'failed'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0),
    coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0),
    coalesce(sum(s.segments), 0), coalesce(sum(s.replied), 0), coalesce(sum(s.opted_out), 0),
    coalesce(sum(s.answers), 0)
  from sums s join hours h on h.quarter_hour = s.quarter_hour
  group by grouping sets ((), (s.variant_id), (s.account_id), (h.hour))
$$;

create function private.costs_json(currency text, parts private.cost_part[])
returns jsonb
language sql stable set search_path = ''
as $$
  with parts as (
    select p.currency, p.segments, p.cost, p.currency is null
      and p.status in ('sent', 'delivered', 'undelivered') as unpriced, a.segment_price
    from unnest(parts) p left join public.sms_accounts a on a.id = p.account_id
  )
  select jsonb_build_object(
    'reported', coalesce((
      select jsonb_agg(r) from (
        select p.currency, round(sum(p.cost), 5)::text as amount from parts p
        where p.currency is not null group by 1 having sum(p.cost) <> 0 order by 1) r), '[]'),
    'estimated', (
      select jsonb_build_object('currency', costs_json.currency, 'amount',
        round(sum(p.segments * p.segment_price), 5)::text) from parts p
      where p.unpriced and p.segment_price is not null having sum(p.segments) > 0),
    'unpriced_segments', (
      select coalesce(sum(p.segments), 0) from parts p where p.unpriced and p.segment_price is null))
$$;

create function private.campaign_outcomes_json(campaign_id uuid, currency text)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'sending_seconds', (
      select count(distinct t.quarter_hour) * 900 from private.message_outcome_totals t
      where t.campaign_id = campaign_outcomes_json.campaign_id and t.status in ('sent', 'delivered', 'undelivered')
        and t.messages > 0),
    'failures', coalesce((
      select jsonb_agg(f) from (
        select t.status, t.error_code, sum(t.messages) as texts from private.message_outcome_totals t
        where t.campaign_id = campaign_outcomes_json.campaign_id
          and t.status in ('failed', 'undelivered', 'suppressed', 'canceled')
        group by 1, 2 having sum(t.messages) <> 0 order by 3 desc, 2, 1) f), '[]'),
    'costs', private.costs_json(campaign_outcomes_json.currency, array(
      select row(t.account_id, t.status, t.currency, sum(t.segments), sum(t.cost))::private.cost_part
      from private.message_outcome_totals t
      where t.campaign_id = campaign_outcomes_json.campaign_id and t.status is not null
      group by t.account_id, t.status, t.currency)))
$$;

create function private.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  campaign constant public.campaigns := private.find_campaign(organization_id, campaign_id);
  organization public.organizations;
begin
  select * into organization from public.organizations o where o.id = campaign.organization_id;
  return (
    with figures as materialized (
      select * from private.campaign_figures(campaign.id, organization.time_zone)
    )
    select jsonb_build_object(
      'campaign', jsonb_build_object('id', campaign.id, 'name', campaign.name, 'status', campaign.status,
        'status_reason', campaign.status_reason, 'started_at', campaign.started_at, 'finished_at',
        campaign.finished_at),
      'time_zone', organization.time_zone,
      'seconds', case when campaign.started_at is not null
        then greatest(0, extract(epoch from coalesce(campaign.finished_at, now()) - campaign.started_at)) end,
      'targets', coalesce((
        select jsonb_agg(t) from (
          select t.status, t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = campaign.id group by 1, 2 having sum(t.targets) <> 0 order by 3 desc, 2) t), '[]'),
      'texts', coalesce((select to_jsonb(f) from figures f where f.level = 7), '{}'),
      'variants', coalesce((
        select jsonb_agg(to_jsonb(f) || jsonb_build_object('template_id', coalesce(v.template_id, t.id),
          'template_name', t.name, 'label', v.label) order by f.total desc, f.variant_id)
        from figures f
        left join public.template_variants v on v.organization_id = campaign.organization_id and v.id = f.variant_id
        left join public.templates t
          on t.organization_id = campaign.organization_id and t.id = coalesce(v.template_id, f.variant_id)
        where f.level = 3 and f.variant_id is not null), '[]'),
      'numbers', coalesce((
        select jsonb_agg(to_jsonb(f) || jsonb_build_object('number', n.sender_id, 'label', n.label)
          order by f.total desc, f.account_id)
        from figures f
        left join public.sms_accounts n on n.organization_id = campaign.organization_id and n.id = f.account_id
        where f.level = 5 and f.account_id is not null), '[]'),
      'hours', coalesce((
        select jsonb_agg(to_jsonb(f) order by f.hour) from figures f where f.level = 6 and f.total + f.answers <> 0),
          '[]'),
      'alerts', coalesce((
        select jsonb_agg(private.alert_json(a, campaign.name) order by a.opened_at desc) from (
          select * from public.campaign_alerts a
          where a.organization_id = campaign.organization_id and a.campaign_id = campaign.id
          order by a.opened_at desc limit 100) a), '[]'))
      || private.campaign_outcomes_json(campaign.id, organization.currency));
end
$$;

grant execute on function private.campaign_analytics(uuid, uuid) to authenticated;

create function public.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.campaign_analytics(organization_id, campaign_id)
$$;

comment on function public.campaign_analytics is
  'What became of a campaign''s recipients and messages: by variant, number and hour, with failures, costs and alerts.';

grant execute on function public.campaign_analytics(uuid, uuid) to authenticated;

create function private.campaign_rates()
returns table (campaign_id uuid, kind text, watched boolean, cases bigint, sample bigint, threshold numeric,
  enough integer)
language sql stable set search_path = '' set jit = off
as $$
  with evaluated as materialized (
    select c.id, c.organization_id, o.alert_opt_out_rate, o.alert_failure_rate, o.alert_after,
      c.deleted_at is null and c.started_at is not null
        and (c.finished_at is null or c.finished_at > now() - interval '72 hours') as watched
    from public.campaigns c join public.organizations o on o.id = c.organization_id
    where c.id in (
      select r.id from public.campaigns r where r.status in ('running', 'paused') and r.started_at is not null
      union select f.id from public.campaigns f where f.finished_at > now() - interval '72 hours'
        and f.started_at is not null
      union select a.campaign_id from public.campaign_alerts a where a.resolved_at is null)
  ), counted as (
    select e.*, sums.*
    from evaluated e
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('sent', 'delivered')), 0)::bigint as arrived,
        coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint as failed,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0)::bigint as known,
        coalesce(sum(t.opted_out), 0)::bigint as opted_out
      from private.message_outcome_totals t where t.campaign_id = e.id
    ) sums
  )
  select c.id, k.kind, c.watched, k.cases, k.sample, k.threshold, c.alert_after
  from counted c
  cross join lateral (values ('opt_out_rate', c.opted_out, greatest(c.arrived, c.opted_out), c.alert_opt_out_rate),
    ('failure_rate', c.failed, c.known, c.alert_failure_rate)) as k (kind, cases, sample, threshold)
$$;

create function private.evaluate_campaign_alerts()
returns integer
language plpgsql set search_path = '' set jit = off
as $$
declare
  alert public.campaign_alerts;
  campaign public.campaigns;
  opened integer := 0;
begin
  -- Two concurrent runs would both find the alert missing.
  if not pg_try_advisory_xact_lock(hashtextextended('evaluate_campaign_alerts', 0)) then
    return 0;
  end if;
  update public.campaign_alerts a set resolved_at = now(),
    resolution = case when not r.watched then 'ended' when r.threshold is null then 'switched_off' else 'recovered' end
  from private.campaign_rates() r
  where a.campaign_id = r.campaign_id and a.kind = r.kind and a.resolved_at is null
    and (not r.watched or r.threshold is null or r.cases <= 0.8 * r.threshold * r.sample);
  for alert in
    insert into public.campaign_alerts (organization_id, campaign_id, kind, cases, sample, threshold)
    select c.organization_id, r.campaign_id, r.kind, r.cases, r.sample, r.threshold
    from private.campaign_rates() r join public.campaigns c on c.id = r.campaign_id
    where r.watched and r.sample >= r.enough and r.cases > r.threshold * r.sample
    order by r.campaign_id, r.kind
    on conflict (campaign_id, kind) where resolved_at is null do nothing
    returning *
  loop
    select * into campaign from public.campaigns c where c.id = alert.campaign_id;
    perform private.notify_about_campaign(campaign, 'alert:' || alert.id,
      case alert.kind when 'opt_out_rate' then 'Many recipients of ' || campaign.name || ' opt out'
        else 'Many messages of ' || campaign.name || ' fail' end,
      round(100.0 * alert.cases / alert.sample, 1) || ' % of ' || alert.sample || ' messages'
        || case alert.kind when 'opt_out_rate' then ' were answered by an opt-out; ' else ' failed; ' end
        || 'the alert threshold is ' || round(100 * alert.threshold, 1) || ' %.');
    opened := opened + 1;
  end loop;
  return opened;
end
$$;

create function private.checked_period(today date, inout first_day date, inout last_day date)
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  last_day := coalesce(last_day, greatest(today, first_day));
  first_day := coalesce(first_day, last_day - 29);
  fault := case
    when first_day < date '2000-01-01' or last_day > date '2199-01-01' then
      jsonb_build_object('path', case when first_day < date '2000-01-01' then 'from' else 'to' end,
        'message', 'is too far away')
    when first_day > last_day then '{"path": "from", "message": "is after to"}'
    when last_day - first_day >= 92 then '{"path": "from", "message": "is more than 92 days before to"}' end;
  if fault is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(fault));
  end if;
end
$$;

create function private.dashboard_sums(organization_id uuid, campaign_id uuid, first_day date, days integer,
  midnights timestamptz[])
returns private.outcome_sum[]
language sql stable set search_path = ''
as $$
  select array(
    select row(t.day, t.campaign_id is not null, t.account_id, t.status, t.error_code, t.currency, sum(t.messages),
      sum(t.segments), sum(t.cost), sum(t.replied), sum(t.opted_out), sum(t.answers),
      sum(t.received))::private.outcome_sum
    from (
      select d.day - first_day + 1 as day, d.campaign_id, d.account_id, d.status, d.error_code, d.currency, d.messages,
        d.segments, d.cost, d.replied, d.opted_out, d.answers, d.received
      from private.message_day_totals d
      where d.organization_id = dashboard_sums.organization_id
        and d.day between first_day - days and first_day + days - 1
      union all
      select width_bucket(n.quarter_hour, midnights) - days, n.campaign_id, n.account_id, n.status, n.error_code,
        n.currency, n.messages, n.segments, n.cost, n.replied, n.opted_out, n.answers, n.received
      from private.message_outcome_totals n
      where n.organization_id = dashboard_sums.organization_id and not n.rolled_up
        and n.quarter_hour >= midnights[1] and n.quarter_hour < midnights[2 * days + 1]
    ) t
    where dashboard_sums.campaign_id is null or t.campaign_id = dashboard_sums.campaign_id
    group by t.day, t.campaign_id is not null, t.account_id, t.status, t.error_code, t.currency)
$$;

create function private.dashboard_figures(sums private.outcome_sum[])
returns private.dashboard_figure[]
language sql stable set search_path = ''
as $$
  select array(
    select row(grouping(s.of_campaign, p.day, p.account_id), p.current, s.of_campaign, p.day, p.account_id,
      sum(s.messages),
      coalesce(sum(s.messages) filter (where s.status = 'queued'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'sending'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'sent'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'failed'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0),
      coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0),
      sum(s.segments), sum(s.replied), sum(s.opted_out), sum(s.answers), sum(s.received))::private.dashboard_figure
    from unnest(sums) s
    cross join lateral (
      select s.day > 0 as current, case when s.day > 0 then s.day end as day,
        case when s.day > 0 then s.account_id end as account_id
    ) p
    group by grouping sets ((p.current), (p.current, s.of_campaign), (p.current, p.day, s.of_campaign),
      (p.current, p.account_id)))
$$;

create function private.suppressions_added(organization_id uuid, since timestamptz, before timestamptz)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(x), '[]') from (
    select t.source, sum(t.added) as added from private.suppression_totals t
    where t.organization_id = suppressions_added.organization_id
      and t.quarter_hour >= since and t.quarter_hour < before
    group by 1 having sum(t.added) <> 0 order by 2 desc, 1) x
$$;

create function private.dashboard_period(organization public.organizations, campaign_id uuid,
  sums private.outcome_sum[], figures private.dashboard_figure[], current boolean, since timestamptz,
  before timestamptz)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'texts', coalesce((
      select to_jsonb(f) from unnest(figures) f where f.current = dashboard_period.current and f.level = 7), '{}'),
    'campaign_texts', coalesce((
      select to_jsonb(f) from unnest(figures) f
      where f.current = dashboard_period.current and f.level = 3 and f.of_campaign), '{}'),
    'other_texts', coalesce((
      select to_jsonb(f) from unnest(figures) f
      where f.current = dashboard_period.current and f.level = 3 and not f.of_campaign), '{}'),
    'received', coalesce((
      select case when dashboard_period.campaign_id is null then f.received else f.answers end
      from unnest(figures) f where f.current = dashboard_period.current and f.level = 7), 0),
    'costs', private.costs_json(organization.currency, array(
      select row(s.account_id, s.status, s.currency, sum(s.segments), sum(s.cost))::private.cost_part
      from unnest(sums) s where (s.day > 0) = dashboard_period.current and s.status is not null
      group by s.account_id, s.status, s.currency)),
    'suppressions', private.suppressions_added(organization.id, since, before))
$$;

create function private.dashboard_numbers(organization_id uuid, campaign_id uuid, figures private.dashboard_figure[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(private.number_json(n.a, to_jsonb(h)) || jsonb_build_object('texts', n.texts)
    order by n.total desc, (n.a).id), '[]')
  from (
    select a, to_jsonb(f) as texts, coalesce(f.total, 0) as total
    from public.sms_accounts a
    left join unnest(figures) f on f.current and f.level = 6 and f.account_id = a.id
    where a.organization_id = dashboard_numbers.organization_id
      and (case when dashboard_numbers.campaign_id is null then a.status <> 'disabled' else false end or f.total <> 0)
    order by 3 desc, a.id limit 100
  ) n
  left join private.number_figures(dashboard_numbers.organization_id, now() - interval '24 hours') h
    on h.account_id = (n.a).id
$$;

create function private.dashboard_present(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'alerts', coalesce((
      select jsonb_agg(private.alert_json(x.a, x.name) order by (x.a).opened_at desc) from (
        select a, c.name from public.campaign_alerts a
        join public.campaigns c on c.organization_id = a.organization_id and c.id = a.campaign_id
        where a.organization_id = dashboard_present.organization_id and a.resolved_at is null
          and (dashboard_present.campaign_id is null or a.campaign_id = dashboard_present.campaign_id)
        order by a.opened_at desc limit 100) x), '[]'),
    'campaigns', coalesce((
      select jsonb_object_agg(x.status, x.campaigns) from (
        select c.status, count(*) as campaigns from public.campaigns c
        where c.organization_id = dashboard_present.organization_id and c.deleted_at is null group by 1) x), '{}'),
    'conversations', jsonb_build_object(
      'open', (
        select count(*) from public.conversations c
        where c.organization_id = dashboard_present.organization_id and c.status = 'open'),
      'unread', (
        select count(*) from public.conversations c
        where c.organization_id = dashboard_present.organization_id and c.unread > 0)))
$$;

create function private.sms_dashboard(organization_id uuid, first_day date, last_day date, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  organization public.organizations;
  days integer;
  midnights timestamptz[];
  sums private.outcome_sum[];
  figures private.dashboard_figure[];
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  if campaign_id is not null then
    perform private.find_campaign(organization_id, campaign_id);
  end if;
  select * into organization from public.organizations o where o.id = sms_dashboard.organization_id;
  select p.* into first_day, last_day
  from private.checked_period((now() at time zone organization.time_zone)::date, first_day, last_day) p;
  days := last_day - first_day + 1;
  midnights := array(
    select d.day at time zone organization.time_zone
    from generate_series((first_day - days)::timestamp, (last_day + 1)::timestamp, interval '1 day') d (day)
    order by 1);
  sums := private.dashboard_sums(organization_id, campaign_id, first_day, days, midnights);
  figures := private.dashboard_figures(sums);
  return jsonb_build_object('from', first_day, 'to', last_day, 'time_zone', organization.time_zone,
    'previous_from', first_day - days, 'previous_to', first_day - 1,
    'period', private.dashboard_period(organization, campaign_id, sums, figures, true,
      midnights[days + 1], midnights[2 * days + 1]),
    'previous', private.dashboard_period(organization, campaign_id, sums, figures, false,
      midnights[1], midnights[days + 1]),
    'days', (
      select jsonb_agg(jsonb_build_object('date', first_day + d.day - 1,
        'campaign_texts', coalesce(to_jsonb(c), '{}'), 'other_texts', coalesce(to_jsonb(o), '{}')) order by d.day)
      from generate_series(1, days) d (day)
      left join unnest(figures) c on c.current and c.level = 1 and c.day = d.day and c.of_campaign
      left join unnest(figures) o on o.current and o.level = 1 and o.day = d.day and not o.of_campaign),
    'failures', coalesce((
      select jsonb_agg(f) from (
        select s.status, s.error_code, sum(s.messages) as texts from unnest(sums) s
        where s.day > 0 and s.status in ('failed', 'undelivered', 'suppressed', 'canceled')
        group by 1, 2 having sum(s.messages) <> 0 order by 3 desc, 2, 1 limit 20) f), '[]'),
    'numbers', private.dashboard_numbers(organization_id, campaign_id, figures))
    || private.dashboard_present(organization_id, campaign_id);
end
$$;

grant execute on function private.sms_dashboard(uuid, date, date, uuid) to authenticated;

create function public.sms_dashboard(organization_id uuid, first_day date default null, last_day date default null,
  campaign_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sms_dashboard(organization_id, first_day, last_day, campaign_id)
$$;

comment on function public.sms_dashboard is
  'The messages of a period (days of the organization''s time zone, by default the last thirty) beside those of the '
  'period before, and what needs attention now.';

grant execute on function public.sms_dashboard(uuid, date, date, uuid) to authenticated;

create table private.jobs (
  name text primary key constraint jobs_name_form check (name ~ '^[a-z][a-z-]+$'),
  schedule text,
  task_of text constraint jobs_task_of check (task_of in ('minute-tasks', 'nightly-tasks')),
  position smallint not null default 0,
  command text not null,
  description text not null,
  constraint jobs_scheduled_or_task check ((schedule is null) = (task_of is not null))
);

comment on table private.jobs is 'All background jobs: cron jobs, which have a schedule, and tasks of a cron job.';

create table private.job_runs (
  job text primary key references private.jobs (name) on delete cascade on update cascade,
  succeeded_at timestamptz,
  failed_at timestamptz,
  failures integer not null default 0,
  last_error text
);

comment on column private.job_runs.failures is 'Failures in a row; 0 after a success.';

comment on table private.job_runs is 'How each task last ended.';

create function private.maintain()
returns void
language plpgsql set search_path = ''
as $$
declare
  parent regclass;
  partition record;
begin
  foreach parent in array array['public.audit_logs', 'public.messages', 'public.message_events']::regclass[] loop
    for months in 0..3 loop
      perform private.create_month_partition(parent, now() + make_interval(months => months));
    end loop;
  end loop;

  -- Deleted, not dropped, so that triggers keep the counters right and each organization has its own retention.
  delete from public.messages m using public.organizations o
  where o.id = m.organization_id
    and m.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  delete from public.message_events e using public.organizations o
  where o.id = e.organization_id
    and e.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  -- The audit log is dropped by whole months, once no organization keeps them any longer.
  for partition in
    select c.oid::regclass as name from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_logs'::regclass
      and right(c.relname, 7) < to_char(
        now() - make_interval(months => (select max(o.audit_retention_months) from public.organizations o)), 'YYYY_MM')
  loop
    execute format('drop table %s', partition.name);
  end loop;

  delete from private.lead_arrivals where quarter_hour < now() - interval '4 days';
  delete from private.idempotency_keys where created_at < now() - interval '24 hours';
  delete from private.rate_buckets where updated_at < now() - interval '1 day';
  delete from private.sign_in_places where last_sign_in_at < now() - interval '90 days';
  update public.uploads set rows = '[]' where processed_at is null and expires_at < now() and rows <> '[]';
  perform private.expire_lead_imports();
  delete from cron.job_run_details where end_time < now() - interval '7 days';
end
$$;

create function private.tasks_of(cron_job text)
returns setof text
language sql stable set search_path = ''
as $$
  select j.name from private.jobs j where j.task_of = cron_job order by j.position
$$;

create function private.run_task(task text)
returns void
language plpgsql set search_path = ''
as $$
declare
  error text;
begin
  begin
    execute (select j.command from private.jobs j where j.name = task);
  exception when others then
    error := sqlerrm;
  end;
  insert into private.job_runs as r (job, succeeded_at, failed_at, failures, last_error)
  values (task, case when error is null then clock_timestamp() end,
    case when error is not null then clock_timestamp() end,
    case when error is null then 0 else 1 end, error)
  on conflict (job) do update set
    succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at),
    failed_at = coalesce(excluded.failed_at, r.failed_at),
    failures = case when excluded.last_error is null then 0 else r.failures + 1 end,
    last_error = excluded.last_error;
  if error is not null then
    raise warning 'the task % failed: %', task, error;
  end if;
end
$$;

insert into private.counters (name, measures) values
  ('customer_totals', '{customers,arrears}'),
  ('action_totals', '{actions}'),
  ('message_totals', '{messages,segments}'),
  ('lead_totals', '{leads,value}'),
  ('holder_totals', '{leads}'),
  ('lead_arrivals', '{leads}'),
  ('sla_totals', '{events}'),
  ('message_outcome_totals', '{messages,segments,cost,replied,opted_out,answers,received}'),
  ('target_totals', '{targets}'),
  ('suppression_totals', '{added}');

insert into private.deployment default values;

insert into public.roles (id, organization_id, key, name, description) values
  ('00000000-0000-7000-8000-000000000001', null, 'admin', 'Administrator',
    'Everything in the organization'),
  ('00000000-0000-7000-8000-000000000002', null, 'manager', 'Manager',
    'Leads, tasks, interactions, analytics and reports of their team'),
  ('00000000-0000-7000-8000-000000000003', null, 'counselor', 'Counselor',
    'Leads assigned to or created by them, and their own statistics'),
  ('00000000-0000-7000-8000-000000000004', null, 'campaign_manager', 'Campaign manager',
    'Leads, templates, campaigns and suppressions'),
  ('00000000-0000-7000-8000-000000000005', null, 'operator', 'Operator',
    'Conversations, messages, customers and their actions'),
  ('00000000-0000-7000-8000-000000000006', null, 'viewer', 'Viewer',
    'Reads everything but administration, changes nothing'),
  ('00000000-0000-7000-8000-000000000007', null, 'marketing_agent', 'Marketing agent',
    'Clients and churn reports'),
  ('00000000-0000-7000-8000-000000000008', null, 'technical_agent', 'Technical agent',
    'Clients and churn reports');

with catalogue (permission, description, granted_to) as materialized (
  values
    ('organization:update', 'Change the organization''s settings and senders',
      'admin'),
    ('members:read', 'See who belongs to the organization',
      'admin manager counselor campaign_manager operator viewer marketing_agent technical_agent'),
    ('members:manage', 'Invite, change and remove members and teams',
      'admin'),
    ('roles:manage', 'Create and change the organization''s own roles',
      'admin'),
    ('audit:read', 'Read the audit log',
      'admin'),
    ('customers:read', 'See customers',
      'admin operator viewer'),
    ('customers:write', 'Add and change customers',
      'admin operator'),
    ('customers:delete', 'Delete customers',
      'admin operator'),
    ('actions:read', 'See what was done to customers',
      'admin operator viewer'),
    ('actions:write', 'Connect, disconnect and warn customers',
      'admin operator'),
    ('messages:read', 'See messages',
      'admin campaign_manager operator viewer'),
    ('messages:send', 'Send messages',
      'admin campaign_manager operator'),
    ('templates:read', 'See templates',
      'admin campaign_manager operator viewer'),
    ('templates:write', 'Change templates',
      'admin campaign_manager'),
    ('suppressions:read', 'See suppressed numbers',
      'admin campaign_manager operator viewer'),
    ('suppressions:write', 'Suppress numbers and lift suppressions',
      'admin campaign_manager'),
    ('uploads:read', 'See uploads and batches',
      'admin operator viewer'),
    ('uploads:write', 'Upload and process files of customers',
      'admin operator'),
    ('leads:read', 'See leads, their people and history',
      'admin manager:team counselor:own campaign_manager viewer'),
    ('leads:write', 'Add and change leads, move them through the pipeline',
      'admin manager:team counselor:own campaign_manager'),
    ('leads:delete', 'Delete, restore and merge leads',
      'admin manager:team campaign_manager'),
    ('leads:assign', 'Assign leads to people',
      'admin manager:team campaign_manager'),
    ('leads:duplicate', 'Add a lead although another one has the phone number or e-mail address',
      'admin manager campaign_manager'),
    ('leads:import', 'Import leads from files',
      'admin manager campaign_manager'),
    ('leads:export', 'Export leads to files',
      'admin manager:team campaign_manager'),
    ('leads:hold', 'Be given leads',
      'admin manager counselor campaign_manager'),
    ('leads:configure', 'Change the lead fields, the stages, the calendar and the lead settings',
      'admin'),
    ('interactions:read', 'See interactions with leads',
      'admin manager:team counselor:own campaign_manager viewer'),
    ('interactions:write', 'Log interactions with leads',
      'admin manager:team counselor:own campaign_manager'),
    ('tasks:read', 'See tasks',
      'admin manager:team counselor:own campaign_manager viewer'),
    ('tasks:write', 'Add, change and delete tasks',
      'admin manager:team counselor:own campaign_manager'),
    ('dashboard:read', 'See the statistics of leads',
      'admin manager:team counselor:own campaign_manager viewer'),
    ('emails:manage', 'See the e-mails that were sent and send failed ones again',
      'admin'),
    ('notifications:read', 'See one''s own notifications and choose how they arrive',
      'admin:own manager:own counselor:own campaign_manager:own operator:own viewer:own marketing_agent:own '
      'technical_agent:own'),
    ('consents:read', 'See the consent ledger',
      'admin campaign_manager operator viewer'),
    ('consents:write', 'Record consent and its revocation',
      'admin campaign_manager operator'),
    ('campaigns:read', 'See campaigns, their targets and statistics',
      'admin campaign_manager viewer'),
    ('campaigns:write', 'Create, start, pause and cancel campaigns',
      'admin campaign_manager'),
    ('conversations:read', 'See conversations',
      'admin campaign_manager operator viewer'),
    ('conversations:write', 'Assign, close and reopen conversations',
      'admin campaign_manager operator')
), described as (
  insert into private.permissions (name, description) select permission, description from catalogue
)
insert into public.role_permissions (role_id, permission, scope)
select r.id, c.permission, coalesce(nullif(split_part(role_scope, ':', 2), ''), 'organization')
from catalogue c
cross join lateral string_to_table(c.granted_to, ' ') as role_scope
join public.roles r on r.organization_id is null and r.key = split_part(role_scope, ':', 1);

select private.create_month_partition('public.audit_logs', now() + months)
from unnest(array[interval '-1 month', '0', '1 month', '2 months', '3 months']) months;

insert into private.rate_limits (kind, quota, window_seconds, description) values
  ('auth_address', 300, 60, 'Requests from an IP address to the public endpoints of auth'),
  ('sign_in_place', 10, 300, 'Failed sign-ins of an account from an IP address'),
  ('sign_in_account', 100, 3600, 'Failed sign-ins of an account from places where it has not signed in before'),
  ('sign_in_address', 100, 600, 'Failed sign-ins from an IP address, whatever the account'),
  ('register_address', 60, 3600, 'Registrations from an IP address'),
  ('recovery_place', 5, 3600, 'Recovery e-mails of an account, asked for from an IP address'),
  ('recovery_account', 20, 3600, 'Recovery e-mails of an account'),
  ('reset_address', 10, 300, 'Attempts to set a new password from an IP address'),
  ('send', 600, 60, 'Requests of a person that send messages'),
  ('upload', 60, 60, 'Files that a person uploads'),
  ('invite', 30, 3600, 'Invitations by a person'),
  ('invite_organization', 200, 86400, 'Invitations by an organization'),
  ('invite_recipient', 3, 86400, 'Invitations that are mailed to an address, by all organizations together'),
  ('resend_email', 30, 3600, 'E-mails that a person sends again'),
  ('phone_code', 5, 3600, 'Texts with a code to confirm a phone number, asked for by a person'),
  ('phone_code_organization', 50, 86400, 'The same by an organization'),
  ('phone_code_number', 3, 86400, 'The same to a phone number, by everybody together'),
  ('webhook_refused', 120, 60, 'Refused webhooks from an IP address');

select private.create_month_partition(parent, now() + months)
from unnest(array['public.messages', 'public.message_events']::regclass[]) parent,
  unnest(array[interval '-1 month', '0', '1 month', '2 months', '3 months']) months;

insert into private.link_shorteners (host, source)
select h, 'public link shortener; AT&T code of conduct'
from unnest(array['bit.ly', 'tinyurl.com', 'goo.gl', 't.co', 'ow.ly',
  'is.gd', 'buff.ly', 'cutt.ly', 'rebrand.ly', 'rb.gy', 'tiny.cc', 'shorturl.at', 'bl.ink', 't.ly', 'v.gd', 'soo.gd',
  's.id', 'shorte.st', 'adf.ly', 'lnkd.in', 'trib.al', 'dlvr.it', 'x.co', 'snip.ly', 'short.io', 'tr.im', 'qr.ae',
  'u.to']) h;

insert into private.region_zones (country, region, name, time_zones, source)
select r.country, r.region, r.name, r.zones::text[], 'IANA time zone database, as of November 2026'
from (values
  ('US', 'AL', 'alabama', '{America/Chicago}'),
  ('US', 'AK', 'alaska', '{America/Anchorage,America/Adak}'),
  ('US', 'AZ', 'arizona', '{America/Phoenix,America/Denver}'), -- The Navajo Nation keeps daylight saving time.
  ('US', 'AR', 'arkansas', '{America/Chicago}'),
  ('US', 'CA', 'california', '{America/Los_Angeles}'),
  ('US', 'CO', 'colorado', '{America/Denver}'),
  ('US', 'CT', 'connecticut', '{America/New_York}'),
  ('US', 'DC', 'district of columbia', '{America/New_York}'),
  ('US', 'DE', 'delaware', '{America/New_York}'),
  ('US', 'FL', 'florida', '{America/New_York,America/Chicago}'),
  ('US', 'GA', 'georgia', '{America/New_York}'),
  ('US', 'HI', 'hawaii', '{Pacific/Honolulu}'),
  ('US', 'IA', 'iowa', '{America/Chicago}'),
  ('US', 'ID', 'idaho', '{America/Boise,America/Los_Angeles}'),
  ('US', 'IL', 'illinois', '{America/Chicago}'),
  ('US', 'IN', 'indiana', '{America/Indiana/Indianapolis,America/Chicago}'),
  ('US', 'KS', 'kansas', '{America/Chicago,America/Denver}'),
  ('US', 'KY', 'kentucky', '{America/New_York,America/Chicago}'),
  ('US', 'LA', 'louisiana', '{America/Chicago}'),
  ('US', 'MA', 'massachusetts', '{America/New_York}'),
  ('US', 'MD', 'maryland', '{America/New_York}'),
  ('US', 'ME', 'maine', '{America/New_York}'),
  ('US', 'MI', 'michigan', '{America/Detroit,America/Menominee}'),
  ('US', 'MN', 'minnesota', '{America/Chicago}'),
  ('US', 'MO', 'missouri', '{America/Chicago}'),
  ('US', 'MS', 'mississippi', '{America/Chicago}'),
  ('US', 'MT', 'montana', '{America/Denver}'),
  ('US', 'NC', 'north carolina', '{America/New_York}'),
  ('US', 'ND', 'north dakota', '{America/Chicago,America/Denver}'),
  ('US', 'NE', 'nebraska', '{America/Chicago,America/Denver}'),
  ('US', 'NH', 'new hampshire', '{America/New_York}'),
  ('US', 'NJ', 'new jersey', '{America/New_York}'),
  ('US', 'NM', 'new mexico', '{America/Denver}'),
  ('US', 'NV', 'nevada', '{America/Los_Angeles,America/Denver}'), -- West Wendover is on Mountain Time.
  ('US', 'NY', 'new york', '{America/New_York}'),
  ('US', 'OH', 'ohio', '{America/New_York}'),
  ('US', 'OK', 'oklahoma', '{America/Chicago}'),
  ('US', 'OR', 'oregon', '{America/Los_Angeles,America/Boise}'),
  ('US', 'PA', 'pennsylvania', '{America/New_York}'),
  ('US', 'RI', 'rhode island', '{America/New_York}'),
  ('US', 'SC', 'south carolina', '{America/New_York}'),
  ('US', 'SD', 'south dakota', '{America/Chicago,America/Denver}'),
  ('US', 'TN', 'tennessee', '{America/Chicago,America/New_York}'),
  ('US', 'TX', 'texas', '{America/Chicago,America/Denver}'),
  ('US', 'UT', 'utah', '{America/Denver}'),
  ('US', 'VA', 'virginia', '{America/New_York}'),
  ('US', 'VT', 'vermont', '{America/New_York}'),
  ('US', 'WA', 'washington', '{America/Los_Angeles}'),
  ('US', 'WI', 'wisconsin', '{America/Chicago}'),
  ('US', 'WV', 'west virginia', '{America/New_York}'),
  ('US', 'WY', 'wyoming', '{America/Denver}'),
  ('US', 'PR', 'puerto rico', '{America/Puerto_Rico}'),
  ('US', 'VI', 'u.s. virgin islands', '{America/Puerto_Rico}'),
  ('US', 'GU', 'guam', '{Pacific/Guam}'),
  ('US', 'MP', 'northern mariana islands', '{Pacific/Guam}'),
  ('US', 'AS', 'american samoa', '{Pacific/Pago_Pago}'),
  ('CA', 'AB', 'alberta', '{America/Edmonton}'),
  ('CA', 'BC', 'british columbia', '{America/Vancouver,America/Edmonton,America/Dawson_Creek}'),
  ('CA', 'MB', 'manitoba', '{America/Winnipeg}'),
  ('CA', 'NB', 'new brunswick', '{America/Moncton}'),
  ('CA', 'NL', 'newfoundland and labrador', '{America/St_Johns,America/Goose_Bay}'),
  ('CA', 'NS', 'nova scotia', '{America/Halifax}'),
  ('CA', 'NT', 'northwest territories', '{America/Edmonton}'),
  ('CA', 'NU', 'nunavut', '{America/Iqaluit,America/Rankin_Inlet,America/Cambridge_Bay}'),
  ('CA', 'ON', 'ontario', '{America/Toronto,America/Winnipeg}'),
  ('CA', 'PE', 'prince edward island', '{America/Halifax}'),
  ('CA', 'QC', 'quebec', '{America/Toronto,America/Halifax}'),
  ('CA', 'SK', 'saskatchewan', '{America/Regina,America/Edmonton}'), -- Lloydminster keeps Alberta's time.
  ('CA', 'YT', 'yukon', '{America/Whitehorse}'),
  -- The other countries of the numbering plan, whole.
  ('AG', '', null, '{America/Antigua}'), ('AI', '', null, '{America/Anguilla}'), ('BB', '', null, '{America/Barbados}'),
  ('BM', '', null, '{Atlantic/Bermuda}'), ('BS', '', null, '{America/Nassau}'), ('DM', '', null, '{America/Dominica}'),
  ('DO', '', null, '{America/Santo_Domingo}'), ('GD', '', null, '{America/Grenada}'),
  ('JM', '', null, '{America/Jamaica}'), ('KN', '', null, '{America/St_Kitts}'), ('KY', '', null, '{America/Cayman}'),
  ('LC', '', null, '{America/St_Lucia}'), ('MS', '', null, '{America/Montserrat}'),
  ('SX', '', null, '{America/Lower_Princes}'), ('TC', '', null, '{America/Grand_Turk}'),
  ('TT', '', null, '{America/Port_of_Spain}'), ('VC', '', null, '{America/St_Vincent}'),
  ('VG', '', null, '{America/Tortola}')
) as r (country, region, name, zones);

insert into private.area_codes (code, country, region, time_zones, source)
select code, a.country, a.region, a.zones::text[],
  'NANPA''s announcements, compared with libphonenumber''s metadata and time-zone map, as of November 2026'
from (values
  ('US', 'AL', '{America/Chicago}', '205 251 256 334 483 659 938'),
  ('US', 'AK', '{America/Anchorage,America/Adak}', '907'),
  ('US', 'AZ', '{America/Phoenix}', '480 520 602 623'),
  ('US', 'AZ', '{America/Phoenix,America/Denver}', '928'),
  ('US', 'AR', '{America/Chicago}', '327 479 501 870'),
  ('US', 'CA', '{America/Los_Angeles}',
    '209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 '
    '657 661 669 707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951'),
  ('US', 'CO', '{America/Denver}', '303 719 720 748 970 983'),
  ('US', 'CT', '{America/New_York}', '203 475 860 959'),
  ('US', 'DC', '{America/New_York}', '202 771'),
  ('US', 'DE', '{America/New_York}', '302'),
  ('US', 'FL', '{America/New_York}',
    '239 305 321 324 352 386 407 561 645 656 689 727 728 754 772 786 813 863 904 941 954'),
  ('US', 'FL', '{America/New_York,America/Chicago}', '448 850'),
  ('US', 'GA', '{America/New_York}', '229 404 470 478 678 706 762 770 912 943'),
  ('US', 'HI', '{Pacific/Honolulu}', '808'),
  ('US', 'IA', '{America/Chicago}', '319 515 563 641 712'),
  ('US', 'ID', '{America/Boise,America/Los_Angeles}', '208 986'),
  ('US', 'IL', '{America/Chicago}', '217 224 309 312 331 447 464 618 630 708 730 773 779 815 847 861 872'),
  ('US', 'IN', '{America/Indiana/Indianapolis}', '260 317 463 765'),
  ('US', 'IN', '{America/Indiana/Indianapolis,America/Chicago}', '219 574 812 930'),
  ('US', 'KS', '{America/Chicago}', '316 913'),
  ('US', 'KS', '{America/Chicago,America/Denver}', '620 785'),
  ('US', 'KY', '{America/New_York}', '502 859'),
  ('US', 'KY', '{America/New_York,America/Chicago}', '270 364 606'),
  ('US', 'LA', '{America/Chicago}', '225 318 337 457 504 985'),
  ('US', 'MA', '{America/New_York}', '339 351 413 508 617 774 781 857 978'),
  ('US', 'MD', '{America/New_York}', '227 240 301 410 443 667'),
  ('US', 'ME', '{America/New_York}', '207'),
  ('US', 'MI', '{America/Detroit}', '231 248 269 313 517 586 616 679 734 810 947 989'),
  ('US', 'MI', '{America/Detroit,America/Menominee}', '906'),
  ('US', 'MN', '{America/Chicago}', '218 320 507 612 651 763 924 952'),
  ('US', 'MO', '{America/Chicago}', '235 314 417 557 573 636 660 816 975'),
  ('US', 'MS', '{America/Chicago}', '228 471 601 662 769'),
  ('US', 'MT', '{America/Denver}', '406'),
  ('US', 'NC', '{America/New_York}', '252 336 472 704 743 828 910 919 980 984'),
  ('US', 'ND', '{America/Chicago,America/Denver}', '701'),
  ('US', 'NE', '{America/Chicago}', '402 531'),
  ('US', 'NE', '{America/Chicago,America/Denver}', '308'),
  ('US', 'NH', '{America/New_York}', '603'),
  ('US', 'NJ', '{America/New_York}', '201 551 609 640 732 848 856 862 908 973'),
  ('US', 'NM', '{America/Denver}', '505 575'),
  ('US', 'NV', '{America/Los_Angeles}', '702 725'),
  ('US', 'NV', '{America/Los_Angeles,America/Denver}', '775'),
  ('US', 'NY', '{America/New_York}',
    '212 315 329 332 347 363 465 516 518 585 607 624 631 646 680 716 718 838 845 914 917 929 934'),
  ('US', 'OH', '{America/New_York}', '216 220 234 283 326 330 380 419 436 440 513 567 614 740 937'),
  ('US', 'OK', '{America/Chicago}', '405 539 572 580 918'),
  ('US', 'OR', '{America/Los_Angeles}', '503 971'),
  ('US', 'OR', '{America/Los_Angeles,America/Boise}', '458 541'),
  ('US', 'PA', '{America/New_York}', '215 223 267 272 412 445 484 570 582 610 717 724 814 835 878'),
  ('US', 'RI', '{America/New_York}', '401'),
  ('US', 'SC', '{America/New_York}', '803 821 839 843 854 864'),
  ('US', 'SD', '{America/Chicago,America/Denver}', '605'),
  ('US', 'TN', '{America/Chicago}', '615 629 731 901'),
  ('US', 'TN', '{America/New_York}', '865'),
  ('US', 'TN', '{America/Chicago,America/New_York}', '423 729 931'),
  ('US', 'TX', '{America/Chicago}',
    '210 214 254 281 325 346 361 409 430 469 512 621 682 713 726 737 806 817 830 832 903 936 940 945 956 972 979'),
  ('US', 'TX', '{America/Chicago,America/Denver}', '432 915'),
  ('US', 'UT', '{America/Denver}', '385 435 801'),
  ('US', 'VA', '{America/New_York}', '276 434 540 571 686 703 757 804 826 948'),
  ('US', 'VT', '{America/New_York}', '802'),
  ('US', 'WA', '{America/Los_Angeles}', '206 253 360 425 509 564'),
  ('US', 'WI', '{America/Chicago}', '262 274 353 414 534 608 715 920'),
  ('US', 'WV', '{America/New_York}', '304 681'),
  ('US', 'WY', '{America/Denver}', '307'),
  ('US', 'PR', '{America/Puerto_Rico}', '787 939'),
  ('US', 'VI', '{America/Puerto_Rico}', '340'),
  ('US', 'GU', '{Pacific/Guam}', '671'),
  ('US', 'MP', '{Pacific/Guam}', '670'),
  ('US', 'AS', '{Pacific/Pago_Pago}', '684'),
  -- Toll-free numbers may be anywhere from the Atlantic to Hawaii.
  ('US', null, '{America/New_York,America/Chicago,America/Denver,America/Los_Angeles,America/Anchorage,Pacific/Honolulu}',
    '800 833 844 855 866 877 888'),
  ('CA', 'AB', '{America/Edmonton}', '368 403 587 780 825'),
  ('CA', 'BC', '{America/Vancouver}', '604'),
  ('CA', 'BC', '{America/Vancouver,America/Edmonton,America/Dawson_Creek}', '236 250 257 672 778'),
  ('CA', 'MB', '{America/Winnipeg}', '204 431 584'),
  ('CA', 'NB', '{America/Moncton}', '428 506'),
  ('CA', 'NL', '{America/St_Johns,America/Goose_Bay}', '709 879'),
  ('CA', null, '{America/Halifax}', '782 851 902'), -- Nova Scotia and Prince Edward Island share them.
  ('CA', 'ON', '{America/Toronto}', '226 249 289 343 365 382 416 437 519 548 613 647 683 705 742 753 905 942'),
  ('CA', 'ON', '{America/Toronto,America/Winnipeg}', '807'),
  ('CA', 'QC', '{America/Toronto}', '263 354 438 450 468 514 579 819 873'),
  ('CA', 'QC', '{America/Toronto,America/Halifax}', '273 367 418 581'),
  ('CA', 'SK', '{America/Regina,America/Edmonton}', '306 474 639'),
  ('CA', null, '{America/Iqaluit,America/Rankin_Inlet,America/Edmonton,America/Whitehorse}', '867'),
  ('CA', null, '{America/St_Johns,America/Halifax,America/Toronto,America/Winnipeg,America/Edmonton,America/Vancouver}',
    '600 622 633 644 655 677 688'),
  ('AG', null, '{America/Antigua}', '268'), ('AI', null, '{America/Anguilla}', '264'),
  ('BB', null, '{America/Barbados}', '246'), ('BM', null, '{Atlantic/Bermuda}', '441'),
  ('BS', null, '{America/Nassau}', '242'), ('DM', null, '{America/Dominica}', '767'),
  ('DO', null, '{America/Santo_Domingo}', '809 829 849'), ('GD', null, '{America/Grenada}', '473'),
  ('JM', null, '{America/Jamaica}', '658 876'), ('KN', null, '{America/St_Kitts}', '869'),
  ('KY', null, '{America/Cayman}', '345'), ('LC', null, '{America/St_Lucia}', '758'),
  ('MS', null, '{America/Montserrat}', '664'), ('SX', null, '{America/Lower_Princes}', '721'),
  ('TC', null, '{America/Grand_Turk}', '649'), ('TT', null, '{America/Port_of_Spain}', '868'),
  ('VC', null, '{America/St_Vincent}', '784'), ('VG', null, '{America/Tortola}', '284')
) as a (country, region, zones, codes)
cross join lateral string_to_table(a.codes, ' ') as code;

insert into private.contact_windows (country, region, weekdays, holidays, opens, closes, effective_from, source) values
  ('US', null, default, false, '08:00', '21:00', '2024-03-26',
    '47 CFR 64.1200(c)(1): 8 a.m. to 9 p.m. at the called party''s location; texts since FCC 23-107'),
  ('US', 'AL', '{1,2,3,4,5,6}', false, '08:00', '20:00', '2024-01-01',
    'Ala. Code 8-19C; Drop Cowboy and ClickPoint guides 2025; effective date not looked up'),
  ('US', 'AL', '{7}', false, null, null, '2024-01-01',
    'Ala. Code 8-19C: none on Sundays; Drop Cowboy and ClickPoint guides 2025'),
  ('US', 'AL', default, true, null, null, '2024-01-01',
    'Ala. Code 8-19C, 1-3-8: none on holidays; Drop Cowboy and ClickPoint guides 2025'),
  ('US', 'CT', default, false, '09:00', '20:00', '2023-10-01',
    'Conn. Gen. Stat. 42-288a (SB 1058); two sources, one says 9 p.m.: the stricter is kept'),
  ('US', 'FL', default, false, '08:00', '20:00', '2021-07-01', 'Fla. Stat. 501.616(6)(a)'),
  ('US', 'KY', default, false, '10:00', '21:00', '2024-01-01',
    'Ky. Rev. Stat. 367.46955; Drop Cowboy and ClickPoint guides 2025; effective date not looked up'),
  ('US', 'LA', '{1,2,3,4,5,6}', false, '08:00', '20:00', '2024-01-01',
    'La. PSC General Order R-29617 V(A)(2), as quoted by dnc.com'),
  ('US', 'LA', '{7}', false, null, null, '2024-01-01',
    'La. PSC General Order R-29617 V(A)(2): none on Sundays, as quoted by dnc.com'),
  ('US', 'LA', default, true, null, null, '2024-01-01',
    'La. PSC General Order R-29617 V(A)(2): none on legal holidays, as quoted by dnc.com'),
  ('US', 'MA', default, false, '08:00', '20:00', '2024-01-01',
    'Mass. Gen. Laws c. 159C; Drop Cowboy and ClickPoint guides 2025; effective date not looked up'),
  ('US', 'MD', default, false, '08:00', '20:00', '2024-01-01',
    'Md. Com. Law 14-4502 (Stop the Spam Calls Act); two sources'),
  ('US', 'MI', default, false, '09:00', '21:00', '2024-01-01',
    'Uncertain: Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MN', default, false, '09:00', '21:00', '2024-01-01',
    'Uncertain: Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MS', '{1,2,3,4,5,6}', false, '08:00', '20:00', '2024-01-01',
    'Miss. Code 77-3-723; Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MS', '{7}', false, null, null, '2024-01-01',
    'Miss. Code 77-3-723: none on Sundays; Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'MS', default, true, null, null, '2024-01-01',
    'Uncertain: dnc.com restricts holidays, Drop Cowboy does not; the stricter is kept'),
  ('US', 'NJ', default, false, '08:00', '20:00', '2024-01-01', 'Uncertain: one secondary source, unverified'),
  ('US', 'NM', default, false, '09:00', '21:00', '2024-01-01',
    'N.M. Stat. 57-12-22; Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'NV', default, false, '09:00', '20:00', '2024-01-01',
    'Uncertain: Drop Cowboy guide 2025-11-01 alone; law not read'),
  ('US', 'OK', default, false, '08:00', '20:00', '2022-11-01', '15 Okla. Stat. 775C.4'),
  ('US', 'OR', default, false, '08:00', '20:00', '2026-01-01', 'Oregon HB 3865 (2025): texts too; two sources'),
  ('US', 'PA', default, true, null, null, '2024-01-01',
    '73 Pa. Stat. 2245.2: none on legal holidays; dnc.com and Drop Cowboy 2025; law not read'),
  ('US', 'RI', '{1,2,3,4,5}', false, '09:00', '18:00', '2024-01-01',
    'R.I. Gen. Laws 5-61-2(2), 5-61-3.6, read: Monday to Friday 9 to 6'),
  ('US', 'RI', '{6}', false, '10:00', '17:00', '2024-01-01', 'R.I. Gen. Laws 5-61-2(2), read: Saturday 10 to 5'),
  ('US', 'RI', '{7}', false, null, null, '2024-01-01',
    'R.I. Gen. Laws 5-61-2(2), read: Sunday is no hour of operation (guides say 10 to 5)'),
  ('US', 'RI', default, true, null, null, '2024-01-01',
    'R.I. Gen. Laws 5-61-2(2), read: not on a state or federal holiday'),
  ('US', 'TX', '{1,2,3,4,5,6}', false, '09:00', '21:00', '2025-09-01',
    'Tex. Bus. & Com. Code 301.051, texts by SB 140 (2025)'),
  ('US', 'TX', '{7}', false, '12:00', '21:00', '2025-09-01',
    'Tex. Bus. & Com. Code 301.051: Sunday from noon; texts by SB 140 (2025)'),
  ('US', 'UT', default, true, null, null, '2024-01-01',
    'Utah Code 13-25a-103: none on legal holidays; dnc.com alone; law not read'),
  ('US', 'WA', default, false, '08:00', '20:00', '2023-07-23', 'RCW 19.158.040(2), read'),
  ('CA', null, '{1,2,3,4,5}', false, '09:00', '21:30', '2024-01-01',
    'CRTC Unsolicited Telecommunications Rules, Part III, s. 23: weekdays 9:00 to 21:30'),
  ('CA', null, '{6,7}', false, '10:00', '18:00', '2024-01-01',
    'CRTC Unsolicited Telecommunications Rules, Part III, s. 23: weekends 10:00 to 18:00');

insert into private.contact_caps (country, region, messages, hours, effective_from, source) values
  ('US', 'FL', 3, 24, '2021-07-01', 'Fla. Stat. 501.616(6)(b): three within 24 hours on the same subject; two sources'),
  ('US', 'OK', 3, 24, '2022-11-01', '15 Okla. Stat. 775C.4: three within 24 hours on the same subject; two sources'),
  ('US', 'OR', 3, 24, '2026-01-01', 'Oregon HB 3865 (2025): three within 24 hours, texts too; two sources');

with years as (
  select y, make_date(y, 1, 1) as jan, make_date(y, 2, 1) as feb, make_date(y, 4, 1) as apr, make_date(y, 5, 1) as may,
    make_date(y, 6, 1) as jun, make_date(y, 8, 1) as aug, make_date(y, 9, 1) as sep, make_date(y, 10, 1) as oct,
    make_date(y, 11, 1) as nov
  from generate_series(2024, 2033) y
), easter (day) as (
  values (date '2024-03-31'), ('2025-04-20'), ('2026-04-05'), ('2027-03-28'), ('2028-04-16'), ('2029-04-01'),
    ('2030-04-21'), ('2031-04-13'), ('2032-03-28')
), given (region, day, name, moves, source) as (
  -- The first Monday on or after a date d is d + (8 - isodow) % 7.
  select h.region, h.day, h.name, h.moves, h.source
  from years cross join lateral (values
    ('', jan, 'New Year''s Day', true, '5 U.S.C. 6103'),
    ('', jan + (8 - extract(isodow from jan)::integer) % 7 + 14, 'Birthday of Martin Luther King, Jr.', false,
      '5 U.S.C. 6103'),
    ('', feb + (8 - extract(isodow from feb)::integer) % 7 + 14, 'Washington''s Birthday', false, '5 U.S.C. 6103'),
    ('', may + 30 - (extract(isodow from may + 30)::integer - 1), 'Memorial Day', false, '5 U.S.C. 6103'),
    ('', make_date(y, 6, 19), 'Juneteenth National Independence Day', true, '5 U.S.C. 6103'),
    ('', make_date(y, 7, 4), 'Independence Day', true, '5 U.S.C. 6103'),
    ('', sep + (8 - extract(isodow from sep)::integer) % 7, 'Labor Day', false, '5 U.S.C. 6103'),
    ('', oct + (8 - extract(isodow from oct)::integer) % 7 + 7, 'Columbus Day', false, '5 U.S.C. 6103'),
    ('', make_date(y, 11, 11), 'Veterans Day', true, '5 U.S.C. 6103'),
    ('', nov + (11 - extract(isodow from nov)::integer) % 7 + 21, 'Thanksgiving Day', false, '5 U.S.C. 6103'),
    ('', make_date(y, 12, 25), 'Christmas Day', true, '5 U.S.C. 6103'),
    ('AL', apr + (8 - extract(isodow from apr)::integer) % 7 + 21, 'Confederate Memorial Day', false,
      'Ala. Code 1-3-8'),
    ('AL', jun + (8 - extract(isodow from jun)::integer) % 7, 'Jefferson Davis'' Birthday', false, 'Ala. Code 1-3-8'),
    ('MS', apr + 29 - (extract(isodow from apr + 29)::integer - 1), 'Confederate Memorial Day', false,
      'Miss. Code 3-3-7'),
    ('RI', aug + (8 - extract(isodow from aug)::integer) % 7 + 7, 'Victory Day', false, 'R.I. Gen. Laws 25-1-1'),
    ('UT', make_date(y, 7, 24), 'Pioneer Day', true, 'Utah Code 63G-1-301')
  ) as h (region, day, name, moves, source)
  union all
  select region, nov + (8 - extract(isodow from nov)::integer) % 7 + 1, 'General Election Day', false, source
  from years cross join (values ('LA', 'La. Rev. Stat. 1:55'), ('RI', 'R.I. Gen. Laws 25-1-1')) as s (region, source)
  where y % 2 = 0
  union all
  select region, day - 47, 'Mardi Gras', false, source
  from easter cross join (values ('AL',
    'Ala. Code 1-3-8: Mobile and Baldwin counties; a number does not tell the county'),
    ('LA', 'La. Rev. Stat. 1:55')) as s (region, source)
  union all
  select 'LA', day - 2, 'Good Friday', false, 'La. Rev. Stat. 1:55' from easter
)
insert into private.holidays (country, region, day, name, source)
select 'US', region, day, name, source from given where day < '2033-01-01'
union all
select 'US', region, observed, name || ' (observed)', source
from given cross join lateral (
  select case extract(isodow from day) when 6 then day - 1 when 7 then day + 1 end as observed
) o
where moves and observed < '2033-01-01'
on conflict do nothing;

insert into public.reply_rules (kind, meaning, language, pattern, source, undoes_only)
select 'keyword', k.meaning, 'en', btrim(word), k.source, word = 'YES'
from (values
  ('stop', 'STOP, UNSUBSCRIBE, END, QUIT, STOPALL, REVOKE, OPTOUT, OPT OUT, CANCEL', 'Twilio default keywords; 47 CFR 64.1200(a)(10)'),
  ('start', 'START, YES, UNSTOP', 'Twilio default keywords'),
  ('help', 'HELP, INFO', 'Twilio default keywords')
) as k (meaning, words, source)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select 'keyword', k.meaning, k.language, btrim(word), k.source
from (values
  ('stop', 'en', 'stop all, unsub, remove, remove me, do not call, do not text, do not contact, do not disturb, dnc, no more texts, no text, stop it, stopit, stop 2, stop2end, stop 2 end, stop to end, stop2stop, reply stop, text stop, txt stop, reply with stop, block me, discontinue, cease, desist, halt',
    'What people text; 47 CFR 64.1200(a)(10): any reasonable words'),
  ('stop', 'en', 'stpo, sotp, tsop, sopt, stip, stpp, stp, stap, stopo, stpop, stops, astop, dstop, xstop, stopx, stopm, stopl, sto, cancle, optuot, opt our, stahp, stopall texts, stoo, stol, stob, srop, syop, sfop, dtop, stiop, stoip, tstop, ystop, stopk',
    'Slips of the thumb for STOP, CANCEL, QUIT and OPTOUT'),
  ('stop', 'es', 'alto, pare, paren, parar, para, basta, baja, cancelar, detener, detenga, detente, salir, eliminar, borrar, desuscribir, desuscribirme, no mas mensajes',
    'What people text in Spanish'),
  ('stop', 'fr', 'arrêt, arrêter, arrêtez, arrête, fin, désabonner, désabonnement, désinscrire, annuler, retirer, assez, désinscription, stop pub',
    'What people text in French; CRTC asks for ARRET'),
  ('stop', 'fr', 'arret, arreter, arretez, arrete, desabonner, desabonnement, desinscrire, desinscription', 'French without accents'),
  ('start', 'en', 'subscribe, resubscribe, opt in, optin, opt back in', 'What people text to opt in'),
  ('help', 'es', 'ayuda', 'Spanish for HELP'),
  ('help', 'fr', 'aide', 'French for HELP'),
  ('doubtful', 'en', 'enough, enough already, no more, not anymore, quit it, please quit, please cancel, cancel please, please end, knock it off, cut it out, count me out, i''m out, i''m done, im done, no thanks, no thank you, please no more, no more please, nope, pass, leave, quite, spot, stfu, shut up, end it, end this, end that, please end it, please end this, ok cancel, cancel ok, stop asking, stop start, delete, delete this, delete it, block, blocked, no contact',
    'A refusal, of the texts or of what they offer'),
  ('doubtful', 'es', 'no mas, ya no, no gracias, ya basta', 'A refusal, of the texts or of what they offer'),
  ('doubtful', 'fr', 'ca suffit, non merci, plus jamais', 'A refusal, of the texts or of what they offer')
) as k (meaning, language, words, source)
cross join lateral string_to_table(k.words, ', ') as word;

with parts as (
  select
    '(s+ ?t+ ?[o0]+ ?p+|sta+h+p+)' as stop,
    '((please|pls|plz|pleas|just|ok|okay|now|already|thanks|thank you|thx|it|this|all|immediately|at once|right now|asap|yes|no|nope|hey|hi|hello|everything|forever|i said|fucking|damn|por favor|gracias|merci|svp) )*' as fillers,
    '(tex|text|txt|message|messege|mesage|msg|sms|mms|alert|notification|promo|promotion|ad|spam|solicitation|communication|contact)s?' as texts,
    '(text|txt|tex|messag|messeg|msg|contact|call|send|spamm|spam|bother|harr?ass+|pester|annoy|writ|solicit|bugg)ing' as texting,
    '(text|txt|tex|message|messege|msg|contact|sms|call|write|spam|bother|harr?ass+|disturb|solicit)' as contact,
    '(do not|don''?t|dnt|never|no longer)' as negation
)
insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, r.language, r.pattern, r.source from parts cross join lateral (values
  -- Harmless.
  ('not_phrase', 'stop', 'en', '(?<!\m(if you|you|u|yall|why|they|but i) )\m(do not|don''?t|never|can ?not|can''?t|couldn''?t|won''?t|will not|wouldn''?t|doesn''?t|didn''?t|not) (ever |even |want to |wanna |plan to |need to |have to |going to |gonna |wish to |let (me|us|them) |make me |you dare |seem to |to |just |please )*('
    || stop || '|quit|end|cancel|unsub[a-z]*|opt(ing)? out|remove (me|my|us|our|this)|delete my|delete me|lose my|(take|get) (me|us|(my|our|this) [a-z]+) (off|out)|revoke|leave (me|us) alone)\M', 'The opposite: "please don''t stop", "can''t stop laughing"'),
  ('not_phrase', 'stop', 'en', '\m(bus|pit|truck|rest|train|full|next|last|first|non|metro|tram|subway|door|quick|a|the|my|our|your|his|her|each|every|another|second|third|final|gas|lunch|dinner|coffee|bathroom) '
    || stop || '\M', 'A place or a pause: "bus stop"'),
  ('not_phrase', 'stop', 'en', '\m(told|asked|tell|ask|telling|asking|get|got|make|made) (him|her|them|my [a-z]+|the [a-z]+) to (please )?(' || stop || '|quit|leave)\M( (texting|calling|messaging|bothering))?', 'About somebody else'),
  ('not_phrase', 'stop', 'en', stop || ' (i''?m|im|i am) (laughing|dying|crying|kidding)\M|' || stop || ' (you''?re|ur) (so|too|making)\M', 'Banter'),
  ('not_phrase', 'stop', 'en', '\m(did|have|had|has|was|were) (you|u|they|he|she|i|we|someone|it) (just |already |really |ever )?(lose|lost|delete|remove|erase|block|forget|unsubscribe|' || stop || '|quit|end|cancel|leave|opt out|take me off)[a-z]*( (me|my|us)\M)?', 'A question about what was done: "did you delete my number?"'),
  ('not_phrase', 'stop', 'en', '\m(do not|don''?t|dnt|never) call( (me|us|at all|please|just|but))* (text|txt|message|sms) (me|us|is|instead|only)\M', 'Texts are what is wanted: "don''t call me, text me"'),
  ('not_phrase', 'stop', 'fr', '\marr[eê]t de (bus|tram|m[eé]tro|travail)\M', 'A place or a sick leave'),

  -- The keywords themselves, with usual additions.
  ('phrase', 'stop', 'en', '\. ' || fillers || '(' || stop || ' )+' || fillers || '\.', 'A sentence of STOP and fillers: "ok stop now please"'),
  ('phrase', 'stop', 'en', '\m(please|pls|plz|pleas|plese|kindly) ' || stop || '( \.| (this|it|that|these|those|now|already|all|everything|immediately|at once|thank you|thanks|thx|i|i''m|im|or)\M)', '"please stop", and on'),
  ('phrase', 'stop', 'en', '\. ' || stop || ' (i''m|im|i am|i have|i said|you''?re|you are|who|we are|do not|don''?t|or|wrong|not interested)\M', 'STOP, and why: "STOP I am at work"'),
  ('phrase', 'stop', 'en', '\m' || stop || ' (please|pls|plz|this (shit|crap|bullshit|nonsense)|immediately|at once|right now|asap)\M', '"stop please, i am at work"'),
  ('phrase', 'stop', 'en', '\m(un ?sub[a-z]{0,2}|un ?subs[a-z]*ri[a-z]*(?<!d)|uns[a-z]{0,6}[rci][ir]?be?s?|usubscri?be?|de ?subscribe)\M', 'UNSUBSCRIBE anywhere, and its misspellings'),
  ('phrase', 'stop', 'en', '\m(already|thought i|said i|asked to be|want to be|wanna be|like to be|please be|get|be) (unsubscribed|opted out|removed|taken off)\M', '"i already unsubscribed"'),
  ('phrase', 'stop', 'en', '\mopt(ing|ed)? (me|us|this number|my number) out\M|\mopt(ing)? ?out\M(?! of (the|my|our|a|an|that|his|her|their|school|jury|dental|medical|insurance|gym|work|lunch|dinner)\M(?! (text|sms|message|list|mailing|marketing|campaign)))', '"opt me out", "i want to opt out of these"'),

  -- Messages are to end.
  ('phrase', 'stop', 'en', '\m(' || stop || '|quit|cease|halt|end|discontinue)( (all|any|of|the|these|those|this|that|them|your|ur|my|me|more|further|future|with|w|it|sending|getting|damn|fucking|stupid|marketing|automated|from))* ('
    || texts || '|' || texting || ')\M(?! (her|him|them|each other|while|and driv|my (mom|mother|dad|wife|husband|son|daughter|ex)|(me )?(the|my|our) (bill|invoice|statement|package|letter|mail)))', '"stop texting me", "end all messages"'),
  ('phrase', 'stop', 'en', '\mstop' || texting || '(me|us|this|it)?\M|\m(stp|spot|stip|stap|stob|sto|stpp) ' || texting || ' (me|us|my)\M', '"stoptexting me", "stp texting me"'),
  ('phrase', 'stop', 'en', '\mcancel( (all|the|these|those|this|your|my|future|any|more|further))* (text|txt|message|msg|sms)s?\M', '"cancel these texts"'),
  ('phrase', 'stop', 'en', '\m(no|zero) (more|further|additional)( (please|of|these|your))* (' || texts || '|' || texting || '|contact|calls)\M', '"no more texts"'),
  ('phrase', 'stop', 'en', '\. (please |pls |and |so )?no ((texts|texting|messaging|txts|sms|spam|solicit(ing|ors|ations?))( (please|pls|thanks|thank you|to this number))*|(messages|msgs) (please|pls|thanks|thank you|to this number)) \.', '"no texts please"'),
  ('phrase', 'stop', 'en', '\menough( (with|of|already))*( (the|these|your|all))* (texts|messages|texting|spam)\M', '"enough with the texts"'),
  ('phrase', 'stop', 'en', '\mhow (do|can|would|could) (i|we) (stop|end|quit|get out of|get off|cancel) (this|these|those|them|getting|receiving|your|the texts|the messages)\M', 'A question how to opt out'),
  ('phrase', 'stop', 'en', '\m(make|let) (it|this|them|these|the (texts|messages)) (all )?' || stop || '( (please|now))* \.', '"make it stop"'),
  ('phrase', 'stop', 'en', '\m(told|asked|telling|asking|want|need|like|begging) (you|u|yall|y''all|you guys|you people) (to )?(please )?' || stop || '( (now|please|already|this|it|many times))* \.', '"i asked you to stop"'),
  ('phrase', 'stop', 'en', '\m(wrong (number|person|phone)|not interested|no thanks?|no thank you|enough|spam|scam|so|again|times?|and|number|list|off) ' || stop || ' \.', 'A refusal that ends in STOP: "wrong number stop"'),

  -- We are to leave the person alone.
  ('phrase', 'stop', 'en', '(?<!\m(i|we|they|you|u|who) )\m(do not|don''?t|dnt) (you )?(ever )?(again )?' || contact || '( (to|with))?( (me|us|this number|this phone|here|my (phone|number|cell)))?( (again|any ?more|any longer|ever|please|pls|plz|thanks|thank you|thx|at all|back|period|ok))* \.', '"do not text me", to the end of the sentence'),
  ('phrase', 'stop', 'en', '\m' || negation || ' (you )?(ever )?(again )?' || contact || ' (me|us|this number|this phone|here|my (phone|number|cell))( (again|any ?more|any longer|ever|please|thanks|at all|back))* \.', '"never contact me"'),
  ('phrase', 'stop', 'en', '\m' || negation || ' (you )?(ever )?' || contact || ' (me|us|this number|here)\M[^.]*\m(again|any ?more|any longer|ever)\M', '"don''t text me about this ever again"'),
  ('phrase', 'stop', 'en', '\m(do not|don''?t|dnt|never) send( (me|us|this number))?( (any|more|another|these|your|such|further|damn|of))* (texts|txts|messages|msgs|sms|anything|stuff|crap|shit|ads|offers|spam|promos|promotions)\M', '"don''t send me any more messages"'),
  ('phrase', 'stop', 'en', '\m(do not|don''?t|dnt|no longer|never|did not|didn''?t) (want|wanna|wish|need|care|agree|consent|ask(ed)? for)( (to|any|more|your|ur|these|those|such|this|be|get|getting|receive|receiving|have|keep|further|from|you|all|of|hear|automated|marketing))* (texts|txts|messages|msgs|sms|alerts|notifications|spam|ads|promos|promotions|offers|calls|communications?|texted|messaged|contacted|called|bothered|solicited|from you)\M', '"i don''t want any more texts"'),
  ('phrase', 'stop', 'en', '(?<!(not|don''?t|never|didn''?t|won''?t|could) )\mleave (me|us)( the (fuck|hell|heck)| tf)? (alone|be \.|be\M(?= (please|now|already)))', '"leave me alone"'),
  ('phrase', 'stop', 'en', '\m(fuck|fuk|fck|piss|bugger|sod|eff|f|buzz|shove) (the fuck )?off\M( (\.|and|you|u|with|now|already|please|bitch|asshole|cunt|spammers?|scammers?))|\m(fuck|fuk|fck|screw) (you|u|yourself|ya|off)\M(?!'')|\mgo (fuck|screw) yoursel|\mgo to hell\M', 'Not polite, but clear'),
  ('phrase', 'stop', 'en', '\. (please |pls |just |ok |now )*(go away|get lost|piss off|bug off|back off)( (please|now|forever|already|creep|spammer))* \.', '"go away"'),
  ('phrase', 'stop', 'en', '\. (please |pls |just |go )*(text|message|msg|bother|call|spam) (someone|somebody) else\M', '"text someone else"'),
  ('phrase', 'stop', 'en', '\mcease and desist\M|\mdesist\M', 'A demand'),
  ('phrase', 'stop', 'en', '\. i (hereby )?revoke( this)? \.|\m(revoke|revoking|withdraw|withdrawing|rescind)( (my|all|any|our|prior))* (consent|permission|authorization)\M|\m(do not|don''?t|did not|didn''?t|never) (consent|(gave|give|given) (you )?(my |any )?(consent|permission|authorization))', 'Revocation in the law''s own words'),
  ('phrase', 'stop', 'en', '\m(please|pls|plz|kindly) (remove|delete|discontinue)( (asap|now|thanks|thank you|immediately))* \.|\m(remove|delete|take) (off|from) (the |your |this |ur )?(list|mailing|texts?|database)\M', '"kindly remove"'),

  -- The number is to be removed.
  ('phrase', 'stop', 'en', '\m(remove|delete|erase|unlist|exclude) (me|us|(my|this|our)( (cell|phone|mobile|contact|number|name|info|information|data|details))+)\M(?! from (the|my|our) (?!(list|mailing|text|sms|message|contact|call|database|system|group|marketing|dist)))', '"remove me", "delete my number"'),
  ('phrase', 'stop', 'en', '\m(take|get|strike|pull|keep|leave) (me|us|my (number|name|phone|cell|info)|this number) (off|out|from)( (of|your|ur|the|this|that|these|those|all|any|every|mailing|calling|call|contact|text|texting|sms|marketing|phone|spam|message|messaging|damn|fucking|stupid))*( (list|lists|database|system|texts?|messages?|thread|group|chain|program))? (\.|please|pls|plz|now|asap|immediately|thank|thanks|thx|and|or|i|before|today)', '"take me off your list"'),
  ('phrase', 'stop', 'en', '(?<!\m(don''?t|do not|did you|i|you|we|never|not|would|didn''?t) )\m(lose|loose|forget|block|scratch|burn|trash|discard|erase) (my|this|our)( (damn|fucking|phone|cell|mobile))* (number|digits|phone|contact|info)\M', '"lose my number"'),
  ('phrase', 'stop', 'en', '\m(put|add|place) (me|us|this number|my number) (on|to)( (your|the|ur|a))* (do not|don''?t|no) (call|text|contact)|\m(do not|don''?t) (call|text|contact) (list|registry)\M', '"put me on your do not call list"'),
  ('phrase', 'stop', 'en', '\m(want|get|let) (me )?(out|off) (of )?(this|your|the|these|ur) (list|texts?|mailing|thread|group|chain)\M|\mi want out \.', '"i want off this list"'),

  ('phrase', 'stop', 'es', '\m(no|ya no|nunca) ((me|nos) (escrib(a|an|as)|(mand|envi|contact|text|texte|molest|llam)(e|en|es))\M|(me |nos )?vuelv(a|an|as) a (escrib|mand|envi|contact|text|molest|llam)[a-z]*)(?! (hasta|antes|ahora|a las|en el|hoy|manana|al trabajo))', '"no me escriban"'),
  ('phrase', 'stop', 'es', '\. (por favor |ya )*no (me |nos )?molest(ar|en|e|es)( (mas|por favor|gracias))* \.|\m(quit|sac|borr|elimin)[a-z]* (me )?de (la|su|esta|tu) lista\M|\mdesu[bs]?scri[bp][a-z]*\M', '"no molesten más", "quitar de la lista"'),
  ('phrase', 'stop', 'es', '\m(deje|dejen|deja|dejad|paren|para|pare) (ya )?de (escrib|mand|envi|contact|text|molest|llam|joder)', '"dejen de mandar mensajes"'),
  ('phrase', 'stop', 'es', '\m(no|ya no) (quiero|deseo|queremos)( (mas|recibir|sus|estos|que me|me))* (mensajes?|textos?|llamadas?|sms|publicidad|escriban|manden|contacten|llamen|nada)\M', '"ya no quiero recibir mensajes"'),
  ('phrase', 'stop', 'es', '\m(quite|quiten|quita|saque|saquen|borre|borren|borra|elimine|eliminen|elimina|remueva|remuevan)(me|nos)\M|\m(quit|sac|borr|elimin|remuev)[a-z]* mi (numero|nombre|telefono)\M', '"borren mi número"'),
  ('phrase', 'stop', 'es', '\m(de|den|dar|dame|deme|denme|darme|quiero) ?(me )?de baja\M|\mdejeme en paz\M|\mdejenme en paz\M|\mno mas (mensajes|textos|llamadas|sms)\M|\mcancelar? (los |mis |estos )?(mensajes|textos|suscripcion)\M', '"darme de baja"'),
  ('phrase', 'stop', 'es', '\. (por favor |favor |ya )*(alto|pare|paren|parar|basta)( (ya|por favor|gracias|con (esto|los mensajes)))* \.', '"basta por favor"'),
  ('phrase', 'stop', 'fr', '\m(arretez|arrete|cessez|veuillez (arreter|cesser)|merci d''arreter) ?(de |d'')?(m''|me |nous )?(ecrire|envoyer|texter|contacter|appeler|harceler|deranger|spammer|les (textos|messages|sms))', '"arrêtez de m''écrire"'),
  ('phrase', 'stop', 'fr', '\mne (m''|me |nous )?(ecri|envo|contact|text|appel|derang)[a-z]* (plus|jamais|pas \.)|\mne plus (rien )?recevoir\M|\mne plus (m''|me |nous )?(ecrire|envoyer|contacter|texter|appeler)', '"ne m''écrivez plus"'),
  ('phrase', 'stop', 'fr', '\m(desabonn|desinscri|retir|enlev|supprim|effac)[a-z]* (moi|nous|mon (numero|nom|telephone))\M|\mme (desabonner|desinscrire|retirer)\M|\mplus (de|aucun) (messages?|textos?|sms)\M', '"désabonnez-moi"'),
  ('phrase', 'stop', 'fr', '\m(je ne veux|je veux) (plus|pas)( (recevoir|de|vos|ces|aucun|être|etre))* (messages?|textos?|sms|contacte|publicites?)\M|\m(laissez|laisse|fichez|foutez|fous|lachez|lache) (moi|nous)( la)? ?(tranquille|paix)?\M', '"je ne veux plus de textos"'),
  ('phrase', 'stop', 'fr', '\. (s''il (vous|te) plait |svp )*(arretez|arrete|arret|stop)( (ca|maintenant|merci|svp|s''il (vous|te) plait|tout))* \.', '"arrêtez s''il vous plaît"'),

  -- Need review.
  ('phrase', 'doubtful', 'en', '\m(not|no longer|never|isn''?t|ain''?t) (at all )?interested\M|\muninterested\M', 'Of the texts or of the offer?'),
  ('phrase', 'doubtful', 'en', '\mwrong (number|person|phone|guy|girl|lady|man|woman)\M(?! of)|\mno longer (has|uses|have|owns?) this (number|phone)\M|\m(this is|it''?s|i am|i''?m) not [a-z]+''?s? (number|phone)\M', 'The number may have changed hands'),
  ('phrase', 'doubtful', 'en', '\m(report(ed|ing)?|block(ed|ing)?|sue|suing) (you|u|this number|these|ur|your number|this text|this message)\M|\m(fcc|ftc|tcpa|harass(ing|ment|ed)?|spam|spammers?|spamming|scam|scammers?|lawsuit)\M', 'Anger at the texts'),
  ('phrase', 'doubtful', 'en', '\mcancel (my|the|it|this|that|everything|me|all|our|please)\M', 'Something is to be canceled: what?'),
  ('phrase', 'doubtful', 'en', '\m(did not|didn''?t|never) (sign(ed)? up|opt(ed)? in|subscribed?)\M|\m(how|where) did (you|u|ya) get (my|this) (number|info)|\mwho gave (you|u) (my|this) number|\mwhy (are|r) (you|u|yall|y''all) (still )?(texting|messaging|contacting|calling|bothering|sending)', 'A question why they are texted'),
  ('phrase', 'doubtful', 'en', '\m' || negation || ' (text|txt|message|msg|contact|call|bother|write|email) (me|us|her|him|them|this number)\M', 'At some time, or ever: "don''t text me at work"'),
  ('phrase', 'doubtful', 'en', '\m(stop|quit) ((texting|messaging|calling|contacting|bothering) (her|him|them|my)|sending|e ?mailing|mailing)\M|\m(can|could|would|will) (you|u|yall) (please )?' || stop || '\M', 'Whom, or what?'),
  ('phrase', 'doubtful', 'en', '\m(remove|delete|unlist) (me|us)\M|\mopt(ed)? out\M|\munsubscribed\M', 'From what?'),
  ('phrase', 'doubtful', 'en', '\m(sick|tired|enough) of( [a-z'']+){0,3} (texts|messages|texting|you|this|spam)\M|\mfed up\M|\myou(''re| are| r)? (so |really )?(annoying|bothering|pestering)\M|\mso annoying\M', 'Weariness'),
  ('phrase', 'doubtful', 'en', '\m' || stop || ' \.', 'A sentence that ends in STOP, when nothing explains it'),
  ('phrase', 'doubtful', 'en', '\m(he|she|they|mom|dad|mother|father|husband|wife|son|daughter) (is |has |have |just |recently |was )*(deceased|passed away|died|dead)\M|\mdeceased\M', 'The person may be dead'),
  ('phrase', 'doubtful', 'es', '\mnumero equivocado\M|\mno (me interesa|estoy interesad[oa])\M|\mquien (es|eres|te dio)\M.*\mnumero\M|\mme equivoc', 'Wrong number, or no interest'),
  ('phrase', 'doubtful', 'fr', '\m(mauvais|faux) numero\M|\m(pas|plus) interesse|\mnumero errone', 'Wrong number, or no interest')
) as r (kind, meaning, language, pattern, source);

insert into private.calling_codes (prefix, country)
select code, split_part(entry, ' ', 1)
from (values
  ('001 800 808 870 878 881 882 883 888 979, AC 247, AD 376, AE 971, AF 93, AL 355, AM 374, AO 244, AR 54, AT 43'),
  ('AU 61, AW 297, AZ 994, BA 387, BD 880, BE 32, BF 226, BG 359, BH 973, BI 257, BJ 229, BN 673, BO 591'),
  ('BQ 5993 5994 5997, BR 55, BT 975, BW 267, BY 375, BZ 501, CD 243, CF 236, CG 242, CH 41, CI 225, CK 682'),
  ('CL 56, CM 237, CN 86, CO 57, CR 506, CU 53, CV 238, CW 599, CY 357, CZ 420, DE 49, DJ 253, DK 45, DZ 213'),
  ('EC 593, EE 372, EG 20, ER 291, ES 34, ET 251, FI 358, FJ 679, FK 500, FM 691, FO 298, FR 33, GA 241, GB 44'),
  ('GE 995, GF 594, GH 233, GI 350, GL 299, GM 220, GN 224, GP 590, GQ 240, GR 30, GT 502, GW 245, GY 592'),
  ('HK 852, HN 504, HR 385, HT 509, HU 36, ID 62, IE 353, IL 972, IN 91, IO 246, IQ 964, IR 98, IS 354, IT 39'),
  ('JO 962, JP 81, KE 254, KG 996, KH 855, KI 686, KM 269, KP 850, KR 82, KW 965, KZ 76 77, LA 856, LB 961'),
  ('LI 423, LK 94, LR 231, LS 266, LT 370, LU 352, LV 371, LY 218, MA 212, MC 377, MD 373, ME 382, MG 261'),
  ('MH 692, MK 389, ML 223, MM 95, MN 976, MO 853, MQ 596, MR 222, MT 356, MU 230, MV 960, MW 265, MX 52, MY 60'),
  ('MZ 258, NA 264, NC 687, NE 227, NF 672, NG 234, NI 505, NL 31, NO 47, NP 977, NR 674, NU 683, NZ 64, OM 968'),
  ('PA 507, PE 51, PF 689, PG 675, PH 63, PK 92, PL 48, PM 508, PS 970, PT 351, PW 680, PY 595, QA 974, RE 262'),
  ('RO 40, RS 381, RU 7, RW 250, SA 966, SB 677, SC 248, SD 249, SE 46, SG 65, SH 290, SI 386, SK 421, SL 232'),
  ('SM 378, SN 221, SO 252, SR 597, SS 211, ST 239, SV 503, SY 963, SZ 268, TD 235, TG 228, TH 66, TJ 992'),
  ('TK 690, TL 670, TM 993, TN 216, TO 676, TR 90, TV 688, TW 886, TZ 255, UA 380, UG 256, US 1, UY 598, UZ 998'),
  ('VE 58, VN 84, VU 678, WF 681, WS 685, XK 383, YE 967, ZA 27, ZM 260, ZW 263')
) as l (entries)
cross join lateral string_to_table(l.entries, ', ') as entry
cross join lateral string_to_table(substr(entry, position(' ' in entry) + 1), ' ') as code;

insert into private.default_segment_prices (currency, price, source) values
  ('CAD', 0.012, 'Twilio list price for Canada with carrier fees, November 2026'),
  ('EUR', 0.09, 'Twilio list prices within the European Union, November 2026'),
  ('GBP', 0.05, 'Twilio list price for the United Kingdom, November 2026'),
  ('GHS', 0.05, 'Arkesel list price, November 2026'),
  ('KES', 1.2, 'Kenyan bulk list prices, November 2026'),
  ('NGN', 5, 'Nigerian bulk list prices, November 2026'),
  ('USD', 0.012, 'Twilio list price for the United States with carrier fees, November 2026'),
  ('ZAR', 0.5, 'South African bulk list prices, November 2026');

insert into private.status_lookups (provider, ask_after, answers_for, max_lookups, source) values
  ('twilio', '1 hour', '390 days', 6,
    'Message logs are kept for 13 months; messages may wait for up to 10 hours in Twilio''s queue.'),
  ('arkesel', '1 hour', '30 days', 6, 'Arkesel documents no retention; a month is a cautious assumption.');

insert into private.jobs (name, schedule, task_of, position, command, description) values
  ('dispatch-messages', '* * * * *', null, 0,
    $$select private.invoke('jobs/dispatch-messages')$$, 'Sends messages that are due'),
  ('send-emails', '* * * * *', null, 0,
    $$select private.invoke('jobs/send-emails')$$, 'Sends e-mails that are due'),
  ('resolve-unknown-outcomes', '* * * * *', null, 0,
    $$select private.invoke('jobs/resolve-unknown-outcomes')$$,
    'Finds out what became of messages whose outcome is unknown'),
  ('sla', '* * * * *', null, 0,
    'select private.run_sla()', 'Reminders before and notifications after a lead''s deadline'),
  ('minute-tasks', '* * * * *', null, 0,
    $cron$do $$
      declare
        task text;
      begin
        for task in select private.tasks_of('minute-tasks') loop
          perform private.run_task(task);
          commit;
        end loop;
      end
    $$$cron$, 'Runs the tasks of every minute'),
  -- Asks about each message at growing intervals, the first time an hour after the last report, so that a lost callback
  -- is recovered within two hours.
  ('reconcile-messages', '23 * * * *', null, 0,
    $$select private.invoke('jobs/reconcile-messages')$$, 'Asks providers about messages without a final status'),
  ('nightly-tasks', '17 2 * * *', null, 0,
    $cron$do $$
      declare
        task text;
      begin
        for task in select private.tasks_of('nightly-tasks') loop
          perform private.run_task(task);
          commit;
        end loop;
      end
    $$$cron$, 'Runs the tasks of every night'),
  ('broadcast-campaign-progress', '1 second', null, 0,
    'select private.broadcast_campaign_progress()', 'Broadcasts the counters of running campaigns'),
  ('run-campaign-scheduler', null, 'minute-tasks', 1,
    'select private.run_campaign_scheduler()', 'Starts scheduled campaigns, completes and pauses running ones'),
  ('task-reminders', null, 'minute-tasks', 2,
    'select private.run_task_reminders()', 'Reminders of tasks'),
  ('import-leads', null, 'minute-tasks', 3,
    $$select private.invoke('jobs/import-leads') where exists (select from private.lead_import_runs)$$,
    'Continues lead imports'),
  ('import-dnc', null, 'minute-tasks', 4,
    'select private.run_dnc_list_jobs()', 'Continues imports and deletions of do-not-call lists'),
  ('recompute-sla-clocks', null, 'minute-tasks', 5,
    'select private.recompute_sla_clocks()', 'Recomputes deadlines after a change of calendar, settings or stages'),
  ('evaluate-campaign-alerts', null, 'minute-tasks', 6,
    'select private.evaluate_campaign_alerts()', 'Alerts on campaigns with too many failures or opt-outs'),
  ('cool-down-numbers', null, 'minute-tasks', 7,
    'select private.cool_down_numbers()', 'Excludes failing numbers from campaigns for a while'),
  ('roll-up-counters', null, 'minute-tasks', 8,
    'select private.roll_up_counters()', 'Adds up the deltas of counters'),
  ('purge-cron-run-details', null, 'minute-tasks', 9,
    'select private.purge_cron_run_details()', 'Removes the run records of the job of every second'),
  ('maintain', null, 'nightly-tasks', 1,
    'select private.maintain()', 'Creates partitions, applies retention, removes what has expired'),
  ('purge-notifications', null, 'nightly-tasks', 2,
    'select private.purge_notifications()', 'Removes old notifications and e-mails'),
  ('compact-counters', null, 'nightly-tasks', 3,
    'select private.compact_counters()', 'Removes sums that have become zero');

select private.audit_table('public.organizations');

select private.audit_table('public.teams');

select private.audit_table('public.roles');

select private.audit_table('public.role_permissions');

select private.audit_table('public.memberships');

select private.audit_table('public.invitations', 'token_hash');

select private.audit_table('public.notification_preferences');

select private.audit_table('public.batches', 'skipped');

select private.audit_table('public.customers');

select private.audit_table('public.uploads', 'rows', 'summary');

select private.audit_table('public.calendars');

select private.audit_table('public.calendar_periods');

select private.audit_table('public.calendar_holidays');

select private.audit_table('public.lead_fields');

select private.audit_table('public.students');

select private.audit_table('public.pipeline_stages');

select private.audit_table('public.lead_settings');

select private.audit_table('public.tasks');

select private.audit_table('public.interactions', 'body');

select private.audit_table('public.lead_imports');

select private.audit_table('public.sms_accounts');

select private.audit_table('public.templates');

select private.audit_table('public.template_variants');

select private.audit_table('public.suppressions');

select private.audit_table('public.dnc_lists');

select private.audit_table('public.reply_rules');

select private.audit_table('public.reply_reviews');

select private.audit_table('public.campaigns');

select private.audit_table('public.campaign_alerts');

reset check_function_bodies;
