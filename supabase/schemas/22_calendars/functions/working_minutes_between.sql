-- The organization's working time between two instants in minutes; 0 if the second is not after the first.
create function private.working_minutes_between(organization_id uuid, start timestamptz, ending timestamptz)
returns numeric
language plpgsql stable set search_path = ''
as $$
begin
  return round(extract(epoch from (private.walk_calendar(organization_id, start, null, ending)).counted) / 60, 2);
end
$$;
