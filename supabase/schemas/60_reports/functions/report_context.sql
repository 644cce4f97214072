-- The teams of the caller, whatever their role.
-- Security definer because the policies on memberships depend on organizations_with.
create function private.my_teams()
returns uuid[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.team_id), '{}')
  from public.memberships m
  where m.user_id = (select auth.uid()) and m.status = 'active' and m.team_id is not null
$$;
grant execute on function private.my_teams() to authenticated;

-- The permissions of a member whose membership is in force and their scopes: { permission: scope }. Empty for anybody else.
create function private.scopes_of(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(p.permission, p.scope), '{}')
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id
  where m.organization_id = scopes_of.organization_id and m.user_id = scopes_of.user_id
    and private.is_in_force(m)
$$;

-- The caller with their permissions, and the moment that a report of theirs is about. 403 without reports:read. For
-- security definer functions, as all that builds reports.
create function private.report_context(organization_id uuid, at timestamptz, saved boolean)
returns private.report_context
language plpgsql stable set search_path = ''
as $$
declare
  context private.report_context;
begin
  perform private.require_scope(organization_id, 'reports:read');
  context := row(o.id, o.time_zone, coalesce(s.first_weekday, 1), at, '{}', saved)::private.report_context
  from public.organizations o
  left join public.report_settings s on s.organization_id = o.id
  where o.id = report_context.organization_id;
  context.permissions := private.scopes_of(organization_id, auth.uid());
  return context;
end
$$;
