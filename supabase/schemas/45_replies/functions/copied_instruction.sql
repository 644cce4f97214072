-- The words that an instruction to opt out may begin with, up to the keyword: "Reply STOP", "Antworten Sie mit STOP".
create function private.instruction_beginning()
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select '^\W*((please|pls|to opt[ -]?out,?|to unsubscribe,?) )*'
    '((reply|respond|answer|text|txt|sms|send|type|say|r[eé]pond(ez|s|re)|envoy(ez|er)|envoie|tapez|textez|responda'
    '|responde|responder|env[ií](ar|[ae])|escrib[ae]|digite|mande|antworten( sie)?|antworte|sende(n sie)?'
    '|schreib(en sie|e)?'
    '|rispond[ai]|invi[ai]|scrivi|antwoord|stuur|reponn|voye|jibu|tuma|aika|fa|mena|trả lời|soạn|nhắn)'
    '( (sie|with|back|us|me|to|the word|by|mit|con|com|avec|par|met|no|na|da))* )?'
    '["''“”„«»‘’]? ?(stop|stopall|arr[eê]t|end|quit|cancel|unsubscribe|opt ?out|alto|baja|sair|parar)(?![[:alpha:]])'
$$;

-- What a reply means that consists of nothing but a copied instruction to opt out. stop: who copies one, wants it.
-- doubtful: it is the end of one of our messages, or offers more than to opt out. Null: it is something else, or a
-- whole message of ours. sent: see classify_reply.
create function private.copied_instruction(own text, forms text[], sent text[], out meaning text, out rule_id uuid)
language plpgsql stable set search_path = ''
as $$
declare
  ends constant text := E' \t.,;:!?…-–—"''“”„«»()[]';
  plain constant text := forms[cardinality(forms)];
  said text;
  rule public.reply_rules;
  body text;
  message text;
  place integer;
  passage text;
begin
  -- Few replies contain such a word.
  if not plain like any (array['%stop%', '%arret%', '%end %', '%quit %', '%cancel %', '%unsub%', '%opt%', '%alto %',
    '%baja %', '%sair %', '%parar %'])
  then
    return;
  end if;
  select * into rule from public.reply_rules r
  where r.organization_id is null and r.kind = 'phrase' and r.language = 'mul';
  -- The rule is long, and most replies with a word of the law do not go on like an instruction.
  if plain like any (array['%stop to %', '%stop 2%', '%stop2%', '%stop for %', '%stop pour %', '%stop para %',
      '%stop zu%', '%stop per %', '%stop om %', '%stop um %', '%stop se %', '%stopall to %', '%end to %', '%quit to %',
      '%cancel to %', '%unsubscribe to %', '%out to %', '%arret pour %', '%alto para %', '%baja para %', '%sair para %',
      '%parar para %'])
    and plain ~ rule.pattern
  then
    meaning := 'stop';
    rule_id := rule.id;
    return;
  end if;
  if sent = '{}' then
    return;
  end if;
  said := btrim(regexp_replace(btrim(regexp_replace(own, '\s+', ' ', 'g'), ends),
    '^((please|pls|ok|okay|yes|hi|hello)\M[ ,.!]*)+|([ ,.!]+(please|pls|plz|thanks|thank you|thx|now|por favor'
    '|gracias|svp|merci|bitte))+$', '', 'gi'), ends);
  if char_length(said) < 4 then
    return;
  end if;
  foreach body in array sent loop
    message := btrim(regexp_replace(body, '\s+', ' ', 'g'), ends);
    place := position(lower(said) in lower(message));
    continue when place = 0 or substr(message, place - 1, 1) ~ '[[:alnum:]]';
    -- In our capitals: those of the reply say nothing.
    passage := substr(message, place, char_length(said));
    continue when not (private.opt_out_ways(passage)).by_reply;
    if passage ~* private.instruction_beginning()
      and passage !~* '[.!?;:] |\m(or|ou|o|oder|help|aide|ayuda|info|yes|start)\M'
      -- "Reply CANCEL to cancel your visit" is about something else.
      and passage !~* ('\m(stop|end|quit|cancel) (your|my|the|this|an?|our) '
        '(?!(sms|txts?|texts?|messages?|msgs?|alerts?|updates?|notifications?|list|subscription|service)\M)')
    then
      meaning := 'stop';
      rule_id := rule.id;
      return;
    end if;
    if place > 1 or passage ~* private.instruction_beginning() then
      meaning := 'doubtful';
      rule_id := rule.id;
    end if;
  end loop;
end
$$;
