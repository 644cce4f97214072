-- change: { full_name?, email?, role?, team_id?, status? }; email only as it is, for forms that send it along. Suspended
-- members keep their leads and get no new ones. The rules about roles and the last admin are in
-- private.enforce_membership_rules. Security definer because audit entries of profiles may not be written directly.
create function private.update_user(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  membership public.memberships;
begin
  perform private.require_permission(organization_id, 'members:manage');
  perform private.lock_memberships(organization_id, array[user_id]);
  select * into membership from public.memberships m
  where m.organization_id = update_user.organization_id and m.user_id = update_user.user_id and not m.is_service;
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  if change ? 'email' and not exists (
    select from public.profiles p where p.id = update_user.user_id and p.email = lower(btrim(change ->> 'email'))
  ) then
    perform private.problem(403, 'email_is_personal', 'Only this person may change their e-mail address.');
  end if;
  perform private.require_team(organization_id, (change ->> 'team_id')::uuid);
  if change ? 'full_name' then
    perform private.rename_user(organization_id, user_id, change ->> 'full_name');
  end if;
  if change ?| array['role', 'team_id', 'status'] then
    update public.memberships m
    set role_id = case when change ? 'role' then private.role_id(update_user.organization_id, change ->> 'role')
        else m.role_id end,
      team_id = case when change ? 'team_id' then (change ->> 'team_id')::uuid else m.team_id end,
      status = coalesce(change ->> 'status', m.status)
    where m.id = membership.id
    returning * into membership;
  end if;
  return private.user_json(membership, true);
end
$$;
grant execute on function private.update_user(uuid, uuid, jsonb) to authenticated;

create function public.update_user(organization_id uuid, user_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_user(organization_id, user_id, change)
$$;
comment on function public.update_user is 'Changes a member: { full_name?, role?, team_id?, status? }; email only as it is.';
grant execute on function public.update_user(uuid, uuid, jsonb) to authenticated;
