-- Messages, out and in, with everything that happened to them. The queued rows are the outbox: a request inserts them,
-- a dispatcher claims and sends them. Messages and their events are partitioned by month of id. Providers report by
-- callback (record_receipt) and, where a callback is missing, when asked (52_reconciliation). Twilio names prices in no
-- callback and in the message resource only some time after sending; each number's list of a day is therefore read on
-- the day after (price_cursors).

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
  legal_hours_from timestamptz,
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
comment on table public.messages is 'Every text, out and in. Written by functions only; the outbox is its queued rows.';
comment on column public.messages.created_by is
  'Who sent it. No foreign key: its index would be written with every change of status, and history outlives accounts.';
comment on column public.messages.legal_hours_from is
  'From when the legal hours of marketing hold for a text that a person wrote in a conversation, to a lead or to a number: '
  'at once, or an hour after the other side last wrote. Null: only the organization''s quiet hours, as for texts to '
  'customers.';
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

-- That the provider answers STOP itself shows only in its refusing our confirmation (21610).
create index messages_confirmations on public.messages (account_id, id desc)
  where purpose = 'opt_out_confirmation';
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

create trigger count_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_messages();
create trigger count_update after update on public.messages referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_messages();
create trigger count_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_messages();
create trigger start_dispatch after insert on public.messages referencing new table as new_rows
  for each statement execute function private.start_dispatch();
create trigger count_outcomes_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_message_outcomes();
create trigger count_outcomes_update after update on public.messages
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_message_outcomes();
create trigger count_outcomes_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_message_outcomes();
create trigger sync_conversations_from_messages after insert on public.messages referencing new table as new_rows
  for each statement execute function private.sync_conversations_from_messages();
create trigger attribute_reply_to_campaign before insert on public.messages
  for each row when (new.direction = 'inbound') execute function private.attribute_reply_to_campaign();
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
