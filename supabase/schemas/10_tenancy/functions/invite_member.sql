-- Security definer because nobody may write invitations, their tokens or e-mails directly.
create function private.invite_member(organization_id uuid, email text, role text, team_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  invitation public.invitations;
  offered_role uuid;
  email_id uuid;
begin
  perform private.require_permission(organization_id, 'members:manage');
  select r.id into offered_role from public.roles r
  where r.key = role and (r.organization_id is null or r.organization_id = invite_member.organization_id)
  order by r.organization_id nulls last limit 1;
  if offered_role is null then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
  end if;
  perform private.require_grantable(organization_id, offered_role);
  if exists (
    select from public.memberships m join public.profiles p on p.id = m.user_id
    where m.organization_id = invite_member.organization_id and p.email = lower(btrim(invite_member.email))
  ) then
    perform private.problem(409, 'already_member', 'This person is already a member of the organization.');
  end if;
  -- A second invitation of the same address replaces the first, whose token stops working.
  delete from public.invitations i
  where i.organization_id = invite_member.organization_id and i.email = lower(btrim(invite_member.email))
    and i.accepted_at is null;
  insert into public.invitations (organization_id, email, role_id, team_id, token_hash, invited_by)
  values (organization_id, lower(btrim(email)), offered_role, team_id, private.token_hash(secret), auth.uid())
  returning * into invitation;
  insert into public.emails (organization_id, kind, to_address, data, event_key)
  values (organization_id, 'invitation', invitation.email, jsonb_build_object(
    'title', 'Invitation', 'expires_at', invitation.expires_at,
    'role_name', (select r.name from public.roles r where r.id = offered_role),
    'invited_by_name', (select p.full_name from public.profiles p where p.id = auth.uid())),
    'invitation:' || invitation.id)
  returning id into email_id;
  insert into private.email_secrets (email_id, invitation_id, token) values (email_id, invitation.id, secret);
  return jsonb_build_object('id', invitation.id, 'email', invitation.email, 'role', role,
    'expires_at', invitation.expires_at, 'token', secret);
end
$$;
grant execute on function private.invite_member(uuid, text, text, uuid) to authenticated;

create function public.invite_member(organization_id uuid, email text, role text, team_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.invite_member(organization_id, email, role, team_id)
$$;
comment on function public.invite_member is
  'Invites a person by e-mail address; only this answer contains the token.';
grant execute on function public.invite_member(uuid, text, text, uuid) to authenticated;
