-- Refuses a definition with its own code and the place of the fault.
create function private.report_problem(status integer, code text, path text, message text)
returns void
language sql set search_path = ''
as $$
  select private.problem(status, code, message, jsonb_build_array(jsonb_build_object('path', path, 'message', message)))
$$;

-- Raises 422 unless the condition is true; null counts as false.
create function private.require_report(condition boolean, code text, path text, message text)
returns void
language plpgsql set search_path = ''
as $$
begin
  if condition is not true then
    perform private.report_problem(422, code, path, message);
  end if;
end
$$;
