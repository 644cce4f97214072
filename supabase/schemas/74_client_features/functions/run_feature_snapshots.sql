-- Every minute, for about four seconds: begins this week's snapshot of organizations that have none yet, and goes on
-- with those under way, 10,000 clients at a time, in turn. Rows and cursor are one transaction: killed at any line, the
-- next run goes on from there. What is read from current columns is as of the snapshot's own day; a slice that comes after
-- midnight leaves it out.
create function private.run_feature_snapshots(slice_size integer default 10000)
returns integer
language plpgsql set search_path = ''
as $$
declare
  run private.feature_runs;
  began timestamptz := clock_timestamp();
  taken integer := 0;
begin
  insert into private.feature_runs (organization_id, snapshot_day)
  select o.id, d.today
  from public.organizations o cross join lateral (select (now() at time zone o.time_zone)::date as today) d
  where exists (
      select from public.clients c where c.organization_id = o.id and c.status = 'active' and c.deleted_at is null)
    and not exists (
      select from private.feature_runs r
      where r.organization_id = o.id and r.snapshot_day >= date_trunc('week', d.today)::date)
  on conflict do nothing;
  loop
    select r.* into run from private.feature_runs r
    where r.finished_at is null order by r.next_try_at, r.organization_id limit 1 for update skip locked;
    exit when run.organization_id is null;
    begin
      taken := taken + private.take_feature_slice(run, slice_size);
    exception when others then
      raise warning 'the snapshot of % failed: %', run.organization_id, sqlerrm;
      -- Another organization's turn; this one is tried again in the next run.
      update private.feature_runs r set next_try_at = clock_timestamp()
      where r.organization_id = run.organization_id and r.snapshot_day = run.snapshot_day;
      exit;
    end;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
  return taken;
end
$$;

-- Takes the next slice of a snapshot; returns the number of its rows.
-- The plans are generic ones: otherwise the check of a foreign key would be planned again for each row, and of an
-- organization that came after the statistics it would read all clients for each. The clients of a slice are those after
-- (organization, last): by the id alone the planner may walk past the clients of all other organizations.
create function private.take_feature_slice(run private.feature_runs, slice_size integer)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  same_day boolean := private.local_day(run.organization_id) = run.snapshot_day;
  as_of timestamptz := case when same_day then clock_timestamp() else (
    select ((run.snapshot_day + 1)::timestamp at time zone o.time_zone) - interval '1 microsecond'
    from public.organizations o where o.id = run.organization_id) end;
  ids uuid[] := array(
    select c.id from public.clients c
    where c.organization_id = run.organization_id and (c.organization_id, c.id)
      > (run.organization_id, coalesce(run.last_client_id, '00000000-0000-0000-0000-000000000000'))
    order by c.id limit slice_size);
  rows integer;
begin
  perform private.create_feature_partition(date_trunc('month', run.snapshot_day)::date);
  insert into private.client_features
    (organization_id, snapshot_day, client_id, feature_set, "values", labels, mrr, currency)
  select f.organization_id, run.snapshot_day, f.client_id, 1, f."values", f.labels, f.mrr, f.currency
  from private.client_features_as_of(ids, as_of, same_day) f
  where (select c.deleted_at from public.clients c where c.id = f.client_id) is null
  on conflict do nothing;
  get diagnostics rows = row_count;
  update private.feature_runs r
  set last_client_id = coalesce(ids[cardinality(ids)], r.last_client_id), clients = r.clients + rows,
    next_try_at = clock_timestamp(),
    finished_at = case when cardinality(ids) < slice_size then clock_timestamp() end
  where r.organization_id = run.organization_id and r.snapshot_day = run.snapshot_day;
  return rows;
end
$$;
