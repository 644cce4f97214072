-- Both leads, locked in the order of their ids; the one that remains first. When they were merged before, 409 names
-- the remaining one if the caller may see it.
create function private.require_merge(organization_id uuid, lead_id uuid, duplicate_id uuid)
returns public.leads[]
language plpgsql set search_path = ''
as $$
declare
  leads public.leads[];
  known public.leads;
begin
  perform private.require_scope(organization_id, 'leads:delete');
  if lead_id = duplicate_id then
    perform private.require_lead(organization_id, lead_id, 'leads:delete');
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "duplicate_id", "message": "is the lead itself"}]');
  end if;
  perform from public.leads l
  where l.organization_id = require_merge.organization_id and l.id in (lead_id, duplicate_id) order by l.id for update;
  select r.* into known
  from public.leads l
  join public.leads r on r.organization_id = l.organization_id and r.id = l.merged_into and r.deleted_at is null
  where l.organization_id = require_merge.organization_id and l.id in (lead_id, duplicate_id)
    and l.merged_into in (lead_id, duplicate_id);
  if known.id is not null and private.lead_in_scope(known, 'leads:read') then
    perform private.problem(409, 'already_merged', 'These two leads were merged already.',
      jsonb_build_object('merged_into', known.id));
  end if;
  leads := array[private.require_lead(organization_id, lead_id, 'leads:delete'),
    private.require_lead(organization_id, duplicate_id, 'leads:delete')];
  if (leads[1].created_at, leads[1].id) > (leads[2].created_at, leads[2].id) then
    leads := array[leads[2], leads[1]];
  end if;
  return leads;
end
$$;
