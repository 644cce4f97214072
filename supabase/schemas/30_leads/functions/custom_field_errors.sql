-- Reads nothing but its arguments, so that an import validates thousands of rows in one statement.
create function private.custom_field_errors(definitions jsonb, custom_fields jsonb)
returns jsonb
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  definition jsonb;
  key text;
  value jsonb;
  error text;
  errors jsonb := jsonb_build_array();
  unknown jsonb := custom_fields;
begin
  for i in 0 .. jsonb_array_length(definitions) - 1 loop
    definition := definitions -> i;
    key := definition ->> 'key';
    value := custom_fields -> key;
    unknown := unknown - key;
    error := null;
    if value is null or value in ('null', '""', '[]') then
      if definition -> 'required' = 'true' then
        error := 'is required';
      end if;
    else
      error := private.custom_value_error(definition ->> 'type', definition -> 'choices', value);
    end if;
    if error is not null then
      errors := errors || jsonb_build_object('path', 'custom_fields.' || key, 'message', error);
    end if;
  end loop;
  if unknown <> '{}' then
    for key in select k from jsonb_object_keys(unknown) k order by k loop
      errors := errors || jsonb_build_object('path', 'custom_fields.' || key, 'message',
        'is not one of the organization''s lead fields');
    end loop;
  end if;
  return errors;
end
$$;
comment on function private.custom_field_errors is
  'Validation errors of custom fields: [{ path, message }], possibly empty. definitions: see lead_field_definitions.';
