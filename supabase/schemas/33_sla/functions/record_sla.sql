-- What became of clocks follows from how they were before and are now, so no way to change a lead can forget it.
-- No nested loops: see private.audit.
create function private.record_sla()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  to_tell uuid[];
begin
  if tg_op = 'INSERT' then
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline)
    select n.organization_id, n.id, 'started', n.assigned_to, n.team_id, n.sla_deadline
    from new_rows n where n.sla_status in ('running', 'due_soon');
    return null;
  end if;
  with changes as (
    select n.organization_id, n.id, n.assigned_to, n.team_id, n.sla_started_at, n.sla_responded_at, o.assigned_to as old_holder,
      o.sla_deadline as old_deadline, n.sla_deadline, n.sla_status, n.sla_status = 'met' as met,
      o.sla_status in ('running', 'due_soon') as ran, n.sla_status in ('running', 'due_soon') as runs,
      o.sla_status = 'running' and n.sla_status = 'due_soon' as nears,
      n.sla_started_at is distinct from o.sla_started_at as anew,
      n.sla_responded_at is not null and o.sla_responded_at is null as responded
    from new_rows n
    join old_rows o using (id)
    where (n.sla_status, n.sla_started_at, n.sla_responded_at) is distinct from (o.sla_status, o.sla_started_at, o.sla_responded_at)
      -- A merge brings a clock together with its events.
      and n.id::text is distinct from current_setting('signalbox.merging', true)
  ), happened as (
    select c.*, unnest(array_remove(array[case when c.ran and c.sla_status is null then 'stopped' end,
      case when c.runs and c.anew then 'started' end, case when c.nears and not c.anew then 'reminder' end,
      case when c.ran and c.sla_status = 'breached' then 'breach' end, case when c.responded then 'response' end], null)) as event
    from changes c
  ), made as (
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met, response_minutes)
    select h.organization_id, h.id, h.event, case when h.event = 'stopped' then h.old_holder else h.assigned_to end, h.team_id,
      case when h.event = 'stopped' then h.old_deadline else h.sla_deadline end,
      case when h.event = 'response' then h.met end, case when h.event = 'response'
        then floor(private.working_minutes_between(h.organization_id, h.sla_started_at, h.sla_responded_at)) end
    from happened h
    returning id, event
  )
  select array_agg(m.id) into to_tell from made m where m.event in ('reminder', 'breach');
  if to_tell is not null then
    perform private.notify_of_sla_events(to_tell);
  end if;
  return null;
end
$$;
