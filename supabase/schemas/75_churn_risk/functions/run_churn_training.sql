-- Every minute, for about four seconds: goes on with trainings that were asked for, in turn. Each step is a transaction
-- of its own (the cron job commits after the task): beginning, the sample of one snapshot, the fit. The row of the state
-- is locked meanwhile, so that two runs never work on the same organization; killed at any line, the next run repeats the
-- step.
create function private.run_churn_training()
returns integer
language plpgsql set search_path = ''
as $$
declare
  state private.churn_model_state;
  began timestamptz := clock_timestamp();
  steps integer := 0;
begin
  loop
    select s.* into state from private.churn_model_state s
    where s.phase is not null and s.next_try_at <= clock_timestamp()
    order by s.next_try_at limit 1 for update skip locked;
    exit when state.organization_id is null;
    begin
      perform private.train_step(state);
      steps := steps + 1;
    exception when others then
      raise warning 'the training of % failed: %', state.organization_id, sqlerrm;
      update private.churn_model_state s
      set failures = s.failures + 1, last_error = left(sqlerrm, 500),
        next_try_at = clock_timestamp() + interval '1 minute' * least(2 ^ s.failures, 1440)
      where s.organization_id = state.organization_id;
    end;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
  return steps;
end
$$;

create function private.train_step(state private.churn_model_state)
returns void
language plpgsql set search_path = ''
as $$
begin
  if state.phase = 'requested' then
    perform private.begin_training(state.organization_id);
  elsif cardinality(state.days) > 0 then
    perform private.sample_snapshot(state, state.days[1]);
    update private.churn_model_state s set days = state.days[2 :], next_try_at = clock_timestamp()
    where s.organization_id = state.organization_id;
  elsif state.phase = 'sample' then
    update private.churn_model_state s set phase = 'fit', next_try_at = clock_timestamp()
    where s.organization_id = state.organization_id;
  else
    perform private.finish_training(state.organization_id, state.active_model_id);
    delete from private.churn_training_rows r where r.organization_id = state.organization_id;
    update private.churn_model_state s
    set phase = null, requested_at = null, requested_by = null, failures = 0, last_error = null,
      finished_at = clock_timestamp()
    where s.organization_id = state.organization_id;
  end if;
end
$$;

-- Which snapshots the sample comes from: one in four of those whose 90 days have passed, within two years, so that the
-- rows of a client are a month apart. A month whose snapshots are being thinned out is left out. Up to 20,000 rows in
-- all, of those who left up to half.
create function private.begin_training(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  today date := private.local_day(organization_id);
  chosen date[] := array(
    select d.snapshot_day from (
      select r.snapshot_day, row_number() over (order by r.snapshot_day desc) as n from private.feature_runs r
      where r.organization_id = begin_training.organization_id and r.finished_at is not null and r.clients > 0
        and r.snapshot_day between today - 820 and today - 91
        and not exists (
          select from private.feature_thinning t
          where t.month = date_trunc('month', r.snapshot_day)::date and t.finished_at is null)
    ) d where d.n % 4 = 1 order by d.snapshot_day);
  rows bigint := (
    select coalesce(sum(r.clients), 0) from private.feature_runs r
    where r.organization_id = begin_training.organization_id and r.snapshot_day = any (chosen));
  leavers bigint := (
    select count(*) from private.departures(organization_id) d where d.day between today - 820 and today);
begin
  delete from private.churn_training_rows r where r.organization_id = begin_training.organization_id;
  update private.churn_model_state s
  set phase = 'sample', days = chosen, next_try_at = clock_timestamp(),
    event_share = least(1, 10000 / greatest(4 * leavers, 1)::float8),
    other_share = least(1, 10000 / greatest(rows, 1)::float8)
  where s.organization_id = begin_training.organization_id;
end
$$;

create type private.departure as (client_id uuid, day date);

-- The days on which clients gave notice or left, without what was corrected: of some clients, or of all where client_ids is
-- null. As text, so that it is planned for one or the other.
create function private.departures(organization_id uuid, client_ids uuid[] default null)
returns setof private.departure
language plpgsql stable rows 1000 set search_path = ''
as $$
declare
  whose constant text := case when client_ids is null then 'true' else '%1$s.client_id = any ($2)' end;
begin
  return query execute format($q$
    select s.client_id, s.ends_on from public.client_spells s
    where s.organization_id = $1 and s.ends_on is not null and %s
    union
    select m.client_id, m.day from public.client_movements m
    where m.organization_id = $1 and m.entry = 'notice' and m.kind <> 'correction' and %s
      and not exists (select from public.client_movements r where r.reverses = m.id)
  $q$, format(whose, 's'), format(whose, 'm')) using organization_id, client_ids;
end
$$;

-- Clients that by what is known now were not in service on a day, and that had left or given notice before it: it was
-- entered later. What was computed for them on that day is judged by nothing. Who left on the day itself was there: a
-- snapshot has nobody whose leaving was known. Of some clients or of all, as private.departures.
create function private.absent_on(organization_id uuid, day date, client_ids uuid[] default null)
returns setof uuid
language plpgsql stable rows 100 set search_path = '' set enable_nestloop = off set jit = off
as $$
begin
  return query execute format($q$
    with known as materialized (
      select m.client_id, m.day, m.place, m.status_after from public.client_movements m
      where m.organization_id = $1 and m.day <= $2 and m.kind <> 'correction' and %s
        and m.client_id in (select d.client_id from private.departures($1, $3) d where d.day < $2)
        and not exists (
          select from public.client_movements r where r.organization_id = $1 and r.reverses = m.id and %s)
    ), before as (
      select distinct on (k.client_id) k.client_id, k.status_after from known k where k.day < $2
      order by k.client_id, k.day desc, k.place desc
    )
    select b.client_id from before b
    where b.status_after <> 'active' and not exists (
      select from known k where k.client_id = b.client_id and k.day = $2 and k.status_after = 'active')
  $q$, case when client_ids is null then 'true' else 'm.client_id = any ($3)' end,
    case when client_ids is null then 'true' else 'r.client_id = any ($3)' end) using organization_id, day, client_ids;
end
$$;

-- The sample of one snapshot: y is whether the client left on its day or within the 90 days after it. Of an old one a
-- tenth of those who stayed is kept (thin_client_features), so each of these stands for ten. By chance of the client and
-- the day; who can be drawn at all is found first, so that the rest reads these clients only.
create function private.sample_snapshot(state private.churn_model_state, snapshot date)
returns void
language plpgsql set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  ids constant uuid[] := array(
    select f.client_id from private.client_features f
    where f.organization_id = state.organization_id and f.snapshot_day = snapshot
      and (hashtextextended(f.client_id::text || f.snapshot_day, 0) & 1048575)
        < greatest(state.event_share, state.other_share) * 1048576);
begin
  -- As text, so that it is planned for the number of these clients.
  execute $q$
    with left_within as materialized (
      select distinct d.client_id from private.departures($1, $3) d where d.day between $2 and $2 + 90
    ), thinned as materialized (
      select t.finished_at::date as day from private.feature_thinning t where t.month = date_trunc('month', $2)::date
    ), left_by_then as materialized (
      select distinct s.client_id from public.client_spells s join thinned t on s.ends_on <= t.day
      where s.organization_id = $1 and s.client_id = any ($3) and s.ends_on >= $2
    ), f as (
      select f.*, (l.client_id is not null)::integer as y,
        case when b.client_id is null and exists (select from thinned) then 10 else 1 end as stands_for,
        case when l.client_id is not null then $4 else $5 end as share
      from private.client_features f
      join public.clients c on c.id = f.client_id and c.id = any ($3) and c.deleted_at is null
      left join left_within l on l.client_id = f.client_id
      left join left_by_then b on b.client_id = f.client_id
      where f.organization_id = $1 and f.snapshot_day = $2 and f.client_id = any ($3)
        and f.client_id not in (select a.client_id from private.absent_on($1, $2, $3) a (client_id))
    )
    insert into private.churn_training_rows (organization_id, snapshot_day, client_id, y, w, "values", labels)
    select f.organization_id, f.snapshot_day, f.client_id, f.y, f.stands_for / f.share, f."values", f.labels
    from f where (hashtextextended(f.client_id::text || f.snapshot_day, 0) & 1048575) < f.share * 1048576
    on conflict do nothing
  $q$ using state.organization_id, snapshot, ids, state.event_share, state.other_share;
end
$$;
