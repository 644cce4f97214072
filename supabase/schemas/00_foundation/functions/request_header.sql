-- plpgsql, because it evaluates the expression without starting an executor: policies read a header in every statement.
create function private.request_header(name text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  return nullif(nullif(current_setting('request.headers', true), '')::json ->> name, '');
end
$$;
comment on function private.request_header is 'A header of the current Data API request (lower-case name), or null.';
grant execute on function private.request_header(text) to authenticated, service_role;
