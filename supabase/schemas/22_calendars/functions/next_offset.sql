-- The next instant after `from_time` at which the zone's UTC offset changes. The caller knows that there is exactly
-- one change, not later than `before`.
create function private.next_offset(zone text, from_time timestamptz, before timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  shift interval := (from_time at time zone zone) - (from_time at time zone 'UTC');
  low bigint := floor(extract(epoch from from_time));
  high bigint := ceil(extract(epoch from before));
  middle bigint;
begin
  while high - low > 1 loop
    middle := (low + high) / 2;
    if (to_timestamp(middle) at time zone zone) - (to_timestamp(middle) at time zone 'UTC') = shift then
      low := middle;
    else
      high := middle;
    end if;
  end loop;
  return to_timestamp(high);
end
$$;
