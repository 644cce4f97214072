-- Emoji and signs that refuse what stands beside them, with skin tones and genders.
create function private.refusing_signs()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select format('[%1$s][%1$s\s\u2640\u2642\U0001F3FB-\U0001F3FF]*',
    '\u2298\u23F9\u26D4\u270B\u2716\u274C\u274E\U0001F44E\U0001F4F5\U0001F507\U0001F515\U0001F595\U0001F645'
    '\U0001F6AB\U0001F6B7\U0001F6C7\U0001F91A')
$$;

-- What is not ASCII in a reply as its reader sees it: without invisible characters, small capitals as letters, STOP
-- drawn as a sign as the word, and a sign that refuses messages ("🚫 texts") as "no" where no word says so.
create function private.visible_text(body text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  with words as (
    select '(text messages?|texts?|texting|txts?|messages?|messaging|msgs?|sms|mms|calls?|calling|contact|contacting'
      || '|marketing|spam|ads?|adverts?|promos?'
      || '|promotions?|notifications?|alerts?|mensajes?|textos?|mensagens|messaggi|nachrichten|berichten|werbung|publicidade?'
      || '|publicit[eé])\M' as words
  )
  select regexp_replace(regexp_replace(regexp_replace(translate(regexp_replace(body,
      '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164'
      '\uFE00-\uFE0F\uFEFF\uFFA0\U000E0000-\U000E007F]+', '', 'g'),
      'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdefghijklmnoprstuvwyz'),
      '\U0001F6D1|\U0001F1F8\U0001F1F9\U0001F1F4\U0001F1F5|\U0001F182\U0001F183\U0001F17E\U0001F17F'
      '|\U0001F162\U0001F163\U0001F15E\U0001F15F|ꓢꓔꓳꓑ', ' stop ', 'g'),
      '((?:^|[.!?\n])\s*(?:(?:please|pls|plz|ok) )*)' || private.refusing_signs() || '(?:(?:your|the|these|any|all) )*'
        || '(?=((more|promo|marketing|spam) )*' || words || ')', '\1 no ', 'gi'),
      '^\W*(?:(?:your|the|these|all) )*' || words || '\s*' || private.refusing_signs() || '(\W*(please|pls|thanks))?\W*$',
      ' no \1 ', 'i')
  from words
$$;

-- Cyrillic and Greek letters within words of Latin letters, which look alike, as Latin ones. Expects lower case: Greek
-- ε stays, as it is typed for ɛ.
create function private.latin_letters(text text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case when text ~ '[a-z][\u0370-\u052F]|[\u0370-\u052F][a-z]'
    then translate(text, 'авеѕікмнорстухјԛԝһԁαβικνορτυχσς', 'abesikmhopctyxjqwhdabiknoptuxss') else text end
$$;

-- A normalized reply in which a word of the law is spelled out letter by letter ("q.u.i.t") or stretched ("QUITTT"),
-- with the word as it is usually written.
create function private.usual_spelling(normalized text)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  law constant text := '\m(stop|stopall|quit|end|revoke|cancel|unsubscribe|opt ?out|arret|alto|baja)\M';
  respelled text;
begin
  -- Without a back reference, which is slow and which few replies need.
  if normalized !~ ('\m[a-z][ .]+[a-z][ .]+[a-z]\M'
      '|aaa|bbb|ccc|ddd|eee|iii|jjj|kkk|lll|nnn|ooo|ppp|qqq|rrr|sss|ttt|uuu|vvv')
    or normalized ~ law
  then
    return normalized;
  end if;
  respelled := regexp_replace(regexp_replace(normalized, '(?<=\m[a-z])[ .]+(?=[a-z]\M)', '', 'g'),
    '([a-z])\1{2,}', '\1', 'g');
  return case when respelled ~ law then respelled else normalized end;
end
$$;

-- A reply in the form that rules are written for: lower case, words between single spaces, a full stop at the
-- beginning, at the end and between sentences. Emoji and other symbols become spaces, typographic quotes plain ones;
-- invisible characters are removed; a stop sign becomes the word, and so do the spellings of STOP and of the law's
-- other words.
create function private.normalized_reply(body text)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  reply text := translate(left(body, 2000), '`', '''');
begin
  if reply ~ '^[\u0001-\u007F]*$' then
    reply := lower(reply);
  else
    reply := private.latin_letters(lower(normalize(translate(private.visible_text(reply),
      U&'\2018\2019\02BC\00B4\2032', ''''''''''''), nfkc)));
  end if;
  if translate(reply, '$@*', '') <> reply then
    reply := regexp_replace(reply, '(?<![[:alnum:]])(\$t[o0]p|s[t7][*@]p)(?![[:alnum:]])', 'stop', 'g');
  end if;
  return private.usual_spelling(regexp_replace(regexp_replace('. '
    || regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(reply,
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
    -- STOP: spaced, stretched, repeated, with digits, or in letters that look like these.
    '(?<!'')\m((s+ ?t+ ?[o0]+ ?p+)+|sta+h+p+|[sѕсσʂ5][tтτ7][oоο0][pрρ])\M', 'stop', 'g'));
end
$$;
