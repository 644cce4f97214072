-- An account's name is the same in all its organizations, so an admin gives it only to a person who is in no other one;
-- everybody else names themselves. The audit log has it as a change of the profile, which is no table of a tenant's.
create function private.rename_user(organization_id uuid, user_id uuid, full_name text)
returns void
language plpgsql set search_path = ''
as $$
declare
  known public.profiles;
begin
  -- The lock keeps the person from joining another organization meanwhile.
  select * into known from public.profiles p where p.id = rename_user.user_id for update;
  if known.full_name = rename_user.full_name then
    return;
  end if;
  if user_id is distinct from auth.uid() and exists (
    select from public.memberships m where m.user_id = rename_user.user_id and m.organization_id <> rename_user.organization_id
  ) then
    perform private.problem(403, 'name_is_personal', 'Only the person may change this name.');
  end if;
  update public.profiles p set full_name = rename_user.full_name where p.id = rename_user.user_id;
  insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id, before, after, changed,
    request_id, ip)
  values (organization_id, auth.uid(), (nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'act' ->> 'sub')::uuid,
    'update', 'profiles', user_id, jsonb_build_object('full_name', known.full_name),
    jsonb_build_object('full_name', rename_user.full_name), '{full_name}', private.request_header('x-request-id'),
    nullif(split_part(coalesce(private.request_header('x-client-ip'), private.request_header('x-forwarded-for'), ''), ',', 1), ''));
end
$$;
