-- Whether somebody is an active member who may be assigned leads. For security definer functions.
create function private.may_hold_leads(organization_id uuid, user_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:hold'
    where m.organization_id = may_hold_leads.organization_id and m.user_id = may_hold_leads.user_id
      and m.status = 'active' and not m.is_service)
$$;
