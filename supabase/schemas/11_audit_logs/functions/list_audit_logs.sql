-- filters: { date_from?, date_to?, user_id?, action?, resource?, resource_id?, search? }. A search reads the newest
-- 20,000 entries that match the other filters; if there are more, searched_from says how far back it got.
-- Security definer because names of former members may not be read directly, and the policy would be evaluated for
-- every row.
create function private.list_audit_logs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  condition text;
  max_searched constant integer := 20000;
  max_counted constant integer := private.max_counted_rows();
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'audit:read');
  condition := private.audit_condition(organization_id, filters);
  if filters ? 'search' then
    execute format(
      'with searched as materialized (
        select x.id, %2$s as matches
        from (select * from public.audit_logs x where %1$s order by x.id desc limit %3$s) x
      )
      select jsonb_build_object(
        ''total'', (select count(*) from searched s where s.matches),
        ''searched_from'', (
          select case when count(*) = %3$s then private.uuid_v7_time(min(s.id::text)::uuid) end from searched s),
        ''rows'', coalesce((
          select jsonb_agg(private.audit_json(x, false) order by x.id desc) from public.audit_logs x where x.id = any (
            array(select s.id from searched s where s.matches order by s.id desc limit $1 offset $2))), ''[]''))',
      condition, private.audit_search(organization_id, filters ->> 'search'), max_searched)
    into answer using page_limit, page_offset;
  else
    execute format(
      'select jsonb_build_object(
        ''total'', (select count(*) from (select from public.audit_logs x where %1$s limit %2$s) c),
        ''rows'', coalesce((select jsonb_agg(private.audit_json(p, false) order by p.id desc) from (
          select * from public.audit_logs x where %1$s order by x.id desc limit $1 offset $2) p), ''[]''))', condition,
      max_counted + 1)
    into answer using page_limit, page_offset;
  end if;
  return answer || jsonb_build_object('total', least((answer ->> 'total')::integer, max_counted),
    'total_is_capped', (answer ->> 'total')::integer > max_counted);
end
$$;
grant execute on function private.list_audit_logs(uuid, jsonb, integer, integer) to authenticated;

create function public.list_audit_logs(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_audit_logs(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_audit_logs is 'One page of the audit log, newest first; total counts up to 10,000.';
grant execute on function public.list_audit_logs(uuid, jsonb, integer, integer) to authenticated;
