-- filters: { status?, search?, arrears_min?, arrears_max? }; sort: a column, with "-" for descending.
create function public.list_customers(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "arrears_min": ["arrears", ">=", "numeric"],
      "arrears_max": ["arrears", "<=", "numeric"]}');
  answer jsonb;
begin
  -- Row level security alone would give somebody who was just removed an empty list instead of 403.
  perform private.require_permission(organization_id, 'customers:read');
  if sort_column not in ('name', 'account_number', 'phone', 'status', 'arrears', 'created_at', 'updated_at') then
    perform private.problem(422, 'invalid_field', 'Customers cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ? 'search' then
    conditions := conditions || ' and x.id = any (array(select private.search_customers($1, $2 ->> ''search'')))';
  end if;
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customers x where %1$s),
      ''rows'', coalesce((select jsonb_agg(to_jsonb(p) - ''search_text'') from (
        select x.* from public.customers x where %1$s order by x.%2$I %3$s, x.id %3$s limit $3 offset $4) p), ''[]''))',
    conditions, sort_column, direction)
  into answer
  using list_customers.organization_id, filters, private.page_size(page_limit), private.page_start(page_offset);
  return answer;
end
$$;
comment on function public.list_customers is 'One page of customers and their total number.';
grant execute on function public.list_customers(uuid, jsonb, text, integer, integer) to authenticated;
