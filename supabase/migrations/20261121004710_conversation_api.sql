-- Conversations as people read them: the list, the search, the thread.

-- Conversations as the API shows them, in the order of the ids. Names of leads and customers are for those who may see
-- them. The caller is a definer function that has checked conversations:read.
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
      and case when sees_leads then true else private.reaches(l, 'leads:read') end
    left join public.customers u on u.organization_id = c.organization_id and u.id = c.customer_id and sees_customers
  ), '[]');
end
$$;

-- The conversation, locked for a change if asked; 404 for one that is not there. The caller is a definer function.
create function private.require_conversation(organization_id uuid, conversation_id uuid, permission text, locked boolean default false)
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

-- What was typed into a search as a condition on conversations x: figures are looked for in the number, words in the names
-- of the leads and customers that the caller may see.
create function private.conversation_search(organization_id uuid, term text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  figures constant text := ltrim(regexp_replace(term, '[^0-9]', '', 'g'), '0');
  found text[] := array[format('x.customer_id = any (array(select private.search_customers(%L, %L)))', organization_id, term)];
begin
  if term !~ '[[:alpha:]]' and figures <> '' then
    found := found || format('x.phone like %L', '%' || figures || '%');
  end if;
  if organization_id = any (private.organizations_reached('leads:read')) then
    found := found || format('x.lead_id = any (array(select x.id from public.leads x where %s))',
      private.lead_conditions(organization_id, jsonb_build_object('search', term)));
  end if;
  return ' and (' || array_to_string(found, ' or ') || ')';
end
$$;

-- Definer: names come from tables that the caller may not read as a whole, and policies would be in every plan.
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
    || case when filters ->> 'search' <> '' then private.conversation_search(organization_id, filters ->> 'search') else '' end;
  execute format(
    'select (select count(*) from public.conversations x where %1$s), array(
      select x.id from public.conversations x where %1$s order by x.last_message_at desc, x.id desc limit $3 offset $4)', conditions)
  into total, ids using list_conversations.organization_id, filters, page_limit, page_offset;
  return jsonb_build_object('total', total, 'rows', private.conversation_rows(organization_id, ids));
end
$$;

create function public.list_conversations(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_conversations(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_conversations is
  'One page of conversations, newest first. filters: { status?, assigned_to?: me|none|id, unread?, phone?, lead_id?, customer_id?, search? }.';

-- The thread, newest first, from before a message of it on: each direction from its own index, one more than asked, which
-- tells whether there is more. Definer: see list_conversations.
create function private.get_conversation(organization_id uuid, conversation_id uuid, before uuid, page_limit integer)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  conversation constant public.conversations := private.require_conversation(organization_id, conversation_id, 'conversations:read');
  bound constant uuid := coalesce(before, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  texts jsonb;
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
    'media', f.media, 'segments', f.segments, 'purpose', f.purpose, 'campaign_id', f.campaign_id, 'error_code', f.error_code,
    'error_message', f.error_message, 'created_by', f.created_by, 'created_by_name', p.full_name, 'send_after', f.send_after,
    'created_at', f.created_at, 'sent_at', f.sent_at, 'delivered_at', f.delivered_at) order by f.id desc), '[]')
  into texts
  from (select * from found order by id desc limit page_limit + 1) f
  left join public.profiles p on p.id = f.created_by;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0 || jsonb_build_object(
    'opted_out', exists (
      select from public.suppressions s
      where s.organization_id = conversation.organization_id and s.phone = conversation.phone and s.lifted_at is null and s.scope = 'all'),
    'awaits_review', private.doubtful(conversation.organization_id, conversation.phone),
    'messages', case when jsonb_array_length(texts) > page_limit then texts - page_limit else texts end,
    'next_before', case when jsonb_array_length(texts) > page_limit then texts -> (page_limit - 1) ->> 'id' end);
end
$$;

create function public.get_conversation(organization_id uuid, conversation_id uuid, page_limit integer, before uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_conversation(organization_id, conversation_id, before, page_limit)
$$;
comment on function public.get_conversation is 'A conversation and a page of its texts, newest first; next_before asks for the page below.';


grant execute on function private.list_conversations(uuid, jsonb, integer, integer), private.get_conversation(uuid, uuid, uuid, integer)
to authenticated;
grant execute on function public.list_conversations(uuid, jsonb, integer, integer), public.get_conversation(uuid, uuid, integer, uuid)
to authenticated;
