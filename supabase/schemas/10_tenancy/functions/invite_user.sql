-- POST /users. invitee: { email, full_name?, role, team_id?, send_invite? }. The answer that is stored for a repeat has
-- no token, which is shown only once.
-- Security definer because nobody may write invitations or delete e-mails directly.
create function private.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  team uuid := (invitee ->> 'team_id')::uuid;
  with_email boolean := coalesce((invitee ->> 'send_invite')::boolean, true);
begin
  perform private.require_permission(organization_id, 'members:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.role_id(organization_id, invitee ->> 'role');
  perform private.require_team(organization_id, team);
  answer := private.invite_member(organization_id, invitee ->> 'email', invitee ->> 'role', team);
  update public.invitations i set full_name = coalesce(invitee ->> 'full_name', '')
  where i.id = (answer ->> 'id')::uuid;
  if not with_email then
    delete from public.emails e
    where e.organization_id = invite_user.organization_id and e.event_key = 'invitation:' || (answer ->> 'id');
  end if;
  answer := answer || jsonb_build_object('full_name', coalesce(invitee ->> 'full_name', ''), 'team_id', team,
    'invite_sent', with_email);
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
comment on function public.invite_user is 'Invites a person; only this answer contains the token.';
grant execute on function public.invite_user(uuid, jsonb) to authenticated;
