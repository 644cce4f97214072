-- Every minute, for about four seconds: scores the clients of organizations that have no scores of today, or a new
-- model, or asked for it, 5,000 at a time, organizations in turn. Scores and cursor are one transaction: killed at any
-- line, the next run goes on from there. A run keeps its model to the end; a newer model ends the run and begins
-- another, and reports read finished runs only.
create function private.run_scoring(slice_size integer default 5000)
returns integer
language plpgsql set search_path = ''
as $$
declare
  run private.scoring_runs;
  began timestamptz := clock_timestamp();
  scored integer := 0;
begin
  perform private.begin_scoring_runs();
  loop
    select r.* into run from private.scoring_runs r
    where r.finished_at is null and r.next_try_at <= clock_timestamp()
    order by r.next_try_at limit 1 for update skip locked;
    exit when run.id is null;
    begin
      scored := scored + private.score_slice(run, slice_size);
    exception when others then
      raise warning 'the scoring of % failed: %', run.organization_id, sqlerrm;
      update private.scoring_runs r set next_try_at = clock_timestamp() + private.failed_item_pause()
      where r.id = run.id;
    end;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
  return scored;
end
$$;

-- Organizations with clients that have no state yet get one, with a first training; the others are trained again every
-- four weeks, and when the first client has left. Then the runs that are due begin.
create function private.begin_scoring_runs()
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into private.churn_model_state (organization_id, phase, requested_at)
  select o.id, 'requested', clock_timestamp() from public.organizations o
  where exists (
      select from public.clients c where c.organization_id = o.id and c.status = 'active' and c.deleted_at is null)
  on conflict on constraint churn_model_state_pkey do update
    set phase = 'requested', requested_at = excluded.requested_at, next_try_at = excluded.requested_at
    where churn_model_state.phase is null and (churn_model_state.finished_at < now() - interval '28 days'
      or (churn_model_state.finished_at < now() - interval '1 hour'
        and private.has_first_departure(churn_model_state.organization_id, churn_model_state.active_model_id)));
  delete from private.scoring_runs r
  using private.churn_model_state s
  where s.organization_id = r.organization_id and r.finished_at is null and r.model_id <> s.active_model_id;
  insert into private.scoring_runs (organization_id, day, model_id, baseline, compared_with)
  select s.organization_id, d.today, s.active_model_id, b.baseline, (
      select max(f.snapshot_day) from private.feature_runs f
      where f.organization_id = s.organization_id and f.finished_at is not null
        and f.snapshot_day between d.today - 45 and d.today - 28)
  from private.churn_model_state s
  join public.organizations o on o.id = s.organization_id
  cross join lateral (select (now() at time zone o.time_zone)::date as today) d
  left join lateral (
    select r.day, r.started_at, r.clients, case when r.model_id = s.active_model_id then private.baseline_of(r) end
      as baseline
    from private.scoring_runs r
    where r.organization_id = s.organization_id and r.finished_at is not null order by r.day desc, r.id desc limit 1
  ) b on true
  where s.active_model_id is not null
    and (b.day is null or b.day < d.today or s.score_requested_at > b.started_at)
  on conflict do nothing;
end
$$;

-- Whether the first client has left since a model without probabilities came into use.
create function private.has_first_departure(organization_id uuid, model_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from public.churn_models m where m.id = model_id and m.confidence = 'none')
    and exists (
      select from public.client_spells s
      where s.organization_id = has_first_departure.organization_id and s.ends_on is not null)
$$;

-- The mean of each standardized feature over the clients of a run.
create function private.baseline_of(run private.scoring_runs)
returns double precision[]
language sql immutable set search_path = ''
as $$
  select array_agg(u.s / run.clients order by u.n) from unnest(run.sums) with ordinality u (s, n) where run.clients > 0
$$;
