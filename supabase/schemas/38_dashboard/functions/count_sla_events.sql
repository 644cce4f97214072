-- Writers of an event hold a lock on its lead, so its deletion or restoration is not missed. Leads are found by id
-- alone: with the organization too, a table without statistics would be read by organization once for each event.
-- Security definer: see count_leads.
create function private.count_sla_events()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  if tg_op <> 'INSERT' then
    perform private.record_sla_events(array(
      select o::public.sla_events from old_rows o join public.leads l on l.id = o.lead_id
      where l.deleted_at is null), -1);
  end if;
  if tg_op <> 'DELETE' then
    perform private.record_sla_events(array(
      select n::public.sla_events from new_rows n join public.leads l on l.id = n.lead_id
      where l.deleted_at is null), 1);
  end if;
  return null;
end
$$;
