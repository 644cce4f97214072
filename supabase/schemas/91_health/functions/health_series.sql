-- A metric over time in at most 400 points: [{ at, value, peak }], null where no snapshot was taken.
-- Security definer because snapshots may not be read directly.
create function private.health_series(organization_id uuid, metric text, time_range text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  platform constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  subject uuid := case when metric = 'jobs_unhealthy' then platform else organization_id end;
  width interval := case time_range when 'day' then interval '5 minutes' when 'week' then interval '30 minutes'
    when 'month' then interval '2 hours' when 'year' then interval '1 day' end;
  length interval := case time_range when 'day' then interval '1 day' when 'week' then interval '7 days'
    when 'month' then interval '30 days' when 'year' then interval '365 days' end;
  last timestamptz;
begin
  perform private.require_permission(organization_id, 'health:read');
  perform private.require_valid(width is not null, 'time_range', 'must be day, week, month or year');
  perform private.require_valid(exists (select from private.health_metrics m where m.name = metric), 'metric_type',
    'is not a metric');
  last := date_bin(width, now(), '2020-01-01 00:00+00');
  return jsonb_build_object('metric_type', metric, 'time_range', time_range,
    'unit', (select m.unit from private.health_metrics m where m.name = metric),
    'step_seconds', extract(epoch from width), 'points', (
      select jsonb_agg(jsonb_build_object('at', b.at, 'value', case when taken.samples > 0
          then round((coalesce(own.total, 0) / taken.samples)::numeric, 3) end,
        'peak', case when taken.samples > 0 then coalesce(own.peak, 0) end) order by b.at)
      from generate_series(last - length + width, last, width) b (at)
      left join (
        select date_bin(width, s.taken_at, '2020-01-01 00:00+00') as at, sum(s.samples) as samples
        from private.health_snapshots s
        where s.organization_id = platform and s.metric = 'snapshots' and s.taken_at > last - length group by 1
      ) taken on taken.at = b.at
      left join (
        select date_bin(width, s.taken_at, '2020-01-01 00:00+00') as at, sum(s.value * s.samples) as total,
          max(s.peak) as peak
        from private.health_snapshots s
        where s.organization_id = subject and s.metric = health_series.metric and s.taken_at > last - length group by 1
      ) own on own.at = b.at));
end
$$;
grant execute on function private.health_series(uuid, text, text) to authenticated;

create function public.health_series(organization_id uuid, metric text, time_range text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.health_series(organization_id, metric, time_range)
$$;
comment on function public.health_series is
  'A metric of health over a day, a week, a month or a year, with null where no snapshot was taken.';
grant execute on function public.health_series(uuid, text, text) to authenticated;
