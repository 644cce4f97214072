-- The system's rules for Arabic. Patterns are written without vowel signs and hamzas.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'ar', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'ايقاف, إيقاف, توقف, توقفوا, الغاء, إلغاء, الغاء الاشتراك, إلغاء الاشتراك, اوقف, أوقف, حذف, ايقاف من فضلك',
    'What people text in Arabic', false),
  ('help', 'مساعدة',
    'Arabic for HELP', false),
  ('doubtful', 'كفى, كفاية, خلاص, انتهاء, خروج, رقم خاطئ, رقم غلط, الرقم غلط, غير مهتم, مش مهتم, لست انا, لست أنا',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'لا, لا شكرا',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'ar', r.pattern, r.source
from (values
  ('phrase', 'stop', '(لا|ولا) (ت?رسل|تراسل|تبعث|تتصل|تزعج|تكتب)[^ .]*|لا اريد (استلام )?(ال)?رسا[^ .]*'
    '|اوقفوا? (ال)?رسا[^ .]*|توقف[^ .]* عن', '"لا ترسلوا لي رسائل"'),
  ('phrase', 'stop', '(احذف|امسح|ازيل)[^ .]* (رقمي|اسمي)|(الغوا|الغ|الغي) اشتراك[^ .]*|اتركوني', '"احذفوا رقمي"'),
  ('not_phrase', 'doubtful', '\m(كم|متى|اين(?! حصلتم)|اريد التسجيل|دفعت|سادفع)\M', 'Common questions'),
  ('phrase', 'doubtful', 'كفا?(ى|ية)|رقم (خاطي|غلط|خاطئ)|غير مهتم|مش مهتم|لست مهتم|من (انتم|اين حصلتم)|ازعاج|سابلغ'
    '|مات ',
    'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '^\.(?! .*(نعم|شكر|مرحب|سلام|صباح|مساء|كم|متى|[اأ]ين(?! حصلتم)|[اأ]ريد|دفعت|س[اأ]دفع|كهرباء'
    '|حسن|تمام|[اإ]ن شاء|[اأ]بعث|[اأ]رسل لي|[اإ]تصل بي|مساعدة|لم [اأ]ستلم|مهتم|الرسوم'
    '|رابط))( [^ .]*[\u0621-\u064A][^ .]*){1,4} \.$', 'A short reply in Arabic without a common harmless word')
) as r (kind, meaning, pattern, source);
