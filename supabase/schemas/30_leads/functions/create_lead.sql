-- Checks the assignee of a new lead: the caller, or somebody within the caller's scope to assign, with free capacity.
-- Locks the assignee as every assignment does.
create function private.check_first_holder(organization_id uuid, user_id uuid)
returns void
language plpgsql volatile set search_path = ''
as $$
declare
  load record;
begin
  if user_id is distinct from auth.uid() then
    perform private.require_holders(organization_id, array[user_id], array['assigned_to']);
  elsif user_id <> all (private.lock_holders(organization_id, array[user_id])) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is no active member who may hold leads"}]');
  end if;
  select * into load from private.holder_loads(organization_id, array[user_id]);
  if load.open >= load.capacity then
    perform private.problem(409, 'over_capacity', 'This user has reached their lead capacity.',
      jsonb_build_object('capacity', load.capacity, 'open', load.open));
  end if;
end
$$;

-- POST /leads. An assignee is set through assign_leads, so that history and notification follow. Security definer
-- because callers may not write leads directly.
create function private.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  new_lead public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  new_lead := jsonb_populate_record(null::public.leads, lead || jsonb_build_object('organization_id', organization_id,
    'first_name', coalesce(lead ->> 'first_name', ''), 'last_name', coalesce(lead ->> 'last_name', '')));
  perform private.check_lead(new_lead);
  perform private.lock_lead_contacts(organization_id, new_lead.phone, new_lead.email);
  if new_lead.assigned_to is not null then
    perform private.check_first_holder(organization_id, new_lead.assigned_to);
  elsif new_lead.team_id is not null then
    perform private.check_lead_team(organization_id, new_lead.team_id);
  end if;
  perform private.reject_duplicate(organization_id, new_lead.phone, new_lead.email, allow_duplicate);
  insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, value, tags,
    time_zone, country, region, custom_fields, team_id, created_by)
  values (organization_id, new_lead.first_name, new_lead.last_name, new_lead.email, new_lead.phone,
    coalesce(new_lead.source, 'manual'), new_lead.status, coalesce(new_lead.value, 0), coalesce(new_lead.tags, '{}'),
    new_lead.time_zone, new_lead.country, new_lead.region,
    private.checked_custom_fields(organization_id, '{}', coalesce(new_lead.custom_fields, '{}'), true),
    case when new_lead.assigned_to is null then new_lead.team_id end, auth.uid())
  returning id into new_lead.id;
  if new_lead.assigned_to is not null then
    perform private.assign_leads(organization_id, array[new_lead.id], array[new_lead.assigned_to], 'manual');
  end if;
  return private.store_idempotent_response(organization_id, private.lead_of(organization_id, new_lead.id));
end
$$;
grant execute on function private.create_lead(uuid, jsonb, boolean) to authenticated;

create function public.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_lead(organization_id, lead, allow_duplicate)
$$;
comment on function public.create_lead is 'Adds a lead. A repeat with the same Idempotency-Key gets the same answer.';
grant execute on function public.create_lead(uuid, jsonb, boolean) to authenticated;
