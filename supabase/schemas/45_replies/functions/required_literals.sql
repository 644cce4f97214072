create function private.common_words()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select ' i you u he she we they it me my your his her our us them this that these those is are am was were be been do '
    'does did don''t do not dont have has had no not never no longer yes ok okay please pls plz just thanks thank '
    'you thx and or but so if the a an to of for on in at by with from about up out off all any more again now here '
    'there what when where who why how can could will would should want wanna wish need like get got getting take '
    'let make know see say said go come still ever too also good great nice time today tomorrow i''m im it''s '
    'you''re por favor gracias de la el en que si ya no y a mi su je ne le pas plus merci un une '
$$;
comment on function private.common_words is
  'Words that most replies contain: searching for one of them excludes few replies.';

-- How much is saved by searching for a literal first: long ones that are no common words exclude most replies; 0:
-- nothing.
create function private.literal_weight(literal text)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case when l.letters < 2 then 0 else l.letters
    + case when position(' ' || btrim(literal, ' .') || ' ' in private.common_words()) > 0 then 0 else 1000 end end
  from (select char_length(regexp_replace(literal, '[^[:alpha:]]', '', 'g')) as letters) l
$$;

-- The leading parenthesis group: "(a(b)c)d" gives "(a(b)c)".
create function private.leading_group(pattern text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  with tokens as (
    select m[1] as token, place,
      sum(case m[1] when '(' then 1 when ')' then -1 else 0 end) over (order by place) as depth
    from regexp_matches(leading_group.pattern, '(\\.|\[\^?\]?[^\]]*\]|.)', 'g') with ordinality t (m, place)
  )
  select string_agg(t.token, '' order by t.place) from tokens t
  where t.place <= (select min(e.place) from tokens e where e.depth = 0)
$$;

-- Texts of which every match of a pattern contains at least one. Rules are many and long, and most replies contain none
-- of their literals: a search for these saves reading the patterns. Of an alternative the best literal is taken, or the
-- literals of a group in it; the alternatives' literals together are the pattern's. Null wherever that is not certain.
-- Accepts what PostgreSQL accepts. word_start: each alternative begins where a word does, which normalized replies
-- begin with a space.
create function private.required_literals(pattern text, word_start boolean default false)
returns text[]
language plpgsql immutable set search_path = ''
as $$
declare
  place integer := 1;
  piece text;
  repeat text;
  is_literal boolean;
  run text := case when word_start then ' ' else '' end;
  at_word_start boolean := word_start;
  inner_literals text[];
  best text[];
  answer text[] := '{}'::text[];
begin
  -- Not analysed: options, other syntaxes, long escapes, brackets within brackets.
  if pattern ~ '^\*\*\*|\(\?[^:=!<]|\\[^mMwWsSdDu[:punct:][:space:]]|\[[^\]]*\[[^\]:]|\{(?![0-9])' then
    return null;
  end if;
  loop
    piece := substr(pattern, place, 1);
    piece := case piece
      when '\' then substr(pattern, place, case when substr(pattern, place + 1, 1) = 'u' then 6 else 2 end)
      when '[' then substring(substr(pattern, place) from '^\[\^?\]?(?:\[:[a-z]+:\]|\\.|[^\]])*\]')
      when '(' then private.leading_group(substr(pattern, place))
      else piece end;
    place := place + char_length(piece);
    repeat := coalesce(substring(substr(pattern, place) from '^(?:[*+?]|\{[0-9,]*\})\??'), '');
    place := place + char_length(repeat);
    if piece = '\m' then
      at_word_start := true;
      run := case when right(run, 1) = ' ' then run else run || ' ' end;
    end if;
    -- Anchors and lookaround add no required text.
    continue when piece in ('\m', '\M', '^', '$') or piece ~ '^\(\?(=|!|<)';

    is_literal := left(piece, 1) not in ('', '|', '(', '[', '.') and piece !~ '^\\[wWsSdDu]';
    if is_literal and repeat = '' then
      run := run || right(piece, 1);
      at_word_start := false;
      continue;
    end if;
    -- A run of literals ends here; the piece after it is optional, or has literals of its own.
    inner_literals := case when left(piece, 1) = '(' and repeat !~ '^(\*|\?|\{0)'
      then private.required_literals(regexp_replace(piece, '^\((\?:)?(.*)\)$', '\2'), at_word_start) end;
    select c.literals into best from (values (best), (array[run]), (inner_literals)) c (literals)
    cross join lateral (select min(private.literal_weight(l)) as weight from unnest(c.literals) l) w
    where w.weight > 0 order by w.weight desc, cardinality(c.literals) limit 1;
    run := '';
    at_word_start := false;
    if piece in ('', '|') then
      if best is null then
        return null;
      end if;
      answer := answer || best;
      exit when piece = '';
      best := null;
      at_word_start := word_start;
      run := case when word_start then ' ' else '' end;
    end if;
  end loop;
  -- After an apostrophe begins a word, too: candidate_phrases puts a space there, but not within a literal.
  return array(select distinct case when l ~ '''' then ltrim(l) else l end from unnest(answer) l order by 1);
end
$$;
