-- The periods of a week such as {"mon": [["09:00", "12:00"], …]}, each with its path for validation errors.
create function private.week_periods(week jsonb)
returns table (weekday smallint, opens time, closes time, path text)
language sql immutable set search_path = ''
as $$
  select array_position(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], d.key)::smallint,
    (p.value ->> 0)::time, (p.value ->> 1)::time, format('week.%s.%s', d.key, p.ordinality - 1)
  from jsonb_each(week) d cross join jsonb_array_elements(d.value) with ordinality p
$$;
