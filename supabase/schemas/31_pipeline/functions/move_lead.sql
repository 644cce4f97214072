-- PATCH /leads/{id}/status: { lead }, or { stale } with the current lead when its version is not the expected one.
-- Moving to the current stage changes nothing. Security definer because callers may not write leads and their history
-- directly.
create function private.move_lead(organization_id uuid, lead_id uuid, status text, note text, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  next_stages text[];
  was_closed boolean;
begin
  perform private.lock_pipeline(organization_id);
  lead := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if lead.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(lead));
  end if;
  was_closed := lead.outcome is not null;
  if not exists (
    select from public.pipeline_stages s where s.organization_id = move_lead.organization_id
      and s.key = move_lead.status) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is not a stage of the organization''s pipeline"}]');
  end if;
  if lead.status <> move_lead.status then
    select s.next_stages into next_stages from public.pipeline_stages s
    where s.organization_id = move_lead.organization_id and s.key = lead.status;
    if move_lead.status <> all (next_stages) then
      perform private.problem(409, 'stage_not_allowed', 'The lead cannot move from its stage to this one.',
        jsonb_build_object('status', lead.status, 'allowed', next_stages));
    end if;
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note,
      changed_by, created_at)
    values (organization_id, lead_id, lead.status, status,
      -- A move that waited for another move began before the lead entered its stage.
      greatest(0, floor(extract(epoch from now() - lead.status_since))), note, auth.uid(), clock_timestamp());
    update public.leads l set status = move_lead.status
    where l.organization_id = move_lead.organization_id and l.id = move_lead.lead_id
    returning l.* into lead;
    -- Closed leads stay assigned to people who left; a reopened lead needs a new assignee.
    if was_closed and lead.outcome is null and not private.may_hold_leads(organization_id, lead.assigned_to) then
      perform private.assign_leads(organization_id, array[lead_id], array[null]::uuid[], 'departure');
      select * into lead from public.leads l where l.organization_id = move_lead.organization_id
        and l.id = move_lead.lead_id;
    end if;
  end if;
  return jsonb_build_object('lead', private.lead_json(lead));
end
$$;
grant execute on function private.move_lead(uuid, uuid, text, text, integer) to authenticated;

create function public.move_lead(
  organization_id uuid, lead_id uuid, status text, note text default null, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.move_lead(organization_id, lead_id, status, note, expected_version)
$$;
comment on function public.move_lead is
  'Moves a lead to another stage if it has the expected version: { lead }, else { stale } with the current lead.';
grant execute on function public.move_lead(uuid, uuid, text, text, integer) to authenticated;
