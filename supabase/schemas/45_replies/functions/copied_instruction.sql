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

-- Whether a normalized reply is an instruction to opt out and nothing else, whoever sent it: "text stop to end texts".
create function private.is_instruction(normalized text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select normalized ~ (
    '^\. ((please|pls|ok|okay|yes|hi|hello) )*((reply|respond|answer|text|txt|send|type|repond(ez|s|re)|envoy(ez|er)|envoie'
    '|tapez|textez|responda|responde|envi(ar|[ae])|digite|antworten( sie)?|antworte|sende(n sie)?|rispondi|invia|antwoord|stuur)'
    '( (with|back|us|the word|mit|con|com|avec|par|met))* (stop|stopall|end|quit|cancel|unsubscribe|opt ?out|arret|alto'
    '|baja|sair|parar)|stop|arret|alto|sair) ?(to|2|for|pour|para|zum|zur|per|om|um|se)? ?'
    '(stop|end|quit|cancel|opt ?out|unsub[a-z]*|leave|be removed|arreter|annuler'
    '|((vous|se|te) )?(desabonner|desinscrire)|ne plus recevoir|terminar|cancelar|salir|sair|parar|finalizar|darse de baja|dejar de recibir|desinscrever'
    '|(sich )?ab(zu)?melden|abmeldung|beenden|annullare|disiscriversi|stoppen|(je )?af te melden|afmelden)'
    '( (receiving|getting|these|the|our|your|all|any|from|of|future|more|text|texts|txts|messages?|msgs?|sms|alerts?'
    '|notifications?|updates?|marketing|promos?|at|time|us|this|list|suscripcion|mensajes|mensagens|nachrichten'
    '|berichten|messaggi|textos?|de|des|les|los|las|nos|ces|sus|der|die|il|i|le'
    '|please|pls|plz|thanks|thank you|thx|now|ok|por favor|gracias|obrigad[oa]|svp|merci|bitte|danke|grazie|aub))* \.$')
$$;

-- What a reply means that consists of nothing but a copied instruction to opt out. stop: who copies one, wants it.
-- doubtful: it is the end of one of our messages, or offers more than to opt out. Null: it is something else, or a
-- whole message of ours. sent: see classify_reply.
create function private.copied_instruction(own text, forms text[], sent text[])
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  ends constant text := E' \t.,;:!?…-–—"''“”„«»()[]';
  said constant text := btrim(regexp_replace(btrim(regexp_replace(own, '\s+', ' ', 'g'), ends),
    '^((please|pls|ok|okay|yes|hi|hello)\M[ ,.!]*)+|([ ,.!]+(please|pls|plz|thanks|thank you|thx|now|por favor'
    '|gracias|svp|merci|bitte))+$', '', 'gi'), ends);
  body text;
  message text;
  place integer;
  passage text;
  is_end boolean := false;
begin
  -- Few replies contain such a word.
  if not forms[cardinality(forms)] like any (array['%stop%', '%arret%', '%end %', '%quit %', '%cancel %', '%unsub%',
    '%opt%', '%alto %', '%baja %', '%sair %', '%parar %'])
  then
    return null;
  end if;
  if private.is_instruction(forms[cardinality(forms)]) then
    return 'stop';
  end if;
  if char_length(said) < 4 then
    return null;
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
    then
      return 'stop';
    end if;
    is_end := is_end or place > 1;
  end loop;
  return case when is_end then 'doubtful' end;
end
$$;
