-- The system's rules for Dutch. Patterns are written without accents.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'nl', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'afmelden, uitschrijven, opzeggen, stoppen, verwijderen, afmelden aub, meld me af, meld mij af, '
    'schrijf me uit, schrijf mij uit, geen sms meer, geen berichten meer, stop aub, stop alsjeblieft, '
    'stop alstublieft, uitschrijven aub',
    'What people text in Dutch', false),
  ('help', 'hulp',
    'Dutch for HELP', false),
  ('doubtful', 'annuleren, beëindigen, beeindigen, genoeg, hou op, houd op, geen interesse, niet geïnteresseerd, '
    'niet geinteresseerd, verkeerd nummer, verkeerd verbonden, rot op, nooit meer, einde, weg, spam',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'nee, nee bedankt, nee dank je, nooit',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'nl', r.pattern, r.source
from (values
  ('phrase', 'stop', '\mgeen (sms|sms''?jes|berichten?|berichtjes|reclame)( meer)?( (aub|ontvangen|sturen'
    '|alsjeblieft))*\M|\mniet meer (sms''?en|berichten|appen|bellen|contacteren)', '"geen sms meer"'),
  ('phrase', 'stop', '\m(verwijder|haal|schrijf|meld) (me|mij|mijn nummer|mijn gegevens)\M',
    '"verwijder mijn nummer"'),
  ('phrase', 'stop', '\m(hou|houd|houdt) op( met [a-z'' ]+)?\M|\mlaat (me|mij|ons) met rust\M|\mstuur (me '
    '|mij )?(niets|geen [a-z]+) meer', '"laat me met rust"'),
  ('not_phrase', 'stop', '\m(bushalte|eind van|inschrijven|geen (stroom|probleem|idee|tijd|water))\M',
    'Ordinary words'),
  ('phrase', 'doubtful', '\m(geen interesse|verkeerd nummer|wie is dit|hoe kom je aan|nooit (aangemeld|ingeschreven)'
    '|is spam|blokkeer|overleden|advocaat)', 'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '\. (graag )?(afmelden|uitschrijven|opzeggen|stoppen|verwijderen|annuleren)\M|\m(afmelden'
    '|uitschrijven|stoppen) \.', 'A sentence that begins or ends with such a word')
) as r (kind, meaning, pattern, source);
