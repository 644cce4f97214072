-- Whether a membership still gives rights to what acts for its member later, such as a webhook, a scheduled report or
-- an invitation: it is active, and if it is an API key's, that has not expired. Requests of an expired key are refused
-- before (private.organization_of_key).
create function private.is_in_force(membership public.memberships)
returns boolean
language sql stable set search_path = ''
as $$
  select membership.status = 'active' and not (membership.is_service and private.is_expired_key(membership.user_id))
$$;

create function private.is_expired_key(account uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from public.api_keys k where k.id = account and k.expires_at <= now())
$$;
