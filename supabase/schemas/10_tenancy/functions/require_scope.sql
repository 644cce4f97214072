-- Security definer because it reads role_permissions of roles that the caller may not see.
create function private.require_scope(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  held text;
begin
  select p.scope into held
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = require_scope.permission
  where m.user_id = auth.uid() and m.organization_id = require_scope.organization_id and m.status = 'active'
    and m.organization_id = any (private.my_organizations())
    and not private.is_closed(require_scope.permission, nullif(current_setting('request.jwt.claims', true), '')::jsonb);
  if held is null
    or coalesce(private.request_header('x-organization-id'), organization_id::text) <> organization_id::text then
    -- Raises the 403 that fits.
    perform private.require_permission(organization_id, permission);
  end if;
  return held;
end
$$;
comment on function private.require_scope is
  'The scope of the caller''s permission in this organization (own, team or organization); raises 403 without it.';
grant execute on function private.require_scope(uuid, text) to authenticated;
