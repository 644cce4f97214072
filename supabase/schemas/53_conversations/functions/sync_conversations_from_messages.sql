-- New texts that somebody wrote by hand, in or out, open their conversation or begin it. Whoever holds it is told of the
-- first that is unread, not of each. In the transaction of the text: a webhook stays one round trip.
-- Definer: conversations are written by functions only.
create function private.sync_conversations_from_messages()
returns trigger
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  notices private.notification[];
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
    f.last_preview, jsonb_build_object('conversation_id', f.id, 'message_id', s.id), null)::private.notification)
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
