-- The scope of the caller's permission as totals are read: organization, team or own, and the team. 403 without the
-- permission.
create function private.totals_scope(organization_id uuid, permission text, out scope text, out team uuid)
language plpgsql stable set search_path = ''
as $$
begin
  scope := private.require_scope(organization_id, permission);
  team := (
    select m.team_id from public.memberships m where m.organization_id = totals_scope.organization_id
      and m.user_id = auth.uid());
  if scope = 'team' and team is null then
    scope := 'own';
  end if;
end
$$;
