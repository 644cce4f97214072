create function private.require_team(organization_id uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if team_id is not null and not exists (
    select from public.teams t where t.organization_id = require_team.organization_id and t.id = require_team.team_id
  ) then
    perform private.problem(422, 'invalid_field', 'There is no such team in this organization.',
      '[{"path": "team_id", "message": "is not a team of this organization"}]');
  end if;
end
$$;
