-- The normal form of a service text. Refuses unknown variables: the recipient would see them as written.
create function private.checked_template(body text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  unknown text := (
    select string_agg(distinct v[1], ', ') from regexp_matches(body, '\{\{\s*([^{}]*?)\s*\}\}', 'g') v
    where v[1] <> all (known)
  );
begin
  if unknown is not null then
    perform private.problem(422, 'unknown_variable', 'The text has unknown variables: ' || unknown || '.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'Known variables: '
        || array_to_string(known, ', ') || '.')));
  end if;
  return regexp_replace(body, '\{\{\s*([^{}]*?)\s*\}\}', '{{\1}}', 'g');
end
$$;
grant execute on function private.checked_template(text) to authenticated;
