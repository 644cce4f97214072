-- The invitation of this address with this token, if it can be accepted: not used, not expired, and its inviter is
-- still an active member, or a key that has not expired, and may invite and grant what it offers. An organization that
-- is suspended takes nobody in.
create function private.open_invitation(token text, email text)
returns uuid
language sql stable set search_path = ''
as $$
  select i.id from public.invitations i
  join public.organizations o on o.id = i.organization_id and o.standing <> 'suspended'
  where i.token_hash = private.token_hash(open_invitation.token) and i.email = lower(open_invitation.email)
    and i.accepted_at is null and i.expires_at > now()
    and private.may_invite(i.organization_id, i.invited_by, i.role_id, i.team_id)
$$;

-- Whether a member may invite somebody with this role into this team.
create function private.may_invite(organization_id uuid, inviter uuid, offered_role uuid, team_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p
      on p.role_id = m.role_id and p.permission = 'members:manage' and p.scope = 'organization'
    where m.organization_id = may_invite.organization_id and m.user_id = may_invite.inviter and private.is_in_force(m))
  and private.may_grant(organization_id, inviter, offered_role, team_id)
$$;

-- Withdraws the open invitations of a deleted account, which would lose their inviter.
-- Security definer because nobody may delete invitations that they cannot see.
create function private.withdraw_invitations_of_account()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.invitations i where i.invited_by = old.id and i.accepted_at is null;
  return old;
end
$$;

-- Withdraws the open invitations that a member may no longer give, after a change or the end of their membership.
-- Security definer because nobody may delete invitations that they cannot see.
create function private.withdraw_invitations_of_member()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.invitations i
  where i.organization_id = old.organization_id and i.invited_by = old.user_id and i.accepted_at is null
    and not private.may_invite(i.organization_id, i.invited_by, i.role_id, i.team_id);
  return null;
end
$$;
