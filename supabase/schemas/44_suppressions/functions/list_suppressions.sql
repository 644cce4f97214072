-- Filters: phone, scope, source, state (active, lifted). Security definer because it names people.
create function private.list_suppressions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := format('s.organization_id = %L', organization_id);
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'suppressions:read');
  conditions := concat_ws(' and ', conditions, 's.phone = ' || quote_literal(filters ->> 'phone'),
    's.scope = ' || quote_literal(filters ->> 'scope'), 's.source = ' || quote_literal(filters ->> 'source'),
    case filters ->> 'state' when 'active' then 's.lifted_at is null' when 'lifted' then 's.lifted_at is not null' end);
  execute format($query$
    select jsonb_build_object('total', (select count(*) from public.suppressions s where %1$s), 'rows', coalesce((
      select jsonb_agg(private.suppression_json(p.s) order by (p.s).id desc)
      from (select s from public.suppressions s where %1$s order by s.id desc limit %2$s offset %3$s) p), '[]'))
  $query$, conditions, page_limit, page_offset) into answer;
  return answer;
end
$$;
grant execute on function private.list_suppressions(uuid, jsonb, integer, integer) to authenticated;

create function public.list_suppressions(organization_id uuid, filters jsonb default '{}',
  page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_suppressions(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_suppressions is 'A page of suppressions, including lifted ones.';
grant execute on function public.list_suppressions(uuid, jsonb, integer, integer) to authenticated;
