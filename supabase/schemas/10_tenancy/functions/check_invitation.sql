-- Supabase Auth hides why the trigger of a sign-up refused ("Database error saving new user"), so the auth function
-- asks first; private.redeem_invitation stays the authority.
-- Security definer because nobody may read the token's hash.
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
  'The organization of this address''s open invitation with this token, or null; asked before a sign-up.';
grant execute on function public.check_invitation(text, text) to service_role;
