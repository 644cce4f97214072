-- PATCH and POST /leads/{id}/assign. People who are off duty can be chosen by name; only strategies skip them.
-- Security definer because callers may not write leads and assignments directly.
create function private.assign_lead(organization_id uuid, lead_id uuid, assigned_to uuid, note text,
  deadline timestamptz)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  lead public.leads;
  load record;
begin
  perform private.require_scope(organization_id, 'leads:assign');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- Before the body is validated, so that a lead outside the caller's scope is 404 whatever the body says.
  perform private.require_lead(organization_id, lead_id, 'leads:assign');
  if deadline <= now() then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "deadline", "message": "is in the past"}]');
  end if;
  if assigned_to is not null then
    perform private.require_holders(organization_id, array[assigned_to], array['assigned_to']);
  end if;
  lead := private.require_lead(organization_id, lead_id, 'leads:assign', true);
  if lead.assigned_to is distinct from assign_lead.assigned_to and assign_lead.assigned_to is not null
    and lead.outcome is null then
    select * into load from private.holder_loads(organization_id, array[assign_lead.assigned_to]);
    if load.open >= load.capacity then
      perform private.problem(409, 'over_capacity', 'This user has reached their lead capacity.',
        jsonb_build_object('capacity', load.capacity, 'open', load.open));
    end if;
  end if;
  perform private.assign_leads(organization_id, array[lead_id], array[assign_lead.assigned_to], 'manual', note,
    deadline);
  select * into lead from public.leads l where l.organization_id = assign_lead.organization_id
    and l.id = assign_lead.lead_id;
  return private.store_idempotent_response(organization_id, private.lead_json(lead));
end
$$;
grant execute on function private.assign_lead(uuid, uuid, uuid, text, timestamptz) to authenticated;

create function public.assign_lead(
  organization_id uuid, lead_id uuid, assigned_to uuid default null, note text default null,
    deadline timestamptz default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_lead(organization_id, lead_id, assigned_to, note, deadline)
$$;
comment on function public.assign_lead is 'Assigns a lead to a person, or with null unassigns it.';
grant execute on function public.assign_lead(uuid, uuid, uuid, text, timestamptz) to authenticated;
