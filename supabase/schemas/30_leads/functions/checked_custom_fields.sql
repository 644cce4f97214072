-- For writers of custom fields: those that are to be stored, once they are judged. `change` is laid over `held` key by
-- key, null removes. Only what changes is judged: a value whose field or choice went, and a field that became required
-- later, must not keep people from changing the rest.
create function private.checked_custom_fields(organization_id uuid, held jsonb, change jsonb, is_new boolean)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  merged jsonb := jsonb_strip_nulls(held || change);
  faults jsonb;
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || organization_id, 0));
  select jsonb_agg(f) into faults
  from jsonb_array_elements(private.custom_field_faults(private.lead_field_definitions(organization_id), merged)) f
  where is_new or (change ? substr(f ->> 'path', 15)
    and merged -> substr(f ->> 'path', 15) is distinct from held -> substr(f ->> 'path', 15));
  if faults is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
  end if;
  return merged;
end
$$;
