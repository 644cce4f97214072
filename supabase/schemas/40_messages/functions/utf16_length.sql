-- Length in UTF-16 code units, as providers count: a character beyond U+FFFF is two.
create function private.utf16_length(body text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select char_length(body) + regexp_count(body, '[\U00010000-\U0010FFFF]')
$$;
grant execute on function private.utf16_length(text) to authenticated, service_role;
