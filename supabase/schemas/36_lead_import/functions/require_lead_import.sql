create function private.require_lead_import(
  organization_id uuid, import_id uuid, kind text, locked boolean default false)
returns public.lead_imports
language plpgsql set search_path = ''
as $$
declare
  import public.lead_imports;
begin
  perform private.require_permission(organization_id, private.import_permission(kind));
  if locked then
    -- In the lock order of import_lead_slice.
    perform from private.lead_import_runs r
    join public.lead_imports i on i.id = r.import_id and i.organization_id = require_lead_import.organization_id
    where r.import_id = require_lead_import.import_id for update of r;
  end if;
  select * into import from public.lead_imports i
  where i.organization_id = require_lead_import.organization_id and i.id = require_lead_import.import_id
    and i.kind = require_lead_import.kind;
  if import.id is null then
    perform private.problem(404, 'not_found', 'There is no such import.');
  end if;
  return import;
end
$$;
