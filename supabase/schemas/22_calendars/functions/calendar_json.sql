create function private.calendar_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'enabled', coalesce(bool_or(c.enabled), false),
    'time_zone', max(c.time_zone),
    'week', case when count(c.id) > 0 then (
      select jsonb_object_agg(d.name, coalesce((
        select jsonb_agg(jsonb_build_array(to_char(p.opens, 'HH24:MI'), to_char(p.closes, 'HH24:MI')) order by p.opens)
        from public.calendar_periods p
        where p.organization_id = calendar_json.organization_id and p.weekday = d.number), '[]'))
      from unnest(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']) with ordinality d (name, number)) end,
    'holidays', coalesce((
      select jsonb_agg(jsonb_build_object('date', h.day, 'name', h.name) order by h.day)
      from public.calendar_holidays h where h.organization_id = calendar_json.organization_id), '[]'))
  from public.calendars c where c.organization_id = calendar_json.organization_id
$$;
