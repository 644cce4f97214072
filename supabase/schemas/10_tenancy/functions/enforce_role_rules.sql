create function private.enforce_role_rules()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  if coalesce(old.organization_id, new.organization_id) is null
    and current_user in ('authenticated', 'service_role') then
    perform private.problem(403, 'system_role', 'System roles cannot be changed or deleted.');
  end if;
  if tg_op <> 'DELETE' and new.organization_id is not null
    and exists (select from public.roles r where r.organization_id is null and r.key = new.key) then
    perform private.problem(409, 'system_role', 'A system role has this key.');
  end if;
  return coalesce(new, old);
end
$$;
