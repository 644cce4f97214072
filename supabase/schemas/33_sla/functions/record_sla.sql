-- Events are derived from the clock before and after the change, so every way of changing a lead records them. No
-- nested loops: see private.audit.
-- Security definer because events are written by functions only.
create function private.record_sla()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  to_notify uuid[];
begin
  if tg_op = 'INSERT' then
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline)
    select n.organization_id, n.id, 'started', n.assigned_to, n.team_id, n.sla_deadline
    from new_rows n where n.sla_status in ('running', 'due_soon');
    return null;
  end if;
  with changes as (
    select n.organization_id, n.id, n.assigned_to, n.team_id, n.sla_started_at, n.sla_responded_at,
      o.assigned_to as old_assignee, o.sla_deadline as old_deadline, n.sla_deadline, n.sla_status,
      n.sla_status = 'met' as met, o.sla_status in ('running', 'due_soon') as was_running,
        n.sla_status in ('running', 'due_soon') as is_running, o.sla_status = 'running'
        and n.sla_status = 'due_soon' as became_due,
      n.sla_started_at is distinct from o.sla_started_at as restarted,
      n.sla_responded_at is not null and o.sla_responded_at is null as responded
    from new_rows n
    join old_rows o using (id)
    where (n.sla_status, n.sla_started_at, n.sla_responded_at) is distinct
      from (o.sla_status, o.sla_started_at, o.sla_responded_at)
      -- A merge moves a clock together with its events.
      and n.id::text is distinct from current_setting('signalbox.merging', true)
  ), events as (
    select c.*, unnest(array_remove(array[case when c.was_running and c.sla_status is null then 'stopped' end,
      case when c.is_running and c.restarted then 'started' end, case when c.became_due and not c.restarted
        then 'reminder' end,
      case when c.was_running and c.sla_status = 'breached' then 'breach' end, case when c.responded
        then 'response' end], null)) as event
    from changes c
  ), inserted as (
    insert into public.sla_events (organization_id, lead_id, event, assigned_to, team_id, deadline, met,
      response_minutes)
    select h.organization_id, h.id, h.event, case when h.event = 'stopped' then h.old_assignee else h.assigned_to end,
      h.team_id,
      case when h.event = 'stopped' then h.old_deadline else h.sla_deadline end,
      case when h.event = 'response' then h.met end, case when h.event = 'response'
        then floor(private.working_minutes_between(h.organization_id, h.sla_started_at, h.sla_responded_at)) end
    from events h
    returning id, event
  )
  select array_agg(m.id) into to_notify from inserted m where m.event in ('reminder', 'breach');
  if to_notify is not null then
    perform private.notify_of_sla_events(to_notify);
  end if;
  return null;
end
$$;
