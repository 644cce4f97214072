-- People give new leads to themselves, or to others as far as their permission to assign reaches; nobody more than it may
-- hold. Locks the holder, as every assignment does.
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
    perform private.problem(409, 'over_capacity', 'This person holds as many open leads as it may.',
      jsonb_build_object('capacity', load.capacity, 'open', load.open));
  end if;
end
$$;

-- POST /leads. A holder is given by the one way in which leads change hands (see the assignment's migration), so history
-- and notice follow. Definer: leads are written by functions only.
create function private.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  wanted := jsonb_populate_record(null::public.leads, lead || jsonb_build_object('organization_id', organization_id,
    'first_name', coalesce(lead ->> 'first_name', ''), 'last_name', coalesce(lead ->> 'last_name', '')));
  perform private.check_lead(wanted);
  perform private.lock_lead_contacts(organization_id, wanted.phone, wanted.email);
  if wanted.assigned_to is not null then
    perform private.check_first_holder(organization_id, wanted.assigned_to);
  elsif wanted.team_id is not null then
    perform private.check_lead_team(organization_id, wanted.team_id);
  end if;
  perform private.reject_duplicate(organization_id, wanted.phone, wanted.email, allow_duplicate);
  insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, value, tags, time_zone,
    country, region, custom_fields, team_id, created_by)
  values (organization_id, wanted.first_name, wanted.last_name, wanted.email, wanted.phone, coalesce(wanted.source, 'manual'),
    wanted.status, coalesce(wanted.value, 0), coalesce(wanted.tags, '{}'), wanted.time_zone, wanted.country, wanted.region,
    private.checked_custom_fields(organization_id, '{}', coalesce(wanted.custom_fields, '{}'), true),
    case when wanted.assigned_to is null then wanted.team_id end, auth.uid())
  returning id into wanted.id;
  if wanted.assigned_to is not null then
    perform private.assign_leads(organization_id, array[wanted.id], array[wanted.assigned_to], 'manual');
  end if;
  return private.store_idempotent_response(organization_id, private.lead_of(organization_id, wanted.id));
end
$$;
grant execute on function private.create_lead(uuid, jsonb, boolean) to authenticated;

create function public.create_lead(organization_id uuid, lead jsonb, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_lead(organization_id, lead, allow_duplicate)
$$;
comment on function public.create_lead is 'Adds a lead; repeats with the same Idempotency-Key answer alike.';
grant execute on function public.create_lead(uuid, jsonb, boolean) to authenticated;
