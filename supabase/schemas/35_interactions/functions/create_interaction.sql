-- The first contact by the lead's holder answers the response clock, at the time at which it took place but not before
-- the clock started. Contact is a call or a meeting, whoever began it, and an e-mail or text that was sent; a note or
-- something received is none. Whether that was in time, the trigger of the clock says.
-- Definer: interactions and leads are written by functions only. The lead is locked: it cannot be merged meanwhile.
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
    (type text, direction text, subject text, body text, outcome text, duration_seconds integer, occurred_at timestamptz)
  returning * into created;
  if created.occurred_at > now() + interval '5 minutes' then
    perform private.problem(422, 'invalid_field', 'An interaction cannot be logged before it took place.',
      '[{"path": "occurred_at", "message": "is in the future"}]');
  end if;
  if created.type in ('call', 'meeting') or (created.type in ('email', 'sms') and created.direction is distinct from 'inbound') then
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
  'Logs an interaction with a lead; a first contact by its holder answers the response clock. Repeats with the same Idempotency-Key answer alike.';
grant execute on function public.create_interaction(uuid, uuid, jsonb) to authenticated;
