-- Text messages: who sends (accounts), what is said (templates), who must not be texted (suppressions), and the messages
-- with everything that happened to them. Messages and their events are partitioned by month of id.

create table public.sms_accounts (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  provider text not null constraint sms_accounts_provider check (provider in ('arkesel', 'twilio')),
  sender_id text not null,
  is_default boolean not null default false,
  status text not null default 'active' constraint sms_accounts_status check (status in ('active', 'parked', 'disabled')),
  parked_until timestamptz,
  parked_reason text,
  outages integer not null default 0,
  credentials_secret_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint sms_accounts_organization_key unique (organization_id, id),
  constraint sms_accounts_sender_once unique (organization_id, provider, sender_id),
  constraint sms_accounts_sender_form check (case provider
    when 'arkesel' then sender_id ~ '^[A-Za-z0-9 ._-]{1,11}$'
    else sender_id ~ '^\+[1-9][0-9]{6,14}$' or sender_id ~ '^[0-9]{5,6}$' end)
);
comment on table public.sms_accounts is 'A provider and the sender it sends as. Without credentials of its own it uses the platform''s account.';
comment on column public.sms_accounts.status is 'parked: the provider refuses everything; the queue waits, and one message at a time probes.';
create unique index sms_accounts_one_default on public.sms_accounts (organization_id) where is_default;
-- A number belongs to one tenant: an inbound message must lead to one organization.
create unique index sms_accounts_number_owner on public.sms_accounts (sender_id) where provider = 'twilio';

create table public.templates (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null default 'custom'
    constraint templates_kind check (kind in ('warning', 'disconnection', 'connection', 'custom')),
  name text not null constraint templates_name_length check (char_length(btrim(name)) between 1 and 100),
  body text not null constraint templates_body_length check (char_length(body) between 1 and 1600),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint templates_name_unique unique (organization_id, name)
);
comment on table public.templates is 'Texts with {{name}}, {{account_number}}, {{arrears}} and {{organization}}.';
create unique index templates_one_of_kind on public.templates (organization_id, kind) where kind <> 'custom';

create table public.suppressions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  phone text not null constraint suppressions_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  scope text not null default 'all' constraint suppressions_scope check (scope in ('all', 'marketing')),
  source text not null constraint suppressions_source check (source in ('reply', 'provider', 'manual', 'import')),
  reason text,
  created_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  lifted_at timestamptz,
  lifted_by uuid references public.profiles (id) on delete set null,
  lifted_reason text
);
comment on table public.suppressions is 'Numbers an organization must not text. Lifted ones stay as history.';
create unique index suppressions_one_active on public.suppressions (organization_id, phone, scope) where lifted_at is null;
create index suppressions_organization on public.suppressions (organization_id, id desc);
create index suppressions_created_by on public.suppressions (created_by);
create index suppressions_lifted_by on public.suppressions (lifted_by);

create table public.messages (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  direction text not null default 'outbound' constraint messages_direction check (direction in ('outbound', 'inbound')),
  category text not null default 'service' constraint messages_category check (category in ('service', 'marketing')),
  purpose text not null default 'custom'
    constraint messages_purpose check (purpose in ('warning', 'disconnection', 'connection', 'custom')),
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
  send_after timestamptz not null default now(),
  sending_at timestamptz,
  settling_until timestamptz,
  held_at timestamptz,
  sent_at timestamptz,
  delivered_at timestamptz,
  media jsonb not null default '[]',
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint messages_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete set null (account_id),
  constraint messages_customer foreign key (organization_id, customer_id)
    references public.customers (organization_id, id) on delete set null (customer_id),
  constraint messages_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id)
) partition by range (id);
comment on table public.messages is 'Every text, out and in. Written by functions only; the outbox is its queued rows.';
comment on column public.messages.created_by is
  'Who had it sent. No foreign key: its index would be written with every change of status, and history outlives people.';
comment on column public.messages.sending_at is 'When the latest attempt was marked, just before its request went out. No outcome since: in doubt.';
comment on column public.messages.held_at is 'Nobody can say whether it went out, and the organization wants a person to decide.';

create index messages_organization on public.messages (organization_id, id desc);
create index messages_to on public.messages (organization_id, to_number, id desc);
create index messages_batch on public.messages (organization_id, batch_id) where batch_id is not null;
create index messages_customer on public.messages (organization_id, customer_id) where customer_id is not null;
create index messages_campaign on public.messages (organization_id, campaign_id) where campaign_id is not null;
create index messages_account on public.messages (organization_id, account_id);
create index messages_provider_id on public.messages (provider_message_id) where provider_message_id is not null;
create index messages_due on public.messages (account_id, send_after, id) where status = 'queued';
create index messages_in_doubt on public.messages (sending_at) where status = 'sending';

create table public.message_events (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  message_id uuid not null,
  status text not null,
  source text not null constraint message_events_source check (source in ('dispatch', 'callback', 'provider')),
  code text,
  detail text,
  provider_message_id text,
  occurred_at timestamptz not null default clock_timestamp()
) partition by range (id);
comment on table public.message_events is 'What was done and reported about each message, in the order in which it became known. Append-only.';
create index message_events_message on public.message_events (message_id, id);
create index message_events_organization on public.message_events (organization_id, id desc);

select private.create_month_partition(parent, now() + months)
from unnest(array['public.messages', 'public.message_events']::regclass[]) parent,
  unnest(array[interval '-1 month', '0', '1 month', '2 months', '3 months']) months;

create table public.notifications (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  kind text not null,
  title text not null,
  body text not null default '',
  data jsonb not null default '{}',
  read_at timestamptz,
  created_at timestamptz not null default now()
);
comment on table public.notifications is 'What a person should know, in the application.';
create index notifications_inbox on public.notifications (organization_id, user_id, id desc);
create index notifications_user on public.notifications (user_id);

create table private.message_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  status text not null,
  messages bigint not null,
  segments bigint not null
);
comment on table private.message_totals is 'Outbound messages by status, as deltas to be summed.';
create index message_totals_organization on private.message_totals (organization_id);

-- Definer: see count_customers.
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

-- A database webhook: new messages that are due start the dispatcher at commit, once per statement. Definer: see invoke.
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

create trigger touch before update on public.sms_accounts
  for each row execute function private.touch_updated_at();
create trigger touch before update on public.templates
  for each row execute function private.touch_updated_at();
create trigger count_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_messages();
create trigger count_update after update on public.messages referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_messages();
create trigger count_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_messages();
create trigger start_dispatch after insert on public.messages referencing new table as new_rows
  for each statement execute function private.start_dispatch();

-- Definer: a new organization can text from its first minute, where a name may be the sender (not in North America,
-- where a number must be registered first), with texts to begin from.
create function private.equip_organization()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.templates (organization_id, kind, name, body) values
    (new.id, 'warning', 'Warning', 'Dear {{name}}, account {{account_number}} owes {{arrears}}. Please pay soon to avoid disconnection. {{organization}}'),
    (new.id, 'disconnection', 'Disconnection', 'Dear {{name}}, account {{account_number}} has been disconnected because {{arrears}} is unpaid. Please pay to be reconnected. {{organization}}'),
    (new.id, 'connection', 'Connection', 'Dear {{name}}, account {{account_number}} is connected. Balance: {{arrears}}. Thank you. {{organization}}');
  if new.country not in ('US', 'CA') then
    insert into public.sms_accounts (organization_id, provider, sender_id, is_default)
    values (new.id, 'arkesel', coalesce(nullif(left(regexp_replace(new.name, '[^A-Za-z0-9]', '', 'g'), 11), ''), 'Notice'), true);
  end if;
  return new;
end
$$;
create trigger equip after insert on public.organizations
  for each row execute function private.equip_organization();

select private.audit_table('public.sms_accounts');
select private.audit_table('public.templates');
select private.audit_table('public.suppressions');
select private.audit_table('public.batches', 'skipped');

select private.grant_permission('messages:read', 'See messages', array['admin', 'operator', 'campaign_manager', 'viewer']);
select private.grant_permission('messages:send', 'Send messages', array['admin', 'operator', 'campaign_manager']);
select private.grant_permission('templates:read', 'See templates', array['admin', 'operator', 'campaign_manager', 'viewer']);
select private.grant_permission('templates:write', 'Change templates', array['admin', 'campaign_manager']);
select private.grant_permission('suppressions:read', 'See suppressed numbers', array['admin', 'operator', 'campaign_manager', 'viewer']);
select private.grant_permission('suppressions:write', 'Suppress numbers and lift suppressions', array['admin', 'campaign_manager']);

alter table public.sms_accounts enable row level security;
alter table public.templates enable row level security;
alter table public.suppressions enable row level security;
alter table public.messages enable row level security;
alter table public.message_events enable row level security;
alter table public.notifications enable row level security;

create policy "those who may read messages read the senders" on public.sms_accounts for select to authenticated
  using (organization_id = any ((select private.organizations_with('messages:read'))::uuid[]));
create policy "admins add senders" on public.sms_accounts for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]));
create policy "admins change senders" on public.sms_accounts for update to authenticated
  using (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]));
create policy "those who may read templates read their organization's" on public.templates for select to authenticated
  using (organization_id = any ((select private.organizations_with('templates:read'))::uuid[]));
create policy "those who may write templates add them" on public.templates for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));
create policy "those who may write templates change them" on public.templates for update to authenticated
  using (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));
create policy "those who may write templates delete them" on public.templates for delete to authenticated
  using (organization_id = any ((select private.organizations_with('templates:write'))::uuid[]));
create policy "those who may read suppressions read their organization's" on public.suppressions for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));
create policy "those who may suppress numbers add them" on public.suppressions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('suppressions:write'))::uuid[])
    and created_by = (select auth.uid()) and source = 'manual');
create policy "those who may read messages read their organization's" on public.messages for select to authenticated
  using (organization_id = any ((select private.organizations_with('messages:read'))::uuid[]));
create policy "those who may read messages read their events" on public.message_events for select to authenticated
  using (organization_id = any ((select private.organizations_with('messages:read'))::uuid[]));
create policy "people read their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]));
create policy "people mark their own notifications" on public.notifications for update to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[]))
  with check (user_id = (select auth.uid()));

revoke all on public.sms_accounts, public.templates, public.suppressions, public.messages, public.message_events,
  public.notifications from public, anon, authenticated, service_role;
grant select on public.sms_accounts, public.templates, public.suppressions, public.messages, public.message_events,
  public.notifications to authenticated, service_role;
grant insert (organization_id, provider, sender_id, is_default), update (is_default, status) on public.sms_accounts to authenticated;
grant insert (organization_id, kind, name, body), update (name, body), delete on public.templates to authenticated;
grant insert (organization_id, phone, scope, source, reason) on public.suppressions to authenticated;
grant update (read_at) on public.notifications to authenticated;
