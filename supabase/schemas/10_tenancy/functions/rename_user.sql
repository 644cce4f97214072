-- A person's name is the same in all organizations, so an admin may change it only for a person who belongs to no other
-- one.
create function private.rename_user(organization_id uuid, user_id uuid, full_name text)
returns void
language plpgsql set search_path = ''
as $$
declare
  profile public.profiles;
begin
  -- Locked, so that the person cannot join another organization meanwhile.
  select * into profile from public.profiles p where p.id = rename_user.user_id for update;
  if profile.full_name = rename_user.full_name then
    return;
  end if;
  if user_id is distinct from auth.uid() and exists (
    select from public.memberships m
    where m.user_id = rename_user.user_id and m.organization_id <> rename_user.organization_id
  ) then
    perform private.problem(403, 'name_is_personal', 'Only this person may change their name.');
  end if;
  update public.profiles p set full_name = rename_user.full_name where p.id = rename_user.user_id;
end
$$;
