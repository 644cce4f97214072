-- GET /analytics/lead-volume. Security definer because nobody may read the totals.
create function private.lead_volume(organization_id uuid, first_day date, last_day date, granularity text)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  period record;
  weekday integer;
begin
  perform private.require_scope(organization_id, 'dashboard:read');
  perform private.require_valid(granularity in ('day', 'week', 'month'), 'granularity', 'is not day, week or month');
  period := private.cohort_period(organization_id, first_day, last_day);
  weekday := coalesce((
    select s.first_weekday from public.report_settings s where s.organization_id = lead_volume.organization_id), 1);
  return (
    with buckets as (
      select private.day_bucket(d.day::date, granularity, weekday) as start, min(d.day::date) as first_day,
        max(d.day::date) as last_day
      from generate_series(period.first_day::timestamp, period.last_day, interval '1 day') d (day) group by 1
    ), counts as (
      select private.day_bucket(d.day, granularity, weekday) as start, sum(d.leads) as leads,
        sum(d.enrolled) as enrolled
      from (
        select f.day, sum(f.leads) as leads, coalesce(sum(f.leads) filter (where f.outcome = 'won'), 0) as enrolled
        from private.cohort_figures(lead_volume.organization_id, period.first_day, period.last_day, null, null) f
        group by 1
      ) d
      group by 1
    )
    select jsonb_agg(jsonb_build_object('date', b.start, 'count', coalesce(c.leads, 0), 'enrolled',
      coalesce(c.enrolled, 0), 'partial', b.first_day > b.start or b.last_day >= period.today
        or private.day_bucket(b.last_day + 1, granularity, weekday) = b.start) order by b.start)
    from buckets b
    left join counts c on c.start = b.start);
end
$$;
grant execute on function private.lead_volume(uuid, date, date, text) to authenticated;

-- The first day of the day's day, week or month. first_weekday: 1 (Monday) to 7.
create function private.day_bucket(day date, granularity text, first_weekday integer)
returns date
language sql immutable set search_path = ''
as $$
  select case granularity
    when 'week' then day - ((extract(isodow from day)::integer - first_weekday + 7) % 7)
    when 'month' then date_trunc('month', day::timestamp)::date
    else day end
$$;

create function public.lead_volume(organization_id uuid, first_day date default null, last_day date default null,
  granularity text default 'day')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_volume(organization_id, first_day, last_day, granularity)
$$;
comment on function public.lead_volume is
  'New leads of the caller''s scope by day, week or month; buckets without leads have zeros.';
grant execute on function public.lead_volume(uuid, date, date, text) to authenticated;
