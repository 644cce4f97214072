-- Security definer because last sign-ins and counters may not be read directly. Everybody may see themselves.
create function private.get_user(organization_id uuid, user_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  membership public.memberships;
begin
  if user_id is distinct from auth.uid() or organization_id <> all (private.my_organizations()) then
    perform private.require_permission(organization_id, 'members:read');
  end if;
  select * into membership from public.memberships m
  where m.organization_id = get_user.organization_id and m.user_id = get_user.user_id
    and (not m.is_service or m.user_id = auth.uid());
  if membership.id is null then
    perform private.problem(404, 'not_found', 'There is no such user.');
  end if;
  return private.user_json(membership,
    user_id = auth.uid() or organization_id = any (private.organizations_with('members:manage')));
end
$$;
grant execute on function private.get_user(uuid, uuid) to authenticated;

create function public.get_user(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_user(organization_id, user_id)
$$;
comment on function public.get_user is
  'A member of the organization; all fields for callers who manage members, and for the member.';
grant execute on function public.get_user(uuid, uuid) to authenticated;
