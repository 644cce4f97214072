-- Stores how far a recomputation has come, begins its second round or ends it. Returns whether the round is complete.
create function private.advance_sla_recomputation(
  recomputation private.sla_recomputations, is_complete boolean, last_created timestamptz, last_id uuid)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  if not is_complete then
    update private.sla_recomputations r
    set after_created = last_created, after_id = last_id, due_at = clock_timestamp()
    where r.organization_id = recomputation.organization_id;
  elsif recomputation.again then
    update private.sla_recomputations r set after_created = default, after_id = default, again = false,
      due_at = clock_timestamp() + interval '1 minute'
    where r.organization_id = recomputation.organization_id;
  else
    delete from private.sla_recomputations r where r.organization_id = recomputation.organization_id;
  end if;
  return is_complete;
end
$$;

-- Recomputes the next running clocks of an organization, oldest leads first, and returns whether those were the last.
-- Where the new deadline is farther away, the reminder will be sent again; deadlines that are past now are found by
-- the next run of run_sla.
create function private.recompute_sla_clocks_of(organization_id uuid, batch_size integer)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  recomputation private.sla_recomputations;
  last record;
begin
  select * into recomputation from private.sla_recomputations r
  where r.organization_id = recompute_sla_clocks_of.organization_id for update;
  if recomputation.organization_id is null then
    return true;
  end if;
  perform set_config('signalbox.clockwork', 'on', true);
  -- As text, so that it is planned for this slice: plan_cache_mode would hold for the triggers' statements as well.
  execute $query$
    with slice as materialized (
      select l.id, l.created_at, l.sla_status as status, l.sla_started_at as started_at, l.sla_explicit as explicit,
        case when l.sla_explicit then l.sla_deadline end as given_deadline,
        coalesce(s.sla_minutes, o.sla_minutes) as minutes, make_interval(mins => o.reminder_minutes) as reminder
      from public.leads l
      join public.lead_settings o on o.organization_id = l.organization_id
      join public.pipeline_stages s on s.organization_id = l.organization_id and s.key = l.status
      where l.organization_id = $1 and l.deleted_at is null
        and l.sla_status in ('running', 'due_soon')
        and (l.created_at, l.id) > ($2, $3)
      order by l.created_at, l.id limit $4 for update of l
    ), deadlines as materialized (
      select d.started_at, d.minutes,
        case when d.minutes > 0
          then private.deadline_after($1, d.started_at, d.minutes) end as deadline
      from (select distinct s.started_at, s.minutes from slice s where not s.explicit) d
    ), computed as (
      select s.id, s.started_at, s.reminder, s.status, coalesce(s.given_deadline, d.deadline) as deadline
      from slice s left join deadlines d on d.started_at = s.started_at and d.minutes = s.minutes and not s.explicit
    ), new_values as (
      select c.id, c.deadline, c.reminder, case when c.deadline is not null then c.started_at end as started_at,
        case when c.deadline is null then null
          when c.status = 'due_soon' and c.deadline - c.reminder <= now() then 'due_soon' else 'running' end as status
      from computed c
    ), changed as (
      update public.leads l set sla_status = w.status, sla_started_at = w.started_at, sla_deadline = w.deadline,
        sla_next_at = case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end
      from new_values w
      where l.id = w.id and (l.sla_status, l.sla_deadline, l.sla_next_at) is distinct from
        (w.status, w.deadline,
          case w.status when 'running' then w.deadline - w.reminder when 'due_soon' then w.deadline end)
    )
    select count(*) as leads, (array_agg(s.created_at order by s.created_at desc, s.id desc))[1] as created_at,
      (array_agg(s.id order by s.created_at desc, s.id desc))[1] as id
    from slice s
  $query$ into last using recomputation.organization_id, recomputation.after_created, recomputation.after_id, batch_size;
  perform set_config('signalbox.clockwork', '', true);
  return private.advance_sla_recomputation(recomputation, last.leads < batch_size, last.created_at, last.id);
end
$$;
