-- Raises 403 unless the caller is an active member of the organization, whatever their role, and the organization is
-- not suspended.
create function private.require_member(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if organization_id = any (private.my_organizations()) then
    return;
  end if;
  perform private.refuse_outsider(organization_id);
end
$$;

-- Raises the 403 that fits somebody who may do nothing in the organization.
create function private.refuse_outsider(organization_id uuid)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  if exists (
    select from public.memberships m
    join public.organizations o on o.id = m.organization_id and o.standing = 'suspended'
    where m.organization_id = refuse_outsider.organization_id and m.user_id = auth.uid() and m.status = 'active'
  ) then
    perform private.problem(403, 'organization_suspended', 'This organization is suspended.');
  end if;
  perform private.problem(403, 'not_a_member', 'You are not an active member of this organization.');
end
$$;
