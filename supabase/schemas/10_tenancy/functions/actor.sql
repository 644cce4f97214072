-- The caller as functions know it: organization, role, permissions. Definer: it must find memberships by user alone.
create function private.actor(wanted uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  chosen record;
begin
  select m.organization_id, m.role_id, m.team_id, r.key as role, o.name, o.country, o.time_zone, o.currency,
    count(*) over () as memberships, m.is_default
  into chosen
  from public.memberships m
  join public.roles r on r.id = m.role_id
  join public.organizations o on o.id = m.organization_id
  where m.user_id = auth.uid() and m.status = 'active' and (wanted is null or m.organization_id = wanted)
  order by m.is_default desc, m.created_at
  limit 1;
  if chosen is null then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  if wanted is null and chosen.memberships > 1 and not chosen.is_default then
    perform private.problem(400, 'organization_required',
      'You belong to several organizations: name one in the X-Organization-Id header.');
  end if;
  return jsonb_build_object(
    'user_id', auth.uid(),
    'organization_id', chosen.organization_id,
    'role', chosen.role,
    'team_id', chosen.team_id,
    'organization', jsonb_build_object(
      'id', chosen.organization_id, 'name', chosen.name, 'country', chosen.country,
      'time_zone', chosen.time_zone, 'currency', chosen.currency),
    'permissions', (
      select coalesce(jsonb_object_agg(p.permission, p.scope), '{}')
      from public.role_permissions p where p.role_id = chosen.role_id
    )
  );
end
$$;
grant execute on function private.actor(uuid) to authenticated;

create function public.actor(organization_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.actor(organization_id)
$$;
comment on function public.actor is 'The caller in one organization: user, role, permissions with their scopes.';
grant execute on function public.actor(uuid) to authenticated;
