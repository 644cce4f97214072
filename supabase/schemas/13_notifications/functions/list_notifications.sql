-- filters: { unread?, kind? }.
-- Security definer because policies on the table would be evaluated for every row.
create function private.list_notifications(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1 and x.user_id = $5'
    || private.conditions(filters, '{"kind": ["kind", "=", "text"]}')
    || case when filters ->> 'unread' = 'true' then ' and x.read_at is null'
      when filters ->> 'unread' = 'false' then ' and x.read_at is not null' else '' end;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.notifications x where %1$s),
      ''unread'', (
        select count(*) from public.notifications x
        where x.organization_id = $1 and x.user_id = $5 and x.read_at is null),
      ''rows'', coalesce((
        select jsonb_agg(to_jsonb(p) - array[''organization_id'', ''user_id'', ''event_key''] order by p.id desc)
        from (select x.* from public.notifications x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using organization_id, filters, page_limit, page_offset, auth.uid();
  return answer;
end
$$;
grant execute on function private.list_notifications(uuid, jsonb, integer, integer) to authenticated;

create function public.list_notifications(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_notifications(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_notifications is
  'One page of the caller''s notifications, newest first, and the number of unread ones. filters: { unread?, kind? }.';
grant execute on function public.list_notifications(uuid, jsonb, integer, integer) to authenticated;
