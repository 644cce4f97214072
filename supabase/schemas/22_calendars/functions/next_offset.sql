-- The moment after `moment` at which the zone's offset changes. The caller knows that it does so once by `before` at the latest.
create function private.next_offset(zone text, moment timestamptz, before timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  shift interval := (moment at time zone zone) - (moment at time zone 'UTC');
  low bigint := floor(extract(epoch from moment));
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
