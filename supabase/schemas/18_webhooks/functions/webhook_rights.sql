-- Why an endpoint is sent nothing, whatever its events: its owner's rights have ended. null: it is not silent.
create function private.webhook_silence(organization_id uuid, owner_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select case
    when o.standing = 'suspended' then 'organization_suspended'
    when m.id is null then 'owner_not_member'
    when not private.is_in_force(m) then 'key_expired'
    when not exists (
      select from public.role_permissions p
      where p.role_id = m.role_id and p.permission = 'webhooks:manage' and p.scope = 'organization')
    then 'permission_lost' end
  from public.organizations o
  left join public.memberships m on m.organization_id = o.id and m.user_id = owner_id and m.status = 'active'
  where o.id = webhook_silence.organization_id
$$;

-- Why the owner of an endpoint may not be sent this item now, or null.
create function private.webhook_withheld(organization_id uuid, owner_id uuid, event_type text, data jsonb)
returns text
language sql stable set search_path = ''
as $$
  select case
    when s.reason is not null then s.reason
    when webhook_withheld.event_type = 'webhook.test' then null
    when not exists (
      select from public.role_permissions p
      where p.role_id = m.role_id and p.permission = needed.permission
        and (p.scope = 'organization' or t.audience <> 'organization'))
    then 'lacks ' || needed.permission
    when t.audience = 'owner' and webhook_withheld.owner_id::text is distinct from webhook_withheld.data ->> 'owner_id' then 'not the owner''s'
    when t.audience = 'role' and webhook_withheld.owner_id::text is distinct from webhook_withheld.data ->> 'sender_id'
      and not webhook_withheld.data -> 'recipients' ? r.key then 'not for the owner''s role' end
  from private.webhook_silence(webhook_withheld.organization_id, webhook_withheld.owner_id) as s (reason)
  left join private.webhook_event_types t on t.type = event_type
  cross join lateral (
    select coalesce(t.permission_by_kind ->> (webhook_withheld.data ->> 'kind'), t.permission) as permission) needed
  left join public.memberships m on m.organization_id = webhook_withheld.organization_id
    and m.user_id = webhook_withheld.owner_id and m.status = 'active'
  left join public.roles r on r.id = m.role_id
$$;
