-- The people within the scope of the caller's permission to assign: everybody who may hold leads, those of the
-- caller's team, or the caller. For security definer functions.
create function private.assignable_people(organization_id uuid)
returns uuid[]
language plpgsql stable set search_path = ''
as $$
declare
  assign_scope text := private.require_scope(organization_id, 'leads:assign');
begin
  return array(
    select m.user_id from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
    where m.organization_id = assignable_people.organization_id and m.status = 'active' and not m.is_service
      and (assign_scope = 'organization' or m.user_id = auth.uid()
        or assign_scope = 'team' and m.team_id = (
          select mine.team_id from public.memberships mine
          where mine.organization_id = assignable_people.organization_id and mine.user_id = auth.uid())));
end
$$;
