-- Letters and digits only, in lower case: texts are compared in this form, because telephones change quotation marks,
-- spaces and dots when they quote.
create function private.letters_and_digits(text text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select lower(regexp_replace(normalize(text, nfkc), '[^[:alnum:]]+', '', 'g'))
$$;

-- How texts tell their readers to opt out: "Reply STOP to …", "STOP=END". Nobody asks for it in these words.
create function private.opt_out_instruction()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '\m(reply|respond|answer|text|txt|send|r[eé]pondez|envoyez|responda|responde|env[ií][ae]|antworten( sie)?'
    '|rispondi|antwoord)\M'
    '( with| back| mit| con| com| met)?[^[:alnum:]]{1,3}(stopp?|end|quit|cancel|unsubscribe|arr[eê]t|alto|baja|sair'
    '|parar)\M'
    '|\m(stop|quit|cancel|arr[eê]t|alto|baja|sair)[^[:alnum:]]{0,2}(to|2|=|pour|para|zum|per|om|um)[^[:alnum:]]?'
    '(end|opt|unsub|cancel|quit|stop|leave|salir|sair|parar|arr[eê]ter|vous d[eé]s|se d[eé]s|ne plus|d[eé]s'
    '|abmelden|beenden|annullare|afmelden|af te|terminar)'
$$;

-- Whether a passage repeats one of the messages that we sent, or the beginning of one.
create function private.repeats_message(passage text, sent text[])
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select exists (
    select from private.letters_and_digits(passage) p, unnest(sent) s (body), private.letters_and_digits(s.body) m
    where char_length(p) >= 12 and (position(p in m) > 0 or char_length(m) >= 12 and position(m in p) > 0))
$$;

-- A reply without what it quotes: lines that begin with ">", the line that introduces a quotation ("On … wrote:"),
-- everything after "Original Message", and passages in quotation marks that repeat a message of ours (sent) or tell how
-- to opt out. A telephone's reaction (Liked “…”) is such a quotation. Quotation marks around the whole reply quote
-- nothing.
create function private.own_words(body text, sent text[])
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  own text := left(body, 2000);
  with_quotations text;
  quotation text;
begin
  -- Nothing is quoted where there are no marks, or where the marks are those of a message that is copied.
  if own !~ '[\n>＞"“”„«»「『]' or own !~ '[>＞\u2600-\u27BF\U0001F000-\U0001FAFF]' and exists (
    select from private.letters_and_digits(own) p, unnest(sent) m (body)
    where p <> '' and position(p in private.letters_and_digits(m.body)) > 0)
  then
    return own;
  end if;
  own := regexp_replace(own, '(^|\n)[ \t]*[>＞][^\n]*', '\1', 'g');
  own := regexp_replace(own, '(^|\n)[^\n]{0,120}\m(wrote|écrit|escribió|escreveu|ha scritto|schrieb|schreef)\M'
    '[^\n]{0,40}:[ \t]*(?=\n|$)', '\1', 'gi');
  own := regexp_replace(own, '\n[ \t]*[-_]{2,}[ \t]*(original message|forwarded message|mensaje original|'
    'message d''origine|mensagem original|ursprüngliche nachricht|messaggio originale|oorspronkelijk bericht)'
    '.*$', '', 'i');
  with_quotations := own;
  -- A quotation may be cut, and a message that has quotation marks of its own is quoted from the first to the last.
  foreach quotation in array array[substring(own from '["“„«].*$'), substring(own from '["“„«].*["“”»]')] loop
    if exists (
      select from private.letters_and_digits(quotation) p, unnest(sent) m (body)
      where char_length(p) >= 12 and position(p in private.letters_and_digits(m.body)) > 0)
    then
      own := replace(own, quotation, ' ');
    end if;
  end loop;
  for quotation in
    select m[1] from regexp_matches(own, '(“[^“”]*”|"[^"]*"|«[^«»]*»|„[^„“”]*[“”]|「[^「」]*」|『[^『』]*』)', 'g') m
  loop
    if private.repeats_message(quotation, sent) or quotation ~* private.opt_out_instruction()
      or own ~* '^\W*(liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted|removed an?|le (gustó|encantó)'
        '|a (aimé|adoré))\M'
        and btrim(own) like '%' || right(quotation, 1)
    then
      own := replace(own, quotation, ' ');
    end if;
  end loop;
  return case when own ~ '[[:alnum:]\u2600-\u27BF\U0001F000-\U0001FAFF]' then own else with_quotations end;
end
$$;

-- A normalized reply, with or without its accents, without the sentences of our messages that it repeats; shorter ones
-- than three words may be its own.
create function private.without_repeated_sentences(normalized text, sent text[])
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  own text := normalized;
  sentence text;
begin
  for sentence in
    select distinct s from unnest(sent) m (body),
      string_to_table(btrim(private.normalized_reply(m.body), ' .'), ' . ') s
    where s ~ '\S \S+ \S'
  loop
    own := replace(replace(own, '. ' || sentence || ' .', '. ~ .'), '. ' || private.strip_accents(sentence) || ' .',
      '. ~ .');
  end loop;
  return own;
end
$$;
