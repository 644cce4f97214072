-- A text as part of a regular expression.
create function private.regex_literal(content text)
returns text
language sql immutable set search_path = ''
as $$
  select regexp_replace(regexp_replace(btrim(content), '([.*+?^${}()|\\/\[\]-])', '\\\1', 'g'), '\s+', '\\s+', 'g')
$$;

-- A number as people write it: with or without + or 00, country code and trunk 0, with spaces, dots, hyphens and
-- brackets. No further digit may stand before or after it.
create function private.phone_regex(phone text)
returns text
language sql stable set search_path = ''
as $$
  select format('(?<![0-9])((\+|00)?%s[\s().-]*(0[\s().-]*)?|0[\s().-]*)?%s(?![0-9])', c.prefix,
    regexp_replace(substr(phone, 2 + length(c.prefix)), '([0-9])(?=[0-9])', '\1[\\s().-]*', 'g'))
  from (
    select coalesce(max(k.prefix) filter (where length(k.prefix) = (select max(length(l.prefix))
      from private.calling_codes l where starts_with(phone, '+' || l.prefix))), '') as prefix
    from private.calling_codes k where starts_with(phone, '+' || k.prefix)
  ) c
$$;

create function private.redacted(content text, mentions text)
returns text
language sql immutable set search_path = ''
as $$
  select regexp_replace(content, mentions, '[erased]', 'gi')
$$;

create function private.redacted_items(content text[], mentions text)
returns text[]
language sql immutable set search_path = ''
as $$
  select array(select private.redacted(e.item, mentions) from unnest(content) with ordinality e (item, n) order by e.n)
$$;

-- JSON with all that mentions the person replaced, in keys, texts and numbers. mentions null: every text that is no id.
create function private.redacted_json(content jsonb, mentions text)
returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  plain text;
begin
  case jsonb_typeof(content)
    when 'object' then
      return coalesce((select jsonb_object_agg(coalesce(private.redacted(e.key, mentions), e.key),
        private.redacted_json(e.value, mentions)) from jsonb_each(content) e), '{}');
    when 'array' then
      return coalesce((select jsonb_agg(private.redacted_json(e.item, mentions) order by e.n)
        from jsonb_array_elements(content) with ordinality e (item, n)), '[]');
    when 'string', 'number' then
      plain := content #>> '{}';
      if mentions is null then
        return case when jsonb_typeof(content) = 'number'
          or plain ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then content else '"[erased]"' end;
      end if;
      return case when plain ~* mentions then to_jsonb(private.redacted(plain, mentions)) else content end;
    else
      return content;
  end case;
end
$$;

-- Rows of a file without those that mention the person, and only those: the others are about other people.
create function private.without_rows(content jsonb, mentions text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce((select jsonb_agg(e.item order by e.n)
    from jsonb_array_elements(content) with ordinality e (item, n) where e.item::text !~* mentions), '[]')
$$;

create function private.only_rows(content jsonb, mentions text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_agg(e.item order by e.n)
  from jsonb_array_elements(content) with ordinality e (item, n) where e.item::text ~* mentions
$$;

-- Of an array the items that mention the person, of a text the lines: the others are about other people.
create function private.rows_about(content jsonb, mentions text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select case jsonb_typeof(content)
    when 'array' then private.only_rows(content, mentions)
    when 'string' then (select jsonb_agg(l.line order by l.n)
      from string_to_table(content #>> '{}', E'\n') with ordinality l (line, n) where l.line ~* mentions)
    else content end
$$;
