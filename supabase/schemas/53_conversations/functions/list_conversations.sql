-- A search term as a condition on conversations x: digits are searched in the number, words in the names of the leads
-- and customers that the caller may see.
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

-- Security definer because names come from tables that the caller may read in part only, and policies would burden the
-- plan.
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
