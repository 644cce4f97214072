-- The normal form of a service text. Refuses what its recipient would see as written: unknown variables, braces that do
-- not pair; and texts without anything to see.
create function private.checked_template(body text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  normal constant text := private.normal_placeholders(body);
  fault constant text := private.text_fault(normal);
  unknown constant text := (
    select string_agg(v[1], ', ') from regexp_matches(normal, '\{\{([^{}]*)\}\}', 'g') v where v[1] <> all (known));
begin
  if fault is not null then
    perform private.problem(422, 'invalid_template', 'The text ' || fault || '.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', fault)));
  elsif unknown is not null then
    perform private.problem(422, 'unknown_variable', 'The text has unknown variables: ' || unknown || '.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'Known variables: '
        || array_to_string(known, ', ') || '.')));
  end if;
  return normal;
end
$$;
grant execute on function private.checked_template(text) to authenticated;
