-- Blanks as JavaScript's trim() knows them, and characters that nobody sees.
create function private.blank_characters()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '\s\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF'
$$;

create function private.invisible_characters()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164'
    '\uFE00-\uFE0F\uFEFF\uFFA0'
$$;

-- A text with no blanks around the names and fallbacks of its variables: {{name}} and {{name|fallback}}. Everything
-- that reads variables reads this form.
create function private.normal_placeholders(body text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select regexp_replace(regexp_replace(body,
      '\{\{' || blanks || '([^{}|]*?)' || blanks || '(?=\}\}|\|[^{}]*\}\})', '{{\1', 'g'),
    '(\{\{[^{}|]*\|)' || blanks || '([^{}]*?)' || blanks || '\}\}', '\1\2}}', 'g')
  from (select '[' || private.blank_characters() || ']*' as blanks) b
$$;

-- The names of the variables in a text's normal form; of {{name|fallback}} the name.
create function private.placeholder_names(normal_body text)
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select coalesce(array_agg(distinct m[1] order by m[1]), '{}')
  from regexp_matches(normal_body, '\{\{([^{}|]*)(?:\|[^{}]*)?\}\}', 'g') m
$$;

-- What no text may be: braces that are no variable, which its recipients would see, or nothing that they can see.
create function private.text_fault(normal_body text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when not private.is_multiline(normal_body) then 'has control characters'
    when normal_body ~ '\{\{\{|\}\}\}' or regexp_replace(normal_body, '\{\{[^{}]*\}\}', '', 'g') ~ '\{\{|\}\}'
      then 'has braces that do not pair'
    when normal_body !~ ('[^' || private.blank_characters() || private.invisible_characters() || ']')
      then 'has nothing that can be seen' end
$$;
