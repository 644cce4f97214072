-- Answers 422 with a field and what is wrong with it. Volatile, so that no planner calls it ahead of time.
create function private.invalid_field(path text, message text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
    jsonb_build_array(jsonb_build_object('path', path, 'message', message)));
end
$$;
grant execute on function private.invalid_field(text, text) to authenticated, service_role;

-- Raises 422 unless the condition is true; null counts as false. For public functions, which the Data API calls with
-- whatever a client sends.
create function private.require_valid(condition boolean, path text, message text)
returns void
language plpgsql immutable set search_path = ''
as $$
begin
  if condition is not true then
    perform private.invalid_field(path, message);
  end if;
end
$$;
grant execute on function private.require_valid(boolean, text, text) to authenticated, service_role;
