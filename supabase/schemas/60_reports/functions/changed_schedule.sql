-- The schedule with these values: { frequency, weekdays, month_day, time, time_zone, format, spreadsheet, on_empty };
-- what is missing stays.
create function private.changed_schedule(schedule public.report_schedules, changes jsonb)
returns public.report_schedules
language plpgsql stable set search_path = ''
as $$
begin
  schedule.frequency := coalesce(changes ->> 'frequency', schedule.frequency);
  perform private.require_valid(schedule.frequency in ('daily', 'weekdays', 'weekly', 'monthly'), 'frequency',
    'must be daily, weekdays, weekly or monthly');
  perform private.require_valid(coalesce(changes ->> 'time', '00:00') ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
    and (schedule.local_time is not null or changes ? 'time'), 'time', 'must be a time of the day as 07:30');
  schedule.local_time := coalesce((changes ->> 'time')::time, schedule.local_time);
  schedule.time_zone := private.canonical_time_zone(coalesce(changes ->> 'time_zone', schedule.time_zone));
  perform private.require_valid(schedule.time_zone is not null, 'time_zone', 'is no IANA time zone');
  schedule.format := coalesce(changes ->> 'format', schedule.format);
  perform private.require_valid(schedule.format in (select f.name from private.report_formats f), 'format',
    'must be one of: ' || (select string_agg(f.name, ', ' order by f.position) from private.report_formats f));
  perform private.require_valid(schedule.format = 'sheets' or changes ->> 'spreadsheet' is null, 'spreadsheet',
    'is for the format sheets only');
  if schedule.format <> 'sheets' then
    schedule.spreadsheet_id := null;
  elsif changes ->> 'spreadsheet' is not null or schedule.spreadsheet_id is null then
    schedule.spreadsheet_id := private.require_spreadsheet(schedule.organization_id, changes ->> 'spreadsheet', null);
  end if;
  schedule.on_empty := coalesce(changes ->> 'on_empty', schedule.on_empty, 'send');
  perform private.require_valid(schedule.on_empty in ('send', 'skip'), 'on_empty', 'must be send or skip');
  if changes ? 'weekdays' then
    perform private.require_valid(jsonb_typeof(changes -> 'weekdays') = 'array'
      and changes -> 'weekdays' <@ '[1, 2, 3, 4, 5, 6, 7]', 'weekdays', 'must be numbers from 1 (Monday) to 7');
    schedule.weekdays := array(select distinct w::smallint from jsonb_array_elements_text(changes -> 'weekdays') w
      order by 1);
  end if;
  if changes ? 'month_day' then
    perform private.require_valid(changes -> 'month_day' = 'null'
      or jsonb_typeof(changes -> 'month_day') = 'number' and (changes ->> 'month_day') ~ '^[0-9]{1,2}$'
        and (changes ->> 'month_day')::integer between 1 and 31, 'month_day', 'must be a day from 1 to 31');
    schedule.month_day := (changes ->> 'month_day')::smallint;
  end if;
  schedule.weekdays := case when schedule.frequency = 'weekly' then coalesce(schedule.weekdays, '{}') else '{}' end;
  schedule.month_day := case when schedule.frequency = 'monthly' then schedule.month_day end;
  perform private.require_valid(schedule.frequency <> 'weekly' or cardinality(schedule.weekdays) > 0, 'weekdays',
    'must have at least one day');
  perform private.require_valid(schedule.frequency <> 'monthly' or schedule.month_day is not null, 'month_day',
    'must be a day from 1 to 31');
  return schedule;
end
$$;
