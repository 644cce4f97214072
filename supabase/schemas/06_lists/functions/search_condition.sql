-- Text as it is searched: in lower case, without accents, and with the letters of West African languages that keyboards
-- lack as the nearest Latin ones. Stored texts and search terms both go through this. Most texts are ASCII, for which
-- lower case is enough.
create function private.search_fold(value text)
returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
begin
  if octet_length(value) = char_length(value) then
    return lower(value);
  end if;
  return translate(replace(replace(regexp_replace(normalize(lower(value), nfkd), '[\u0300-\u036f]', '', 'g'),
    'ß', 'ss'), 'æ', 'ae'), 'ɔɛŋøłđħıɓɗɖƙƴƒɣʋ’‘ʼ', 'oenoldhibddkyfgv''''''');
end
$$;
comment on function private.search_fold is 'Text as search_text columns and search terms are compared.';
grant execute on function private.search_fold(text) to authenticated, service_role;

-- LIKE patterns for a folded word or telephone number. An international number (+233 (0)24, 0023324) is also searched
-- in E.164 from its start, a local one (0244133001) without its zero, and a short one (0244) after a country code of
-- one to three digits.
create function private.search_patterns(term text)
returns text[]
language sql immutable set search_path = ''
as $$
  select array['%' || replace(replace(replace(term, '\', '\\'), '%', '\%'), '_', '\_') || '%'] || case
    when coalesce(char_length(t.significant), 0) < 3 or t.significant = term then '{}'
    when term like '+%' or t.digits like '00%' then array['%+' || t.significant || '%']
    when char_length(t.significant) > 5 then array['%' || t.significant || '%']
    when t.digits like '0%' then array['%+_' || t.significant || '%', '%+__' || t.significant || '%',
      '%+___' || t.significant || '%']
    else '{}' end
  from (
    select n.digits, ltrim(n.digits, '0') as significant
    from (
      select case when term ~ '^[+(]?[0-9][0-9 ().+/-]*$'
        then regexp_replace(term, '\(0\)|[^0-9]', '', 'g') end as digits
    ) n
  ) t
$$;

-- A search term as an SQL condition on x.search_text: it contains every word, in any order, or the whole term as a
-- telephone number. The trigram index is used for "or", but not for "like any". Words after the tenth are ignored.
create function private.search_condition(term text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  folded text := btrim(private.search_fold(term));
  words text[] := (regexp_split_to_array(folded, '\s+'))[1:10];
  every_word text;
  whole_number text;
begin
  perform private.require_valid(char_length(term) <= 200, 'search', 'is too long');
  select string_agg((
    select '(' || string_agg(format('x.search_text like %L', p), ' or ') || ')'
    from unnest(private.search_patterns(w)) p), ' and ')
  into every_word from unnest(words) w;
  if cardinality(words) > 1 then
    select string_agg(format(' or x.search_text like %L', p), '') into whole_number
    from unnest((private.search_patterns(folded))[2:]) p;
  end if;
  return '(' || every_word || coalesce(whole_number, '') || ')';
end
$$;
comment on function private.search_condition is 'A search term as an SQL condition on x.search_text.';

-- The search term of a list's filters as a condition on x.search_text; null: none.
create function private.search_filter(filters jsonb)
returns text
language sql stable set search_path = ''
as $$
  select case when btrim(filters ->> 'search') <> '' then private.search_condition(filters ->> 'search') end
$$;
