-- A key as the API shows it, never its secret.
create function private.api_key_json(key public.api_keys)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', key.id, 'name', key.name,
    'status', case when key.revoked_at is not null then 'revoked'
      when m.id is null then 'revoked' when key.expires_at <= now() then 'expired' else 'active' end,
    'prefix', s.prefix, 'last_four', s.last_four, 'role', r.key, 'role_name', r.name, 'team_id', m.team_id,
    'allowed_networks', to_jsonb(key.allowed_networks), 'expires_at', key.expires_at, 'revoked_at', key.revoked_at,
    'previous_secret_ends_at', (
      select max(old.ends_at) from private.api_key_secrets old where old.key_id = key.id and old.ends_at > now()),
    'last_used_at', u.last_used_at, 'last_used_ip', u.last_used_ip, 'created_by', key.created_by,
    'created_by_name', p.full_name,
    'creator_is_member', exists (
      select from public.memberships c
      where c.organization_id = key.organization_id and c.user_id = key.created_by and c.status = 'active'),
    'created_at', key.created_at, 'updated_at', key.updated_at)
  from (select) one
  left join lateral (
    select * from private.api_key_secrets s where s.key_id = key.id order by s.created_at desc, s.id desc limit 1
  ) s on true
  left join public.memberships m on m.organization_id = key.organization_id and m.user_id = key.id
  left join public.roles r on r.id = m.role_id
  left join private.api_key_uses u on u.key_id = key.id
  left join public.profiles p on p.id = key.created_by
$$;

-- Security definer because secrets' prefixes and uses may not be read directly.
create function private.list_api_keys(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'keys:manage');
  return (
    with found as materialized (
      select k.id, k.created_at from public.api_keys k
      where k.organization_id = list_api_keys.organization_id
        and (not filters ? 'search' or position(lower(filters ->> 'search') in lower(k.name)) > 0)
        and (not filters ? 'status' or private.api_key_json(k) ->> 'status' = filters ->> 'status')
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.api_key_json(k) order by k.created_at desc, k.id desc)
      from (select f.id from found f order by f.created_at desc, f.id desc limit page_limit offset page_offset) p
      join public.api_keys k on k.id = p.id), '[]')));
end
$$;
grant execute on function private.list_api_keys(uuid, jsonb, integer, integer) to authenticated;

create function public.list_api_keys(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_api_keys(organization_id, filters,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_api_keys is
  'One page of API keys, newest first, without their secrets. filters: { search?, status? }.';
grant execute on function public.list_api_keys(uuid, jsonb, integer, integer) to authenticated;
