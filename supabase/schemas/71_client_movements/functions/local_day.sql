-- The calendar day of a moment in the organization's time zone.
create function private.local_day(organization_id uuid, at timestamptz default now())
returns date
language sql stable set search_path = ''
as $$
  select (at at time zone o.time_zone)::date from public.organizations o where o.id = local_day.organization_id
$$;
