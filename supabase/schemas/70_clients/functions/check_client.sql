-- The keys of a client that people write; whatever else a request has is left out.
create function private.client_input(client jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(client) f
  where f.key in ('name', 'segment', 'client_type', 'region', 'category', 'external_id', 'account_number', 'phone',
    'email', 'contract_ends_on', 'stated_risk', 'custom_fields', 'owner_id', 'team_id')
$$;

-- Checks that no constraint can express with the name of the field. The lookup of the segment holds it, so that it
-- cannot be removed meanwhile.
create function private.check_client(client public.clients)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform private.require_valid(client.name is not null and btrim(client.name) <> '', 'name', 'is required');
  perform from public.client_segments s
  where s.organization_id = client.organization_id and s.key = client.segment for key share;
  perform private.require_valid(found, 'segment', 'is not a segment of the organization');
  perform private.require_valid(
    (select count(*) <= 50 and coalesce(bool_and(jsonb_typeof(f.value) <> 'object'), true)
      from jsonb_each(client.custom_fields) f) and pg_column_size(client.custom_fields) <= 20000,
    'custom_fields', 'has more than 50 values, or values that are too large or nested');
  perform private.require_valid(not exists (
      select from jsonb_path_query(client.custom_fields, '$.** ? (@.type() == "string")') v
      where not private.is_multiline(v #>> '{}')) and not exists (
      select from jsonb_object_keys(client.custom_fields) k where not private.is_plain(k)),
    'custom_fields', 'has control characters');
end
$$;

-- Within the scope of clients:write a caller chooses the owner: anybody who may read clients, a member of their team,
-- or themselves. Security definer because memberships of others may not be read.
create function private.check_client_owner(organization_id uuid, owner_id uuid, team_id uuid)
returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  held_scope text := private.require_scope(organization_id, 'clients:write');
  own_team uuid := (
    select m.team_id from public.memberships m
    where m.organization_id = check_client_owner.organization_id and m.user_id = auth.uid());
begin
  perform private.require_valid(check_client_owner.owner_id is null or exists (
      select from public.memberships m
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'clients:read'
      where m.organization_id = check_client_owner.organization_id and m.user_id = check_client_owner.owner_id
        and m.status = 'active' and not m.is_service
        and (held_scope = 'organization' or m.user_id = auth.uid() or (held_scope = 'team' and m.team_id = own_team))),
    'owner_id', 'is no active member who may see clients, within the scope of your permission');
  perform private.require_valid(check_client_owner.team_id is null or (exists (
      select from public.teams t
      where t.organization_id = check_client_owner.organization_id and t.id = check_client_owner.team_id)
      and (held_scope = 'organization' or check_client_owner.team_id = own_team)),
    'team_id', 'is not a team of the organization, or not yours');
end
$$;
