-- The lead, locked for a change if asked. 403 without the permission at all; 404 for a lead that is not there, is deleted
-- or that the caller may not see; 403 for one that it sees but may not change. The caller is a definer function.
create function private.require_lead(organization_id uuid, lead_id uuid, permission text, locked boolean default false)
returns public.leads
language plpgsql volatile set search_path = ''
as $$
declare
  lead public.leads;
begin
  perform private.require_scope(organization_id, permission);
  if locked then
    select * into lead from public.leads l
    where l.organization_id = require_lead.organization_id and l.id = lead_id and l.deleted_at is null for update;
  else
    select * into lead from public.leads l
    where l.organization_id = require_lead.organization_id and l.id = lead_id and l.deleted_at is null;
  end if;
  if lead.id is null or not private.lead_in_scope(lead, 'leads:read') then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  end if;
  if not private.lead_in_scope(lead, permission) then
    perform private.problem(403, 'permission_denied', 'Your permission ' || permission || ' does not reach this lead.');
  end if;
  return lead;
end
$$;
comment on function private.require_lead is 'A living lead that the caller may see and on which it holds the permission.';
