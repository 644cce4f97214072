-- A few words of further languages. They need review: a person who knows the language adds rules that stop.
insert into public.reply_rules (kind, meaning, language, pattern, source)
select 'keyword', 'doubtful', k.language, btrim(word), 'For "stop" or "unsubscribe" in ' || k.name
from (values
  ('tr', 'Turkish; operators ask for RET or IPTAL',
    'dur, iptal, durdur, ret, çık, abonelikten çık, iptal et, üyeliğimi iptal edin, listeden çıkar'),
  ('pl', 'Polish',
    'rezygnuję, rezygnuje, wypisz, wypisz mnie, przestańcie, przestancie, proszę mnie wypisać, nie piszcie do mnie, '
    'wypisuję się, koniec'),
  ('id', 'Indonesian and Malay',
    'berhenti, batal, stop kirim sms, jangan kirim lagi, jangan sms lagi, hentikan'),
  ('so', 'Somali',
    'jooji, jooji fariimaha, iska daa, ka bax'),
  ('yo', 'Yoruba',
    'duro, ẹ dúró, e duro, ẹ jọ̀ọ́ ẹ dákun, e dakun e duro, dawọ duro'),
  ('ig', 'Igbo',
    'kwusi, kwụsị, kwusi ya, biko kwusi'),
  ('zu', 'Zulu and Xhosa',
    'yima, misa, yeka'),
  ('af', 'Afrikaans',
    'staak, hou op, verwyder, teken uit'),
  ('ro', 'Romanian',
    'dezabonare, opriți, opriti, opriți mesajele, renunț'),
  ('sv', 'Swedish, Norwegian and Danish',
    'avsluta, sluta, avregistrera, avbryt, avmeld, afmeld'),
  ('ln', 'Lingala',
    'tika, tika kotindela nga'),
  ('wo', 'Wolof',
    'bàyyi ma, bayyi ma, bayil'),
  ('fi', 'Finnish',
    'lopeta, peruuta'),
  ('hr', 'Croatian, Bosnian and Serbian',
    'prestani, odjava, odjavi me'),
  ('cs', 'Czech and Slovak',
    'odhlásit, odhlasit, zrušit, zrusit, přestaňte'),
  ('hu', 'Hungarian',
    'leiratkozás, leiratkozas, leállítás')
) as k (language, name, words)
cross join lateral string_to_table(k.words, ', ') as word;

-- Scripts that no rules read: a short reply needs review, unless it is one of a few courtesies.
insert into public.reply_rules (kind, meaning, language, pattern, source)
select 'phrase', 'doubtful', 'und', '^\.( [^ .]*[' || string_agg(s.letters, '') || '][^ .]*){1,4} \.$',
  'A short reply in ' || string_agg(s.name, ', ') || ': no rules read them'
from (values
  ('Japanese', '\u3040-\u30FF'),
  ('Hindi, Marathi or Nepali', '\u0900-\u097F'),
  ('Bengali', '\u0980-\u09FF'),
  ('Punjabi', '\u0A00-\u0A7F'),
  ('Gujarati', '\u0A80-\u0AFF'),
  ('Tamil', '\u0B80-\u0BFF'),
  ('Telugu', '\u0C00-\u0C7F'),
  ('Kannada', '\u0C80-\u0CFF'),
  ('Malayalam', '\u0D00-\u0D7F'),
  ('Sinhala', '\u0D80-\u0DFF'),
  ('Thai', '\u0E00-\u0E7F'),
  ('Lao', '\u0E80-\u0EFF'),
  ('Tibetan', '\u0F00-\u0FFF'),
  ('Burmese', '\u1000-\u109F'),
  ('Georgian', '\u10A0-\u10FF'),
  ('Amharic or Tigrinya', '\u1200-\u139F'),
  ('Khmer', '\u1780-\u17FF'),
  ('Mongolian', '\u1800-\u18AF'),
  ('Armenian', '\u0530-\u058F'),
  ('Hebrew', '\u0590-\u05FF'),
  ('Greek', '\u0370-\u03FF')
) as s (name, letters);

-- Latin letters of languages without rules (Turkish, Polish, Czech, Romanian, Hungarian, Yoruba, Igbo, Baltic
-- languages).
insert into public.reply_rules (kind, meaning, language, pattern, source) values
  ('phrase', 'doubtful', 'und',
    '^\.( [^ .]+){0,2} [^ .]*(?!.*\m(toi|tôi|gọi|goi|muốn|cảm ơn|vâng|dạ|chào|bao nhiêu|khi nào'
    '|ở đâu)\M)[ğışąęłżźćńśěščřžůďťňșțăőűṣẹọịụṅčļķģāēīū][^ .]*( [^ .]+){0,2} \.$',
    'A short reply with letters of a language that no rules read');

-- Courtesies in these languages and scripts.
insert into public.reply_rules (kind, meaning, language, pattern, source)
select 'not_phrase', 'doubtful', c.language, '^\. (' || c.words || ')( (' || c.words || '))* \.$', 'Courtesies'
from (values
  ('ja', 'に|ありがとう|はい|了解|こんにちは|お願いします'),
  ('hi', 'धन्यवाद|हाँ|हां|नमस्ते|ठीक है|जी'),
  ('bn', 'ধন্যবাদ|হ্যাঁ|ঠিক আছে'),
  ('th', 'ขอบคุณ|ใช่|สวัสดี|ครับ|ค่ะ'),
  ('am', 'አመሰግናለሁ|አዎ|ሰላም|እሺ'),
  ('he', 'תודה|כן|שלום|בסדר'),
  ('el', 'ευχαριστώ|ευχαριστω|ναι|γεια|εντάξει'),
  ('fa', 'ممنون|شکریہ|جی|ہاں|بله|مرسی'),
  ('uk', 'дякую|так|добре|благодаря|да'),
  ('pl', 'dziękuję|dziekuje|tak|dobrze|proszę'),
  ('tr', 'teşekkürler|teşekkür ederim|evet|tamam|sağolun'),
  ('ro', 'mulțumesc|multumesc|da|bună')
) as c (language, words);
