-- The person who acts as the caller: the subject of the token's "act" claim (RFC 8693), null without one. A claim in
-- another form is refused, because the audit log could not name the person.
create function private.impersonator()
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  act jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'act';
begin
  if act is null then
    return null;
  end if;
  if jsonb_typeof(act) <> 'object' or coalesce(act ->> 'sub', '') !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    perform private.problem(401, 'token_malformed', 'The token''s "act" claim does not name a person.');
  end if;
  return (act ->> 'sub')::uuid;
end
$$;
grant execute on function private.impersonator() to authenticated, service_role;

-- What kind of delegated token the request has: api_key, impersonation, or null for a person's own.
create function private.token_kind(claims jsonb default nullif(current_setting('request.jwt.claims', true), '')::jsonb)
returns text
language sql stable set search_path = ''
as $$
  select case when claims ? 'act' then 'impersonation' when claims ->> 'token_use' = 'api_key' then 'api_key' end
$$;
grant execute on function private.token_kind(jsonb) to authenticated, service_role;

-- The only organization in which a delegated token counts. Such a token names a row as its session, which is looked at
-- in every statement; 401 as soon as that has ended.
-- Security definer because no API role may read secrets and impersonations.
create function private.delegated_organization(claims jsonb)
returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
  organization uuid;
begin
  if claims ? 'act' then
    organization := private.impersonated_organization(claims, private.impersonator());
    if organization is null then
      perform private.problem(401, 'impersonation_ended', 'This impersonation has ended.');
    end if;
  elsif claims ->> 'token_use' = 'api_key' then
    organization := private.organization_of_key(claims);
    if organization is null then
      perform private.problem(401, 'api_key_ended', 'This API key has ended.');
    end if;
  else
    perform private.problem(401, 'token_malformed', 'The token is of an unknown kind.');
  end if;
  return organization;
end
$$;
grant execute on function private.delegated_organization(jsonb) to authenticated;

-- Whether the permission is closed to this kind of token.
-- Security definer because the catalogue may not be read directly.
create function private.is_closed(permission text, claims jsonb)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from private.permissions p
    where p.name = permission and private.token_kind(claims) = any (p.closed_to))
$$;
grant execute on function private.is_closed(text, jsonb) to authenticated;

-- Raises 401 if the caller's session has ended (by signing out, a new password or an admin), although the token has not
-- expired. A token without a session, such as one of another issuer, has none to end.
-- Security definer because no API role may read sessions.
create function private.require_session()
returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if claims ?| array['act', 'token_use'] then
    perform private.delegated_organization(claims);
  elsif claims ? 'session_id' and not exists (
    select from auth.sessions s where s.id = (claims ->> 'session_id')::uuid
  ) then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  end if;
end
$$;
grant execute on function private.require_session() to authenticated;

-- The caller, if the session has not ended: for policies about the caller's own rows.
create function private.caller()
returns uuid
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_session();
  return auth.uid();
end
$$;
grant execute on function private.caller() to authenticated;

-- The caller, if they act themselves; null for API keys and impersonation.
create function private.own_account()
returns uuid
language sql stable set search_path = ''
as $$
  select private.caller() where private.token_kind() is null
$$;
grant execute on function private.own_account() to authenticated;

-- Raises 403 for API keys and impersonation: an account is its owner's.
create function private.require_own_session()
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if private.token_kind() is not null then
    perform private.problem(403, 'own_session_required', 'Only the person may do this, signed in themselves.');
  end if;
end
$$;
grant execute on function private.require_own_session() to authenticated;
