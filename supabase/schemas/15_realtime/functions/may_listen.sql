-- Security definer because the policy on Realtime's messages depends on it, whatever the caller may read.
create function private.may_listen(topic text)
returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  parts text[] := string_to_array(topic, ':');
  subject uuid;
begin
  if auth.uid() is null or parts[2] is null or parts[2] !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return false;
  end if;
  perform private.require_session();
  subject := parts[2]::uuid;
  if topic = 'user:' || subject then
    -- The channel carries the notifications of all organizations, so a token that counts in one is refused.
    return coalesce(subject = private.own_account(), false);
  end if;
  if topic = 'campaign:' || subject then
    return exists (
      select from public.campaigns c
      join public.memberships m
        on m.organization_id = c.organization_id and m.user_id = auth.uid() and m.status = 'active'
      join public.role_permissions p
        on p.role_id = m.role_id and p.permission = 'campaigns:read' and p.scope = 'organization'
      where c.id = subject and c.deleted_at is null and c.organization_id = any (private.my_organizations()));
  end if;
  if parts[1] = 'role' then
    return exists (
      select from public.memberships m
      join public.roles r on r.id = m.role_id
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'notes:read'
      where m.user_id = auth.uid() and m.organization_id = subject and m.status = 'active'
        and m.organization_id = any (private.my_organizations())
        and topic = 'role:' || subject || ':' || r.key || ':notes');
  end if;
  if topic = 'organization:' || subject || ':clients' then
    return exists (
      select from public.memberships m
      join public.role_permissions p
        on p.role_id = m.role_id and p.permission = 'clients:read' and p.scope = 'organization'
      where m.user_id = auth.uid() and m.organization_id = subject and m.status = 'active'
        and m.organization_id = any (private.my_organizations()));
  end if;
  return exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where m.user_id = auth.uid() and m.status = 'active' and m.organization_id = any (private.my_organizations()) and (
      (topic = 'organization:' || subject || ':leads' and m.organization_id = subject and p.scope = 'organization')
      or (topic = 'team:' || subject || ':leads' and m.team_id = subject and p.scope in ('team', 'organization'))));
end
$$;
comment on function private.may_listen is 'Whether the caller may join the private Realtime channel.';
grant execute on function private.may_listen(text) to authenticated;
