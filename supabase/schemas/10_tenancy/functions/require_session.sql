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

-- Raises 401 if the caller's session has ended (by signing out, a new password or an admin), although the token has not
-- expired. A token without a session, such as one of another issuer, has none to end.
-- Security definer because no API role may read sessions.
create function private.require_session()
returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  session text := nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id';
begin
  perform private.impersonator();
  if session is not null and not exists (select from auth.sessions s where s.id = session::uuid) then
    perform private.problem(401, 'session_ended', 'This session has ended. Sign in again.');
  end if;
end
$$;
grant execute on function private.require_session() to authenticated;
