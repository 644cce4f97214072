-- What a list of leads shows. Deleted leads are those of the permission to delete.
create function private.lead_list_query(organization_id uuid, filters jsonb)
returns private.list_query
language plpgsql stable set search_path = ''
as $$
declare
  deleted boolean := filters ->> 'deleted' = 'true';
  given jsonb := filters - 'deleted';
  list private.list_query;
begin
  list.relation := 'public.leads';
  list.branches := private.lead_scope_filter(organization_id, case when deleted then 'leads:delete'
    else 'leads:read' end);
  list.condition := format('x.organization_id = %L and %s%s', organization_id,
    case when deleted then 'x.deleted_at is not null and x.merged_into is null' else 'x.deleted_at is null' end,
    private.lead_filters(organization_id, given - 'search'));
  list.search := private.search_filter(given);
  list.is_selective := given ? 'tag' and list.search is null;
  if deleted is not true and list.search is null then
    list.known_total := private.count_of_leads(organization_id, given - 'search');
  elsif deleted is not true and given - 'search' = '{}' then
    list.rows_in_scope := private.count_of_leads(organization_id, '{}');
    list.rows_in_organization := (
      select coalesce(sum(t.leads), 0) from private.lead_totals t
      where t.organization_id = lead_list_query.organization_id and t.person_id is null);
  end if;
  return list;
end
$$;

-- Leads as functions return them, in the order of ids.
create function private.lead_rows_of(ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_rows(array(
    select l from unnest(ids) with ordinality p (id, n) join public.leads l on l.id = p.id order by p.n))
$$;

-- Security definer: see 06_lists.
create function private.list_leads(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer, page_cursor text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  list private.list_query;
  page record;
begin
  perform private.require_scope(organization_id, 'leads:read');
  list := private.sorted_by(private.lead_list_query(organization_id, filters), sort, '{
    "created_at": ["x.created_at", "timestamptz"], "updated_at": ["x.updated_at", "timestamptz"],
    "full_name": ["x.full_name", "text"], "value": ["x.value", "numeric"],
    "sla_deadline": ["coalesce(x.sla_deadline, ''infinity'')", "timestamptz"]}');
  list.is_collected := list.is_selective or (cardinality(list.branches) = 2 and list.sort_key <> 'x.created_at');
  page := private.find_page(list, page_limit, page_offset, page_cursor);
  return jsonb_build_object('total', page.total, 'total_is_capped', page.total_is_capped,
    'next_cursor', page.next_cursor, 'rows', private.lead_rows_of(page.ids));
end
$$;
grant execute on function private.list_leads(uuid, jsonb, text, integer, integer, text) to authenticated;

create function public.list_leads(organization_id uuid, filters jsonb default '{}', sort text default '-created_at',
  page_limit integer default 50, page_offset integer default 0, page_cursor text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_leads(organization_id, coalesce(filters, '{}'), sort, page_limit, page_offset, page_cursor)
$$;
comment on function public.list_leads is
  'One page of leads; total counts up to 10,000 where counters do not know it. filters: see private.lead_filters, and '
  'deleted?: "true"; sort: a column, with "-" for descending; page_cursor: next_cursor of the page before.';
grant execute on function public.list_leads(uuid, jsonb, text, integer, integer, text) to authenticated;
