-- The custom fields to store, after validation: `change` is merged into `current` key by key, null removes a key.
-- Only changed keys are validated: a removed field or choice, or a field that became required later, must not keep
-- people from changing the rest.
create function private.checked_custom_fields(organization_id uuid, current jsonb, change jsonb, is_new boolean)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  merged jsonb := jsonb_strip_nulls(current || change);
  errors jsonb;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || organization_id, 0));
  select jsonb_agg(f) into errors
  from jsonb_array_elements(private.custom_field_errors(private.lead_field_definitions(organization_id), merged)) f
  where is_new or (change ? substr(f ->> 'path', 15)
    and merged -> substr(f ->> 'path', 15) is distinct from current -> substr(f ->> 'path', 15));
  if errors is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', errors);
  end if;
  return merged;
end
$$;
