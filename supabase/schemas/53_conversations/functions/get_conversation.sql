-- The thread, newest first, from before a given message. Each direction is read from its own index; one message more
-- than asked for tells whether there is another page. Security definer, as list_conversations.
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
