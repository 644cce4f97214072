-- The system's rules for Italian. Patterns are written without accents.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'it', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'annulla, annullare, annulla iscrizione, cancella, cancellami, cancellatemi, disiscrivi, disiscrivimi, '
    'disiscrizione, disdire, disdici, fermare, rimuovi, basta messaggi, basta sms, stop grazie, stop per favore, '
    'fermatevi',
    'What people text in Italian', false),
  ('help', 'aiuto',
    'Italian for HELP', false),
  ('doubtful', 'ferma, basta, basta per favore, fine, esci, smettila, smettetela, revoca, revoco, mai più, mai piu, '
    'numero sbagliato, non interessata, non interessato, bloccato, niente sms, spam, terminare',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'no, no grazie, mai',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'it', r.pattern, r.source
from (values
  ('phrase', 'stop', '\mnon (scriv|mand|invi|contatt|chiam|disturb)[a-z]*( (mi|me|piu|altri))*\M'
    '|\msmett[a-z]* di (scriver|mandar|inviar|contattar|disturbar|chiamar)[a-z]*', '"non scrivetemi più"'),
  ('phrase', 'stop', '\mnon voglio (piu )?(ricevere )?(messaggi|sms|altri messaggi)|\mniente piu (messaggi|sms)',
    '"non voglio più messaggi"'),
  ('phrase', 'stop', '\m(rimuov|togli|toglie|cancell|elimin)[a-z]* (mi |me )?(dalla lista|dall''elenco'
    '|il mio numero)|\mlascia[a-z]* in pace\M|\mrevoco il consenso\M', '"toglietemi dalla lista"'),
  ('not_phrase', 'stop', '\m(fermata|fine (mese|del|settimana|anno)|alla fine|non (staccate|capisco|ancora|ho)'
    '|spostare)\M',
    'Ordinary words: "fine mese"'),
  ('phrase', 'doubtful', '\m(non mi interessa|non sono interessat|numero sbagliato|sbagliato numero|chi siete'
    '|chi vi ha dato|non mi sono mai|e spam|vi segnalo|bloccat|deceduto|morto|avvocato)',
    'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '\. (per favore )?(basta|annulla|cancella|smett[a-z]*|ferma[a-z]*|disiscriv[a-z]*|revoca)\M'
    '|\m(basta|annulla) \.', 'A sentence that begins or ends with such a word')
) as r (kind, meaning, pattern, source);
