-- Security definer because it finds memberships by user alone, without the policies that ask for the organization.
create function private.actor(requested uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  membership record;
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  bound uuid;
begin
  perform private.require_session();
  if claims ?| array['act', 'token_use'] then
    bound := private.delegated_organization(claims);
  end if;
  select m.organization_id, m.role_id, m.team_id, r.key as role, o.standing, o.name, o.country, o.time_zone, o.currency,
    count(*) over () as membership_count, m.is_default
  into membership
  from public.memberships m
  join public.roles r on r.id = m.role_id
  join public.organizations o on o.id = m.organization_id
  where m.user_id = auth.uid() and m.status = 'active' and (requested is null or m.organization_id = requested)
    and (bound is null or m.organization_id = bound)
  order by m.is_default desc, m.created_at
  limit 1;
  if membership is null then
    perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
  end if;
  if membership.standing = 'suspended' then
    perform private.problem(403, 'organization_suspended', 'This organization is suspended.');
  end if;
  if requested is null and membership.membership_count > 1 and not membership.is_default then
    perform private.problem(400, 'organization_required',
      'You belong to several organizations: name one in the X-Organization-Id header.');
  end if;
  return jsonb_build_object(
    'user_id', auth.uid(),
    'organization_id', membership.organization_id,
    'role', membership.role,
    'team_id', membership.team_id,
    'organization', jsonb_build_object(
      'id', membership.organization_id, 'name', membership.name, 'country', membership.country,
      'time_zone', membership.time_zone, 'currency', membership.currency),
    'permissions', (
      select coalesce(jsonb_object_agg(p.permission, p.scope), '{}')
      from public.role_permissions p
      where p.role_id = membership.role_id and (bound is null or not private.is_closed(p.permission, claims))
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
comment on function public.actor is
  'The caller in one organization: user, organization, role, permissions with their scopes.';
grant execute on function public.actor(uuid) to authenticated;
