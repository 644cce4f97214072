-- The inboxes of the caller as "organization:role". Security definer because policies on the tables of notes depend on
-- it.
create function private.my_note_inboxes()
returns text[]
language sql stable security definer set search_path = ''
as $$
  select coalesce(array_agg(m.organization_id || ':' || r.key), '{}')
  from public.memberships m
  join public.roles r on r.id = m.role_id
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'notes:read'
  where m.user_id = (select auth.uid()) and m.status = 'active'
    and m.organization_id = any (private.my_organizations())
$$;
grant execute on function private.my_note_inboxes() to authenticated;
