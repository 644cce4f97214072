-- What replies mean: the words of the law in whatever words surround them, and what of a reply is ours.
begin;
\ir support.inc
select no_plan();
do $$
begin
  update public.sms_accounts set status = 'disabled';
  perform tests.arrange();
  insert into public.sms_accounts (organization_id, provider, sender_id)
  values (tests.id('ours'), 'twilio', '+12025550106');
end
$$;
create function tests.sent(body text, to_number text default '+12025550101') returns void language sql as $$
  delete from public.messages;
  delete from public.suppressions;
  delete from public.reply_reviews;
  insert into public.messages (organization_id, account_id, to_number, from_number, body, encoding, segments, status,
    provider)
  select a.organization_id, a.id, to_number, a.sender_id, sent.body, 'GSM-7', 1, 'delivered', 'twilio'
  from public.sms_accounts a where a.sender_id = '+12025550106';
$$;
create function tests.replied(body text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', gen_random_uuid()::text, '+12025550101', '+12025550106', body, '[]');
  perform tests.act_as('postgres');
  return answer ->> 'meaning';
end
$$;
grant execute on all functions in schema tests to public;

-- The words of 47 CFR 64.1200(a)(10), whatever surrounds them
select ok((private.classify_reply(null, said)).meaning in ('stop', 'doubtful'), format('"%s" is kept.', said))
from (
  select format(surrounding, word) as said
  from unnest(array['STOP', 'Quit', 'end', 'REVOKE', 'opt out', 'Cancel', 'unsubscribe', 'STOPALL']) as word,
    unnest(array['%s', '%s - Kofi Addo', '%s 0244123456', '%s NOW', '%s pls', 'Kofi: %s', '%s. Ama', '%s sorry',
      'Hello %s', '%s (Kofi Addo, class of 2020)', 'please %s', '%s Zzyzx blimbing']) as surrounding
  union all
  select unnest(array['STOP/QUIT', 'STOP & DELETE', 'stop my subscription', 'STOP this is a work phone',
    'Stop we already enrolled', 'stop sir', 'Stop abeg', '"STOP" Ama', 'STOP 4 EVER', 'STOP2QUIT', 'STOPSMS', 'STOP1',
    'CANCEL SUBSCRIPTION', 'revoked', 'S', 'exit', 'terminate', 'no', 'I no longer wish to receive these',
    'Don''t send me message again', 'Never contact again', 'remove my no', 'take me of your list', 'unwanted texts',
    'not my number', 'This isn''t Maame', 'Sair', 'ABMELDEN', 'ANNULLA', 'AFMELDEN', '退订', '수신거부', '配信停止',
    'إيقاف', 'DỪNG', 'TIGIL', 'KANPE', 'СТОП', 'Gyae', '🛑', '🚫', '✋', '❌'])
) replies;
select is((private.classify_reply(null, said)).meaning, null, format('"%s" is harmless.', said))
from unnest(array['Stop by the office?', 'I will stop at your office on Saturday', 'My bus will not stop there',
  'Can I stop by tomorrow?', 'I want to end my current course', 'When does the semester end',
  'I quit my job and want to study', 'Count me in! We have got to STOP this bill']) as said;

-- Every rule of the system is found by its literals, or reads what is not ASCII
select is_empty($$
  select pattern from public.reply_rules
  where organization_id is null and kind <> 'keyword' and literals is null and not as_written
    and pattern !~ '[^\u0001-\u007F]|\\u'
$$, 'No rule of the system is read for every reply.');

-- Invisible characters (the corpus has what can be seen)
select is((private.classify_reply(null, said)).meaning, 'stop', format('%s is STOP.', quote_literal(said)))
from unnest(array[U&'S\200BT\200BO\200BP', U&'\200ESTOP\200F', U&'\202ESTOP\202C', U&'ST\2060OP', U&'ST\034FOP',
  U&'\FEFFSTOP',
  U&'ST\180EOP', U&'S\2063TOP', U&'\2066STOP\2069', U&'ST\061COP', U&'ST\3164OP', U&'STOP\FE0F', U&'\00A0STOP\3000',
  U&'un\200Bsub\00ADscribe', U&'qu\2063it', U&'S\+0E0020TOP']) said;

-- A caption of a picture is read as a reply, a picture alone says nothing
do $$ begin perform tests.sent('Open day on Friday.'); end $$;
create function tests.sent_picture(caption text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('service_role');
  answer := public.record_inbound('twilio', gen_random_uuid()::text, '+12025550101', '+12025550106', caption,
    '[{"url": "https://example.com/stop.jpg", "content_type": "image/jpeg"}]');
  perform tests.act_as('postgres');
  return answer ->> 'meaning';
end
$$;
select is(tests.sent_picture(''), null, 'A picture alone means nothing.');
select is(tests.sent_picture('STOP'), 'stop', 'STOP under a picture stops.');

-- What is ours is taken out before a reply is read
do $$ begin perform tests.sent('Kofi, open day Friday. Demo Power. Reply STOP to opt out.'); end $$;
select is(tests.replied(said), meaning, format('"%s" means %s.', said, coalesce(meaning, 'nothing')))
from (values
  ('Le encantó “Kofi, open day Friday. Demo Power. Reply STOP to opt out.”', null),
  ('Reaccionó con 👍 a “Kofi, open day Friday. Demo Power. Reply STOP to opt out.”', null),
  ('A réagi avec 👍 à « Kofi, open day Friday. Demo Power. Reply STOP to opt out. »', null),
  ('Gefällt „Kofi, open day Friday. Demo Power. Reply STOP to opt out.“', null),
  (E'> Kofi, open day Friday. Demo Power. Reply STOP to opt out.\nWhich courses are there?', null),
  ('You wrote "Kofi, open day Friday. Demo Power. Reply STOP to opt out." what courses do you mean?', null),
  (E'Kofi, open day Friday. Demo Power. Reply STOP to opt out.\n\nYes I''d like to come', null),
  ('Thanks for texting Acme Dental! We''ll reply soon. Reply STOP to unsubscribe.', null),
  (E'STOP\n> Kofi, open day Friday. Demo Power. Reply STOP to opt out.', 'stop')
) v (said, meaning);

-- A copied instruction. known: its verb is one that copied_instruction knows.
create temp table instructions (language text, said text, known boolean default true);
insert into instructions (language, said) values
  ('en', 'Reply STOP to opt out'), ('en', 'STOP to end texts'), ('en', 'Txt STOP to end msgs'),
  ('en', 'Text "STOP" to cancel'), ('en', 'Reply STOP to stop receiving texts'), ('en', 'STOP=END'),
  ('en', 'Txt STOP2END'), ('en', 'send QUIT to unsubscribe'),
  ('en', 'Reply UNSUBSCRIBE to leave this list'),
  ('en', 'Text END to end'), ('en', 'To opt out, reply STOP'), ('en', 'Text STOP to 36180'),
  ('fr', 'STOP pour arrêter'), ('fr', 'Répondez STOP pour vous désabonner'), ('fr', 'Répondez ARRÊT'),
  ('fr', 'Envoyez STOP pour ne plus recevoir nos SMS'), ('fr', 'Envoyez STOP au 36180'),
  ('fr', 'ARRET pour arrêter'),
  ('es', 'Responda STOP para cancelar'), ('es', 'Responda ALTO para salir'),
  ('es', 'BAJA para salir'),
  ('es', 'Envía STOP para dejar de recibir mensajes'), ('pt', 'Responda STOP para sair'),
  ('pt', 'Envie STOP para cancelar'), ('de', 'Antworten Sie mit STOP zum Abmelden'),
  ('de', 'STOP zum Abmelden'),
  ('it', 'Rispondi STOP per annullare'), ('nl', 'Antwoord STOP om te stoppen'),
  ('nl', 'Stuur STOP om je af te melden'), ('ht', 'Reponn STOP pou sispann'),
  ('sw', 'Jibu STOP kusitisha'),
  ('ha', 'Aika STOP don dakatarwa'), ('tw', 'Fa STOP brɛ yɛn na yɛagyae'), ('vi', 'Soạn STOP để hủy'),
  ('ko', 'STOP 를 보내시면 수신거부됩니다');
insert into instructions (language, said, known) values ('ru', 'Ответьте STOP для отписки', false),
  ('tl', 'I-reply ang STOP para tumigil', false), ('ee', 'Ŋlɔ STOP ne míadzudzɔ', false),
  ('ar', 'أرسل STOP لإلغاء الاشتراك', false);
select ok((private.opt_out_ways(said)).by_reply, format('%s: "%s" is an instruction.', language, said))
from instructions;
select is((private.classify_reply(null, reply, array['Kofi, open day Friday. Demo Power. ' || said || '.', 'Hello!']))
  .meaning, case when known then 'stop' else 'doubtful' end, format('%s: "%s" copies ours.', language, reply))
from instructions
cross join lateral unnest(array[said, said || '.', lower(said), upper(said), '"' || said || '"', said || ' please'])
  as reply;
select is((private.classify_reply(null, reply, array['Kofi, open day Friday. Demo Power. ' || said || '.'])).meaning,
  'stop', format('%s: "%s" is the end of ours.', language, reply))
from instructions cross join lateral substring(said, '((?:STOP|ARR[EÊ]T|ALTO|BAJA|QUIT)\M.*)$') reply
where char_length(reply) > 5;
select is((private.classify_reply(null, reply, array['Kofi, open day Friday. Demo Power. ' || said || '.'])).meaning,
  null, format('%s: "%s" says something else.', language, reply))
from instructions cross join lateral unnest(array[said || '. What does that mean?', 'What does "' || said || '" mean?',
  'Kofi, open day Friday. Demo Power. ' || said || '. When?', 'Liked “' || said || '”',
  '👍 “Kofi, open day Friday. Demo Power. ' || said || '.”']) as reply
where said !~ '(QUIT|END)' or reply !~ 'STOP';
select is((private.classify_reply(null, said)).meaning, meaning, format('"%s" means %s, whoever sent it.', said,
  coalesce(meaning, 'nothing')))
from (values ('STOP to end texts', 'stop'), ('stop to end texts', 'stop'), ('Text STOP to end', 'stop'),
  ('Reply with STOP to stop receiving these messages', 'stop'), ('Répondez STOP pour arrêter', 'stop'),
  ('STOP pour arrêter', 'stop'), ('Responda STOP para cancelar', 'stop'),
  ('Antworten Sie mit STOP zum Abmelden', 'stop'),
  ('Thanks for texting Acme! Reply STOP to unsubscribe.', null), ('What does "Reply STOP to opt out" mean?', null),
  ('end to end', null)) v (said, meaning);
select is((private.classify_reply(null, said, array[
    'Your visit is on Friday. Reply CANCEL to cancel your visit.',
    'Ours: stop by our office. Reply HELP for help, STOP to unsubscribe.', 'Kofi, open day Friday. Demo Power. Reply STOP to opt out.', 'Hello, text "END" to stop texts'])).meaning, meaning,
  format('"%s" means %s.', said, coalesce(meaning, 'nothing')))
from (values ('Reply HELP for help, STOP to unsubscribe.', 'doubtful'),
  ('Reply CANCEL to cancel your visit', 'doubtful'), ('STOP to unsubscribe', 'stop'),
  ('Demo Power. Reply STOP to opt out.', 'doubtful'),
  ('Kofi, open day Friday. Demo Power. Reply STOP to opt out.', null),
  ('stop by our office', null), ('"Kofi, open day Friday. Demo Power. Reply STOP to opt out."', null),
  ('Liked "Hello, text "END" to stop texts"', null), ('"STOP to unsubscribe"', 'stop'),
  ('“STOP”', 'stop')) v (said, meaning);

-- A refusal that may answer a question
do $$ begin perform tests.sent('Do you live on campus?'); end $$;
select is(tests.replied('No'), null, 'NO answers our question.');
do $$ begin perform tests.sent('Open day on Friday.'); end $$;
select is(tests.replied('No'), 'doubtful', 'NO to a statement needs review.');
do $$ begin perform tests.sent('Do you live on campus?', '+12025550102'); end $$;
select is(tests.replied('No'), 'doubtful', 'What others were asked does not matter.');

-- Words that opt in again
do $$ begin perform tests.sent('Open day on Friday.'); end $$;
select is(tests.replied(said), null, format('"%s" means nothing without an opt-out.', said))
from unnest(array['START NOW', 'yes please', 'Start again please']) said;
create function tests.undone(said text) returns text language plpgsql as $$
begin
  perform tests.sent('Open day on Friday.');
  perform tests.replied('STOP');
  return tests.replied(said);
end
$$;
select is(tests.undone(said), 'start', format('"%s" ends an opt-out.', said))
from unnest(array['START NOW', 'yes please', 'unstop please', 'Start again please']) said;

select * from finish();
rollback;
