-- Conversations: what was said between one of the organization's numbers and one other number, in both directions. A row
-- holds who deals with it and what is new; the texts are found by the two numbers, so that campaigns write nothing here.

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
  'A number of the organization''s (sender) and somebody else''s (phone). Begins with the first inbound text or the first that a person writes by hand.';
comment on column public.conversations.sender is 'As messages name it; no foreign key, so that the thread outlives the sender.';
comment on column public.conversations.last_message_at is 'Of the last text that either side wrote by hand: a campaign does not push all its recipients to the top.';

create index conversations_listing on public.conversations (organization_id, last_message_at desc);
create index conversations_by_status on public.conversations (organization_id, status, last_message_at desc);
create index conversations_by_assignee on public.conversations (organization_id, assigned_to, last_message_at desc);
create index conversations_unread_first on public.conversations (organization_id, last_message_at desc) where unread > 0;
create index conversations_assigned_to on public.conversations (assigned_to) where assigned_to is not null;
create index conversations_closed_by on public.conversations (closed_by) where closed_by is not null;
create index conversations_lead on public.conversations (organization_id, lead_id) where lead_id is not null;
create index conversations_customer on public.conversations (organization_id, customer_id) where customer_id is not null;
create index messages_from on public.messages (organization_id, from_number, id desc) where direction = 'inbound';

select private.grant_permission('conversations:read', 'See conversations', array['admin', 'operator', 'campaign_manager', 'viewer']);
select private.grant_permission('conversations:write', 'Assign, close and reopen conversations', array['admin', 'operator', 'campaign_manager']);

create function private.newest_lead(organization_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select l.id from public.leads l
  where l.organization_id = newest_lead.organization_id and l.phone = newest_lead.phone and l.deleted_at is null
  order by l.created_at desc, l.id desc limit 1
$$;

create function private.newest_customer(organization_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  select c.id from public.customers c
  where c.organization_id = newest_customer.organization_id and c.phone = newest_customer.phone
  order by c.id desc limit 1
$$;

-- New texts that somebody wrote by hand, in or out, open their conversation or begin it. Whoever holds it is told of the
-- first that is unread, not of each. In the transaction of the text: a webhook stays one round trip.
-- Definer: conversations are written by functions only.
create function private.follow_conversations()
returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  notices private.notice[];
begin
  if not exists (
    select from new_rows n
    where n.direction = 'inbound' or (n.created_by is not null and n.purpose = 'custom' and n.batch_id is null and n.campaign_id is null))
  then
    return null;
  end if;
  with said as materialized (
    select n.organization_id, n.provider, p.sender, p.phone, n.id, n.created_at, n.direction, n.body, n.media, n.lead_id, n.customer_id,
      count(*) filter (where n.direction = 'inbound') over pair as heard, row_number() over (pair order by n.id desc) as place
    from new_rows n
    cross join lateral (
      select case n.direction when 'inbound' then n.to_number else n.from_number end as sender,
        case n.direction when 'inbound' then n.from_number else n.to_number end as phone
    ) p
    where n.direction = 'inbound' or (n.created_by is not null and n.purpose = 'custom' and n.batch_id is null and n.campaign_id is null)
    window pair as (partition by n.organization_id, n.provider, p.sender, p.phone)
  ), followed as (
    insert into public.conversations as c (organization_id, provider, sender, phone, lead_id, customer_id, unread, last_message_id,
      last_message_at, last_direction, last_preview)
    select s.organization_id, s.provider, s.sender, s.phone,
      -- Whoever keeps an inbound text has looked already.
      case s.direction when 'inbound' then s.lead_id else coalesce(s.lead_id, private.newest_lead(s.organization_id, s.phone)) end,
      case s.direction when 'inbound' then s.customer_id
        else coalesce(s.customer_id, private.newest_customer(s.organization_id, s.phone)) end,
      s.heard, s.id, s.created_at, s.direction,
      case when btrim(s.body) = '' and jsonb_array_length(s.media) > 0 then '[media]' else left(s.body, 160) end
    from said s where s.place = 1 order by s.organization_id, s.phone, s.sender, s.provider
    on conflict on constraint conversations_numbers_once do update set
      status = 'open', closed_at = null, closed_by = null,
      unread = c.unread + excluded.unread,
      lead_id = coalesce(excluded.lead_id, c.lead_id),
      customer_id = coalesce(excluded.customer_id, c.customer_id),
      last_message_id = greatest(c.last_message_id, excluded.last_message_id),
      last_message_at = case when excluded.last_message_id > c.last_message_id then excluded.last_message_at else c.last_message_at end,
      last_direction = case when excluded.last_message_id > c.last_message_id then excluded.last_direction else c.last_direction end,
      last_preview = case when excluded.last_message_id > c.last_message_id then excluded.last_preview else c.last_preview end
    returning c.*
  )
  select array_agg(row(f.organization_id, f.assigned_to, 'conversation', 'conversation:' || s.id, 'New text from ' || f.phone,
    f.last_preview, jsonb_build_object('conversation_id', f.id, 'message_id', s.id), null)::private.notice)
  into notices
  from followed f
  join said s on s.place = 1 and s.organization_id = f.organization_id and s.phone = f.phone and s.sender = f.sender and s.provider = f.provider
  where f.assigned_to is not null and s.heard > 0 and f.unread = s.heard;
  if notices is not null then
    perform private.notify(notices);
  end if;
  return null;
end
$$;
create trigger follow_conversations after insert on public.messages referencing new table as new_rows
  for each statement execute function private.follow_conversations();

-- Leads and customers that come by the number of a conversation. Definer: as follow_conversations.
create function private.link_new_contacts()
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
create trigger link_conversations after insert on public.leads referencing new table as new_rows
  for each statement execute function private.link_new_contacts();
create trigger link_conversations after insert on public.customers referencing new table as new_rows
  for each statement execute function private.link_new_contacts();

-- A conversation stays with its person through a merge. Of a deleted lead it goes to another with that number, if there is
-- one. Definer: as follow_conversations.
create function private.relink_lead()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.deleted_at is not null then
    update public.conversations c set lead_id = coalesce(private.newest_lead(c.organization_id, c.phone), new.merged_into)
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
  execute function private.relink_lead();

-- As relink_lead, of customers. Definer: as follow_conversations.
create function private.relink_customer()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.conversations c set customer_id = coalesce(private.newest_customer(c.organization_id, c.phone), c.customer_id)
  where c.organization_id = new.organization_id and c.phone in (old.phone, new.phone);
  return null;
end
$$;
create trigger relink_conversations after update of phone on public.customers
  for each row when (old.phone is distinct from new.phone) execute function private.relink_customer();

-- Who leaves the organization holds nothing in it. Definer: as follow_conversations.
create function private.release_conversations()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.conversations c set assigned_to = null
  where c.organization_id = old.organization_id and c.assigned_to = old.user_id;
  return null;
end
$$;
create trigger release_conversations after delete on public.memberships
  for each row execute function private.release_conversations();

create trigger touch before update on public.conversations
  for each row execute function private.touch_updated_at();
select private.audit_table('public.conversations', 'last_preview');
-- What texts do to a conversation is told by the texts; the log is for what people do.
drop trigger audit_insert on public.conversations;
drop trigger audit_update on public.conversations;
create trigger audit_update after update on public.conversations referencing old table as old_rows new table as new_rows
  for each statement when (pg_trigger_depth() = 0) execute function private.audit('last_preview');

alter table public.conversations enable row level security;
create policy "those who may read conversations read their organization's" on public.conversations for select to authenticated
  using (organization_id = any ((select private.organizations_with('conversations:read'))::uuid[]));
revoke all on public.conversations from public, anon, authenticated, service_role;
grant select on public.conversations to authenticated, service_role;
