-- The first full number of months after a day that is not before another day. Months are added as PostgreSQL adds them:
-- a month after 31 January is the last day of February.
create function private.months_until(first_day date, day date)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select m.months + (first_day + make_interval(months => m.months) < day)::integer
  from (
    select (extract(year from day) * 12 + extract(month from day)
      - extract(year from first_day) * 12 - extract(month from first_day))::integer as months) m
$$;

-- Whole calendar months between two days: the difference of their months.
create function private.months_between(first_day date, day date)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select (extract(year from day) * 12 + extract(month from day)
    - extract(year from first_day) * 12 - extract(month from first_day))::integer
$$;

-- The clients that joined in a month, and how many of them (and of their revenue) come and go at each age in months
-- after their own first day. Clients that were there before they were recorded are left out: of those who joined with
-- them only the ones that stayed are known.
create function private.cohort_changes(client_ids uuid[], as_of timestamptz, whole_organization uuid default null)
returns table (organization_id uuid, cohort date, age integer, segment text, currency text, clients bigint,
  active bigint, mrr numeric)
language sql stable set search_path = '' set jit = off
as $$
  with m as materialized (
    select f.organization_id, f.client_id, f.day, f.place, f.client_change, f.amount, f.currency, f.segment,
      f.observed_from
    from private.effective_movements(client_ids, as_of, whole_organization) f
  ), firsts as (
    select distinct on (m.client_id) m.client_id, m.day, m.segment, m.currency,
      private.months_between(m.day, coalesce(m.observed_from, m.day)) > 0 as is_late
    from m where m.client_change = 1 order by m.client_id, m.day, m.place
  )
  select m.organization_id, date_trunc('month', f.day)::date, private.months_until(f.day, m.day), f.segment, x.currency,
    sum(x.joined), sum(x.active), sum(x.mrr)
  from m
  join firsts f on f.client_id = m.client_id
  -- People count in the currency that they began with, amounts in their own.
  cross join lateral (values
    (f.currency, (m.day = f.day and m.client_change = 1)::integer, m.client_change, 0::numeric), (m.currency, 0, 0,
      m.amount)
  ) x (currency, joined, active, mrr)
  where not f.is_late and m.day >= f.day and (m.client_change <> 0 or m.amount <> 0)
  group by 1, 2, 3, 4, 5
  having sum(x.joined) <> 0 or sum(x.active) <> 0 or sum(x.mrr) <> 0
$$;

-- Spells by the month of their start, the age at which they were first observed and the age at their end, in calendar
-- months.
create function private.spell_counts(client_ids uuid[], as_of timestamptz, whole_organization uuid default null)
returns table (organization_id uuid, segment text, started date, entry_age integer, age integer, spells bigint)
language sql stable set search_path = '' set jit = off
as $$
  select s.organization_id, s.segment, date_trunc('month', s.day)::date,
    greatest(private.months_between(s.day, coalesce(s.observed_from, s.day)), 0),
    private.months_between(s.day, s.ends_on), count(*)
  from private.spells_of(client_ids, as_of, whole_organization) s
  group by 1, 2, 3, 4, 5
$$;
