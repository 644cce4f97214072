-- The values that a lead gives to variables. Custom fields are `custom.<key>`.
create function private.lead_variables(lead public.leads, organization text)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  variables jsonb := jsonb_strip_nulls(jsonb_build_object('first_name', nullif(lead.first_name, ''),
    'last_name', nullif(lead.last_name, ''), 'full_name', nullif(lead.full_name, ''), 'name',
    nullif(lead.full_name, ''), 'email', lead.email, 'phone', lead.phone, 'source', lead.source, 'region', lead.region,
    'country', lead.country, 'organization', organization));
begin
  if lead.custom_fields <> '{}' then
    variables := variables || coalesce((
      select jsonb_object_agg('custom.' || f.key, case jsonb_typeof(f.value) when 'string' then f.value
        else to_jsonb(f.value::text) end)
      from jsonb_each(lead.custom_fields) f where jsonb_typeof(f.value) in ('string', 'number')), '{}');
  end if;
  return variables;
end
$$;
