create function private.incident_types_json(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', t.key, 'label', t.label, 'action', t.action)
    order by t.position), '[]')
  from public.incident_types t where t.organization_id = incident_types_json.organization_id
$$;

-- Replaces the organization's incident types; with null it only reads them. A type that issues have stays. Security
-- definer because callers may not write types directly.
create function private.incident_types(organization_id uuid, types jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  used text;
begin
  if types is null then
    perform private.require_scope(organization_id, 'clients:read');
    return private.incident_types_json(organization_id);
  end if;
  perform private.require_permission(organization_id, 'churn:configure');
  perform private.require_valid(jsonb_typeof(types) = 'array' and jsonb_array_length(types) between 1 and 100, 'types',
    'is a list of 1 to 100 types');
  perform private.require_valid((
    select count(distinct t ->> 'key') = count(*) from jsonb_array_elements(types) t), 'types', 'names a key twice');
  perform from public.incident_types t
  where t.organization_id = incident_types.organization_id order by t.key for update;
  select t.key into used from public.incident_types t
  where t.organization_id = incident_types.organization_id
    and not exists (select from jsonb_array_elements(types) n where n ->> 'key' = t.key)
    and exists (select from public.client_issues i where i.organization_id = t.organization_id and i.type = t.key)
  order by t.key limit 1;
  if used is not null then
    perform private.problem(409, 'incident_type_in_use', 'There are issues of the type ' || used || '. Keep it.');
  end if;
  delete from public.incident_types t
  where t.organization_id = incident_types.organization_id
    and not exists (select from jsonb_array_elements(types) n where n ->> 'key' = t.key);
  insert into public.incident_types as t (organization_id, key, label, action, position)
  select incident_types.organization_id, n.value ->> 'key', n.value ->> 'label', n.value ->> 'action', n.ordinality
  from jsonb_array_elements(types) with ordinality n
  on conflict on constraint incident_types_key_unique do update
    set label = excluded.label, action = excluded.action, position = excluded.position
    where (t.label, t.action, t.position) is distinct from (excluded.label, excluded.action, excluded.position);
  return private.incident_types_json(organization_id);
end
$$;
grant execute on function private.incident_types(uuid, jsonb) to authenticated;

create function public.incident_types(organization_id uuid, types jsonb default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.incident_types(organization_id, types)
$$;
comment on function public.incident_types is
  'The organization''s incident types in order, after replacing them by [{ key, label, action }] if given.';
grant execute on function public.incident_types(uuid, jsonb) to authenticated;
