-- The system's rules for Haitian Creole. Patterns are written without accents.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'ht', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'kanpe, sispann, rete, arete, anile, dezabòne, dezabone, dezabone m, retire m, wete m, kanpe tanpri, '
    'arete tanpri, sispann tanpri, rete la',
    'What people text in Haitian Creole', false),
  ('help', 'èd, ed',
    'Haitian Creole for HELP', false),
  ('doubtful', 'ase, sa ase, fini, move nimewo, mwen pa vle, m pa vle, ki moun sa, m pa enterese, mwen pa enterese',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'non mèsi, non mesi',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'ht', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(sispann|arete|kanpe|rete) (voye|ekri|anmede|rele|deranje|kontakte)[a-z ]*|\mpa (voye|ekri'
    '|kontakte|deranje|rele|anmede)( (m|mwen|mesaj|ban|anko))*\M', '"pa voye mesaj ankò"'),
  ('phrase', 'stop', '\m(retire|wete|efase|siprime) (m|mwen|non m|nimewo m|nimewo mwen)\M|\m(m'
    '|mwen) pa vle( (resevwa|mesaj|anko))+\M|\manile abonman|\mkite m (trankil|an pe)', '"retire m sou lis la"'),
  ('phrase', 'doubtful', '\m(pa enterese|move nimewo|ki kote ou jwenn|ki moun sa|mouri)\M|\. (tanpri )?(kanpe'
    '|sispann|arete|anile|rete)\M', 'Wrong number, no interest or a word of this kind')
) as r (kind, meaning, pattern, source);
