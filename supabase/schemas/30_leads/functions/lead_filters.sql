-- A date is the start of that day (plus days_later) in the organization's time zone; a timestamp stays as it is.
create function private.timestamp_in_zone(organization_id uuid, date_or_timestamp text, days_later integer)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when char_length(date_or_timestamp) = 10
    then (date_or_timestamp::date + days_later)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = timestamp_in_zone.organization_id)
    else date_or_timestamp::timestamptz end
$$;

-- filters: { status?, source?, assigned_to?: id | me | none, team_id?, tag?, created_from?, created_to?, sla?: due |
-- breached, search? }. Conditions on leads x, without the caller's scope.
create function private.lead_filters(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := '';
begin
  if filters ? 'status' then
    conditions := conditions || format(' and x.status = %L', filters ->> 'status');
  end if;
  if filters ? 'source' then
    conditions := conditions || format(' and x.source = %L', filters ->> 'source');
  end if;
  if filters ? 'assigned_to' then
    conditions := conditions || case filters ->> 'assigned_to' when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else format(' and x.assigned_to = %L', (filters ->> 'assigned_to')::uuid) end;
  end if;
  if filters ? 'team_id' then
    conditions := conditions || format(' and x.team_id = %L', (filters ->> 'team_id')::uuid);
  end if;
  if filters ? 'tag' then
    conditions := conditions || format(' and x.tags @> %L', array[filters ->> 'tag']);
  end if;
  if filters ? 'created_from' then
    conditions := conditions || format(' and x.created_at >= %L',
      private.timestamp_in_zone(organization_id, filters ->> 'created_from', 0));
  end if;
  if filters ? 'created_to' then
    conditions := conditions || format(' and x.created_at < %L',
      private.timestamp_in_zone(organization_id, filters ->> 'created_to', 1));
  end if;
  if filters ? 'sla' then
    conditions := conditions || format(' and x.sla_status = %L', case filters ->> 'sla' when 'due' then 'due_soon'
      else filters ->> 'sla' end);
  end if;
  return conditions || coalesce(' and ' || private.search_filter(filters), '');
end
$$;
