-- What an invitation needs, checked before any token is taken. Returns the id of the role.
create function private.require_invitable(organization_id uuid, address text, invitee jsonb)
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  offered_role uuid := private.role_id(organization_id, invitee ->> 'role');
  team uuid := (invitee ->> 'team_id')::uuid;
begin
  if not exists (select from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null)
    and private.token_kind() is distinct from 'api_key' then
    perform private.problem(403, 'email_not_confirmed', 'Confirm your e-mail address before you invite people.');
  end if;
  perform private.require_valid(private.is_email(address), 'email', 'is not an e-mail address');
  perform private.require_account_allowed(organization_id, invitee);
  perform private.require_team(organization_id, team);
  perform private.require_grantable(organization_id, offered_role, team);
  if exists (
    select from public.memberships m join public.profiles p on p.id = m.user_id
    where m.organization_id = require_invitable.organization_id and p.email = address
  ) then
    perform private.problem(409, 'already_member', 'This person is already a member of the organization.');
  end if;
  return offered_role;
end
$$;

-- For an account that the admin function creates at once (invitee.account): refused by an organization in the sandbox,
-- whose admins are not known to anybody yet, so it could make strangers its members, to whom it may write; and where
-- nobody new gets an account. Invitations stay possible there, because people with an account accept them.
create function private.require_account_allowed(organization_id uuid, invitee jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_valid(coalesce(jsonb_typeof(invitee -> 'account'), 'boolean') = 'boolean', 'account',
    'must be true or false');
  perform private.require_valid(coalesce(invitee ->> 'status', 'active') in ('active', 'suspended'), 'status',
    'must be active or suspended');
  if coalesce((invitee ->> 'account')::boolean, false) then
    perform private.require_registration('account');
    if not exists (
      select from public.organizations o where o.id = require_account_allowed.organization_id and o.standing = 'approved'
    ) then
      perform private.problem(403, 'organization_in_sandbox',
        'An organization in the sandbox invites people: they accept themselves.');
    end if;
  else
    perform private.require_valid(coalesce(invitee ->> 'status', 'active') = 'active', 'status',
      'must be active for a person who is invited');
  end if;
end
$$;

-- Queues the e-mail of an invitation. The token waits in email_secrets, which nobody may read.
create function private.mail_invitation(invitation public.invitations, token text)
returns void
language sql set search_path = ''
as $$
  with mail as (
    insert into public.emails (organization_id, kind, to_address, data, event_key)
    values (invitation.organization_id, 'invitation', invitation.email, jsonb_build_object(
      'title', 'Invitation', 'expires_at', invitation.expires_at,
      'role_name', (select r.name from public.roles r where r.id = invitation.role_id),
      'invited_by_name', (select p.full_name from public.profiles p where p.id = invitation.invited_by)),
      'invitation:' || invitation.id)
    returning id
  )
  insert into private.email_secrets (email_id, invitation_id, token)
  select m.id, invitation.id, mail_invitation.token from mail m
$$;

-- POST /users. invitee: { email, full_name?, role, team_id?, send_invite?, account?, status? }; with account no e-mail
-- is sent, and status is that of the membership. The answer that is stored for a repeat has
-- no token, which is shown only once. An organization in the sandbox sends no e-mails to strangers: its admins pass the
-- token on themselves.
-- Security definer because nobody may write invitations, their tokens or e-mails directly.
create function private.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  address text := lower(btrim(invitee ->> 'email'));
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  with_email boolean;
  offered_role uuid;
  invitation public.invitations;
begin
  perform private.require_permission(organization_id, 'members:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  offered_role := private.require_invitable(organization_id, address, invitee);
  with_email := coalesce((invitee ->> 'send_invite')::boolean, true)
    and not coalesce((invitee ->> 'account')::boolean, false) and exists (
    select from public.organizations o where o.id = invite_user.organization_id and o.standing = 'approved');
  answer := private.rate_limit_refusal(array['invite', 'invite_organization', 'invite_recipient'],
    array[auth.uid()::text, organization_id::text, case when with_email then private.token_hash(address) end]);
  if answer is not null then
    return answer;
  end if;
  -- A second invitation of the same address replaces the first, whose token stops working.
  delete from public.invitations i
  where i.organization_id = invite_user.organization_id and i.email = address and i.accepted_at is null;
  insert into public.invitations (organization_id, email, role_id, team_id, token_hash, invited_by, full_name,
    status)
  values (organization_id, address, offered_role, (invitee ->> 'team_id')::uuid, private.token_hash(secret), auth.uid(),
    coalesce(invitee ->> 'full_name', ''), coalesce(invitee ->> 'status', 'active'))
  returning * into invitation;
  if with_email then
    perform private.mail_invitation(invitation, secret);
  end if;
  answer := jsonb_build_object('id', invitation.id, 'email', invitation.email, 'role', invitee ->> 'role',
    'expires_at', invitation.expires_at, 'full_name', invitation.full_name, 'team_id', invitation.team_id,
    'invite_sent', with_email);
  perform private.store_idempotent_response(organization_id, answer || '{"token": null}');
  return answer || jsonb_build_object('token', secret);
end
$$;
grant execute on function private.invite_user(uuid, jsonb) to authenticated;

create function public.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.invite_user(organization_id, invitee)
$$;
comment on function public.invite_user is 'Invites a person; only this answer contains the token.';
grant execute on function public.invite_user(uuid, jsonb) to authenticated;
