-- The time that a filter gives: a timestamp, or a date, which is the start of that day (or of the next one) in the
-- organization's time zone.
create function private.utc_timestamp(organization_id uuid, value text, end_of_day boolean)
returns timestamptz
language sql stable set search_path = ''
as $$
  select case when value ~ '^\d{4}-\d{2}-\d{2}$'
    then (value::date + case when end_of_day then 1 else 0 end)::timestamp at time zone (
      select o.time_zone from public.organizations o where o.id = utc_timestamp.organization_id)
    else value::timestamptz end
$$;

-- The filters as a condition on entries `x`, with literal values, so that the planner can skip the other months. An
-- entry's id is created while its transaction runs, so never before created_at and at most an hour after it.
create function private.audit_condition(organization_id uuid, filters jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  since timestamptz := private.utc_timestamp(organization_id, filters ->> 'date_from', false);
  until timestamptz := private.utc_timestamp(organization_id, filters ->> 'date_to', true);
begin
  perform private.require_valid(
    coalesce(since >= '1970-01-02' and since < '9999-01-01', since is null), 'date_from', 'is out of range');
  perform private.require_valid(
    coalesce(until >= '1970-01-02' and until < '9999-01-02', until is null), 'date_to', 'is out of range');
  return format('x.organization_id = %L', organization_id)
    || case when since is null then ''
      else format(' and x.id >= %L and x.created_at >= %L', private.uuid_v7_floor(since), since) end
    || case when until is null then ''
      else format(' and x.id < %L and x.created_at < %L', private.uuid_v7_floor(until + interval '1 hour'), until) end
    || case when filters ? 'user_id' then format(' and x.actor_id = %L', (filters ->> 'user_id')::uuid) else '' end
    || case when filters ? 'action' then format(' and x.action = %L', filters ->> 'action') else '' end
    || case when filters ? 'resource' then format(' and x.resource = %L', filters ->> 'resource') else '' end
    || case when filters ? 'resource_id' then format(' and x.resource_id = %L', (filters ->> 'resource_id')::uuid)
      else '' end
    || case when filters ? 'before_id' then format(' and x.id < %L', (filters ->> 'before_id')::uuid) else '' end;
end
$$;
