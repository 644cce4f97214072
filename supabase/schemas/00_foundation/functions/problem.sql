-- Refuses a request: PostgREST turns SQLSTATE PTxyz into HTTP status xyz, `hint` carries the machine-readable code and
-- `detail` the list of invalid fields (see _shared/problem.ts). The message is one line: PostgREST puts it into the
-- status line of the response.
create function private.problem(status integer, code text, message text, errors jsonb default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || status, message = regexp_replace(problem.message, '\s+', ' ', 'g'), hint = problem.code,
    detail = coalesce(problem.errors::text, '');
end
$$;
grant execute on function private.problem(integer, text, text, jsonb) to authenticated, service_role;
