-- When an organization works. A deadline is counted in business hours where it has a calendar, else in wall-clock time.

-- The moment that lies `minutes` of the organization's working time after `start`.
create function private.deadline_after(organization_id uuid, start timestamptz, minutes integer)
returns timestamptz
language sql stable set search_path = ''
as $$
  select start + make_interval(mins => minutes)
$$;
