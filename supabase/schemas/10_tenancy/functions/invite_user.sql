-- POST /users: invites by private.invite_member. invitee: { email, full_name?, role, team_id?, send_invite? }. What is kept
-- for a repeat has no token: that is shown once. Definer: writes invitations and takes e-mails back.
create function private.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  team uuid := (invitee ->> 'team_id')::uuid;
  sends boolean := coalesce((invitee ->> 'send_invite')::boolean, true);
begin
  perform private.require_permission(organization_id, 'members:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.role_id(organization_id, invitee ->> 'role');
  perform private.require_team(organization_id, team);
  answer := private.invite_member(organization_id, invitee ->> 'email', invitee ->> 'role', team);
  update public.invitations i set full_name = coalesce(invitee ->> 'full_name', '') where i.id = (answer ->> 'id')::uuid;
  if not sends then
    delete from public.emails e
    where e.organization_id = invite_user.organization_id and e.event_key = 'invitation:' || (answer ->> 'id');
  end if;
  answer := answer || jsonb_build_object('full_name', coalesce(invitee ->> 'full_name', ''), 'team_id', team, 'invite_sent', sends);
  perform private.store_idempotent_response(organization_id, answer || '{"token": null}');
  return answer;
end
$$;
grant execute on function private.invite_user(uuid, jsonb) to authenticated;

create function public.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.invite_user(organization_id, invitee)
$$;
comment on function public.invite_user is 'Invites a person; the answer holds the token, which is shown only here.';
grant execute on function public.invite_user(uuid, jsonb) to authenticated;
