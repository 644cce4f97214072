-- One line of visible text: no control characters, line separators or overrides of the writing direction. The functions
-- check the same in _shared/plain_text.ts.
create function private.is_plain(value text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select value !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]'
$$;
grant execute on function private.is_plain(text) to authenticated, service_role;

-- Text of several lines: control characters are refused but for tabs and line breaks.
create function private.is_multiline(value text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select value !~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]'
$$;
grant execute on function private.is_multiline(text) to authenticated, service_role;
