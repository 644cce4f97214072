-- Raises 403 unless the deployment lets somebody register: with an invitation's token, or without one to create an
-- organization.
create function private.require_registration(token text default null)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  registration text := (select d.registration from private.deployment d);
begin
  if registration = 'closed' or registration = 'invitation' and token is null then
    perform private.problem(403, 'registration_closed', case registration
      when 'closed' then 'Nobody can register here.' else 'Only invited people can register here.' end);
  end if;
end
$$;

-- Asked by the auth function before a sign-up, because Supabase Auth hides why the sign-up's trigger refused ("Database
-- error saving new user"); the trigger stays the authority.
-- Security definer because nobody may read the token's hash.
create function private.check_registration(email text, token text)
returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
  organization uuid;
begin
  perform private.require_registration(token);
  if token is not null then
    select i.organization_id into organization from public.invitations i
    where i.id = private.open_invitation(check_registration.token, check_registration.email);
    if organization is null then
      perform private.problem(422, 'invitation_invalid',
        'The invitation is unknown, used, withdrawn, expired or for another e-mail address.',
        '[{"path": "invitation_token", "message": "is not valid"}]');
    end if;
  end if;
  return organization;
end
$$;
grant execute on function private.check_registration(text, text) to service_role;

create function public.check_registration(email text, token text default null)
returns uuid
language sql stable set search_path = ''
as $$
  select private.check_registration(email, token)
$$;
comment on function public.check_registration is
  'Whether somebody may register; returns the organization of the invitation''s token, null without one.';
grant execute on function public.check_registration(text, text) to service_role;
