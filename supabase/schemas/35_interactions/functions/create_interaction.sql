-- The first contact by the lead's assignee answers the response clock, as of the time of the contact but not before
-- the clock started. A contact is a call or meeting, or an e-mail or text that was not inbound; a note or something
-- received is none. The clock's trigger decides whether the response was in time. Security definer because callers
-- may not write interactions and leads directly. The lead is locked, so that it cannot be merged concurrently.
create function private.create_interaction(organization_id uuid, lead_id uuid, interaction jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  lead public.leads;
  created public.interactions;
  answer jsonb;
begin
  perform private.require_scope(organization_id, 'interactions:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  lead := private.require_lead(organization_id, lead_id, 'interactions:write', true);
  insert into public.interactions
    (organization_id, lead_id, type, direction, subject, body, outcome, duration_seconds, occurred_at, created_by)
  select lead.organization_id, lead.id, r.type, r.direction, r.subject, r.body, r.outcome, r.duration_seconds,
    coalesce(r.occurred_at, now()), auth.uid()
  from jsonb_to_record(interaction) as r
    (type text, direction text, subject text, body text, outcome text, duration_seconds integer,
      occurred_at timestamptz)
  returning * into created;
  if created.occurred_at > now() + private.clock_tolerance() then
    perform private.problem(422, 'invalid_field', 'occurred_at is in the future.',
      '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  if created.type in ('call', 'meeting') or (created.type in ('email', 'sms') and created.direction is distinct
    from 'inbound') then
    update public.leads l set sla_responded_at = greatest(l.sla_started_at, least(created.occurred_at, now()))
    where l.id = lead.id and l.assigned_to = auth.uid() and l.sla_status is not null and l.sla_responded_at is null;
  end if;
  return private.store_idempotent_response(organization_id, private.interaction_json(created));
end
$$;
grant execute on function private.create_interaction(uuid, uuid, jsonb) to authenticated;

create function public.create_interaction(organization_id uuid, lead_id uuid, interaction jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_interaction(organization_id, lead_id, interaction)
$$;
comment on function public.create_interaction is
  'Logs an interaction with a lead; the first contact by the assignee answers the response clock.';
grant execute on function public.create_interaction(uuid, uuid, jsonb) to authenticated;
