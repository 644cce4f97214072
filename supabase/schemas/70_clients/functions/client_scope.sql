-- Whether the client is within the scope of the caller's permission. Security definer: see organizations_with.
create function private.client_in_scope(client public.clients, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = client_in_scope.permission
    where m.user_id = auth.uid() and m.organization_id = client.organization_id and m.status = 'active'
      and case p.scope
        when 'organization' then true
        when 'team' then client.team_id = m.team_id or client.owner_id = m.user_id
        else client.owner_id = m.user_id end)
$$;

-- The scope of the caller's permission as a condition on clients `x`, for lists that are built as text. With literal
-- values, so that the planner sees them. 403 without the permission. Security definer: see organizations_with.
create function private.client_scope(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = client_scope.organization_id and m.user_id = auth.uid());
begin
  -- An owner's clients are in the owner's team, so a team's condition needs no second one for the caller's own.
  return format('x.organization_id = %L', organization_id)
    || case
      when scope = 'organization' then ''
      when scope = 'team' and team is not null then format(' and x.team_id = %L', team)
      else format(' and x.owner_id = %L', auth.uid()) end;
end
$$;
comment on function private.client_scope is 'The SQL condition on clients x for the scope of the caller''s permission.';
