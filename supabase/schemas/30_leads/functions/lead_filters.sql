-- A day begins and ends as the organization's clocks show it; a moment is one.
create function private.timestamp_in_zone(organization_id uuid, day_or_moment text, days_later integer)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when char_length(day_or_moment) = 10
    then (day_or_moment::date + days_later)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = timestamp_in_zone.organization_id)
    else day_or_moment::timestamptz end
$$;

-- What to look for in search_text for what somebody typed: the words as they are; as JSON writes them, in which custom
-- texts stand there; and for a phone number, in whatever local form, its digits without the prefix.
create function private.lead_search_patterns(term text)
returns text[]
language sql immutable set search_path = ''
as $$
  select array_agg(distinct '%' || replace(replace(replace(t.words, '\', '\\'), '%', '\%'), '_', '\_') || '%')
  from (
    values (lower(term)),
      (substr(to_jsonb(lower(term))::text, 2, char_length(to_jsonb(lower(term))::text) - 2)),
      (case when term ~ '^[+(]?[0-9][0-9 ().+/-]*$' then substring(regexp_replace(term, '\(0\)|[^0-9]', '', 'g') from '^0*([0-9]{3,})$') end)
  ) as t (words)
  where t.words <> ''
$$;

-- filters: { status?, source?, assigned_to?: id | me | none, team_id?, tag?, created_from?, created_to?, sla?: due | breached,
-- search? }; conditions on leads x, without the caller's reach.
create function private.lead_filters(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  chosen text := '';
begin
  if filters ? 'status' then
    chosen := chosen || format(' and x.status = %L', filters ->> 'status');
  end if;
  if filters ? 'source' then
    chosen := chosen || format(' and x.source = %L', filters ->> 'source');
  end if;
  if filters ? 'assigned_to' then
    chosen := chosen || case filters ->> 'assigned_to' when 'none' then ' and x.assigned_to is null'
      when 'me' then format(' and x.assigned_to = %L', auth.uid())
      else format(' and x.assigned_to = %L', (filters ->> 'assigned_to')::uuid) end;
  end if;
  if filters ? 'team_id' then
    chosen := chosen || format(' and x.team_id = %L', (filters ->> 'team_id')::uuid);
  end if;
  if filters ? 'tag' then
    chosen := chosen || format(' and x.tags @> %L', array[filters ->> 'tag']);
  end if;
  if filters ? 'created_from' then
    chosen := chosen || format(' and x.created_at >= %L', private.timestamp_in_zone(organization_id, filters ->> 'created_from', 0));
  end if;
  if filters ? 'created_to' then
    chosen := chosen || format(' and x.created_at < %L', private.timestamp_in_zone(organization_id, filters ->> 'created_to', 1));
  end if;
  if filters ? 'sla' then
    chosen := chosen || format(' and x.sla_status = %L', case filters ->> 'sla' when 'due' then 'due_soon' else filters ->> 'sla' end);
  end if;
  if filters ->> 'search' <> '' then
    chosen := chosen || (
      select format(' and (%s)', string_agg(format('x.search_text like %L', p), ' or '))
      from unnest(private.lead_search_patterns(filters ->> 'search')) p);
  end if;
  return chosen;
end
$$;
