-- Customers as functions return them, in the order of ids.
create function private.customer_rows(ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(c) - 'search_text' order by p.n), '[]')
  from unnest(ids) with ordinality p (id, n)
  join public.customers c on c.id = p.id
$$;

-- How many customers the organization has, of one status or of all.
create function private.count_of_customers(organization_id uuid, status text)
returns bigint
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.customers), 0)::bigint from private.customer_totals t
  where t.organization_id = count_of_customers.organization_id
    and (t.status = count_of_customers.status or count_of_customers.status is null)
$$;

-- Security definer because nobody may read the totals, and for the search (see 06_lists).
create function private.list_customers(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer, page_cursor text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  list private.list_query;
  page record;
begin
  perform private.require_permission(organization_id, 'customers:read');
  list.relation := 'public.customers';
  list.condition := private.customer_filters(organization_id, filters);
  list.branches := array['true'];
  list.search := private.search_filter(filters);
  list := private.sorted_by(list, sort, '{
    "name": ["x.name", "text"], "account_number": ["lower(x.account_number)", "text"], "phone": ["x.phone", "text"],
    "status": ["x.status", "text"], "arrears": ["x.arrears", "numeric"],
    "created_at": ["x.created_at", "timestamptz"], "updated_at": ["x.updated_at", "timestamptz"]}');
  if list.search is null and filters - 'search' - 'status' = '{}' then
    list.known_total := private.count_of_customers(organization_id, filters ->> 'status');
  elsif filters - 'search' = '{}' then
    list.rows_in_organization := private.count_of_customers(organization_id, null);
    list.rows_in_scope := list.rows_in_organization;
  end if;
  page := private.find_page(list, page_limit, page_offset, page_cursor);
  return jsonb_build_object('total', page.total, 'total_is_capped', page.total_is_capped,
    'next_cursor', page.next_cursor, 'rows', private.customer_rows(page.ids));
end
$$;
grant execute on function private.list_customers(uuid, jsonb, text, integer, integer, text) to authenticated;

create function public.list_customers(organization_id uuid, filters jsonb default '{}',
  sort text default '-created_at', page_limit integer default 50, page_offset integer default 0,
  page_cursor text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_customers(organization_id, coalesce(filters, '{}'), sort, page_limit, page_offset, page_cursor)
$$;
comment on function public.list_customers is
  'One page of customers; total counts up to 10,000 where counters do not know it. filters: { status?, search?, '
  'arrears_min?, arrears_max? }; sort: a column, with "-" for descending; page_cursor: next_cursor of the page before.';
grant execute on function public.list_customers(uuid, jsonb, text, integer, integer, text) to authenticated;
