-- All organizations in which the caller is an active member, whatever their role, but those that are suspended.
-- Security definer because the policies on memberships depend on it.
create function private.my_organizations()
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_session();
  return (
    select coalesce(array_agg(m.organization_id), '{}')
    from public.memberships m
    join public.organizations o on o.id = m.organization_id and o.standing <> 'suspended'
    where m.user_id = auth.uid() and m.status = 'active');
end
$$;
grant execute on function private.my_organizations() to authenticated;
