-- Validation errors of a calendar, [{ path, message }]; null when there are none.
create function private.calendar_errors(calendar jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  with periods as materialized (
    select * from private.week_periods(calendar -> 'week')
  ), days as materialized (
    select (d.value ->> 'date')::date as day, d.ordinality - 1 as position
      from jsonb_array_elements(calendar -> 'holidays') with ordinality d
  ), errors as (
    select p.path, 'must name a day as mon, tue, wed, thu, fri, sat or sun' as message from periods p
      where p.weekday is null
    union all
    select p.path, 'must end after it begins' from periods p where p.opens >= p.closes
    union all
    select p.path, 'overlaps another period of the day' from periods p
    where exists (
      select from periods o where o.weekday = p.weekday and o.path <> p.path and o.opens < p.closes
        and p.opens < o.closes
        and (o.opens, o.path) < (p.opens, p.path))
    union all
    select 'week', 'must have at least one period: without open time there are no deadlines'
      where not exists (select from periods)
    union all
    select 'holidays', 'must be 1,000 at most' where (select count(*) from days) > 1000
    union all
    select format('holidays.%s.date', d.position), 'is a holiday already' from days d
    where exists (select from days o where o.day = d.day and o.position < d.position)
    union all
    select 'time_zone', 'must be an IANA time zone' where private.canonical_time_zone(coalesce(calendar ->> 'time_zone',
      'UTC')) is null
  )
  select jsonb_agg(jsonb_build_object('path', e.path, 'message', e.message)) from (select * from errors limit 100) e
$$;
