-- The system's rules for Chinese.
insert into public.reply_rules (kind, meaning, language, pattern, source, answers_question)
select 'keyword', k.meaning, 'zh', btrim(word), k.source, k.answers_question
from (values
  ('stop', '退订, 退訂, 取消, 取消订阅, 取消訂閱, 停止, 停止发送, 停止發送, 回复退订, 停止发短信, TD, T, 拒收, 终止',
    'What people text in Chinese; operators in China ask for TD or T', false),
  ('help', '帮助, 幫助',
    'Chinese for HELP', false),
  ('doubtful', '停, 移除, 不需要, 不需要了, 不感兴趣, 没兴趣, 不要, 不用了, 够了, 打错了, 号码错误, 你是谁, 骚扰, 举报, 拉黑, 结束, 勿扰, 垃圾短信, 不用了谢谢',
    'A refusal, of the messages or of what they offer', false),
  ('doubtful', '不',
    'A refusal; an answer, if we asked', true)
) as k (meaning, words, source, answers_question)
cross join lateral string_to_table(k.words, ', ') as word;

insert into public.reply_rules (kind, meaning, language, pattern, source)
select r.kind, r.meaning, 'zh', r.pattern, r.source
from (values
  ('phrase', 'stop', '(不要|别|勿|請勿|请勿)再?(给我|給我)?(发|發|打扰|打擾|烦|煩|联系|聯繫|寄|传|傳)|退订|退訂|取消(订阅|訂閱)|停止(发|發)', '"不要再发短信"'),
  ('phrase', 'stop', '(删除|刪除|删掉|移除|去掉).{0,4}(我|号码|號碼)|(我的?)?(号码|號碼).{0,4}(删|刪|移除)|名单.{0,3}(删|移)|不想再?收到', '"删除我的号码"'),
  ('phrase', 'doubtful', '打错|打錯|号码错|不感兴趣|没兴趣|不需要|垃圾短信|骚扰|举报|拉黑|没有订阅|怎么有我的|你是谁', 'Wrong number, no interest or anger'),
  ('phrase', 'doubtful', '^\.(?!.*(好|谢|謝|是的|你好|多少|什么时候|什麼時候|在哪|报名|報名|有兴趣|有興趣|明天|付款|电|收到|打电话|链接|邮件|帮助|几点|对|可以|没问题|沒問題'
    '|星期|喜欢了|喜歡了))(?! 是 \.$) [\u4E00-\u9FFF ]{1,10} \.$', 'A short reply in Chinese without a common harmless word')
) as r (kind, meaning, pattern, source);
