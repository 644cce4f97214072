-- The system's rules for German. Patterns are written without umlaut dots.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'de', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'abmelden, abmeldung, abbestellen, kündigen, kundigen, kuendigen, austragen, bitte austragen, löschen, '
    'loschen, beenden, bitte stopp, stopp bitte, keine sms mehr, keine nachrichten mehr, keine werbung, '
    'keine werbung mehr, keine weiteren nachrichten, abmelden bitte',
    'What people text in German', false),
  ('help', 'hilfe',
    'German for HELP', false),
  ('doubtful', 'ende, aufhören, aufhoren, bitte aufhören, widerruf, widerrufen, ruhe, schluss, schluss jetzt, '
    'es reicht, genug, genug jetzt, kein interesse, nicht interessiert, falsche nummer, spam, blockiert, '
    'belästigung, belastigung, nie bestellt, verpisst euch, streichen, lass mich, weg',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'nein, nein danke, nie',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'de', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(keine|kein) (weiteren |weitere |mehr )?(sms|nachrichten?|werbung|texte?'
    '|spam)( mehr)?( (erhalten|bekommen|schicken|senden|bitte))*\M', '"keine SMS mehr"'),
  ('phrase', 'stop', '\m(schreib|kontaktier|simse|text|ruf)[a-z]* (sie )?(mir|mich|uns|nicht)[a-z ]*(nicht )?mehr\M'
    '|\mnicht mehr (schreiben|kontaktieren|anschreiben|anrufen)\M', '"schreiben Sie mir nicht mehr"'),
  ('phrase', 'stop', '\m(losch|entfern|streich|nehm|nimm|trag)[a-z]* (sie |bitte )*(mich|meine nummer|meine daten)\M'
    '|\m(meine nummer|mich) (bitte )?(loschen|entfernen|streichen|austragen)\M|\maus dem verteiler\M',
    '"löschen Sie meine Nummer"'),
  ('phrase', 'stop', '\mhor(t|en)? (sie |bitte )?auf\M|\m(lass|lasst|lassen) (sie |mich |uns )+in ruhe\M',
    '"hören Sie auf"'),
  ('phrase', 'stop', '\mwiderruf(e|en)? (meine |die )?(einwilligung|zustimmung)|\mich widerrufe\M',
    'Revocation in the law''s own words'),
  ('phrase', 'stop', '\. (bitte )?(stopp|abmelden|abbestellen|austragen)( (bitte|danke|sofort|jetzt'
    '|[a-z]+))?( [a-z]+)? \.', '"STOPP - Anna Becker"'),
  ('not_phrase', 'stop', '\m(wann endet|ende (des|der|marz|april|mai|juni|juli|august|september|oktober|november'
    '|dezember|januar|februar|der woche)|am ende|wie melde ich|mich anmelden|keine (ahnung|frage|zeit|sorge)'
    '|kein (strom|problem|wasser)|haltestelle|termin (absagen|verschieben))\M', 'Ordinary words: "Ende des Monats"'),
  ('phrase', 'doubtful', '\m(kein interesse|falsche nummer|ich bin nicht [a-z]+|wer sind sie|woher haben sie'
    '|warum schreib|habe mich nie|nie angemeldet|ist spam|melde sie|verstorben|gestorben|belastigung|anwalt'
    '|anzeige)', 'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '\. (bitte )?(stopp|abmelden|abbestellen|kundigen|austragen|loschen|beenden|aufhoren'
    '|widerruf|ende)\M|\m(stopp|abmelden|aufhoren|genug) \.', 'A sentence that begins or ends with such a word')
) as r (kind, meaning, pattern, source);
