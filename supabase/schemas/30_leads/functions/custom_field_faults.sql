-- Set-friendly: it reads nothing but its arguments, so an import judges a hundred thousand rows in one statement.
create function private.custom_field_faults(definitions jsonb, custom_fields jsonb)
returns jsonb
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  definition jsonb;
  key text;
  value jsonb;
  fault text;
  faults jsonb := jsonb_build_array();
  unknown jsonb := custom_fields;
begin
  for i in 0 .. jsonb_array_length(definitions) - 1 loop
    definition := definitions -> i;
    key := definition ->> 'key';
    value := custom_fields -> key;
    unknown := unknown - key;
    fault := null;
    if value is null or value in ('null', '""', '[]') then
      if definition -> 'required' = 'true' then
        fault := 'is required';
      end if;
    else
      fault := private.fits_lead_field(definition ->> 'type', definition -> 'choices', value);
    end if;
    if fault is not null then
      faults := faults || jsonb_build_object('path', 'custom_fields.' || key, 'message', fault);
    end if;
  end loop;
  if unknown <> '{}' then
    for key in select k from jsonb_object_keys(unknown) k order by k loop
      faults := faults || jsonb_build_object('path', 'custom_fields.' || key, 'message', 'is not one of the organization''s lead fields');
    end loop;
  end if;
  return faults;
end
$$;
comment on function private.custom_field_faults is
  'What is wrong with a lead''s custom fields: [{ path, message }], empty when nothing is. definitions: what lead_field_definitions gives.';
