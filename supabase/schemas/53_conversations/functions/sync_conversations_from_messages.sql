-- Messages that a person wrote, in or out, start or reopen their conversation. Its assignee is notified of the first
-- unread message, not of each. Imported messages of an old service were read there: they start conversations, but reopen
-- none and notify nobody. Security definer because conversations are written by functions only.
create function private.sync_conversations_from_messages()
returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  imported constant boolean := coalesce(current_setting('signalbox.legacy_import', true), '') <> '';
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
      case when imported then 0 else s.inbound_count end, s.id, s.created_at, s.direction,
      case when btrim(s.body) = '' and jsonb_array_length(s.media) > 0 then '[media]' else left(s.body, 160) end
    from written s where s.place = 1 order by s.organization_id, s.phone, s.sender, s.provider
    on conflict on constraint conversations_numbers_once do update set
      status = case when imported then c.status else 'open' end,
      closed_at = case when imported then c.closed_at end,
      closed_by = case when imported then c.closed_by end,
      unread = c.unread + excluded.unread,
      lead_id = case when imported then coalesce(c.lead_id, excluded.lead_id)
        else coalesce(excluded.lead_id, c.lead_id) end,
      customer_id = case when imported then coalesce(c.customer_id, excluded.customer_id)
        else coalesce(excluded.customer_id, c.customer_id) end,
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
    || f.phone, f.last_preview, jsonb_build_object('conversation_id', f.id, 'message_id', s.id, 'phone', f.phone),
    null)::private.notification)
  into notifications
  from upserted f
  join written s on s.place = 1 and s.organization_id = f.organization_id and s.phone = f.phone and s.sender = f.sender
    and s.provider = f.provider
  where f.assigned_to is not null and s.inbound_count > 0 and f.unread = s.inbound_count and not imported;
  if notifications is not null then
    perform private.notify(notifications);
  end if;
  return null;
end
$$;
