-- What the auth and health functions ask of the database besides signing people up.

-- Supabase Auth tells a caller only "Database error saving new user" when the sign-up's trigger refuses, so the auth
-- function asks first. The trigger stays the authority (private.redeem_invitation). Definer: the token's hash is
-- nobody's to read.
create function private.check_invitation(token text, email text)
returns uuid
language sql stable security definer set search_path = ''
as $$
  select i.organization_id from public.invitations i
  where i.token_hash = private.token_hash(check_invitation.token) and i.email = lower(check_invitation.email)
    and i.accepted_at is null and i.expires_at > now()
$$;

create function public.check_invitation(token text, email text)
returns uuid
language sql stable set search_path = ''
as $$
  select private.check_invitation(token, email)
$$;
comment on function public.check_invitation is
  'The organization that an open invitation of this address leads to, or null. For the service role, before a sign-up.';

-- A person founds at most one organization of a name, so a request that is repeated finds the first one's; the lock
-- makes two at once come one after the other. Definer: writes organizations and memberships, which nobody may insert.
create function private.found_own_organization(name text, settings jsonb)
returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
  founder uuid := auth.uid();
  organization uuid;
begin
  if founder is null then
    perform private.problem(401, 'not_signed_in', 'Sign in to found an organization.');
  end if;
  perform pg_advisory_xact_lock(hashtextextended('found_organization|' || founder, 0));
  select m.organization_id into organization
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  join public.organizations o on o.id = m.organization_id
  where m.user_id = founder and m.status = 'active' and o.name = btrim(found_own_organization.name)
  order by m.created_at
  limit 1;
  return coalesce(organization, private.found_organization(founder, found_own_organization.name, settings));
end
$$;

create function public.found_organization(name text, settings jsonb default '{}')
returns uuid
language sql set search_path = ''
as $$
  select private.found_own_organization(name, settings)
$$;
comment on function public.found_organization is
  'The caller becomes the admin of a new organization; settings: { country?, time_zone?, currency? }. Answers its id.';

create function public.ping()
returns jsonb
language sql stable set search_path = ''
as $$
  select '{"ok": true}'::jsonb
$$;
comment on function public.ping is 'Whether the database answers; for the health function.';

grant execute on function private.check_invitation(text, text) to service_role;
grant execute on function public.check_invitation(text, text) to service_role;
grant execute on function private.found_own_organization(text, jsonb) to authenticated;
grant execute on function public.found_organization(text, jsonb) to authenticated;
grant execute on function public.ping() to anon, authenticated, service_role;
