-- Refuses what an organization in the sandbox may not do: its admins are not known to anybody yet, so it could make
-- strangers its members, to whom it may write.
-- Security definer because members' rights are asked for first.
create function private.require_approved(organization_id uuid)
returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'members:manage');
  if not exists (
    select from public.organizations o where o.id = require_approved.organization_id and o.standing = 'approved'
  ) then
    perform private.problem(403, 'organization_in_sandbox',
      'An organization in the sandbox invites people: they accept themselves.');
  end if;
end
$$;
grant execute on function private.require_approved(uuid) to authenticated;

create function public.require_approved(organization_id uuid)
returns void
language sql stable set search_path = ''
as $$
  select private.require_approved(organization_id)
$$;
comment on function public.require_approved is 'Raises 403 unless the organization may create accounts for others.';
grant execute on function public.require_approved(uuid) to authenticated;
