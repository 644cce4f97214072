-- Numbers that more than one person had, how many requests an organization may make, and whose turn it is.
begin;
\ir support.inc
select plan(15);
do $$ begin perform tests.arrange(); end $$;

-- A number that the person had, and that somebody else has today.
select tests.customer('person', 'ours', 'P-1', '+233244555001') is null as done;
insert into public.messages (organization_id, account_id, customer_id, direction, to_number, from_number, body, encoding,
  segments, status, provider, provider_message_id)
select a.organization_id, a.id, tests.id('person'), 'inbound', a.sender_id, '+233244555001', 'Of the person', 'GSM-7', 1,
  'received', a.provider, 'p 1'
from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
update public.customers set phone = '+233244555002' where id = tests.id('person');
update public.customers set phone = '+233244555003' where id = tests.id('person');
select tests.customer('heir', 'ours', 'H-1', '+233244555001') is null as done;
insert into public.messages (organization_id, account_id, customer_id, direction, to_number, from_number, body, encoding,
  segments, status, provider, provider_message_id)
select a.organization_id, a.id, tests.id('heir'), 'inbound', a.sender_id, '+233244555001', 'Of the heir', 'GSM-7', 1,
  'received', a.provider, 'p 2'
from public.sms_accounts a where a.organization_id = tests.id('ours') limit 1;
select private.suppress(tests.id('ours'), '+233244555001', 'reply', 'The heir said STOP') is null as done;

create function tests.ask(organization text, actor text, request jsonb) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.create_privacy_request(tests.id(organization), request);
  perform tests.act_as('postgres');
  return answer;
end
$$;
create table tests.answers as select tests.ask('ours', 'admin',
  jsonb_build_object('kind', 'erase', 'customer_id', tests.id('person'))) as answer;
select is((select answer #> '{matched,customer_ids}' from tests.answers), jsonb_build_array(tests.id('person')),
  'Who has an earlier number of the person today is not the person.');
select is((select answer #> '{matched,phones}' from tests.answers), '["+233244555003", "+233244555002"]',
  'A number from before that nobody else has is the person''s.');
select is((select answer #> '{matched,unclear_phones}' from tests.answers), '["+233244555001"]',
  'One that somebody else has is named as unclear.');
do $$
begin
  for n in 1..50 loop
    perform private.run_privacy_request((select (answer ->> 'id')::uuid from tests.answers), 60);
    exit when (select r.status = 'done' from private.privacy_requests r, tests.answers a where r.id::text = a.answer ->> 'id');
  end loop;
end
$$;
select is((select (m.body, m.from_number)::text from public.messages m where m.provider_message_id = 'p 1'),
  format('([erased],%s)', private.pseudonym_phone('+233244555001')), 'A text that is linked to the person is erased.');
select is((select (m.body, m.from_number)::text from public.messages m where m.provider_message_id = 'p 2'),
  '("Of the heir",+233244555001)', 'One with the same number that is linked to another stays.');
select is((select c.phone from public.customers c where c.id = tests.id('heir')), '+233244555001',
  'The other record stays.');
select is((select s.reason from public.suppressions s where s.organization_id = tests.id('ours')
  and s.phone = '+233244555001' and s.lifted_at is null), 'The heir said STOP', 'Their opt-out stays.');
select is((select array_agg(s.phone order by s.phone) from public.suppressions s
    where s.organization_id = tests.id('ours') and s.source = 'erased'),
  array(select private.pseudonym_phone(n) from unnest(array['+233244555002', '+233244555003']) n order by 1),
  'Both numbers of the person are suppressed under their pseudonyms.');

-- A number that comes while the request waits.
select tests.customer('late', 'ours', 'L-1', '+233244555011') is null as done;
create table tests.late as select tests.ask('ours', 'admin',
  jsonb_build_object('kind', 'erase', 'customer_id', tests.id('late'))) as answer;
update public.customers set phone = '+233244555012' where id = tests.id('late');
select private.run_privacy_request((select (answer ->> 'id')::uuid from tests.late), 0) is null as done;
select is((select count(*) from public.suppressions s where s.organization_id = tests.id('ours') and s.source = 'erased'
  and s.phone in ('+233244555011', '+233244555012')), 2::bigint,
  'A number that a record gets after the request was made is suppressed too.');
delete from private.privacy_requests where true;

-- Turns.
insert into private.privacy_requests (organization_id, kind, subject, person)
select tests.id('ours'), 'export', '{}', '{}' from generate_series(1, 99);
select tests.organization('third'), tests.member('third admin', 'third', 'admin') is null as done;
insert into private.privacy_requests (id, organization_id, kind, subject, person)
values (tests.remember('their request', private.uuid_v7()), tests.id('theirs'), 'export', '{}', '{}');
select is(cardinality(private.privacy_turns()), 2, 'Each organization has one request under way at once.');
select ok(tests.id('their request') = any (private.privacy_turns()),
  'One with 99 requests before it does not delay another''s.');
update private.privacy_requests set worked_at = now() where organization_id = tests.id('ours');
select is((private.privacy_turns())[1], tests.id('their request'), 'Who was just worked for waits for the others.');

-- How many.
select is(tests.outcome('admin', $$select public.create_privacy_request(tests.id('ours'),
  '{"kind": "export", "email": "a@b.example"}')$$), '1', 'The hundredth open request is taken.');
insert into private.privacy_requests (organization_id, kind, subject, person)
values (tests.id('ours'), 'export', '{}', '{}');
select is(tests.outcome('admin', $$select public.create_privacy_request(tests.id('ours'),
  '{"kind": "export", "email": "a@b.example"}')$$), 'PT409', 'The next one is refused.');
delete from private.privacy_requests where organization_id = tests.id('ours');
insert into private.rate_buckets (kind, subject, tokens) values ('privacy_request', tests.id('ours')::text, 0)
on conflict (kind, subject) do update set tokens = 0, updated_at = clock_timestamp();
select is(tests.ask('ours', 'admin', '{"kind": "export", "email": "a@b.example"}') ->> 'code', 'PT429',
  'An organization may ask for 200 a day.');

select * from finish();
rollback;
