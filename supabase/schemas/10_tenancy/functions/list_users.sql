-- filters: { search?, role?, status?, team_id? }.
-- Security definer because last sign-ins and counters may not be read directly.
create function private.list_users(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return (
    with found as materialized (
      select m.id, p.full_name, p.email
      from public.memberships m
      join public.profiles p on p.id = m.user_id
      join public.roles r on r.id = m.role_id
      where m.organization_id = list_users.organization_id and not m.is_service
        and (not filters ? 'role' or r.key = filters ->> 'role')
        and (not filters ? 'status' or m.status = filters ->> 'status')
        and (not filters ? 'team_id' or m.team_id = (filters ->> 'team_id')::uuid)
        and (not filters ? 'search'
          or position(lower(filters ->> 'search') in lower(p.full_name || ' ' || p.email)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.user_json(m, true) order by lower(f.full_name), f.email, f.id)
      from (select * from found f order by lower(f.full_name), f.email, f.id limit page_limit offset page_offset) f
      join public.memberships m on m.id = f.id), '[]')));
end
$$;
grant execute on function private.list_users(uuid, jsonb, integer, integer) to authenticated;

create function public.list_users(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_users(organization_id, filters, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_users is 'One page of members by name. filters: { search?, role?, status?, team_id? }.';
grant execute on function public.list_users(uuid, jsonb, integer, integer) to authenticated;
