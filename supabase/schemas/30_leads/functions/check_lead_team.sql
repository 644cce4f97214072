-- A caller may set a lead's team to their own, or to any where their scope is the organization.
create function private.check_lead_team(organization_id uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
      select from public.teams t where t.organization_id = check_lead_team.organization_id
        and t.id = check_lead_team.team_id)
    and team_id is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is not a team of the organization"}]');
  end if;
  if private.require_scope(organization_id, 'leads:write') <> 'organization' and not exists (
      select from public.memberships m
      where m.organization_id = check_lead_team.organization_id and m.user_id = auth.uid()
        and m.team_id = check_lead_team.team_id) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is not your team"}]');
  end if;
end
$$;
