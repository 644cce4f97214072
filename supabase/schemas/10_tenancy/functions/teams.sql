create function private.team_json(team public.teams)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', team.id, 'name', team.name, 'members', (
      select count(*) from public.memberships m
      where m.organization_id = team.organization_id and m.team_id = team.id and not m.is_service),
    'created_at', team.created_at, 'updated_at', team.updated_at)
$$;

-- filters: { search? }.
-- Security definer because it counts members.
create function private.list_teams(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return (
    with found as materialized (
      select t from public.teams t
      where t.organization_id = list_teams.organization_id
        and (not filters ? 'search' or position(lower(filters ->> 'search') in lower(t.name)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.team_json(p.t) order by lower((p.t).name), (p.t).id)
      from (select f.t from found f order by lower((f.t).name), (f.t).id limit page_limit offset page_offset) p),
      '[]')));
end
$$;
grant execute on function private.list_teams(uuid, jsonb, integer, integer) to authenticated;

create function public.list_teams(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_teams(organization_id, filters, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_teams is 'One page of teams by name with their numbers of members. filters: { search? }.';
grant execute on function public.list_teams(uuid, jsonb, integer, integer) to authenticated;

-- Without team_id a new team.
-- Security definer because it counts members.
create function private.save_team(organization_id uuid, name text, team_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  team public.teams;
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform private.require_valid(char_length(btrim(name)) between 1 and 100 and private.is_plain(name), 'name',
    'must be one line of 1 to 100 characters');
  if team_id is null then
    insert into public.teams (organization_id, name) values (organization_id, btrim(save_team.name))
    returning * into team;
  else
    update public.teams t set name = btrim(save_team.name)
    where t.organization_id = save_team.organization_id and t.id = save_team.team_id
    returning * into team;
  end if;
  if team.id is null then
    perform private.problem(404, 'not_found', 'There is no such team.');
  end if;
  return private.team_json(team);
exception when unique_violation then
  perform private.problem(409, 'already_exists', 'There is already a team with this name.');
  return null;
end
$$;
grant execute on function private.save_team(uuid, text, uuid) to authenticated;

create function public.save_team(organization_id uuid, name text, team_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.save_team(organization_id, name, team_id)
$$;
comment on function public.save_team is 'Renames a team, or without team_id creates one.';
grant execute on function public.save_team(uuid, text, uuid) to authenticated;

-- How many of these members are people, and how many API keys.
create function private.membership_numbers(organization_id uuid, user_ids uuid[])
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('members', count(*) filter (where not m.is_service),
    'keys', count(*) filter (where m.is_service))
  from public.memberships m
  where m.organization_id = membership_numbers.organization_id and m.user_id = any (user_ids)
$$;

-- The people and API keys of a team.
create function private.members_of_team(organization_id uuid, team_id uuid)
returns uuid[]
language sql stable set search_path = ''
as $$
  select array(
    select m.user_id from public.memberships m
    where m.organization_id = members_of_team.organization_id and m.team_id = members_of_team.team_id)
$$;

-- move_to: with null, members make it fail with 409; 'none' leaves them without a team. Their leads move with them.
-- Memberships are locked before teams, as a change of somebody's team does, so the two do not deadlock. Who joins the team
-- in between is locked after it.
-- Security definer because leads move with members.
create function private.delete_team(organization_id uuid, team_id uuid, move_to text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  other uuid := case when move_to <> 'none' then move_to::uuid end;
  people uuid[];
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform private.lock_memberships(organization_id, private.members_of_team(organization_id, team_id));
  perform from public.teams t
  where t.organization_id = delete_team.organization_id and t.id in (delete_team.team_id, other)
  order by t.id for update;
  if not exists (
    select from public.teams t where t.organization_id = delete_team.organization_id and t.id = delete_team.team_id
  ) then
    perform private.problem(404, 'not_found', 'There is no such team.');
  end if;
  if move_to <> 'none' and (other = team_id or not exists (
    select from public.teams t where t.organization_id = delete_team.organization_id and t.id = other)) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "move_to", "message": "is not another team of this organization"}]');
  end if;
  people := private.members_of_team(organization_id, team_id);
  if move_to is null and cardinality(people) > 0 then
    perform private.problem(409, 'team_has_members',
      'This team has people or API keys. Name another team in move_to, or "none".',
      private.membership_numbers(organization_id, people));
  end if;
  perform private.lock_memberships(organization_id, people);
  update public.memberships m set team_id = other
  where m.organization_id = delete_team.organization_id and m.team_id = delete_team.team_id;
  delete from public.teams t where t.organization_id = delete_team.organization_id and t.id = delete_team.team_id;
end
$$;
grant execute on function private.delete_team(uuid, uuid, text) to authenticated;

-- 55 s, because the leads of its members move; the Data API applies the setting.
create function public.delete_team(organization_id uuid, team_id uuid, move_to text default null)
returns void
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.delete_team(organization_id, team_id, move_to)
$$;
comment on function public.delete_team is
  'Deletes a team; its members move to move_to, a team''s id, or with "none" belong to no team.';
grant execute on function public.delete_team(uuid, uuid, text) to authenticated;
