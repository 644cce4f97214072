-- The lead after sla_responded_at was set: met if the response was not later than the deadline, whenever it was
-- recorded.
create function private.record_response(lead public.leads)
returns public.leads
language plpgsql stable set search_path = ''
as $$
begin
  if lead.sla_status is null then
    lead.sla_responded_at := null;
  elsif lead.sla_status in ('running', 'due_soon') and lead.sla_responded_at <= lead.sla_deadline then
    lead.sla_status := 'met';
    lead.sla_next_at := null;
  elsif lead.sla_status in ('running', 'due_soon') and lead.sla_responded_at is not null then
    lead.sla_status := 'breached';
    lead.sla_breached_at := now();
    lead.sla_next_at := null;
  end if;
  return lead;
end
$$;

-- The lead with its clock stopped. A clock that was met or breached keeps its result.
create function private.stop_sla_clock(lead public.leads)
returns public.leads
language plpgsql stable set search_path = ''
as $$
begin
  if lead.sla_status in ('running', 'due_soon') or lead.sla_status is null then
    lead.sla_status := null;
    lead.sla_started_at := null;
    lead.sla_deadline := null;
    lead.sla_responded_at := null;
    lead.sla_explicit := false;
  end if;
  lead.sla_next_at := null;
  return lead;
end
$$;

-- Stops, starts or moves the clock as the change of the lead requires. Runs after derive_columns (by name), which
-- decides whether the lead is open. signalbox.deadline is the deadline given with an assignment. Security definer
-- because writers of leads need not be able to read settings, stages and calendars.
create function private.maintain_sla_clock()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  given_deadline timestamptz := nullif(current_setting('signalbox.deadline', true), '');
  settings record;
  stage_changed boolean := tg_op = 'INSERT' or new.status <> old.status;
  assignee_changed boolean := tg_op = 'INSERT' or new.assigned_to is distinct from old.assigned_to;
  reopened boolean := tg_op = 'UPDATE' and (old.deleted_at is not null or old.outcome is not null);
  unanswered boolean;
begin
  select s.sla_minutes as stage_minutes, coalesce(s.sla_minutes, l.sla_minutes) as minutes,
    make_interval(mins => l.reminder_minutes) as reminder, l.on_reassignment = 'restart' as restarts,
      l.clock_starts = 'creation' as from_creation
  into settings
  from public.lead_settings l
  left join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = new.status
  where l.organization_id = new.organization_id;

  if new.deleted_at is not null or new.outcome is not null or (new.assigned_to is null and not settings.from_creation)
    then
    return private.stop_sla_clock(new);
  end if;
  if tg_op = 'UPDATE' and new.sla_responded_at is distinct from old.sla_responded_at then
    new := private.record_response(new);
  end if;

  given_deadline := case when new.assigned_to is not null then given_deadline end;
  unanswered := new.sla_status is not null and new.sla_responded_at is null;
  if (new.sla_status is null and (stage_changed or assignee_changed or reopened))
    or (stage_changed and settings.stage_minutes is not null) or given_deadline is not null
    or (unanswered and settings.restarts and assignee_changed and new.assigned_to is not null
      and (old.assigned_to is not null or not settings.from_creation)) then
    if coalesce(settings.minutes, 0) = 0 and given_deadline is null then
      return private.stop_sla_clock(new);
    end if;
    new.sla_started_at := now();
    new.sla_explicit := given_deadline is not null;
    new.sla_deadline := coalesce(given_deadline, private.deadline_after(new.organization_id, now(), settings.minutes));
    new.sla_responded_at := null;
    new.sla_breached_at := null;
    new.sla_status := case when new.sla_deadline - settings.reminder > now() then 'running' else 'due_soon' end;
  elsif stage_changed and new.sla_status in ('running', 'due_soon') and not new.sla_explicit then
    new.sla_deadline := case when settings.minutes > 0
      then private.deadline_after(new.organization_id, new.sla_started_at, settings.minutes) end;
    if new.sla_status = 'due_soon' and new.sla_deadline - settings.reminder > now() then
      new.sla_status := 'running';
    end if;
  else
    return new;
  end if;
  if new.sla_deadline is null then
    return private.stop_sla_clock(new);
  end if;
  new.sla_next_at := case new.sla_status when 'running' then new.sla_deadline - settings.reminder
    else new.sla_deadline end;
  return new;
end
$$;
