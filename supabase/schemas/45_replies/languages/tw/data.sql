-- The system's rules for Twi. With spellings without ɛ and ɔ, and the words of Ghanaian Pidgin.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'tw', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'gyae, gyai, monnyae, monyae, mo nnyae, gyae saa, gyae me, gyae me haw, gyae me so, mpo gyae, '
    'mepa wo kyɛw gyae, mepa wo kyew gyae, mesrɛ wo gyae, mesre wo gyae',
    'What people text in Twi', false),
  ('help', 'boa me',
    'Twi for HELP', false),
  ('doubtful', 'menpɛ, mempɛ, menpe, mempe, menpɛ bio, mempe bio, me mpɛ saa, ɛdɔɔso, edooso, ɛyɛ adɔɔso, '
    'eye adooso, ɛnyɛ me, enye me, wo ne hwan, popa me number, wohaw me dodo',
    'A refusal, of the messages or of what they offer', false)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'tw', r.pattern, r.source
from (values
  ('phrase', 'stop', '\m(gyae|gyai|monnyae|monyae|nnyae|mogyae) [^.]*(message|messages|sms|text|kyer[eɛ]w|haw|soma'
    '|fr[eɛ])|\m(mma|nsoma|mfr[eɛ]) (me )?[^.]*bio\M|\mmesre mo\M[^.]*\m(monnyae|nnyae|gyae)\M|\m(mogyae|monnyae'
    '|nnyae)\M', '"gyae sɛ woma me message"'),
  ('phrase', 'stop', '\m(yi|pepa|popa) me (number|din|nomba|fri|firi)|\m(comot|remove|commot) (my|me) (number'
    '|for there)|\mno (dey |go )?(text|send|call|disturb|message) me\M|\mmake (you|una) stop\M',
    '"yi me number"; Pidgin "comot my number"'),
  ('not_phrase', 'stop', '\m(light|kanea|nsuo|power|fie|current) [^.]*(agyae|gyae)\M', 'Utilities: "light no agyae"'),
  ('phrase', 'doubtful', '\m(gyae|gyai) \.|\. (mepa wo ky[eɛ]w |abeg |chale )?(gyae|gyai|gyae me)\M|\m([eɛ]ny[eɛ]'
    '|enye) me\M|\m(worehaw|wohaw|mo haw)\M|\mme number nie\M|\mi no (want|dey want)\M|\mi no be [a-z]+ \.'
    '|\mleave me\M', 'A word of this kind, or a wrong number')
) as r (kind, meaning, pattern, source);
