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
grant execute on function private.check_invitation(text, text) to service_role;

create function public.check_invitation(token text, email text)
returns uuid
language sql stable set search_path = ''
as $$
  select private.check_invitation(token, email)
$$;
comment on function public.check_invitation is
  'The organization that an open invitation of this address leads to, or null. For the service role, before a sign-up.';
grant execute on function public.check_invitation(text, text) to service_role;
