-- Definer: it reads memberships and role_permissions, whose own policies ask this very function.
-- With an X-Organization-Id header the answer is that organization or nothing, and a caller who is not an active
-- member of it is refused outright: a function that still remembers a suspended person gets 403, not an empty list.
-- It runs in every statement, so it calls no helpers: each change of search_path costs more than the query.
create function private.organizations_with(permission text, scope text default 'organization')
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
declare
  caller uuid := auth.uid();
  header text := nullif(nullif(current_setting('request.headers', true), '')::json ->> 'x-organization-id', '');
  wanted uuid;
  held uuid[];
  memberships integer := 0;
begin
  if header is null or header ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    wanted := header::uuid;
    select coalesce(array_agg(m.organization_id) filter (where p.id is not null), '{}'), count(*)
    into held, memberships
    from public.memberships m
    left join public.role_permissions p on p.role_id = m.role_id
      and p.permission = organizations_with.permission and p.scope = organizations_with.scope
    where m.user_id = caller and m.status = 'active' and (wanted is null or m.organization_id = wanted);
  end if;
  if memberships = 0 and header is not null and caller is not null then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  return coalesce(held, '{}');
end
$$;
comment on function private.organizations_with is
  'The organizations in which the caller holds the permission with just that scope.';
grant execute on function private.organizations_with(text, text) to authenticated;
