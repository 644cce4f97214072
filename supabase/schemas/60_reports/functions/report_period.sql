-- The local day on which a named period begins; ends (exclusive) and the length of its unit. Days that count back end
-- with yesterday, so that they are whole.
create function private.named_days(name text, today date, first_weekday smallint, out starts date, out ends date,
  out previous date)
language plpgsql immutable set search_path = ''
as $$
declare
  week date := today - (extract(isodow from today)::integer - first_weekday + 7) % 7;
  unit text := regexp_replace(name, '^(this|previous)_', '');
  days integer := substring(name from '^last_([0-9]+)_days$')::integer;
  step interval;
begin
  if days is not null then
    starts := today - days;
    ends := today;
    previous := today - 2 * days;
    return;
  end if;
  step := case unit when 'quarter' then interval '3 months' else ('1 ' || unit)::interval end;
  starts := case unit when 'day' then today when 'week' then week else date_trunc(unit, today::timestamp)::date end;
  if name like 'previous%' then
    starts := (starts - step)::date;
  end if;
  ends := (starts + step)::date;
  previous := (starts - step)::date;
end
$$;

create function private.period_names()
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select array['this_day', 'previous_day', 'this_week', 'previous_week', 'this_month', 'previous_month', 'this_quarter',
    'previous_quarter', 'this_year', 'previous_year', 'last_7_days', 'last_14_days', 'last_28_days', 'last_30_days',
    'last_90_days', 'last_365_days']
$$;
comment on function private.period_names is
  'Periods relative to the moment of a report, in the organization''s time zone.';

-- The local day of a text such as 2026-11-30.
create function private.report_day(value jsonb, path text)
returns date
language plpgsql immutable set search_path = ''
as $$
begin
  if private.custom_value_error('date', '[]', value) is null then
    return (value #>> '{}')::date;
  end if;
  perform private.report_problem(422, 'invalid_field', path, 'must be a date such as 2026-11-30');
  return null;
end
$$;

-- The period of a definition, resolved against the moment of the report; null without one. from and to are local days,
-- both inclusive. The period before a running one is cut after the same time, so that like is compared with like.
create function private.report_period(context private.report_context, source private.report_sources, definition jsonb)
returns private.report_period
language plpgsql stable set search_path = ''
as $$
declare
  wanted jsonb := definition -> 'period';
  local timestamp := context.at at time zone context.zone;
  days record;
  period private.report_period;
  field private.report_fields;
begin
  if wanted is null then
    return null;
  end if;
  field := private.report_field(context, source, wanted ->> 'field', 'period.field');
  perform private.require_report(field.period, 'invalid_field', 'period.field', 'no period can filter by this field');
  period.field := wanted ->> 'field';
  period.name := wanted ->> 'name';
  if period.name is not null then
    select * into days from private.named_days(period.name, local::date, context.first_weekday);
  else
    select private.report_day(wanted -> 'from', 'period.from') as starts,
      private.report_day(wanted -> 'to', 'period.to') + 1 as ends into days;
    perform private.require_report(days.ends > days.starts, 'invalid_field', 'period.to', 'must not be before from');
    perform private.require_report(days.ends - days.starts <= 36600, 'invalid_field', 'period.to',
      'must be within a hundred years of from');
    select days.starts, days.ends, days.starts - (days.ends - days.starts) as previous into days;
  end if;
  period.starts_at := days.starts::timestamp at time zone context.zone;
  period.ends_at := days.ends::timestamp at time zone context.zone;
  period.running := context.at >= period.starts_at and context.at < period.ends_at;
  period.previous_starts_at := days.previous::timestamp at time zone context.zone;
  period.previous_ends_at := least(period.starts_at, case when period.running
    then (days.previous + (local - days.starts::timestamp)) at time zone context.zone else period.starts_at end);
  return period;
end
$$;
