-- The system's rules for Korean.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'ko', btrim(word), k.source, k.answers_question
from (values
  ('stop', '수신거부, 수신 거부, 중지, 정지, 구독 취소, 구독취소, 해지, 거부, 취소, 그만, 탈퇴, 해제',
    'What people text in Korean; operators ask for 수신거부', false),
  ('help', '도움말',
    'Korean for HELP', false),
  ('doubtful', '멈춰, 삭제, 차단, 신고, 스팸, 됐어요, 누구세요, 필요 없어요, 관심 없어요, 번호 삭제',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', '아니요, 아뇨',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'ko', r.pattern, r.source
from (values
  ('phrase', 'stop', '수신 ?거부|그만 ?(하|해|보내)[^ .]*|(보내|연락하|문자하|전화하)지 ?(마|말)[^ .]*|연락 그만|번호( 좀)? 삭제', '"문자 그만 보내세요"'),
  ('phrase', 'doubtful', '관심 ?없|잘못 ?(보내|됐|걸)|번호 ?(틀|잘못)|누구세요|어떻게 아세요|신고|스팸|차단|괜찮습니다',
    'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '^\.(?! .*(네|예|감사|고맙|안녕|얼마|언제|어디|신청하고|관심 있|내일|냈어요|정전|전화 주세요|링크|이메일|알겠|확인|몇 시|요일|도와'
    '|좋아))( [^ .]*[\uAC00-\uD7A3][^ .]*){1,4} \.$', 'A short reply in Korean without a common harmless word')
) as r (kind, meaning, pattern, source);
