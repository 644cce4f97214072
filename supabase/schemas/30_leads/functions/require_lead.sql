-- The lead, locked for a change if asked. 403 without the permission; 404 for a lead that is missing, deleted or not
-- visible to the caller; 403 for one that is visible but out of the permission's scope. For security definer
-- functions.
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
    perform private.problem(403, 'permission_denied', 'This lead is outside the scope of your permission '
      || permission || '.');
  end if;
  return lead;
end
$$;
comment on function private.require_lead is
  'A lead, not deleted, that is visible to the caller and within the scope of the permission.';
