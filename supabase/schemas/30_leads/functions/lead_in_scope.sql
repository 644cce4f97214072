-- Whether one lead is within the scope of the caller's permission. Security definer: see organizations_with.
create function private.lead_in_scope(lead public.leads, permission text)
returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = lead_in_scope.permission
    where m.user_id = auth.uid() and m.organization_id = lead.organization_id and m.status = 'active'
      and case p.scope
        when 'organization' then true
        when 'team' then lead.team_id = m.team_id or lead.assigned_to = m.user_id or lead.created_by = m.user_id
        else lead.assigned_to = m.user_id or lead.created_by = m.user_id end)
$$;
