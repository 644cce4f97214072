-- The next customers after an id, for files: { columns: [{ name, kind }], rows: [[text]], last, matching }. matching: the
-- number of all matching customers, counted up to count_to. The first call takes a token and leaves an audit entry.
-- Security definer: see 06_lists.
create function private.export_customers(organization_id uuid, filters jsonb, after_id uuid, page_limit integer,
  count_to integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conditions text := private.customer_filters(organization_id, filters)
    || coalesce(' and ' || private.search_filter(filters), '');
  refusal jsonb;
  answer jsonb;
  matching integer;
begin
  perform private.require_permission(organization_id, 'customers:read');
  refusal := private.begin_export(organization_id, 'customers', filters, after_id is not null);
  if refusal is not null then
    return refusal;
  end if;
  if count_to is not null then
    execute format('select count(*) from (select from public.customers x where %s limit %s) c', conditions, count_to)
    into matching;
  end if;
  execute format(
    'select jsonb_build_object(''last'', (array_agg(x.id order by x.id desc))[1], ''rows'', coalesce(jsonb_agg(
      jsonb_build_array(x.name, x.account_number, x.phone, x.status, x.arrears::text, x.currency) order by x.id), ''[]''))
    from (select x.* from public.customers x where %s%s order by x.id limit %s) x',
    conditions, coalesce(' and x.id > ' || quote_literal(after_id), ''), page_limit)
  into answer;
  return answer || jsonb_build_object('matching', matching, 'columns', '[{"name": "name", "kind": "text"},
    {"name": "account_number", "kind": "text"}, {"name": "phone", "kind": "text"}, {"name": "status", "kind": "text"},
    {"name": "arrears", "kind": "money"}, {"name": "currency", "kind": "text"}]'::jsonb);
end
$$;
grant execute on function private.export_customers(uuid, jsonb, uuid, integer, integer) to authenticated;

create function public.export_customers(organization_id uuid, filters jsonb default '{}', after_id uuid default null,
  page_limit integer default 1000, count_to integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.export_customers(organization_id, coalesce(filters, '{}'), after_id,
    private.page_size(page_limit, 1000), least(greatest(count_to, 0), 100001))
$$;
comment on function public.export_customers is
  'The next customers after an id, as texts by column. filters: as of list_customers.';
grant execute on function public.export_customers(uuid, jsonb, uuid, integer, integer) to authenticated;
