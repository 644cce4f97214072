-- The system roles, and the ways into an organization: found one, or accept an invitation. Both work while the person's
-- account is being made (a trigger on auth.users, so that an account without profile never exists) and later.

insert into private.permissions (name, description) values
  ('organization:update', 'Change the organization''s settings and senders'),
  ('members:read', 'See who belongs to the organization'),
  ('members:manage', 'Invite, change and remove members and teams'),
  ('roles:manage', 'Make and change the organization''s own roles'),
  ('audit:read', 'Read the audit log');

insert into public.roles (organization_id, key, name, description) values
  (null, 'admin', 'Administrator', 'Everything in its organization'),
  (null, 'manager', 'Manager', 'Leads, tasks, interactions, analytics and reports of its team'),
  (null, 'counselor', 'Counselor', 'Leads assigned to or created by it, and its own statistics'),
  (null, 'campaign_manager', 'Campaign manager', 'Leads, templates, campaigns and suppressions'),
  (null, 'operator', 'Operator', 'Conversations, sends, customers and their actions'),
  (null, 'viewer', 'Viewer', 'Reads everything but administration, changes nothing'),
  (null, 'marketing_agent', 'Marketing agent', 'Clients and churn reports'),
  (null, 'technical_agent', 'Technical agent', 'Clients and churn reports');

-- How later migrations hand a new permission to the system roles.
create function private.grant_permission(permission text, description text, role_keys text[], scope text default 'organization')
returns void
language sql set search_path = ''
as $$
  insert into private.permissions (name, description) values (permission, description) on conflict (name) do nothing;
  insert into public.role_permissions (role_id, permission, scope)
  select r.id, grant_permission.permission, grant_permission.scope
  from public.roles r where r.organization_id is null and r.key = any (role_keys)
  on conflict on constraint role_permissions_once do nothing
$$;
comment on function private.grant_permission is 'For migrations: defines a permission and gives it to system roles.';

select private.grant_permission(name, description, array['admin']) from private.permissions;
select private.grant_permission('members:read', '', array[
  'manager', 'counselor', 'campaign_manager', 'operator', 'viewer', 'marketing_agent', 'technical_agent']);

create function private.add_member(organization_id uuid, member uuid, role uuid, team uuid default null)
returns void
language sql set search_path = ''
as $$
  insert into public.memberships (organization_id, user_id, role_id, team_id, is_default)
  values (organization_id, member, role, team,
    not exists (select from public.memberships m where m.user_id = member and m.is_default))
$$;

-- settings: { country?, time_zone?, currency? }; what is missing takes the column's default.
create function private.found_organization(founder uuid, name text, settings jsonb default '{}')
returns uuid
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
begin
  insert into public.organizations (name, country, time_zone, currency)
  values (btrim(name), coalesce(settings ->> 'country', 'GH'), coalesce(settings ->> 'time_zone', 'Africa/Accra'),
    coalesce(settings ->> 'currency', 'GHS'))
  returning id into organization;
  perform private.add_member(organization, founder,
    (select r.id from public.roles r where r.organization_id is null and r.key = 'admin'));
  return organization;
end
$$;

create function private.token_hash(token text)
returns text
language sql immutable set search_path = ''
as $$
  select encode(sha256(convert_to(token, 'UTF8')), 'hex')
$$;

create function private.redeem_invitation(token text, person uuid, person_email text)
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
  perform private.add_member(invitation.organization_id, person, invitation.role_id, invitation.team_id);
  return invitation.organization_id;
end
$$;

-- Definer: runs as Supabase Auth's own role, which may not write here. What it reads from the sign-up's metadata can
-- only found a new organization or redeem a secret token, so it grants nothing that the caller could not have anyway.
create function private.welcome_user()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  meta jsonb := coalesce(new.raw_user_meta_data, '{}');
begin
  insert into public.profiles (id, email, full_name)
  values (new.id, coalesce(lower(new.email), ''), left(coalesce(meta ->> 'full_name', ''), 200));
  if meta ? 'invitation_token' then
    perform private.redeem_invitation(meta ->> 'invitation_token', new.id, new.email);
  elsif btrim(coalesce(meta ->> 'organization_name', '')) <> '' then
    perform private.found_organization(new.id, meta ->> 'organization_name', meta);
  end if;
  return new;
end
$$;

-- Definer: as welcome_user. The profile's e-mail address follows the account's.
create function private.follow_user_email()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.profiles set email = lower(new.email) where id = new.id;
  return new;
end
$$;

create trigger signalbox_welcome_user after insert on auth.users
  for each row execute function private.welcome_user();
create trigger signalbox_follow_user_email after update of email on auth.users
  for each row when (old.email is distinct from new.email) execute function private.follow_user_email();

-- Definer: writes memberships, which nobody may insert directly.
create function private.accept_invitation(token text)
returns uuid
language sql security definer set search_path = ''
as $$
  select private.redeem_invitation(token, p.id, p.email) from public.profiles p where p.id = auth.uid()
$$;

create function public.accept_invitation(token text)
returns uuid
language sql set search_path = ''
as $$
  select private.accept_invitation(token)
$$;
comment on function public.accept_invitation is 'The caller joins the organization that invited its e-mail address; answers that organization.';

-- Definer: writes the token's hash, which nobody may read or write directly.
create function private.invite_member(organization_id uuid, email text, role text, team_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  invitation public.invitations;
  wanted_role uuid;
begin
  perform private.require_permission(organization_id, 'members:manage');
  select r.id into wanted_role from public.roles r
  where r.key = role and (r.organization_id is null or r.organization_id = invite_member.organization_id)
  order by r.organization_id nulls last limit 1;
  if wanted_role is null then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
  end if;
  perform private.require_grantable(organization_id, wanted_role);
  if exists (
    select from public.memberships m join public.profiles p on p.id = m.user_id
    where m.organization_id = invite_member.organization_id and p.email = lower(btrim(invite_member.email))
  ) then
    perform private.problem(409, 'already_member', 'This person belongs to the organization already.');
  end if;
  -- A second invitation of the same address replaces the first, whose token stops working.
  delete from public.invitations i
  where i.organization_id = invite_member.organization_id and i.email = lower(btrim(invite_member.email)) and i.accepted_at is null;
  insert into public.invitations (organization_id, email, role_id, team_id, token_hash, invited_by)
  values (organization_id, lower(btrim(email)), wanted_role, team_id, private.token_hash(secret), auth.uid())
  returning * into invitation;
  return jsonb_build_object('id', invitation.id, 'email', invitation.email, 'role', role,
    'expires_at', invitation.expires_at, 'token', secret);
end
$$;

create function public.invite_member(organization_id uuid, email text, role text, team_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.invite_member(organization_id, email, role, team_id)
$$;
comment on function public.invite_member is 'Invites a person by e-mail address; the answer holds the token, which is shown only here.';

grant execute on function private.accept_invitation(text), private.invite_member(uuid, text, text, uuid) to authenticated;
grant execute on function public.accept_invitation(text), public.invite_member(uuid, text, text, uuid) to authenticated;
