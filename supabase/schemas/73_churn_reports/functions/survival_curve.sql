-- The spells of a range by entry and stop, in calendar months of service: the month in which a spell begins is the
-- first. Only whole months count: what began or ended in the running one is seen as at the end of the last. A spell
-- that was not recorded from its beginning enters with the month in which it was. months_between is written out: calling
-- it for each row of the rollup would cost more than all else.
create function private.spell_times(organization_id uuid, range private.churn_range)
returns table (segment text, entry integer, stop integer, event integer, spells bigint)
language sql stable set search_path = '' set jit = off
as $$
  with s as (
    select t.segment, t.started, t.entry_age, t.age, t.spells
    from private.spell_totals t
    where range.as_of is null and t.organization_id = spell_times.organization_id
    union all
    select c.segment, c.started, c.entry_age, c.age, c.spells
    from private.spell_counts(null, coalesce(range.as_of, '-infinity'), spell_times.organization_id) c
    where range.as_of is not null
  ), seen as (
    select s.*, (extract(year from range.today) * 12 + extract(month from range.today)
      - extract(year from s.started) * 12 - extract(month from s.started))::integer as months_seen
    from s
    where s.started < date_trunc('month', range.today) and s.started >= range.from_day and s.started < range.to_day
      and (range.segment is null or s.segment = range.segment)
  )
  select s.segment, s.entry_age, least(coalesce(s.age + 1, s.months_seen), s.months_seen),
    (s.age + 1 <= s.months_seen)::integer, sum(s.spells)::bigint
  from (
    select x.segment, x.entry_age, x.age, x.months_seen, x.spells from seen x
  ) s
  group by 1, 2, 3, 4
$$;

create function private.survival_of(times private.spell_time[])
returns table ("time" integer, at_risk bigint, left_then bigint, survival float8, low float8, high float8)
language sql immutable set search_path = ''
as $$
  select k.* from private.kaplan_meier(
    array(select t.entry from unnest(times) t), array(select t.stop from unnest(times) t),
    array(select t.event from unnest(times) t), array(select t.spells from unnest(times) t)) k
$$;

create type private.spell_time as (entry integer, stop integer, event integer, spells bigint);

-- A curve at certain months, and the first month at which half have left, or null.
create function private.survival_summary(times private.spell_time[])
returns jsonb
language sql immutable set search_path = ''
as $$
  with curve as materialized (
    select k.* from private.survival_of(times) k
  ), longest as (
    select max(t.stop) as months from unnest(times) t where t.spells > 0
  )
  select jsonb_build_object('median_months', (select min(c."time") from curve c where c.survival <= 0.5),
    'at_months', (
      select jsonb_object_agg(m, case when m <= l.months then (
        select jsonb_build_object('survival', round(c.survival::numeric, 6), 'low', round(c.low::numeric, 6),
          'high', round(c.high::numeric, 6))
        from (select 1 as survival, null::float8 as low, null::float8 as high, 0 as "time"
          union all select x.survival, x.low, x.high, x."time" from curve x) c
        where c."time" <= m order by c."time" desc limit 1) end)
      from unnest(array[3, 6, 12]) m cross join longest l))
$$;

-- GET /reports/survival. Spells that began within from and to; without from, all. Security definer because the rollups
-- may not be read directly.
create function private.churn_survival(organization_id uuid, options jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  range private.churn_range := private.churn_range(organization_id, options - 'period');
  times private.spell_time[];
  rows jsonb;
begin
  if options ->> 'from' is null then
    range.from_day := '1900-01-01';
  end if;
  select array_agg(row(t.entry, t.stop, t.event, t.spells)::private.spell_time) into times
  from private.spell_times(organization_id, range) t;
  select coalesce(jsonb_agg(jsonb_build_object('month', k."time", 'at_risk', k.at_risk, 'churned', k.left_then,
    'survival', round(k.survival::numeric, 6), 'low', round(k.low::numeric, 6), 'high', round(k.high::numeric, 6))
    order by k."time"), '[]')
  into rows from private.survival_of(times) k;
  return private.churn_head(range) - array['period', 'currency', 'from']
    || jsonb_build_object('from', options ->> 'from',
      'through', (date_trunc('month', range.today) - interval '1 day')::date,
      'spells', (select coalesce(sum(t.spells), 0) from unnest(times) t where t.stop > t.entry),
      'late_entries', (select coalesce(sum(t.spells), 0) from unnest(times) t where t.stop > t.entry and t.entry > 0),
      'data', rows) || private.survival_summary(times);
end
$$;
grant execute on function private.churn_survival(uuid, jsonb) to authenticated;

create function public.churn_survival(organization_id uuid, options jsonb default '{}')
returns jsonb
language sql stable set search_path = '' set statement_timeout = '30s'
as $$
  select private.churn_survival(organization_id, coalesce(options, '{}'))
$$;
comment on function public.churn_survival is
  'The share of spells that go on after each month (Kaplan-Meier): { from?, to?, as_of?, segment? }.';
grant execute on function public.churn_survival(uuid, jsonb) to authenticated;
