-- Without accents, Arabic vowel signs and hamzas: replies are written with and without them.
create function private.strip_accents(text text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select normalize(regexp_replace(normalize(text, nfd), '[\u0300-\u036f\u064b-\u0655\u0670]', '', 'g'), nfc)
$$;
