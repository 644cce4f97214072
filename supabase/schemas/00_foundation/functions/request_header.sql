-- In plpgsql, which evaluates it without starting an executor: policies ask for a header in every statement.
create function private.request_header(name text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  return nullif(nullif(current_setting('request.headers', true), '')::json ->> name, '');
end
$$;
comment on function private.request_header is 'A header of the Data API request in hand (lower-case name), or null.';
grant execute on function private.request_header(text) to authenticated, service_role;
