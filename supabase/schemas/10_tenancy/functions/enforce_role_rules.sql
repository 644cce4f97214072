-- An organization has at most 100 roles of its own, so they are listed without pages. The lock serializes their creation.
create function private.require_room_for_role(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('roles|' || organization_id, 0));
  perform private.require_valid((
    select count(*) < 100 from public.roles r where r.organization_id = require_room_for_role.organization_id), '',
    'an organization has at most 100 roles of its own');
end
$$;

-- System roles cannot be changed, and nobody changes or deletes a role with more permissions than their own.
-- Security definer because it compares permissions that the caller may not read.
create function private.enforce_role_rules()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if coalesce(old.organization_id, new.organization_id) is null
    and auth.role() in ('authenticated', 'service_role') then
    perform private.problem(403, 'system_role', 'System roles cannot be changed or deleted.');
  end if;
  if tg_op <> 'INSERT' and auth.uid() is not null then
    perform private.require_grantable(old.organization_id, old.id, null);
  end if;
  if tg_op = 'INSERT' and new.organization_id is not null then
    perform private.require_room_for_role(new.organization_id);
  end if;
  if tg_op <> 'DELETE' and new.organization_id is not null
    and exists (select from public.roles r where r.organization_id is null and r.key = new.key) then
    perform private.problem(409, 'system_role', 'A system role has this key.');
  end if;
  return coalesce(new, old);
end
$$;
