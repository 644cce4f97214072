-- The system's rules for Swahili.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'sw', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'acha, acheni, komesha, simamisha, sitisha, ondoa, niondoe, futa, jiondoe, jiondoa, nijiondoe, '
    'sitisha huduma, usinitumie, msinitumie',
    'What people text in Swahili', false),
  ('help', 'msaada',
    'Swahili for HELP', false),
  ('doubtful', 'toka, tosha, inatosha, imetosha, sitaki, sihitaji, sina haja, umekosea, wewe ni nani, '
    'namba si sahihi',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'hapana, hapana asante',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'sw', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(acha|acheni|koma|komeni) ku(ni)?(tum|sumbu|pigi|andik)[a-z]*|\m(usi|msi)ni(tumi|sumbu|pigi'
    '|andiki)[a-z]*', '"acha kunitumia ujumbe"'),
  ('phrase', 'stop', '\m(ni)?(ondo|toe|fut)[a-z]* (namba|nambari|jina)( yangu| langu)?'
    '|\mniondo[a-z]*( kwenye [a-z]+)?|\msitaki (ujumbe|meseji|sms|tena)', '"ondoa namba yangu"'),
  ('phrase', 'doubtful', '\m(umekosea|umepata wapi|wewe ni nani|sitaki|sihitaji|amefariki|amekufa)\M'
    '|\. (tafadhali )?(acha|acheni|sitisha|ondoa|futa)\M', 'Wrong number, no interest or a word of this kind')
) as r (kind, meaning, pattern, source);
