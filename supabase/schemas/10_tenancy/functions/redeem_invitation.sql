-- A person who gives no name gets the one in the invitation.
create function private.redeem_invitation(token text, person uuid, person_email text)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  invitation public.invitations;
begin
  select * into invitation from public.invitations i
  where i.id = private.open_invitation(token, person_email) and i.accepted_at is null
  for update;
  if invitation.id is not null then
    -- The inviter could widen the role at this moment: it is kept, and what they may give is asked again.
    perform private.keep_role(invitation.role_id);
  end if;
  if invitation.id is null or private.open_invitation(token, person_email) is null then
    perform private.problem(422, 'invitation_invalid',
      'The invitation is unknown, used, withdrawn, expired or for another e-mail address.');
  end if;
  -- An older invitation does not end a suspension.
  if exists (
    select from public.memberships m where m.organization_id = invitation.organization_id and m.user_id = person
  ) then
    perform private.problem(409, 'already_member', 'You are already a member of this organization.');
  end if;
  update public.invitations set accepted_at = now(), accepted_by = person where id = invitation.id;
  update public.profiles set full_name = invitation.full_name
  where id = person and full_name = '' and invitation.full_name <> '';
  perform private.add_member(invitation.organization_id, person, invitation.role_id, invitation.team_id,
    invitation.status);
  return invitation.organization_id;
end
$$;
