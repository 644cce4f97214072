-- All organizations in which the caller is an active member, whatever their role, but those that are suspended; 401 for a
-- session that has ended. It calls no helpers: see organizations_with.
-- Security definer because the policies on memberships depend on it.
create function private.my_organizations()
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  organizations uuid[];
  session_ended boolean;
  bound uuid;
begin
  if claims ?| array['act', 'token_use'] then
    bound := private.delegated_organization(claims);
  end if;
  select coalesce(array_agg(m.organization_id), '{}'), bound is null and claims ? 'session_id'
      and not exists (select from auth.sessions s where s.id = (claims ->> 'session_id')::uuid)
  into organizations, session_ended
  from public.memberships m
  join public.organizations o on o.id = m.organization_id and o.standing <> 'suspended'
  where m.user_id = (claims ->> 'sub')::uuid and m.status = 'active'
    and (bound is null or m.organization_id = bound);
  if session_ended then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  end if;
  return organizations;
end
$$;
grant execute on function private.my_organizations() to authenticated;
