-- Locks what a change of these people's memberships needs, in the order of everything that changes memberships: the
-- organization (if an admin is among them), then memberships by person. So two admins who remove each other wait, and
-- none of these changes deadlock.
create function private.lock_memberships(organization_id uuid, user_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
begin
  perform from public.organizations o where o.id = organization_id and exists (
    select from public.memberships m
    join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
    where m.organization_id = o.id and m.user_id = any (user_ids)) for no key update;
  perform from public.memberships m
  where m.organization_id = lock_memberships.organization_id and m.user_id = any (user_ids)
  order by m.user_id for update;
end
$$;
