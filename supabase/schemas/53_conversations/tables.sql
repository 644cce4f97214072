-- Conversations: what was said between one of the organization's numbers and one other number, in both directions. A
-- row holds who deals with it and what is unread; its messages are found by the two numbers, so that campaigns write
-- nothing here. A trigger on messages keeps conversations up to date in the transaction of the message, so that a
-- webhook stays one round trip.

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

-- The audit log records what people change; changes by messages are recorded as messages.
create trigger audit_update after update on public.conversations referencing old table as old_rows new table as new_rows
  for each statement when (pg_trigger_depth() = 0) execute function private.audit('last_preview');
create trigger audit_delete after delete on public.conversations referencing old table as old_rows
  for each statement execute function private.audit('last_preview');
