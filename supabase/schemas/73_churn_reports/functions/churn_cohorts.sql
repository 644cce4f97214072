-- GET /reports/cohorts: the clients that joined in a month, and the share of them (and of their revenue at the start)
-- that is there at each age in months after their own first day. Only ages that every member of the cohort has reached.
-- all: over the cohorts that have reached the age, weighted by their size. Security definer because the rollups may not
-- be read directly.
create function private.churn_cohorts(organization_id uuid, options jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  range private.churn_range := private.churn_range(organization_id, options - 'period');
  answer jsonb;
begin
  with changes as (
    select t.cohort, t.age, t.segment, t.currency, t.clients, t.active, t.mrr
    from private.cohort_totals t
    where range.as_of is null and t.organization_id = churn_cohorts.organization_id
      and t.cohort >= range.from_day and t.cohort < range.to_day
    union all
    select c.cohort, c.age, c.segment, c.currency, c.clients, c.active, c.mrr
    from private.cohort_changes(null, coalesce(range.as_of, '-infinity'), churn_cohorts.organization_id) c
    where range.as_of is not null and c.cohort >= range.from_day and c.cohort < range.to_day
  ), x as (
    select c.cohort, c.age, c.clients, c.active,
      case when range.currency is not null then case when c.currency = range.currency then c.mrr else 0 end
        else c.mrr * private.rate_on(churn_cohorts.organization_id, c.currency, range.organization_currency, c.cohort)
      end as mrr
    from changes c where range.segment is null or c.segment = range.segment
  ), sizes as (
    select x.cohort, sum(x.clients) as size, sum(x.mrr) filter (where x.age = 0) as mrr from x group by 1
  ), ages as (
    -- The last day of the cohort's month is the latest first day that a member can have.
    select s.cohort, s.size, s.mrr as mrr_start, a.age
    from sizes s
    cross join lateral generate_series(0, private.months_between(s.cohort, range.today)) a (age)
    where s.size > 0
      and ((s.cohort + interval '1 month' - interval '1 day')::date + make_interval(months => a.age)) <= range.today
  ), cells as (
    select a.cohort, a.size, a.age, a.mrr_start, sum(coalesce(k.active, 0)) over w as active,
      sum(coalesce(k.mrr, 0)) over w as mrr
    from ages a
    left join (
      select x.cohort, x.age, sum(x.active) as active, sum(x.mrr) as mrr from x group by 1, 2
    ) k on k.cohort = a.cohort and k.age = a.age
    window w as (partition by a.cohort order by a.age)
  )
  select jsonb_build_object(
    'data', (
      select coalesce(jsonb_agg(jsonb_build_object('cohort', s.cohort, 'size', s.size, 'mrr_start',
        round(coalesce(s.mrr, 0), 2)::text, 'ages', (
          select coalesce(jsonb_agg(jsonb_build_object('age', c.age, 'active', c.active,
            'retention', round(c.active::numeric / c.size, 6), 'mrr', round(c.mrr, 2)::text,
            'revenue_retention', round(c.mrr / nullif(c.mrr_start, 0), 6)) order by c.age), '[]')
          from cells c where c.cohort = s.cohort)) order by s.cohort), '[]')
      from sizes s where s.size > 0),
    'all', (
      select coalesce(jsonb_agg(jsonb_build_object('age', c.age, 'cohorts', c.cohorts, 'size', c.size,
        'retention', private.wilson_interval(c.active, c.size)) order by c.age), '[]')
      from (
        select c.age, count(*) as cohorts, sum(c.size) as size, sum(c.active) as active from cells c group by 1) c))
  into answer;
  return private.churn_head(range) - 'period' || answer;
end
$$;
grant execute on function private.churn_cohorts(uuid, jsonb) to authenticated;

create function public.churn_cohorts(organization_id uuid, options jsonb default '{}')
returns jsonb
language sql stable set search_path = '' set statement_timeout = '30s'
as $$
  select private.churn_cohorts(organization_id, coalesce(options, '{}'))
$$;
comment on function public.churn_cohorts is
  'Retention by the month of the first paid day and age in months: { from?, to?, as_of?, segment?, currency? }.';
grant execute on function public.churn_cohorts(uuid, jsonb) to authenticated;
