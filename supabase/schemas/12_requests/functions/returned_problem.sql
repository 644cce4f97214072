-- A refusal that a function returns as its answer instead of raising it, so that what it has counted is committed. The
-- request ends with this HTTP status and the body of a PostgREST error, as after private.problem.
create function private.returned_problem(status integer, code text, message text, details jsonb default null)
returns jsonb
language plpgsql set search_path = ''
as $$
begin
  perform set_config('response.status', status::text, true);
  return jsonb_build_object('code', 'PT' || status, 'message', message, 'details', coalesce(details::text, ''),
    'hint', returned_problem.code);
end
$$;
