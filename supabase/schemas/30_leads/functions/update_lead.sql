-- PATCH /leads/{id}: { lead }, or { stale } with the lead as it is when the expected version has passed. Stage and holder
-- have endpoints of their own, which write their histories; here they may only be repeated. Definer: see create_lead.
create function private.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  held public.leads;
  wanted public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  if change ?| array['phone', 'email'] then
    perform private.lock_lead_contacts(organization_id, change ->> 'phone', change ->> 'email');
  end if;
  held := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if held.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(held));
  end if;
  wanted := jsonb_populate_record(held, change || jsonb_build_object('organization_id', organization_id));
  if wanted.status <> held.status then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is changed by PATCH /leads/{id}/status"}]');
  elsif wanted.assigned_to is distinct from held.assigned_to then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is changed by PATCH /leads/{id}/assign"}]');
  elsif wanted.team_id is distinct from held.team_id and held.assigned_to is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is the team of the person to whom the lead is assigned"}]');
  elsif wanted.team_id is distinct from held.team_id then
    perform private.check_lead_team(organization_id, wanted.team_id);
  end if;
  perform private.check_lead(wanted);
  if (wanted.phone, wanted.email) is distinct from (held.phone, held.email) then
    perform private.reject_duplicate(organization_id, nullif(wanted.phone, held.phone), nullif(wanted.email, held.email),
      allow_duplicate, lead_id);
  end if;
  if change ? 'custom_fields' then
    wanted.custom_fields := private.checked_custom_fields(organization_id, held.custom_fields, change -> 'custom_fields', false);
  end if;
  update public.leads l
  set first_name = wanted.first_name, last_name = wanted.last_name, email = wanted.email, phone = wanted.phone,
    source = wanted.source, value = wanted.value, tags = wanted.tags, time_zone = wanted.time_zone, country = wanted.country,
    region = wanted.region, custom_fields = wanted.custom_fields, team_id = wanted.team_id
  where l.organization_id = update_lead.organization_id and l.id = update_lead.lead_id;
  return jsonb_build_object('lead', private.lead_of(organization_id, lead_id));
end
$$;
grant execute on function private.update_lead(uuid, uuid, jsonb, integer, boolean) to authenticated;

create function public.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer default null, allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead(organization_id, lead_id, change, expected_version, allow_duplicate)
$$;
comment on function public.update_lead is 'Changes a lead if it still has the expected version: { lead }, else { stale } with the lead as it is.';
grant execute on function public.update_lead(uuid, uuid, jsonb, integer, boolean) to authenticated;
