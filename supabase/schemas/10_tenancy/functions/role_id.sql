-- The organization's or system role with this key.
create function private.role_id(organization_id uuid, key text)
returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  found_role uuid;
begin
  select r.id into found_role from public.roles r
  where r.key = role_id.key and (r.organization_id is null or r.organization_id = role_id.organization_id)
  order by r.organization_id nulls last limit 1;
  if found_role is null then
    perform private.problem(422, 'unknown_role', 'There is no such role in this organization.',
      '[{"path": "role", "message": "is not a role of this organization"}]');
  end if;
  return found_role;
end
$$;
