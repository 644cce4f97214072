-- The people of an organization, as its admins see and change them: list, invite, change, suspend, remove. What a person
-- is here lies in the membership; the account and the profile belong to the person, who may be in several organizations.

alter table public.invitations add column full_name text not null default ''
  constraint invitations_full_name_length check (char_length(full_name) <= 200);
comment on column public.invitations.full_name is 'What the inviter calls the person; their own name where they give none.';
grant select (full_name) on public.invitations to authenticated;

-- As before, but a person who gives no name takes the one of the invitation.
create or replace function private.redeem_invitation(token text, person uuid, person_email text)
returns uuid
language plpgsql set search_path = ''
as $$
declare
  invitation public.invitations;
begin
  select * into invitation from public.invitations i
  where i.token_hash = private.token_hash(token) and i.email = lower(person_email)
    and i.accepted_at is null and i.expires_at > now()
  for update;
  if invitation is null then
    perform private.problem(422, 'invitation_invalid', 'The invitation is unknown, used, expired or for another e-mail address.');
  end if;
  -- Whoever was suspended meanwhile does not come back by an older invitation.
  if exists (
    select from public.memberships m where m.organization_id = invitation.organization_id and m.user_id = person
  ) then
    perform private.problem(409, 'already_member', 'You belong to this organization already.');
  end if;
  update public.invitations set accepted_at = now(), accepted_by = person where id = invitation.id;
  update public.profiles set full_name = invitation.full_name where id = person and full_name = '' and invitation.full_name <> '';
  perform private.add_member(invitation.organization_id, person, invitation.role_id, invitation.team_id);
  return invitation.organization_id;
end
$$;

-- The open leads that people hold now, from the totals.
create function private.open_leads_of(organization_id uuid, user_id uuid)
returns bigint
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.leads), 0)::bigint
  from (select * from private.holder_totals union all select * from private.holder_total_deltas) t
  where t.organization_id = open_leads_of.organization_id and t.creator_id is null and t.holder_id = open_leads_of.user_id
    and t.outcome is null
$$;

-- A member as functions answer it. in_full: also what is for those who manage members, and for the person.
create function private.user_json(membership public.memberships, in_full boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'role', r.key, 'role_name', r.name,
    'team_id', membership.team_id,
    'team_name', (
      select t.name from public.teams t where t.organization_id = membership.organization_id and t.id = membership.team_id),
    'status', membership.status,
    'open_leads', case when in_full then private.open_leads_of(membership.organization_id, membership.user_id) end,
    'last_sign_in_at', case when in_full then (select u.last_sign_in_at from auth.users u where u.id = membership.user_id) end,
    'created_at', membership.created_at, 'updated_at', membership.updated_at)
  from public.profiles p join public.roles r on r.id = membership.role_id
  where p.id = membership.user_id
$$;

-- filters: { search?, role?, status?, team_id? }. Definer: last sign-ins and totals are nobody's to read.
create function private.list_users(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return (
    with found as materialized (
      select m.id, p.full_name, p.email
      from public.memberships m
      join public.profiles p on p.id = m.user_id
      join public.roles r on r.id = m.role_id
      where m.organization_id = list_users.organization_id
        and (not filters ? 'role' or r.key = filters ->> 'role')
        and (not filters ? 'status' or m.status = filters ->> 'status')
        and (not filters ? 'team_id' or m.team_id = (filters ->> 'team_id')::uuid)
        and (not filters ? 'search' or position(lower(filters ->> 'search') in lower(p.full_name || ' ' || p.email)) > 0)
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.user_json(m, true) order by lower(f.full_name), f.email, f.id)
      from (select * from found f order by lower(f.full_name), f.email, f.id limit page_limit offset page_offset) f
      join public.memberships m on m.id = f.id), '[]')));
end
$$;

-- Definer: see list_users. Oneself is always within sight.
create function private.get_user(organization_id uuid, user_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  membership public.memberships;
begin
  if user_id is distinct from auth.uid() or organization_id <> all (private.my_organizations()) then
    perform private.require_permission(organization_id, 'members:read');
  end if;
  select * into membership from public.memberships m
  where m.organization_id = get_user.organization_id and m.user_id = get_user.user_id;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  return private.user_json(membership,
    user_id = auth.uid() or organization_id = any (private.organizations_with('members:manage')));
end
$$;

-- The role of this key, which the organization or the system has.
create function private.role_id(organization_id uuid, key text)
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  found_role uuid;
begin
  select r.id into found_role from public.roles r
  where r.key = role_id.key and (r.organization_id is null or r.organization_id = role_id.organization_id)
  order by r.organization_id nulls last limit 1;
  if found_role is null then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.',
      '[{"path": "role", "message": "is no role of this organization"}]');
  end if;
  return found_role;
end
$$;

create function private.require_team(organization_id uuid, team_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if team_id is not null and not exists (
    select from public.teams t where t.organization_id = require_team.organization_id and t.id = require_team.team_id
  ) then
    perform private.problem(422, 'invalid_field', 'There is no such team in this organization.',
      '[{"path": "team_id", "message": "is no team of this organization"}]');
  end if;
end
$$;

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
  answer := private.replayed_response(organization_id);
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
  perform private.remember_response(organization_id, answer || '{"token": null}');
  return answer;
end
$$;

-- The open invitations, newest first. Definer: it names roles and people whatever the reader may see.
create function private.list_invitations(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  return jsonb_build_object(
    'total', (
      select count(*) from public.invitations i
      where i.organization_id = list_invitations.organization_id and i.accepted_at is null),
    'rows', coalesce((
      select jsonb_agg(jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'team_id', p.team_id,
        'role', (select r.key from public.roles r where r.id = p.role_id), 'invited_by', p.invited_by,
        'invited_by_name', (select u.full_name from public.profiles u where u.id = p.invited_by),
        'expires_at', p.expires_at, 'expired', p.expires_at <= now(), 'created_at', p.created_at) order by p.created_at desc, p.id desc)
      from (
        select i.* from public.invitations i
        where i.organization_id = list_invitations.organization_id and i.accepted_at is null
        order by i.created_at desc, i.id desc limit page_limit offset page_offset
      ) p), '[]'));
end
$$;

create function public.list_invitations(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_invitations(organization_id, page_limit, page_offset)
$$;
comment on function public.list_invitations is 'One page of the invitations that nobody accepted yet, newest first.';

-- An account's name is the same in all its organizations, so an admin gives it only to a person who is in no other one;
-- everybody else names themselves. The audit log has it as a change of the profile, which is no table of a tenant's.
create function private.rename_user(organization_id uuid, user_id uuid, full_name text)
returns void
language plpgsql set search_path = ''
as $$
declare
  known public.profiles;
begin
  -- The lock keeps the person from joining another organization meanwhile.
  select * into known from public.profiles p where p.id = rename_user.user_id for update;
  if known.full_name = rename_user.full_name then
    return;
  end if;
  if user_id is distinct from auth.uid() and exists (
    select from public.memberships m where m.user_id = rename_user.user_id and m.organization_id <> rename_user.organization_id
  ) then
    perform private.problem(403, 'name_is_personal', 'Only the person may change this name.');
  end if;
  update public.profiles p set full_name = rename_user.full_name where p.id = rename_user.user_id;
  insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id, before, after, changed,
    request_id, ip)
  values (organization_id, auth.uid(), (nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'act' ->> 'sub')::uuid,
    'update', 'profiles', user_id, jsonb_build_object('full_name', known.full_name),
    jsonb_build_object('full_name', rename_user.full_name), '{full_name}', private.request_header('x-request-id'),
    nullif(split_part(coalesce(private.request_header('x-client-ip'), private.request_header('x-forwarded-for'), ''), ',', 1), ''));
end
$$;

-- change: { full_name?, role?, team_id?, status? }. Suspended people keep their leads and get no new ones. Whether a role
-- may be given or taken, and that an admin remains, private.guard_membership decides. Definer: see list_users.
create function private.update_user(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  membership public.memberships;
begin
  perform private.require_permission(organization_id, 'members:manage');
  select * into membership from public.memberships m
  where m.organization_id = update_user.organization_id and m.user_id = update_user.user_id for update;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  perform private.require_team(organization_id, (change ->> 'team_id')::uuid);
  if change ? 'full_name' then
    perform private.rename_user(organization_id, user_id, change ->> 'full_name');
  end if;
  if change ?| array['role', 'team_id', 'status'] then
    update public.memberships m
    set role_id = case when change ? 'role' then private.role_id(update_user.organization_id, change ->> 'role') else m.role_id end,
      team_id = case when change ? 'team_id' then (change ->> 'team_id')::uuid else m.team_id end,
      status = coalesce(change ->> 'status', m.status)
    where m.id = membership.id
    returning * into membership;
  end if;
  return private.user_json(membership, true);
end
$$;

-- What a person who leaves still has to do, given to somebody else or, with null, to nobody. Leads in the bin go along, so
-- that whoever restores one finds it where the others went.
create function private.hand_over(organization_id uuid, user_id uuid, successor uuid)
returns void
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  held uuid[] := array(
    select l.id from public.leads l
    where l.organization_id = hand_over.organization_id and l.assigned_to = hand_over.user_id and l.deleted_at is null
      and l.outcome is null
    order by l.id);
begin
  perform private.assign_leads(organization_id, held, array_fill(successor, array[cardinality(held)]), 'departure');
  with moved as (
    update public.leads l set assigned_to = successor
    where l.organization_id = hand_over.organization_id and l.assigned_to = hand_over.user_id and l.deleted_at is not null
      and l.outcome is null
    returning l.id
  )
  insert into public.lead_assignments (organization_id, lead_id, from_user, to_user, method, assigned_by)
  select hand_over.organization_id, m.id, hand_over.user_id, successor, 'departure', auth.uid() from moved m;
  update public.tasks t set assigned_to = successor
  where t.organization_id = hand_over.organization_id and t.assigned_to = hand_over.user_id and t.status in ('open', 'in_progress');
end
$$;

-- Removes the membership, not the account. reassign_to: null asks what to do with open leads and tasks, if there are any;
-- 'none' leaves them with nobody. What is closed stays with the person, by name. Locks are taken in the order of all who
-- assign leads: the organization (if an admin goes), members, holders, leads. Definer: see list_users.
create function private.remove_user(organization_id uuid, user_id uuid, reassign_to text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  successor uuid := case when reassign_to <> 'none' then reassign_to::uuid end;
  membership public.memberships;
  leads bigint;
  tasks bigint;
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform from public.organizations o where o.id = organization_id and exists (
    select from public.memberships m join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
    where m.organization_id = o.id and m.user_id = remove_user.user_id) for update;
  perform from public.memberships m
  where m.organization_id = remove_user.organization_id and m.user_id in (remove_user.user_id, successor) order by m.user_id for update;
  select * into membership from public.memberships m
  where m.organization_id = remove_user.organization_id and m.user_id = remove_user.user_id;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  if successor is not null and (successor = user_id or successor <> all (private.lock_holders(organization_id, array[successor]))) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "reassign_to", "message": "is no other active member who may hold leads"}]');
  end if;
  select count(*) into leads from public.leads l
  where l.organization_id = remove_user.organization_id and l.assigned_to = remove_user.user_id and l.deleted_at is null
    and l.outcome is null;
  select count(*) into tasks from public.tasks t
  where t.organization_id = remove_user.organization_id and t.assigned_to = remove_user.user_id and t.status in ('open', 'in_progress');
  if reassign_to is null and leads + tasks > 0 then
    perform private.problem(409, case when leads > 0 then 'has_open_leads' else 'has_open_tasks' end,
      'This person has open leads or tasks. Say in reassign_to who is to have them, or "none".',
      jsonb_build_object('open_leads', leads, 'open_tasks', tasks));
  end if;
  perform private.hand_over(organization_id, user_id, successor);
  delete from public.memberships m where m.id = membership.id;
  delete from public.lead_holders h where h.organization_id = remove_user.organization_id and h.user_id = remove_user.user_id;
end
$$;

create function public.list_users(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_users(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_users is 'One page of members by name. filters: { search?, role?, status?, team_id? }.';

create function public.get_user(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_user(organization_id, user_id)
$$;
comment on function public.get_user is 'A member of the organization; more of it for those who manage members and for itself.';

create function public.invite_user(organization_id uuid, invitee jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.invite_user(organization_id, invitee)
$$;
comment on function public.invite_user is 'Invites a person; the answer holds the token, which is shown only here.';

create function public.update_user(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_user(organization_id, user_id, change)
$$;
comment on function public.update_user is 'Changes a member: { full_name?, role?, team_id?, status? }.';

-- Somebody may hold tens of thousands of leads; the Data API applies the setting.
create function public.remove_user(organization_id uuid, user_id uuid, reassign_to text default null)
returns void
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.remove_user(organization_id, user_id, reassign_to)
$$;
comment on function public.remove_user is 'Removes a member; open leads and tasks go to reassign_to, a user''s id or "none".';

grant execute on function private.list_users(uuid, jsonb, integer, integer), private.get_user(uuid, uuid),
  private.invite_user(uuid, jsonb), private.list_invitations(uuid, integer, integer),
  private.update_user(uuid, uuid, jsonb), private.remove_user(uuid, uuid, text) to authenticated;
grant execute on function public.list_users(uuid, jsonb, integer, integer), public.get_user(uuid, uuid),
  public.invite_user(uuid, jsonb), public.list_invitations(uuid, integer, integer),
  public.update_user(uuid, uuid, jsonb), public.remove_user(uuid, uuid, text) to authenticated;
