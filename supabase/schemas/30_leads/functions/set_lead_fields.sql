-- How many leads, not deleted, have a value that the new type of a field could not store: { key: leads }.
create function private.incompatible_custom_values(organization_id uuid, fields jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(u.key, u.leads), '{}')
  from (
    select f.key, count(*) as leads
    from jsonb_array_elements(fields) n
    join public.lead_fields f on f.organization_id = incompatible_custom_values.organization_id
      and f.key = n ->> 'key' and f.type <> n ->> 'type'
    join public.leads l on l.organization_id = f.organization_id and l.deleted_at is null and l.custom_fields ? f.key
    where private.custom_value_error(n ->> 'type', n -> 'choices', l.custom_fields -> f.key) is not null
    group by f.key
  ) u
$$;

-- PUT /leads/fields: replaces the list. Values of a removed field or choice stay in the leads but can no longer be
-- written. A type changes only if all values fit the new one. Security definer because callers may not write fields
-- directly.
create function private.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  incompatible jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  -- Writers of values hold this lock shared (checked_custom_fields): no value is checked against an outdated list.
  perform pg_advisory_xact_lock(hashtextextended('lead_fields|' || organization_id, 0));
  incompatible := private.incompatible_custom_values(organization_id, fields);
  if incompatible <> '{}' then
    perform private.problem(409, 'values_do_not_fit', 'Some leads have values that do not fit the new types: '
      || (select string_agg(format('%s (%s)', u.key, u.value), ', ' order by u.key)
        from jsonb_each_text(incompatible) u) || '.',
      jsonb_build_object('leads_by_field', incompatible));
  end if;
  delete from public.lead_fields f
  where f.organization_id = set_lead_fields.organization_id
    and not exists (select from jsonb_array_elements(fields) n where n ->> 'key' = f.key);
  insert into public.lead_fields as f (organization_id, key, label, type, required, choices, position)
  select set_lead_fields.organization_id, n.value ->> 'key', n.value ->> 'label', n.value ->> 'type',
    coalesce((n.value ->> 'required')::boolean, false),
      array(select jsonb_array_elements_text(coalesce(n.value -> 'choices', '[]'))), n.ordinality
  from jsonb_array_elements(fields) with ordinality n
  on conflict on constraint lead_fields_key_unique do update
    set label = excluded.label, type = excluded.type, required = excluded.required, choices = excluded.choices,
      position = excluded.position
    where (f.label, f.type, f.required, f.choices, f.position)
      is distinct from (excluded.label, excluded.type, excluded.required, excluded.choices, excluded.position);
  return private.lead_field_definitions(organization_id);
end
$$;
grant execute on function private.set_lead_fields(uuid, jsonb) to authenticated;

create function public.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_lead_fields(organization_id, fields)
$$;
comment on function public.set_lead_fields is
  'Replaces the organization''s lead fields: [{ key, label, type, required, choices }].';
grant execute on function public.set_lead_fields(uuid, jsonb) to authenticated;
