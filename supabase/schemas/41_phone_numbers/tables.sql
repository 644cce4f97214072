-- The senders of an organization: a row is a number (or an alphanumeric name) at one provider, with its send rate, its
-- daily cap and the state of its circuit breaker. A sender without credentials of its own uses the platform's account
-- at the provider. Rates are enforced with token buckets that all dispatchers share (51_dispatch). A number's health is
-- computed from the outcome totals of campaigns, never by counting messages; a number that fails too often is put on a
-- cooldown. A sender without credentials of its own uses the platform's account and is therefore pending until an
-- operator of the platform approves it (or the deployment approves all): nobody texts in another's name, and inbound
-- messages go to the organization that the number was approved for.

create table public.sms_accounts (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  provider text not null constraint sms_accounts_provider check (provider in ('arkesel', 'twilio')),
  sender_id text not null,
  is_default boolean not null default false,
  status text not null default 'active'
    constraint sms_accounts_status check (status in ('pending', 'active', 'circuit_open', 'disabled')),
  circuit_open_until timestamptz,
  circuit_open_reason text,
  outages integer not null default 0,
  credentials_secret_id uuid,
  number_type text not null
    constraint sms_accounts_number_type check (number_type in ('long_code', 'toll_free', 'short_code', 'alphanumeric')),
  label text constraint sms_accounts_label_length check (char_length(label) <= 100)
    constraint sms_accounts_label_plain check (private.is_plain(label)),
  per_second numeric(8, 2) constraint sms_accounts_per_second check (per_second > 0),
  daily_cap integer constraint sms_accounts_daily_cap check (daily_cap > 0),
  cap_zone text not null default 'America/Los_Angeles'
    constraint sms_accounts_cap_zone_known check (private.is_time_zone(cap_zone)),
  segment_price numeric(12, 5) constraint sms_accounts_segment_price check (segment_price >= 0),
  cooldown_until timestamptz,
  cooldown_reason text,
  failures_counted_from timestamptz,
  provider_account text,
  approved_at timestamptz,
  approved_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sms_accounts_organization_key unique (organization_id, id),
  constraint sms_accounts_sender_once unique (organization_id, provider, sender_id),
  constraint sms_accounts_sender_form check (private.is_sender(provider, sender_id)),
  constraint sms_accounts_type_fits check (number_type = any (private.sender_types(provider, sender_id)))
);
comment on table public.sms_accounts is
  'A provider and the sender that messages go out as. Without credentials of its own it uses the platform''s account.';
comment on column public.sms_accounts.status is
  'pending: it awaits the approval of the platform and sends nothing; circuit_open: the provider refuses everything; the '
  'queue waits, and one message at a time is sent as a probe.';
comment on column public.sms_accounts.approved_at is
  'When it was approved, by an operator or, without approved_by, by the deployment''s setting new_senders.';
comment on column public.sms_accounts.per_second is
  'Messages a second that the carrier accepts from this number; null: no limit of ours.';
comment on column public.sms_accounts.daily_cap is
  'Messages a day; a day begins at midnight in cap_zone (T-Mobile: US Pacific). Null: no cap.';
comment on column public.sms_accounts.segment_price is
  'What a segment costs, in the organization''s currency. For the daily spending limit a sender on the platform''s account '
  'counts the default at least.';
comment on column public.sms_accounts.cooldown_until is 'The number fails too often: no campaign uses it until then.';
comment on column public.sms_accounts.failures_counted_from is
  'Failures before this moment do not count towards the next cooldown.';
comment on column public.sms_accounts.provider_account is
  'Fingerprint of the provider account whose credentials it has (see private.provider_account); null: it uses the '
  'platform''s. Kept with each message: when credentials change, another account''s silence about a message proves '
  'nothing.';

create unique index sms_accounts_one_default on public.sms_accounts (organization_id) where is_default;

-- A number of the platform's account belongs to one organization, and so does a name that an operator approved. On
-- accounts of tenants nothing is unique: any tenant may name another's account and number.
create unique index sms_accounts_number_owner on public.sms_accounts (sender_id)
  where provider = 'twilio' and approved_at is not null and credentials_secret_id is null;
create unique index sms_accounts_name_owner on public.sms_accounts (lower(sender_id))
  where provider = 'arkesel' and approved_by is not null and credentials_secret_id is null;
create index sms_accounts_pending on public.sms_accounts (id) where status = 'pending';
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

create trigger canonicalize_cap_zone before insert or update of cap_zone on public.sms_accounts
  for each row when (new.cap_zone is not null) execute function private.canonicalize_cap_zone();
create trigger set_updated_at before update on public.sms_accounts
  for each row execute function private.set_updated_at();
create trigger set_defaults before insert on public.sms_accounts
  for each row execute function private.set_sender_defaults();
create trigger check_sender before insert or update of sender_id, status, credentials_secret_id, approved_at
  on public.sms_accounts for each row execute function private.check_sender();
create trigger check_senders_of_approved after update of standing on public.organizations
  for each row when (new.standing <> old.standing) execute function private.check_senders_of_organization();

select private.audit_table('public.sms_accounts');


create table private.protected_sender_names (
  name text primary key,
  anywhere boolean not null,
  reason text not null
);
comment on table private.protected_sender_names is
  'Names that nobody may text as unless an operator assigns them, because recipients trust them with money or data.';
comment on column private.protected_sender_names.anywhere is
  'Whether every name that contains it is protected; otherwise only one that has it as a word.';
