-- Before the row of a lead is deleted, because its events are deleted with it. Security definer: see count_leads.
create function private.count_sla_of_lead()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform private.record_sla_events(array(
    select e from public.sla_events e where e.organization_id = old.organization_id and e.lead_id = old.id), -1);
  return old;
end
$$;
