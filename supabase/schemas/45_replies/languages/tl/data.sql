-- The system's rules for Tagalog.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'tl', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'tigil, tigil na, hinto, ihinto, itigil, itigil na, itigil na ito, kanselahin, kansel, stop na po, '
    'stop po, itigil nyo na, tama na, tama na po',
    'What people text in Tagalog', false),
  ('help', 'tulong, tulong po',
    'Tagalog for HELP', false),
  ('doubtful', 'ayoko, ayaw, ayoko na, ayaw ko na, hindi na kailangan, maling numero, wrong number po, sino to, '
    'sino ito, hindi interesado, hindi na po',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'hindi, hindi po, hindi po salamat, di',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'tl', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(tigilan|itigil|tigil|huminto|ihinto)( (mo|nyo|niyo|na|ang|ako|kami|ninyo|po|kayo))*\M',
    '"tigilan nyo ako"'),
  ('phrase', 'stop', '\m(huwag|wag)( (na|nyo|niyo|mo|po|kayo|ako|akong|kayong|ninyo))* (mag ?text|magte?xt|i ?text'
    '|itext|text|istorbohin|guluhin|tawagan|mag ?message|kontakin)', '"wag na kayo magtext"'),
  ('phrase', 'stop', '\m(ayoko|ayaw)( (ko|po|na|ng|akong|kong))* (text|texts|makatanggap|mensahe|message)|\m(alisin'
    '|tanggalin|burahin)( (nyo|niyo|mo|na|ang|po|ako))*( (number|numero|ako|pangalan|sa listahan)[a-z ]*)?',
    '"alisin ang number ko"'),
  ('not_phrase', 'stop', '\mhuwag (po )?(putulan|putulin)|\mwag (po )?(putulan|putulin)',
    'Utilities: "do not cut us off"'),
  ('phrase', 'doubtful', '\m(hindi|di)( (ako|na|po|naman))* (interesado|si [a-z]+)|\mmaling numero\M'
    '|\msaan nyo nakuha|\mayoko\M|\mayaw ko\M', 'Wrong number or no interest')
) as r (kind, meaning, pattern, source);
