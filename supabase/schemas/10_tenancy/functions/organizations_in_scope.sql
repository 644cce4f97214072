-- Security definer because the policies on memberships depend on it.
create function private.organizations_in_scope(permission text)
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select private.organizations_with(permission) || private.organizations_with(permission, 'team')
    || private.organizations_with(permission, 'own')
$$;
comment on function private.organizations_in_scope is
  'The organizations in which the caller has the permission with any scope.';
grant execute on function private.organizations_in_scope(text) to authenticated;
