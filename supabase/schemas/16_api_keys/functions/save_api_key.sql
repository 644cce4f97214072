-- Refuses networks that are none. The result is what is stored.
create function private.networks_of(networks jsonb)
returns cidr[]
language plpgsql immutable set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(networks) = 'array' and jsonb_array_length(networks) <= 50,
    'allowed_networks', 'must be a list of at most 50 networks');
  return array(select value::cidr from jsonb_array_elements_text(networks));
exception when data_exception then
  perform private.invalid_field('allowed_networks', 'has a value that is no network, such as 192.0.2.0/24');
  return null;
end
$$;

create function private.require_key_expiry(expires_at timestamptz)
returns void
language sql stable set search_path = ''
as $$
  select private.require_valid(coalesce(expires_at > now() and expires_at < now() + interval '10 years', true),
    'expires_at', 'must be in the future and within ten years')
$$;

-- The account, its membership and the key.
create function private.insert_api_key(organization_id uuid, key jsonb, role_id uuid)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  created uuid := private.uuid_v7();
begin
  insert into public.profiles (id, is_service, email, full_name) values (created, true, '', btrim(key ->> 'name'));
  insert into public.memberships (organization_id, user_id, role_id, team_id)
  values (organization_id, created, role_id, (key ->> 'team_id')::uuid);
  insert into public.api_keys (id, organization_id, name, allowed_networks, expires_at, created_by)
  values (created, organization_id, btrim(key ->> 'name'),
    private.networks_of(coalesce(nullif(key -> 'allowed_networks', 'null'), '[]')),
    case when key ? 'expires_at' then (key ->> 'expires_at')::timestamptz else now() + interval '1 year' end,
    auth.uid());
  return created;
end
$$;

-- key: { name, role, team_id?, allowed_networks?, expires_at? (left out: in a year; null: never) }. The answer that is
-- stored for a repeat has no secret, which is shown only once.
-- Security definer because nobody may write accounts and memberships directly.
create function private.create_api_key(organization_id uuid, key jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  role uuid;
  account uuid;
  created public.api_keys;
  secret text;
begin
  perform private.require_permission(organization_id, 'keys:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(jsonb_typeof(key) = 'object', '', 'must be an object');
  perform private.require_valid(char_length(btrim(key ->> 'name')) between 1 and 100
    and private.is_plain(key ->> 'name'), 'name', 'must be one line of 1 to 100 characters');
  role := private.role_id(organization_id, key ->> 'role');
  perform private.require_team(organization_id, (key ->> 'team_id')::uuid);
  -- The role cannot be widened between this check and the end of the transaction.
  perform private.keep_role(role);
  perform private.require_grantable(organization_id, role, (key ->> 'team_id')::uuid);
  perform private.require_key_expiry((key ->> 'expires_at')::timestamptz);
  perform pg_advisory_xact_lock(hashtextextended('api_keys|' || organization_id, 0));
  if (select count(*) >= 100 from public.api_keys k
    where k.organization_id = create_api_key.organization_id and k.revoked_at is null) then
    perform private.problem(409, 'too_many_keys', 'An organization has at most 100 keys. Revoke one that is not used.');
  end if;
  account := private.insert_api_key(organization_id, key, role);
  select * into created from public.api_keys k where k.id = account;
  secret := private.add_api_key_secret(created.id);
  answer := private.api_key_json(created) || jsonb_build_object('key_id', created.id);
  perform private.store_idempotent_response(organization_id, answer || '{"api_key": null}');
  return answer || jsonb_build_object('api_key', secret);
end
$$;
grant execute on function private.create_api_key(uuid, jsonb) to authenticated;

create function public.create_api_key(organization_id uuid, key jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_api_key(organization_id, key)
$$;
comment on function public.create_api_key is 'Creates an API key; only this answer contains the secret.';
grant execute on function public.create_api_key(uuid, jsonb) to authenticated;

-- The key, locked, if the caller may give what it holds: a person who changes a key or gets a new secret could use it.
create function private.require_api_key(organization_id uuid, key_id uuid)
returns public.api_keys
language plpgsql set search_path = ''
as $$
declare
  key public.api_keys;
  membership public.memberships;
begin
  perform private.require_permission(organization_id, 'keys:manage');
  select * into key from public.api_keys k
  where k.organization_id = require_api_key.organization_id and k.id = key_id for update;
  if key.id is null then
    perform private.problem(404, 'not_found', 'There is no such API key.');
  end if;
  select * into membership from public.memberships m
  where m.organization_id = require_api_key.organization_id and m.user_id = key_id for update;
  if key.revoked_at is not null or membership.id is null then
    perform private.problem(409, 'key_revoked', 'This API key was revoked.');
  end if;
  perform private.require_grantable(organization_id, membership.role_id, membership.team_id);
  return key;
end
$$;

-- changes: { name?, role?, team_id?, allowed_networks?, expires_at? }.
-- Security definer because nobody may write keys directly.
create function private.update_api_key(organization_id uuid, key_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  key public.api_keys := private.require_api_key(organization_id, key_id);
begin
  perform private.require_valid(jsonb_typeof(changes) = 'object' and changes <> '{}', '', 'must have a field');
  perform private.require_valid(coalesce(char_length(btrim(changes ->> 'name')) between 1 and 100
    and private.is_plain(changes ->> 'name'), not changes ? 'name'), 'name', 'must be one line of 1 to 100 characters');
  perform private.require_key_expiry((changes ->> 'expires_at')::timestamptz);
  perform private.require_team(organization_id, (changes ->> 'team_id')::uuid);
  if changes ?| array['role', 'team_id'] then
    update public.memberships m
    set role_id = case when changes ? 'role'
        then private.role_id(update_api_key.organization_id, changes ->> 'role') else m.role_id end,
      team_id = case when changes ? 'team_id' then (changes ->> 'team_id')::uuid else m.team_id end
    where m.organization_id = update_api_key.organization_id and m.user_id = key_id;
  end if;
  update public.api_keys k set name = coalesce(btrim(changes ->> 'name'), k.name),
    allowed_networks = case when changes ? 'allowed_networks'
      then private.networks_of(changes -> 'allowed_networks') else k.allowed_networks end,
    expires_at = case when changes ? 'expires_at' then (changes ->> 'expires_at')::timestamptz else k.expires_at end,
    warned_days = case when changes ? 'expires_at' then null else k.warned_days end
  where k.id = key_id returning * into key;
  update public.profiles p set full_name = key.name where p.id = key_id and p.full_name <> key.name;
  return private.api_key_json(key);
end
$$;
grant execute on function private.update_api_key(uuid, uuid, jsonb) to authenticated;

create function public.update_api_key(organization_id uuid, key_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_api_key(organization_id, key_id, changes)
$$;
comment on function public.update_api_key is
  'Changes an API key: { name?, role?, team_id?, allowed_networks?, expires_at? }.';
grant execute on function public.update_api_key(uuid, uuid, jsonb) to authenticated;

-- A second secret; the others end after the grace (seconds), at once with 0.
-- Security definer because nobody may write secrets directly.
create function private.rotate_api_key(organization_id uuid, key_id uuid, grace_seconds integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  key public.api_keys := private.require_api_key(organization_id, key_id);
  secret text;
begin
  perform private.require_valid(grace_seconds between 0 and 2592000, 'grace_seconds', 'must be 0 to 2,592,000');
  update private.api_key_secrets s
  set ends_at = least(s.ends_at, now() + make_interval(secs => grace_seconds))
  where s.key_id = rotate_api_key.key_id and (s.ends_at is null or s.ends_at > now());
  secret := private.add_api_key_secret(key_id);
  perform private.audit_event(organization_id, 'rotated', 'api_keys', key_id,
    jsonb_build_object('grace_seconds', grace_seconds));
  return private.api_key_json(key) || jsonb_build_object('key_id', key_id, 'api_key', secret);
end
$$;
grant execute on function private.rotate_api_key(uuid, uuid, integer) to authenticated;

create function public.rotate_api_key(organization_id uuid, key_id uuid, grace_seconds integer default 86400)
returns jsonb
language sql set search_path = ''
as $$
  select private.rotate_api_key(organization_id, key_id, grace_seconds)
$$;
comment on function public.rotate_api_key is
  'Gives an API key a second secret, which only this answer contains; the first one ends after the grace.';
grant execute on function public.rotate_api_key(uuid, uuid, integer) to authenticated;

-- Ends the key with the next statement: its membership is deleted. What it made stays and names it.
-- Security definer because nobody may write keys directly.
create function private.revoke_api_key(organization_id uuid, key_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_api_key(organization_id, key_id);
  delete from public.memberships m
  where m.organization_id = revoke_api_key.organization_id and m.user_id = key_id;
  update public.api_keys k set revoked_at = now(), revoked_by = auth.uid() where k.id = key_id;
end
$$;
grant execute on function private.revoke_api_key(uuid, uuid) to authenticated;

create function public.revoke_api_key(organization_id uuid, key_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.revoke_api_key(organization_id, key_id)
$$;
comment on function public.revoke_api_key is 'Ends an API key at once.';
grant execute on function public.revoke_api_key(uuid, uuid) to authenticated;
