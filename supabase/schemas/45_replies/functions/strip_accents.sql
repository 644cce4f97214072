create function private.strip_accents(text text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select regexp_replace(normalize(text, nfd), '[\u0300-\u036f]', '', 'g')
$$;
