-- The task: every five minutes a snapshot. Two at once take one, because the first row of a time is unique.
create function private.snapshot_health()
returns void
language plpgsql set search_path = ''
as $$
declare
  platform constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  moment timestamptz := to_timestamp(floor(extract(epoch from now()) / 300) * 300);
begin
  insert into private.health_snapshots (organization_id, metric, taken_at, value, peak)
  values (platform, 'snapshots', moment, 1, 1) on conflict on constraint health_snapshots_pkey do nothing;
  if not found then
    return;
  end if;
  insert into private.health_snapshots (organization_id, metric, taken_at, value, peak)
  select platform, 'jobs_unhealthy', moment, count(*), count(*)
  from private.health_jobs() j where j.status <> 'ok' having count(*) > 0;
  insert into private.health_snapshots (organization_id, metric, taken_at, value, peak)
  select q.organization_id, m.metric, moment, m.value, m.value
  from private.health_queues(null) q
  cross join lateral (values
    (q.queue || '_backlog', q.backlog::double precision),
    (q.queue || '_lag', round(extract(epoch from now() - q.oldest))::double precision)) as m (metric, value)
  where m.value > 0;
end
$$;

-- Joins the snapshots of a step that are older than this to one for each longer step. Averages keep their weights.
create function private.thin_health_step(finer text, coarser text, unit text, until timestamptz)
returns void
language sql set search_path = ''
as $$
  with old as (
    delete from private.health_snapshots s
    where s.step = finer and s.taken_at < date_trunc(unit, until, 'UTC') returning s.*
  )
  insert into private.health_snapshots (organization_id, metric, taken_at, step, value, peak, samples)
  select o.organization_id, o.metric, date_trunc(unit, o.taken_at, 'UTC'), coarser,
    sum(o.value * o.samples) / sum(o.samples), max(o.peak), sum(o.samples)
  from old o group by o.organization_id, o.metric, date_trunc(unit, o.taken_at, 'UTC')
  on conflict on constraint health_snapshots_pkey do nothing
$$;

-- The task of the night.
create function private.thin_health_snapshots()
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.thin_health_step('minutes', 'hour', 'hour', now() - interval '7 days');
  perform private.thin_health_step('hour', 'day', 'day', now() - interval '90 days');
  delete from private.health_snapshots s where s.step = 'day' and s.taken_at < now() - interval '400 days';
end
$$;
