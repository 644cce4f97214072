-- The system's rules for Ewe. With a few words of Ga.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'ee', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'dzudzɔ, dzudzo, dzudzɔ taflatse, tasi',
    'What people text in Ewe', false),
  ('doubtful', 'kpa, kpa mi, kaafee, ofainɛ kpa',
    'Ga for "stop" and "do not do it"', false)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;
