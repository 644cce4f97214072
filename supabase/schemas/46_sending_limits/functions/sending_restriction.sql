-- Why an organization's standing keeps a message back: `suspended`, or `sandbox` unless it goes to a confirmed number of a
-- member. A sender with credentials of the organization's own is not the platform's to restrict. Null: nothing does.
create function private.sending_restriction(organization public.organizations, own_credentials boolean, phone text)
returns text
language sql stable set search_path = ''
as $$
  select case
    when organization.standing = 'suspended' then 'suspended'
    when organization.standing = 'sandbox' and not own_credentials and not exists (
      select from public.memberships m
      join public.profiles p on p.id = m.user_id
      where m.organization_id = organization.id and m.status = 'active'
        and p.phone = sending_restriction.phone and p.phone_confirmed_at is not null)
    then 'sandbox' end
$$;
