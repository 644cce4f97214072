-- PATCH /leads/{id}/status: { lead }, or { stale } with the lead as it is when the expected version has passed. To the
-- stage where it stands already is no move. Definer: leads and their history are nobody's to write directly.
create function private.move_lead(organization_id uuid, lead_id uuid, status text, note text, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  allowed text[];
  closed boolean;
begin
  perform private.lock_pipeline(organization_id);
  lead := private.require_lead(organization_id, lead_id, 'leads:write', true);
  if lead.version <> expected_version then
    return jsonb_build_object('stale', private.lead_json(lead));
  end if;
  closed := lead.outcome is not null;
  if not exists (
    select from public.pipeline_stages s where s.organization_id = move_lead.organization_id and s.key = move_lead.status) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "status", "message": "is not a stage of the organization''s pipeline"}]');
  end if;
  if lead.status <> move_lead.status then
    select s.next_stages into allowed from public.pipeline_stages s
    where s.organization_id = move_lead.organization_id and s.key = lead.status;
    if move_lead.status <> all (allowed) then
      perform private.problem(409, 'stage_not_allowed', 'From its stage the lead cannot move there.',
        jsonb_build_object('status', lead.status, 'allowed', allowed));
    end if;
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note, changed_by, created_at)
    values (organization_id, lead_id, lead.status, status,
      -- A move that waited for another one began before the lead entered its stage.
      greatest(0, floor(extract(epoch from now() - lead.status_since))), note, auth.uid(), clock_timestamp());
    update public.leads l set status = move_lead.status
    where l.organization_id = move_lead.organization_id and l.id = move_lead.lead_id
    returning l.* into lead;
    -- What is closed stays with people who leave. Reopened, it is work that somebody has to be given.
    if closed and lead.outcome is null and not private.may_hold_leads(organization_id, lead.assigned_to) then
      perform private.assign_leads(organization_id, array[lead_id], array[null]::uuid[], 'departure');
      select * into lead from public.leads l where l.organization_id = move_lead.organization_id and l.id = move_lead.lead_id;
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
comment on function public.move_lead is 'Moves a lead to another stage: { lead }, or { stale } where it has changed since the expected version.';
grant execute on function public.move_lead(uuid, uuid, text, text, integer) to authenticated;
