create type private.churn_range as (
  period text,
  from_day date,
  to_day date,
  today date,
  as_of timestamptz,
  segment text,
  currency text,
  organization_currency text
);

-- What a report is about, from { from?, to?, period?, as_of?, segment?, currency? }: whole periods from the one of
-- `from` (by default a year before) to the one of `to` (by default today). to_day is the first day after them.
create function private.churn_range(organization_id uuid, options jsonb)
returns private.churn_range
language plpgsql stable set search_path = ''
as $$
declare
  range private.churn_range;
  step interval;
  last_day date;
begin
  perform private.require_permission(organization_id, 'churn:read');
  range.period := coalesce(options ->> 'period', 'month');
  perform private.require_valid(range.period in ('month', 'quarter', 'year'), 'period',
    'is not month, quarter or year');
  range.as_of := (options ->> 'as_of')::timestamptz;
  perform private.require_valid(coalesce(range.as_of, now()) <= clock_timestamp(), 'as_of', 'is in the future');
  range.today := private.local_day(organization_id, coalesce(range.as_of, now()));
  last_day := least(coalesce((options ->> 'to')::date, range.today), range.today);
  step := case range.period when 'month' then interval '1 month' when 'quarter' then interval '3 months'
    else interval '1 year' end;
  range.to_day := (date_trunc(range.period, last_day) + step)::date;
  range.from_day := date_trunc(range.period, coalesce((options ->> 'from')::date,
    (last_day - interval '1 year')::date));
  perform private.require_valid(range.from_day < range.to_day, 'from', 'is after to, or in the future');
  perform private.require_valid(range.from_day + 240 * step >= range.to_day, 'from',
    'is too long before to: at most 240 periods');
  range.segment := options ->> 'segment';
  range.currency := options ->> 'currency';
  select o.currency into range.organization_currency from public.organizations o where o.id = organization_id;
  return range;
end
$$;

-- The rate of a currency on a day, or null where there is none; 1 for the organization's own.
create function private.rate_on(organization_id uuid, currency text, organization_currency text, day date)
returns numeric
language sql stable set search_path = ''
as $$
  select case when rate_on.currency = organization_currency then 1 else (
    select r.rate from public.exchange_rates r
    where r.organization_id = rate_on.organization_id and r.currency = rate_on.currency and r.starts_on <= rate_on.day
    order by r.starts_on desc limit 1) end
$$;

-- What a report answers besides its rows.
create function private.churn_head(range private.churn_range)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('as_of', coalesce(range.as_of, now()), 'period', range.period, 'from', range.from_day,
    'to', range.to_day - 1, 'through', least(range.today, range.to_day - 1), 'segment', range.segment,
    'currency', coalesce(range.currency, range.organization_currency))
$$;
