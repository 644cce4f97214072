-- The system's rules for Vietnamese. Patterns are written without tone marks.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'vi', btrim(word), k.source, k.answers_question
from (values
  ('stop', 'dừng, dung, dừng lại, dung lai, hủy, huỷ, huy, hủy đăng ký, huy dang ky, hủy nhận tin, ngừng, ngung, '
    'từ chối, tu choi, tc, ngung gui tin',
    'What people text in Vietnamese; operators ask for TC (tu choi)', false),
  ('help', 'giúp đỡ, tro giup',
    'Vietnamese for HELP', false),
  ('doubtful', 'không quan tâm, khong quan tam, không cần, khong can, nhầm số, nham so, sai số, sai so, ai vậy, '
    'tin rác, thoát, thoat, kết thúc, ket thuc, chặn, chan, thôi, đủ rồi, du roi, không cảm ơn',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', 'không, khong',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'vi', r.pattern, r.source
from (values
  ('phrase', 'stop', '\mdung (nhan tin|gui|lam phien|nhan|goi|lien lac)|\m(đ|d)ung (nhan( tin)?( cho [a-z]+)?( nua'
    '| \.)|nhan tin|gui|lam phien|lai|goi)|\mkhong (muon )?nhan (tin|them)|\mngung (gui|nhan)|\mhuy (dang ky|đang ky'
    '|nhan)|\mxo?a (so|so cua toi)|\mkhong muon nhan', '"đừng nhắn tin nữa"'),
  ('phrase', 'doubtful', '\m(khong quan tam|khong can|nham so|sai so|ai vay|sao co so|tin rac|spam)',
    'Wrong number, no interest or anger')
) as r (kind, meaning, pattern, source);
