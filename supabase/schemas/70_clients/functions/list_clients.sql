-- filters: { status?, segment?, band?: a band | none, owner?: id | me | none, team_id?, contract_ends_to?, search?,
-- deleted?: "true" }. Conditions on clients x and their risk k (client_source), without the caller's scope.
create function private.client_filters(filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := '';
begin
  if filters ? 'status' then
    conditions := conditions || format(' and x.status = %L', filters ->> 'status');
  end if;
  if filters ? 'segment' then
    conditions := conditions || format(' and x.segment = %L', filters ->> 'segment');
  end if;
  if filters ? 'band' then
    conditions := conditions || case filters ->> 'band' when 'none' then ' and k.band is null'
      else format(' and k.band = %L', filters ->> 'band') end;
  end if;
  if filters ? 'owner' then
    conditions := conditions || case filters ->> 'owner' when 'none' then ' and x.owner_id is null'
      when 'me' then format(' and x.owner_id = %L', auth.uid())
      else format(' and x.owner_id = %L', (filters ->> 'owner')::uuid) end;
  end if;
  if filters ? 'team_id' then
    conditions := conditions || format(' and x.team_id = %L', (filters ->> 'team_id')::uuid);
  end if;
  if filters ? 'contract_ends_to' then
    conditions := conditions || format(' and x.contract_ends_on <= %L', (filters ->> 'contract_ends_to')::date);
  end if;
  return conditions || coalesce(' and ' || private.search_filter(filters), '');
end
$$;

-- Clients x with their risk k, as SQL. Where k is not used PostgreSQL leaves the join out; sorted by score it is an inner
-- one, so that the index of scores gives the order. Each client has a risk.
create function private.client_source(sort_column text default null)
returns text
language sql immutable set search_path = ''
as $$
  select format('public.clients x %sjoin public.client_risks k on k.organization_id = x.organization_id and k.client_id = x.id',
    case when sort_column = 'score' then '' else 'left ' end)
$$;

-- The SQL condition on clients x for a filter within the scope of the caller's permission. 403 without it. Deleted
-- clients are listed to those who may restore them.
create function private.client_conditions(organization_id uuid, filters jsonb, permission text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  if filters ->> 'deleted' = 'true' then
    return private.client_scope(organization_id, 'clients:delete')
      || ' and x.deleted_at is not null and x.merged_into is null' || private.client_filters(filters);
  end if;
  return private.client_scope(organization_id, permission) || ' and x.deleted_at is null'
    || private.client_filters(filters);
end
$$;

-- sort: a column, with "-" for descending. A missing score or contact sorts as the lowest, a missing date as the
-- latest: as the indexes have it. Security definer because LIKE is not leakproof (see list_leads); the conditions are
-- those of the policy.
create function private.list_clients(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  nulls text := case when sort_column not in ('score', 'last_interaction_at') then ''
    when sort like '-%' then ' nulls last' else ' nulls first' end;
  conditions text;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'clients:read');
  perform private.require_valid(
    sort_column in ('created_at', 'updated_at', 'name', 'score', 'mrr', 'since', 'contract_ends_on',
      'last_interaction_at'), 'sort', 'is not a sortable field');
  conditions := private.client_conditions(organization_id, coalesce(filters, '{}'), 'clients:read');
  execute format(
    'with p as (
      select x.id, row_number() over (order by %7$s.%2$I %3$s, x.id %4$s) as n
      from %8$s where %1$s order by %7$s.%2$I %3$s, x.id %4$s limit %5$s offset %6$s
    )
    select jsonb_build_object(
      ''total'', (select count(*) from %9$s where %1$s),
      ''rows'', private.client_rows(array(select c from p join public.clients c on c.id = p.id order by p.n)))',
    conditions, sort_column, direction || nulls, direction, page_limit, page_offset,
    case sort_column when 'score' then 'k' else 'x' end, private.client_source(sort_column), private.client_source())
  into answer;
  return answer;
end
$$;
grant execute on function private.list_clients(uuid, jsonb, text, integer, integer) to authenticated;

create function public.list_clients(organization_id uuid, filters jsonb, sort text, page_limit integer,
  page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_clients(organization_id, filters, coalesce(sort, '-created_at'), private.page_size(page_limit),
    private.page_start(page_offset))
$$;
comment on function public.list_clients is
  'One page of clients and their total number. filters: see private.client_filters.';
grant execute on function public.list_clients(uuid, jsonb, text, integer, integer) to authenticated;
