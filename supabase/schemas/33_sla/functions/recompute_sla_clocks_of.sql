-- Computes the next running clocks of an organization again, oldest leads first, and says whether that was the last of
-- them. Where a new deadline is farther away, the reminder is yet to come; what is past now, the next run of run_sla finds.
create function private.recompute_sla_clocks_of(organization_id uuid, size integer)
returns boolean
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  recount private.sla_recomputations;
  reached record;
begin
  select * into recount from private.sla_recomputations r where r.organization_id = recompute_sla_clocks_of.organization_id for update;
  if recount.organization_id is null then
    return true;
  end if;
  perform set_config('signalbox.clockwork', 'on', true);
  with slice as materialized (
    select l.id, l.created_at, l.sla_status as status, l.sla_started_at as started_at, l.sla_explicit as explicit,
      case when l.sla_explicit then l.sla_deadline end as fixed, coalesce(s.sla_minutes, o.sla_minutes) as minutes,
      make_interval(mins => o.reminder_minutes) as reminder
    from public.leads l
    join public.lead_settings o on o.organization_id = l.organization_id
    join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = l.status
    where l.organization_id = recount.organization_id and l.deleted_at is null and l.sla_status in ('running', 'due_soon')
      and (l.created_at, l.id) > (recount.after_created, recount.after_id)
    order by l.created_at, l.id limit size for update of l
  ), deadlines as materialized (
    select d.started_at, d.minutes,
      case when d.minutes > 0 then private.deadline_after(recount.organization_id, d.started_at, d.minutes) end as deadline
    from (select distinct s.started_at, s.minutes from slice s where not s.explicit) d
  ), computed as (
    select s.id, s.started_at, s.reminder, s.status, coalesce(s.fixed, d.deadline) as deadline
    from slice s left join deadlines d on d.started_at = s.started_at and d.minutes = s.minutes and not s.explicit
  ), wanted as (
    select c.id, c.deadline, c.reminder, case when c.deadline is not null then c.started_at end as started_at,
      case when c.deadline is null then null
        when c.status = 'due_soon' and c.deadline - c.reminder <= now() then 'due_soon' else 'running' end as status
    from computed c
  ), changed as (
    update public.leads l set sla_status = w.status, sla_started_at = w.started_at, sla_deadline = w.deadline,
      sla_next_at = case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end
    from wanted w
    where l.id = w.id and (l.sla_status, l.sla_deadline, l.sla_next_at) is distinct from
      (w.status, w.deadline, case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end)
  )
  select count(*) as leads, (array_agg(s.created_at order by s.created_at desc, s.id desc))[1] as created_at,
    (array_agg(s.id order by s.created_at desc, s.id desc))[1] as id
  into reached from slice s;
  perform set_config('signalbox.clockwork', '', true);
  if reached.leads >= size then
    update private.sla_recomputations r set after_created = reached.created_at, after_id = reached.id, due_at = clock_timestamp()
    where r.organization_id = recount.organization_id;
    return false;
  end if;
  if recount.again then
    update private.sla_recomputations r set after_created = default, after_id = default, again = false,
      due_at = clock_timestamp() + interval '1 minute'
    where r.organization_id = recount.organization_id;
  else
    delete from private.sla_recomputations r where r.organization_id = recount.organization_id;
  end if;
  return true;
end
$$;
