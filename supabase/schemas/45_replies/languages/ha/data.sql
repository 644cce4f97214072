-- The system's rules for Hausa.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'ha', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'daina, ku daina, tsaya, ku tsaya, dakata, ku dakata, soke, cire ni, ku cire ni, bar ni, ku bar ni, '
    'barni, a bar ni, tsayar',
    'What people text in Hausa', false),
  ('help', 'taimako',
    'Hausa for HELP', false),
  ('doubtful', 'ban so, ba na so, bana so, ya isa, ya isa haka, isa, ku wane ne',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'a''a, a''a na gode',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'ha', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(ku )?daina (turo|damu|kira|aiko|aika)[a-z]*|\m(kar|kada) ku (sake )?(turo|kira|damu'
    '|aiko)[a-z]*|\m(ku )?(cire|goge|share) (lambata|sunana|ni)\M|\mba ?na son (sako|sakon)[a-z]*',
    '"ku daina turo min sako"'),
  ('phrase', 'doubtful', '\m(ba lambata|lambar ba|wa ya ba ku|ku wane|ba ?na (so|bukata)|ban so|ya rasu|ta rasu)\M'
    '|\. (don allah )?(ku )?(daina|tsaya|dakata|soke)\M', 'Wrong number, no interest or a word of this kind')
) as r (kind, meaning, pattern, source);
