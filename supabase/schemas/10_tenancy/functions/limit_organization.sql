-- A number of segments a day; null: no limit.
create function private.segments_from_json(given jsonb)
returns integer
language plpgsql immutable set search_path = ''
as $$
begin
  perform private.require_valid(
    jsonb_typeof(given) = 'null' or jsonb_typeof(given) = 'number' and given::text ~ '^[0-9]{1,9}$',
    'max_segments_per_day', 'must be a whole number of segments, or null');
  return (given #>> '{}')::integer;
end
$$;

-- Countries (ISO 3166-1 alpha-2), each once; null: all.
create function private.countries_from_json(given jsonb)
returns text[]
language plpgsql immutable set search_path = ''
as $$
begin
  if jsonb_typeof(given) = 'null' then
    return null;
  end if;
  perform private.require_valid(jsonb_typeof(given) = 'array', 'permitted_countries',
    'must be an array of country codes, or null');
  return array(select distinct c from jsonb_array_elements_text(given) c order by c);
end
$$;

-- limits: some of { max_segments_per_day (null: no limit), permitted_countries (null: all) }. The audit log has the
-- change with the operator and the reason. Security definer because no API role may write these columns.
create function private.limit_organization(organization_id uuid, limits jsonb, operator text, reason text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  names constant text[] := array['max_segments_per_day', 'permitted_countries'];
  organization public.organizations;
begin
  perform private.require_operator(operator);
  perform private.require_valid(jsonb_typeof(limits) = 'object' and limits <> '{}' and limits - names = '{}', 'limits',
    'must have ' || array_to_string(names, ' or '));
  update public.organizations o set
    max_segments_per_day = case when limits ? 'max_segments_per_day'
      then private.segments_from_json(limits -> 'max_segments_per_day') else o.max_segments_per_day end,
    permitted_countries = case when limits ? 'permitted_countries'
      then private.countries_from_json(limits -> 'permitted_countries') else o.permitted_countries end,
    limits_reason = nullif(btrim(reason), ''), limits_changed_by = btrim(operator)
  where o.id = limit_organization.organization_id
  returning * into organization;
  if organization.id is null then
    perform private.problem(404, 'not_found', 'There is no such organization.');
  end if;
  return private.operated_organization_json(organization);
end
$$;
grant execute on function private.limit_organization(uuid, jsonb, text, text) to service_role;

create function public.limit_organization(organization_id uuid, limits jsonb, operator text, reason text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.limit_organization(organization_id, limits, operator, reason)
$$;
comment on function public.limit_organization is
  'For operators of the platform: how many segments a day an organization sends through the platform''s accounts, and to which countries.';
grant execute on function public.limit_organization(uuid, jsonb, text, text) to service_role;
