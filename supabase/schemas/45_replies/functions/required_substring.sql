create function private.common_words()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '. i you u he she we they it me my your his her our us them this that these those is are am was were be been '
    'do does did don''t do not dont have has had no not never no longer yes ok okay please pls plz just thanks '
    'thank you thx and or but so if the a an to of for on in at by with from about up out off all any more again '
    'now here there what when where who why how can could will would should want wanna wish need like get got '
    'getting take let make know see say said go come still ever too also good great nice time today tomorrow i''m '
    'im it''s you''re por favor gracias de la el en que si ya no y a mi su je ne le pas plus merci un une .'
$$;
comment on function private.common_words is
  'Words that most replies contain: searching for one of them excludes few replies.';

create function private.substring_weight(part text, letters integer)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case when letters > 0 then letters + case when private.common_words() ~ part then 0 else 1000 end else 0 end
$$;
comment on function private.substring_weight is 'How much is saved by searching for a part first; 0: nothing.';

-- The leading parenthesis group: "(a(b)c)d" gives "(a(b)c)".
create function private.leading_group(pattern text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  with tokens as (
    select m[1] as token, place, sum(case m[1] when '(' then 1 when ')' then -1
      else 0 end) over (order by place) as depth
    from regexp_matches(leading_group.pattern, '(\\.|\[\^?\]?[^\]]*\]|.)', 'g') with ordinality t (m, place)
  )
  select string_agg(t.token, '' order by t.place) from tokens t
  where t.place <= (select min(e.place) from tokens e where e.depth = 0)
$$;

-- The part of a pattern that every match must contain, as an expression of its own, and the least number of letters
-- that the pattern takes. Rules are many and long, and most replies contain nothing that any of them could match: one
-- search for the required parts saves reading the patterns. Of an alternative the part is its longest piece that is
-- neither optional nor made of common words; of several alternatives, one part each. Null wherever that is not certain.
-- Accepts what PostgreSQL accepts.
create function private.required_substring(pattern text, out part text, out letters integer)
language plpgsql immutable set search_path = ''
as $$
declare
  place integer := 1;
  piece text;
  repeat text;
  literal boolean;
  run text := '';
  run_letters integer := 0;
  piece_letters integer;
  best text;
  best_weight integer;
  total integer := 0;
begin
  -- Not analysed: options, other syntaxes, long escapes, brackets within brackets.
  if pattern ~ '^\*\*\*|\(\?[^:=!<]|\\[^mMwWsSdD[:punct:][:space:]]|\[[^\]]*[\[\\]|\{(?![0-9])' then
    return;
  end if;
  loop
    piece := substr(pattern, place, 1);
    piece := case piece
      when '\' then substr(pattern, place, 2)
      when '[' then substring(substr(pattern, place) from '^\[\^?\]?[^\]]*\]')
      when '(' then private.leading_group(substr(pattern, place))
      else piece end;
    place := place + char_length(piece);
    repeat := coalesce(substring(substr(pattern, place) from '^(?:[*+?]|\{[0-9,]*\})\??'), '');
    place := place + char_length(repeat);
    -- Anchors and lookaround add no required text.
    continue when piece in ('\m', '\M', '^', '$') or piece ~ '^\(\?(=|!|<)';

    literal := left(piece, 1) not in ('', '|', '(', '[', '.') and piece !~ '^\\[wWsSdD]';
    if literal and repeat = '' then
      run := run || piece;
      run_letters := run_letters + (piece ~ '[[:alpha:]]')::integer;
      continue;
    end if;
    -- A run of literals ends here; the piece after it is optional, or a part of its own.
    piece_letters := case
      when piece in ('', '|') or repeat ~ '^(\*|\?|\{0)' then 0
      when left(piece, 1) = '('
        then (private.required_substring(regexp_replace(piece, '^\((\?:)?(.*)\)$', '\2'))).letters
      else (literal and piece ~ '[[:alpha:]]')::integer end;
    select p.part, p.weight into best, best_weight
    from (
      values (best, best_weight), (run, private.substring_weight(run, run_letters)),
        (piece, private.substring_weight(piece, piece_letters))
    ) as p (part, weight)
    where p.weight > 0 order by p.weight desc limit 1;
    total := total + run_letters + coalesce(piece_letters, 0);
    run := '';
    run_letters := 0;
    if piece in ('', '|') then
      if best is null then
        part := null;
        letters := null;
        return;
      end if;
      part := concat_ws('|', part, best);
      letters := least(letters, total);
      exit when piece = '';
      best := null;
      best_weight := null;
      total := 0;
    end if;
  end loop;
end
$$;
