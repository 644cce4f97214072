-- With an X-Organization-Id header the answer is that organization or nothing, and a caller who is not an active member
-- of it gets 403: a function that still remembers a suspended person must not answer with an empty list. The same holds
-- for an organization that the platform has suspended, and 401 for a session that has ended.
-- It runs in every statement and calls no helpers, because each change of search_path costs more than the query.
-- Security definer because the policies on memberships and role_permissions depend on it.
create function private.organizations_with(permission text, scope text default 'organization')
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  caller uuid := (claims ->> 'sub')::uuid;
  header text := nullif(nullif(current_setting('request.headers', true), '')::json ->> 'x-organization-id', '');
  requested uuid;
  granted uuid[];
  memberships integer := 0;
  suspended boolean;
  session_ended boolean := false;
  bound uuid;
begin
  if claims ?| array['act', 'token_use'] then
    bound := private.delegated_organization(claims);
    if private.is_closed(permission, claims) then
      return '{}'::uuid[];
    end if;
  end if;
  if header is null or header ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    requested := header::uuid;
    select coalesce(array_agg(m.organization_id) filter (where p.id is not null and o.standing <> 'suspended'), '{}'),
      count(*), bool_and(o.standing = 'suspended'),
      bound is null and claims ? 'session_id'
        and not exists (select from auth.sessions s where s.id = (claims ->> 'session_id')::uuid)
    into granted, memberships, suspended, session_ended
    from public.memberships m
    join public.organizations o on o.id = m.organization_id
    left join public.role_permissions p on p.role_id = m.role_id
      and p.permission = organizations_with.permission and p.scope = organizations_with.scope
    where m.user_id = caller and m.status = 'active' and (requested is null or m.organization_id = requested)
      and (bound is null or m.organization_id = bound);
  end if;
  if session_ended then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  elsif header is not null and caller is not null and memberships = 0 then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  elsif header is not null and suspended then
    perform private.problem(403, 'organization_suspended', 'This organization is suspended.');
  end if;
  return coalesce(granted, '{}');
end
$$;
comment on function private.organizations_with is
  'The organizations in which the caller has the permission with exactly this scope.';
grant execute on function private.organizations_with(text, text) to authenticated;
