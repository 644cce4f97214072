-- Security definer: see 06_lists.
create function private.list_actions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer,
  page_cursor text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  list private.list_query;
  page record;
begin
  perform private.require_permission(organization_id, 'actions:read');
  list.relation := 'public.customer_actions';
  list.condition := format('x.organization_id = %L', organization_id) || private.conditions(filters, '{
    "customer_id": ["customer_id", "=", "uuid"], "action": ["action", "=", "text"],
    "batch_id": ["batch_id", "=", "uuid"]}');
  list.branches := array['true'];
  list := private.sorted_by(list, '-id', '{"id": ["x.id", "uuid"]}');
  page := private.find_page(list, page_limit, page_offset, page_cursor);
  return jsonb_build_object('total', page.total, 'total_is_capped', page.total_is_capped,
    'next_cursor', page.next_cursor,
    'rows', (
      select coalesce(jsonb_agg(private.action_json(a) order by a.id desc), '[]')
      from public.customer_actions a where a.id = any (page.ids)),
    'customer_known', not filters ? 'customer_id' or exists (
      select from public.customers c
      where c.organization_id = list_actions.organization_id and c.id = (filters ->> 'customer_id')::uuid));
end
$$;
grant execute on function private.list_actions(uuid, jsonb, integer, integer, text) to authenticated;

create function public.list_actions(organization_id uuid, filters jsonb default '{}', page_limit integer default 50,
  page_offset integer default 0, page_cursor text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_actions(organization_id, coalesce(filters, '{}'), page_limit, page_offset, page_cursor)
$$;
comment on function public.list_actions is
  'One page of actions, newest first; total counts up to 10,000. filters: { customer_id?, action?, batch_id? }; '
  'page_cursor: next_cursor of the page before.';
grant execute on function public.list_actions(uuid, jsonb, integer, integer, text) to authenticated;
