-- Percentiles as percentile_disc gives them over the single responses, in time or late.
create function private.sla_json(counts private.sla_count[])
returns jsonb
language sql immutable set search_path = ''
as $$
  with figures as (
    select coalesce(sum(c.events) filter (where c.outcome = 'met'), 0) as met,
      coalesce(sum(c.events) filter (where c.outcome = 'breached'), 0) as breached
    from unnest(counts) c
  ), minutes as (
    select c.response_minutes, sum(sum(c.events)) over (order by c.response_minutes) as upto,
      sum(sum(c.events)) over () as total
    from unnest(counts) c where c.response_minutes is not null group by 1
  )
  select jsonb_build_object('met', f.met, 'breached', f.breached, 'met_rate',
    round(f.met / nullif(f.met + f.breached, 0), 4),
    'responses', coalesce((select max(m.total) from minutes m), 0),
    'median_response_minutes', (
      select min(m.response_minutes) from minutes m where m.upto >= ceil(0.5::double precision * m.total)),
    'p90_response_minutes', (
      select min(m.response_minutes) from minutes m where m.upto >= ceil(0.9::double precision * m.total)))
  from figures f
$$;
