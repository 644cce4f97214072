-- Memberships carry all rights, so the rules hold for every statement: an organization keeps an active admin, a role
-- belongs to the system or to the organization, and nobody grants or revokes more rights than they have, by a role or
-- by a team.
-- Security definer because it reads roles and memberships that the caller may not see.
create function private.enforce_membership_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  admin_role uuid := (select r.id from public.roles r where r.organization_id is null and r.key = 'admin');
begin
  if tg_op <> 'DELETE' then
    new.is_service := (select p.is_service from public.profiles p where p.id = new.user_id);
  end if;
  if tg_op <> 'DELETE' and not exists (
    select from public.roles r
    where r.id = new.role_id and (r.organization_id is null or r.organization_id = new.organization_id)
  ) then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.');
  end if;
  if tg_op = 'UPDATE' and new.role_id <> old.role_id and auth.uid() is not null then
    -- A role that is being widened is looked at when that has ended.
    perform private.keep_role(new.role_id);
  end if;
  if tg_op <> 'INSERT' and auth.uid() is not null then
    perform private.require_grantable(old.organization_id, old.role_id, old.team_id);
    if tg_op = 'UPDATE' then
      perform private.require_grantable(new.organization_id, new.role_id, new.team_id);
    end if;
  end if;
  if tg_op <> 'INSERT' and old.role_id = admin_role and old.status = 'active' and not old.is_service
    and (tg_op = 'DELETE' or new.role_id <> admin_role or new.status <> 'active') then
    -- The lock serializes two admins who remove each other. No row: the organization itself is being deleted.
    perform from public.organizations o where o.id = old.organization_id for no key update;
    if found and not exists (
      select from public.memberships m
      where m.organization_id = old.organization_id and m.id <> old.id
        and m.role_id = admin_role and m.status = 'active' and not m.is_service
    ) then
      perform private.problem(409, 'last_admin', 'An organization keeps at least one active admin.');
    end if;
  end if;
  return coalesce(new, old);
end
$$;
