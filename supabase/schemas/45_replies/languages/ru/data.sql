-- The system's rules for Russian. Patterns are written without the marks of ё and й.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'ru', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'стоп, отписаться, отписка, отмена, отменить, отмена подписки, прекратить, прекратите, удалить, '
    'стоп пожалуйста, отпишите меня, хватит, перестаньте',
    'What people text in Russian', false),
  ('help', 'помощь',
    'Russian for HELP', false),
  ('doubtful', 'не надо, больше не надо, конец, отстаньте, отвалите, неинтересно, не интересно, не интересует, '
    'неправильный номер, спам, заблокирован, кто это, ошиблись номером',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'нет, нет спасибо, никогда',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'ru', r.pattern, r.source
from (values
  ('phrase', 'stop', '\mне (пишите|присылаите|отправляите|беспокоите|звоните|шлите|пиши|звони|беспокоить)\M'
    '|\m(хватит|прекратите|перестаньте|прекрати|перестань)( (мне|меня))?( (писать|слать|присылать|отправлять|звонить'
    '|беспокоить)[^.]*)? \.', '"не пишите мне больше"'),
  ('phrase', 'stop', '\mне хочу (больше )?(получать|ваших|сообщени)|\m(удалите|уберите|исключите|отпишите) (меня'
    '|мои номер|мой номер)|\mоставьте (меня )?в покое|\mотзываю согласие', '"удалите мой номер"'),
  ('phrase', 'doubtful', '\m(ошиблись|неправильныи номер|откуда у вас|кто это|спам|пожалуюсь|заблокир[^ .]*'
    '|не интерес[^ .]*|умер|умерла|отстаньте|отвалите)\M', 'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '^\.(?! .*\m(да|спасибо|здравству[йи]те|понравилось|привет|добры[йи]|сколько|когда|где'
    '|хочу записаться|оплатил|оплачу|свет|света|позвоните|пришлите ссылку|не получил|хорошо|ок|понял|поняла|завтра'
    '|зовут|помощь|интересно мне|очень интересно|месяца|недели|остановка|так|дякую|благодаря'
    '|не отключа[йи]те)\M)( [^ .]*[\u0400-\u04FF][^ .]*){1,3} \.$',
    'A short reply in Cyrillic without a common harmless word of Russian')
) as r (kind, meaning, pattern, source);
