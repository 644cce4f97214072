-- A reply in the form that rules are written for: lower case, words between single spaces, a full stop at the
-- beginning, at the end and between sentences. Emoji and other symbols become spaces, typographic quotes plain ones;
-- invisible characters are removed; a stop sign becomes the word, and so do STOP's spellings.
create function private.normalized_reply(body text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select regexp_replace(regexp_replace('. '
    || regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    lower(normalize(translate(replace(left(body, 2000), U&'\+01F6D1', ' stop '),
      U&'\2018\2019\02BC\0060\00B4\2032\200B\200C\200D\2060\FEFF\00AD', ''''''''''''''), nfkc)),
    -- A dot within a word (s.t.o.p) or a number does not end a sentence.
    '(?<=\w)\.(?=\w)', ' ', 'g'),
    '[.!?;:\n\r\u00A1\u00BF\u037E\u061B\u061F\u06D4\u0964\u0965\u1362\u3002\u2026]+', ' . ', 'g'),
    -- Signs of ASCII and Latin-1 except the apostrophe, then punctuation, arrows, symbols, emoji and private use.
    '[\u0001-\u0020"#$%&()*+,\-/<=>@\[\\\]^_{|}~\u007F-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF\u00D7\u00F7'
    '\u060C\u2000-\u2BFF\u3000-\u303F\uE000-\uF8FF\uFE00-\uFE0F\uFFFD\U0001F000-\U0001FAFF\U000E0000-\U000E007F]+',
    ' ', 'g'),
    -- An apostrophe that is a quotation mark.
    '(?<![[:alnum:]])''+|''+(?![[:alnum:]])', ' ', 'g'),
    '(\s*\.)+\s*$|^(\s*\.)+', '', 'g') || ' .', '\s+', ' ', 'g'),
    -- STOP, spaced, stretched or with a zero.
    '(?<!'')\m(s+ ?t+ ?[o0]+ ?p+|sta+h+p+)\M', 'stop', 'g')
$$;
