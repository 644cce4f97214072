-- Security definer because the policies on memberships depend on organizations_with.
create function private.require_permission(organization_id uuid, permission text)
returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if organization_id = any (private.organizations_with(permission)) then
    return;
  end if;
  if organization_id = any (private.my_organizations()) then
    perform private.problem(403, 'permission_denied', 'Your role lacks the permission ' || permission || '.');
  end if;
  perform private.refuse_outsider(organization_id);
end
$$;
comment on function private.require_permission is
  'Raises 403 unless the caller has the permission in the whole organization.';
grant execute on function private.require_permission(uuid, text) to authenticated;
