-- The catalogue of permissions, with the caller's own scope of each, which is the widest that they may give; null also
-- for what is closed to the caller's token.
-- Security definer because the catalogue may not be read directly.
create function private.list_permissions(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'roles:manage');
  return (
    select jsonb_agg(jsonb_build_object('name', p.name, 'description', p.description, 'own_scope', (
        select held.scope from public.memberships m
        join public.role_permissions held on held.role_id = m.role_id and held.permission = p.name
        where m.organization_id = list_permissions.organization_id and m.user_id = auth.uid()
          and not private.is_closed(p.name, nullif(current_setting('request.jwt.claims', true), '')::jsonb)),
      'system_roles', (
        select coalesce(jsonb_object_agg(r.key, s.scope), '{}')
        from public.role_permissions s join public.roles r on r.id = s.role_id and r.organization_id is null
        where s.permission = p.name)) order by p.name)
    from private.permissions p);
end
$$;
grant execute on function private.list_permissions(uuid) to authenticated;

create function public.list_permissions(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_permissions(organization_id)
$$;
comment on function public.list_permissions is
  'All permissions: [{ name, description, own_scope, system_roles: { key: scope } }].';
grant execute on function public.list_permissions(uuid) to authenticated;
