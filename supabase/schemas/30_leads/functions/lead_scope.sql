-- The scope of the caller's permission as a condition on leads `x`, for lists that are built as text. With literal
-- values, so that the planner sees them. 403 without the permission. Security definer: see organizations_with.
create function private.lead_scope(organization_id uuid, permission text)
returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  scope text := private.require_scope(organization_id, permission);
  team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = lead_scope.organization_id and m.user_id = auth.uid());
begin
  return format('x.organization_id = %L and x.deleted_at is null', organization_id)
    || case
      when scope = 'organization' then ''
      when scope = 'team' and team is not null
        then format(' and (x.team_id = %1$L or x.assigned_to = %2$L or x.created_by = %2$L)', team, auth.uid())
      else format(' and (x.assigned_to = %1$L or x.created_by = %1$L)', auth.uid())
    end;
end
$$;
comment on function private.lead_scope is 'The SQL condition on leads x for the scope of the caller''s permission.';
