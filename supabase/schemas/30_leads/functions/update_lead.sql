-- PATCH /leads/{id}: { lead }, or { stale } with the current lead when its version is not the expected one. Stage and
-- assignee have endpoints of their own, which write their histories; here they may only be repeated. Security definer
-- because callers may not write leads directly.
create function private.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer, allow_duplicate boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  current public.leads;
  updated public.leads;
begin
  perform private.require_scope(organization_id, 'leads:write');
  if change ?| array['phone', 'email'] then
    perform private.lock_lead_contacts(organization_id, change ->> 'phone', change ->> 'email');
  end if;
  current := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if current.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(current));
  end if;
  updated := jsonb_populate_record(current, change || jsonb_build_object('organization_id', organization_id));
  if updated.status <> current.status then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is changed by PATCH /leads/{id}/status"}]');
  elsif updated.assigned_to is distinct from current.assigned_to then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is changed by PATCH /leads/{id}/assign"}]');
  elsif updated.team_id is distinct from current.team_id and current.assigned_to is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "team_id", "message": "is the team of the lead''s assignee"}]');
  elsif updated.team_id is distinct from current.team_id then
    perform private.check_lead_team(organization_id, updated.team_id);
  end if;
  perform private.check_lead(updated);
  if (updated.phone, updated.email) is distinct from (current.phone, current.email) then
    perform private.reject_duplicate(organization_id, nullif(updated.phone, current.phone),
      nullif(updated.email, current.email), allow_duplicate, lead_id);
  end if;
  if change ? 'custom_fields' then
    updated.custom_fields := private.checked_custom_fields(organization_id, current.custom_fields,
      change -> 'custom_fields', false);
  end if;
  update public.leads l
  set first_name = updated.first_name, last_name = updated.last_name, email = updated.email, phone = updated.phone,
    source = updated.source, value = updated.value, tags = updated.tags, time_zone = updated.time_zone,
      country = updated.country, region = updated.region, custom_fields = updated.custom_fields,
        team_id = updated.team_id
  where l.organization_id = update_lead.organization_id and l.id = update_lead.lead_id;
  return jsonb_build_object('lead', private.lead_of(organization_id, lead_id));
end
$$;
grant execute on function private.update_lead(uuid, uuid, jsonb, integer, boolean) to authenticated;

create function public.update_lead(
  organization_id uuid, lead_id uuid, change jsonb, expected_version integer default null,
    allow_duplicate boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_lead(organization_id, lead_id, change, expected_version, allow_duplicate)
$$;
comment on function public.update_lead is
  'Changes a lead if it has the expected version: { lead }, else { stale } with the current lead.';
grant execute on function public.update_lead(uuid, uuid, jsonb, integer, boolean) to authenticated;
