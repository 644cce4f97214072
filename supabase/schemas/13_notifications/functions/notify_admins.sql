-- Each call is an event of its own. The preference of the kind system applies.
create function private.notify_admins(organization_id uuid, kind text, title text, body text, data jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.notify(array_agg(row(m.organization_id, m.user_id, notify_admins.kind,
    notify_admins.kind || ':' || event.id, title, body, data, null)::private.notification))
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  cross join (select private.uuid_v7() as id) event
  where m.organization_id = notify_admins.organization_id and m.status = 'active'
$$;
