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

-- Whether each text of a list has 1 to max_length characters and is plain.
create function private.are_plain(texts text[], max_length integer)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select coalesce(bool_and(coalesce(char_length(t) between 1 and max_length and private.is_plain(t), false)), true)
  from unnest(texts) t
$$;
grant execute on function private.are_plain(text[], integer) to authenticated, service_role;

-- Whether all texts and keys in the JSON are is_multiline and have at most max_length characters.
create function private.has_multiline_texts(value jsonb, max_length integer)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select coalesce(max(char_length(t.content)) <= max_length and private.is_multiline(string_agg(t.content, '')), true)
  from (
    select v #>> '{}' from jsonb_path_query(value, 'strict $.** ? (@.type() == "string")') v
    union all
    select k from jsonb_path_query(value, 'strict $.** ? (@.type() == "object")') o cross join jsonb_object_keys(o) k
  ) t (content)
$$;
