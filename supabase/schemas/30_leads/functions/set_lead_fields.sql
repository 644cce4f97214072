-- How many living leads hold a value that a field's new type could not hold: { key: leads }.
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
    where private.fits_lead_field(n ->> 'type', n -> 'choices', l.custom_fields -> f.key) is not null
    group by f.key
  ) u
$$;

-- PUT /leads/fields: the list replaces what was there. Values of a field that goes stay in the leads, but nobody can
-- write them any more; likewise values of a choice that goes. A type changes only if all values fit the new one.
-- Definer: fields are written this way only.
create function private.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  unfit jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  -- Whoever writes values holds this lock shared (checked_custom_fields): no value is judged by a list that goes.
  perform pg_advisory_xact_lock(hashtextextended('lead_fields|' || organization_id, 0));
  unfit := private.incompatible_custom_values(organization_id, fields);
  if unfit <> '{}' then
    perform private.problem(409, 'values_do_not_fit', 'There are leads whose values the new types could not hold: '
      || (select string_agg(format('%s (%s)', u.key, u.value), ', ' order by u.key) from jsonb_each_text(unfit) u) || '.',
      jsonb_build_object('leads_by_field', unfit));
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
comment on function public.set_lead_fields is 'Replaces the organization''s lead fields: [{ key, label, type, required, choices }].';
grant execute on function public.set_lead_fields(uuid, jsonb) to authenticated;
