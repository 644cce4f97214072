-- Notes to roles: who may send to whom, who sees what, reading by note and by person, unread counts, withdrawal, mail and
-- the channels: the table of the roles cell by cell.
begin;
\ir support.inc
select plan(238);

do $$
declare
  person text;
begin
  perform tests.arrange();
  perform tests.member('admin two', 'ours', 'admin'), tests.member('marketing two', 'ours', 'marketing_agent'),
    tests.member('their marketing', 'theirs', 'marketing_agent');
  insert into public.roles (organization_id, key, name) values (tests.id('ours'), 'board', 'Board'),
    (tests.id('theirs'), 'secret', 'Secret');
  insert into public.role_permissions (role_id, permission, scope)
  select r.id, p.permission, p.scope from public.roles r, (values ('notes:send', 'own'), ('notes:read', 'own')) p (permission, scope)
  where r.organization_id = tests.id('ours');
  perform tests.person('chair');
  insert into public.memberships (organization_id, user_id, role_id)
  select tests.id('ours'), tests.id('chair'), r.id from public.roles r where r.key = 'board';
  -- Everybody was there before the notes are written.
  update private.note_marks set read_before = '00000000-0000-7000-8000-000000000000' where true;
end
$$;
create function tests.note(name text, actor text, recipients text[], further jsonb default '{}') returns uuid
language plpgsql as $$
declare
  note uuid;
begin
  perform tests.act_as(actor);
  note := public.send_note(tests.id('ours'), jsonb_build_object('title', name, 'description', 'Text of ' || name,
    'recipients', recipients) || further) ->> 'id';
  perform tests.act_as('postgres');
  return tests.remember(name, note);
end
$$;
create function tests.unread(actor text) returns integer language plpgsql as $$
declare
  unread integer;
begin
  perform tests.act_as(actor);
  unread := public.unread_notes(tests.id('ours')) ->> 'unread';
  perform tests.act_as('postgres');
  return unread;
end
$$;
create function tests.reads(actor text, note text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.read_note(tests.id('ours'), tests.id(note));
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.sees(actor text, note text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.get_note(tests.id('ours'), tests.id(note));
  perform tests.act_as('postgres');
  return answer;
end
$$;

select policies_are('notes', array['people read notes that they sent or that are for their role']);
select policies_are('note_roles', array['people read what is for their role']);
select policies_are('note_reads', array['people read what they have read']);

-- Sending
create table tests.sends (actor text, any_role text, admins text, mixed text, empty_list text, unknown text);
insert into tests.sends values
  ('admin', '1', '1', '1', 'PT422', 'PT422'),
  ('marketing_agent', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('technical_agent', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('manager', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('counselor', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('campaign_manager', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('operator', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('chair', 'PT403', '1', 'PT403', 'PT422', 'PT422'),
  ('viewer', 'PT403', 'PT403', 'PT403', 'PT403', 'PT403'),
  ('suspended', 'PT403', 'PT403', 'PT403', 'PT403', 'PT403'),
  ('outsider', 'PT403', 'PT403', 'PT403', 'PT403', 'PT403'),
  ('anon', '42501', '42501', '42501', '42501', '42501');
grant select on tests.sends to public;
select is(tests.outcome(s.actor, format('select public.send_note(tests.id(''ours''), %L)',
    jsonb_build_object('title', 'x', 'description', 'y', 'recipients', to_jsonb(v.recipients)))), v.wanted,
  format('%s sends to %s: %s.', s.actor, v.recipients, v.wanted))
from tests.sends s, lateral (values
  ('{technical_agent}'::text[], s.any_role), ('{board}', s.any_role), ('{admin}', s.admins), ('{admin,admin}', s.admins),
  ('{admin,technical_agent}', s.mixed), ('{}', s.empty_list), ('{nobody}', s.unknown), ('{secret}', s.unknown))
  v (recipients, wanted);
select is((select count(*)::integer from public.notes), 0, 'What is refused is not stored.');
select is(tests.outcome('admin', format('select public.send_note(tests.id(''ours''), %L)', note)), wanted,
  format('A note %s: %s.', note, wanted))
from (values ('{"description": "y", "recipients": ["admin"]}', '23502'),
  ('{"title": "x", "description": "", "recipients": ["admin"]}', '23514'),
  ('{"title": "x", "description": "y", "recipients": "admin"}', 'PT422'),
  ('{"title": "x", "description": "y", "recipients": [null]}', 'PT422'),
  ('{"title": "x", "description": "y"}', 'PT422'),
  ('{"title": "x", "description": "y", "recipients": ["admin"], "client_id": "00000000-0000-0000-0000-000000000000"}',
    'PT404')) v (note, wanted);

-- Seeing
do $$
begin
  perform tests.note('to marketing', 'admin', '{marketing_agent}'), tests.note('to admins', 'technical_agent', '{admin}'),
    tests.note('to both', 'admin two', '{technical_agent,marketing_agent,technical_agent}'),
    tests.note('among admins', 'admin', '{admin}'), tests.note('to the board', 'admin', '{board}');
end
$$;
select is((select n.recipients from public.notes n where n.id = tests.id('to both')), '{marketing_agent,technical_agent}',
  'Recipients are kept in order and once.');
create table tests.sight (actor text, notes text[]);
insert into tests.sight values
  ('admin', '{among admins,to admins,to marketing,to the board}'), ('admin two', '{among admins,to admins,to both}'),
  ('marketing_agent', '{to both,to marketing}'), ('marketing two', '{to both,to marketing}'),
  ('technical_agent', '{to admins,to both}'), ('chair', '{to the board}'), ('viewer', '{}'), ('manager', '{}');
grant select on tests.sight to public;
select is(tests.outcome(s.actor, format('select public.get_note(tests.id(''ours''), tests.id(%L))', n)),
  case when n = any (s.notes) then '1' else 'PT404' end, format('%s and the note %s.', s.actor, n))
from tests.sight s, unnest(array['to marketing', 'to admins', 'to both', 'among admins', 'to the board']) n;
create function tests.titles(actor text) returns text[] language plpgsql as $$
declare
  titles text[];
begin
  perform tests.act_as(actor);
  select coalesce(array_agg(n.title order by n.title), '{}') into titles from public.notes n;
  perform tests.act_as('postgres');
  return titles;
end
$$;
select is(tests.titles(s.actor), s.notes, format('%s sees the same in the table.', s.actor)) from tests.sight s;
select is(tests.titles(actor), '{}', format('%s sees nothing in the table.', actor))
from unnest(array['suspended', 'outsider', 'their marketing']) actor;
select is(tests.outcome(actor, 'select public.get_note(tests.id(''ours''), tests.id(''to marketing''))'), 'PT403',
  format('%s gets no note of the organization.', actor)) from unnest(array['suspended', 'outsider', 'their marketing']) actor;
select is(tests.outcome('their marketing', 'select public.get_note(tests.id(''theirs''), tests.id(''to marketing''))'), 'PT404',
  'With the other organization''s id neither.');
select is(tests.outcome(actor, format('select %I from public.notes', c)), '42501', format('%s does not see %s in the table.', actor, c))
from unnest(array['admin', 'marketing_agent']) actor cross join unnest(array['first_read_by', 'client_id']) c;
select is(tests.outcome('anon', 'select from public.' || t), '42501', format('anon reads no %s.', t))
from unnest(array['notes', 'note_roles', 'note_reads']) t;
select is(tests.outcome('admin', statement), '42501', format('admin may not %s.', statement))
from unnest(array['delete from public.notes', 'update public.notes set title = ''x''',
  'insert into public.note_reads (organization_id, note_id, user_id) values (tests.id(''ours''), tests.id(''to both''), auth.uid())',
  'delete from public.note_roles', 'select private.notify_of_notes()']) statement;

-- Unread counts
select is(tests.unread(actor), unread, format('%s has %s unread.', actor, unread))
from (values ('admin', 1), ('admin two', 2), ('marketing_agent', 2), ('technical_agent', 1), ('chair', 1), ('viewer', 0),
  ('manager', 0)) v (actor, unread);

-- Reading
select is(tests.reads('marketing_agent', 'to marketing') ->> 'unread', '1', 'Reading answers what is left.');
select is(tests.reads('marketing_agent', 'to marketing') ->> 'unread', '1', 'Reading twice does no harm.');
select is(tests.unread('marketing two'), 2, 'What one has read is unread for the other.');
select is(tests.sees('marketing two', 'to marketing') ->> 'is_read', 'true', 'But the note is read.');
select is(tests.sees('marketing two', 'to marketing') ->> 'read_by_me', 'false', 'Not by this one.');
select is(tests.sees('marketing two', 'to marketing') ->> 'readers', null, 'Who has read it is not for all.');
select is(tests.sees('admin', 'to marketing') -> 'readers' -> 0 ->> 'user_id', tests.id('marketing_agent')::text,
  'But for its sender.');
select is(tests.sees('admin', 'to marketing') ->> 'read_by_me', null, 'Who is no reader has neither read nor not read it.');
select is(array[tests.sees('admin', 'to marketing') ->> 'read_count', tests.sees('admin', 'to marketing') ->> 'recipient_count'],
  '{1,2}', 'One of two has read it.');
select is((select n.first_read_by from public.notes n where n.id = tests.id('to marketing')), tests.id('marketing_agent'),
  'The first reader is kept.');
do $$ begin perform tests.reads('marketing two', 'to marketing'); end $$;
select is((select n.first_read_by from public.notes n where n.id = tests.id('to marketing')), tests.id('marketing_agent'),
  'Also when another one follows.');
select is(tests.outcome('admin', 'select public.read_note(tests.id(''ours''), tests.id(''to marketing''))'), 'PT409',
  'The sender of a note to others is no reader.');
select is(tests.outcome(actor, 'select public.read_note(tests.id(''ours''), tests.id(''to marketing''))'), wanted,
  format('%s reads a note that is none of theirs: %s.', actor, wanted))
from (values ('technical_agent', 'PT404'), ('admin two', 'PT404'), ('viewer', 'PT404'), ('outsider', 'PT403'),
  ('suspended', 'PT403')) v (actor, wanted);
do $$ begin perform tests.reads('admin', 'among admins'); end $$;
select is((select n.first_read_at from public.notes n where n.id = tests.id('among admins')), null,
  'A sender who opens their own note does not count.');

-- Read all: up to what was seen
do $$ begin perform tests.note('later', 'admin', '{marketing_agent}'); end $$;
create function tests.read_all(actor text, seen text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.read_all_notes(tests.id('ours'), tests.id(seen));
  perform tests.act_as('postgres');
  return answer;
end
$$;
select is(tests.read_all('marketing two', 'to both') - array['organization_id', 'version'],
  '{"read": 1, "unread": 1, "more": false}', 'What came after the note that was seen stays unread.');
select is(tests.read_all('marketing two', null) ->> 'unread', '0', 'Without one all that is there is read.');
select is((select n.first_read_by from public.notes n where n.id = tests.id('later')), tests.id('marketing two'),
  'Reading all is reading each.');
select is(tests.unread('marketing_agent'), 2, 'It is nobody else''s reading.');
select cmp_ok((select k.read_before from private.note_marks k where k.user_id = tests.id('marketing two')), '>=',
  tests.id('later'), 'Counting goes on after what is read.');
select cmp_ok((tests.reads('marketing_agent', 'later') ->> 'version')::integer, '>',
  (tests.reads('marketing_agent', 'to both') ->> 'version')::integer - 2, 'Every reading has a version.');
select is(tests.unread('marketing_agent'), 0, 'Reading in any order ends at none.');

-- Many
do $$
begin
  insert into public.notes (organization_id, sender_id, sender_role, title, description, recipients)
  select tests.id('ours'), tests.id('admin'), 'admin', 'n' || i, 'x', '{technical_agent}' from generate_series(1, 150) i;
  insert into public.note_roles select n.organization_id, 'technical_agent', n.id from public.notes n where n.title ~ '^n[0-9]';
end
$$;
select is(tests.unread('technical_agent'), 100, 'Counting stops at a hundred.');
select is(private.unread_json(tests.id('ours'), tests.id('technical_agent')) ->> 'more', 'true', 'And says that there are more.');

-- Changing roles
update public.memberships set role_id = tests.role('technical_agent')
where organization_id = tests.id('ours') and user_id = tests.id('marketing two');
select is(tests.unread('marketing two'), 0, 'Who takes a role has nothing unread.');
select is(tests.outcome('marketing two', format('select public.get_note(tests.id(''ours''), tests.id(%L))', note)), wanted,
  format('After the change the note %s: %s.', note, wanted))
from (values ('to both', '1'), ('to marketing', 'PT404')) v (note, wanted);
select is((select count(*)::integer from public.note_reads r where r.user_id = tests.id('marketing two')), 3,
  'What they read stays recorded.');

-- Withdrawal
do $$ begin perform tests.note('mistake', 'admin', '{technical_agent}'); end $$;
select is(tests.outcome(actor, 'select public.withdraw_note(tests.id(''ours''), tests.id(''mistake''))'), wanted,
  format('%s withdraws: %s.', actor, wanted))
from (values ('admin', '1'), ('technical_agent', 'PT403'), ('admin two', 'PT404'), ('outsider', 'PT403')) v (actor, wanted);
select is(tests.outcome('admin', 'select public.withdraw_note(tests.id(''ours''), tests.id(''to marketing''))'), 'PT409',
  'What somebody has read is not withdrawn.');

-- Mail
select is((select count(*)::integer from public.emails e where e.kind = 'note'), 0, 'Sending a note writes no e-mail.');
do $$
begin
  perform tests.act_as('admin two');
  perform public.notification_preferences(tests.id('ours'), '[{"kind": "note", "email": false}]');
  perform tests.act_as('postgres');
end
$$;
delete from private.note_mails where note_id not in (tests.id('to admins'), tests.id('to marketing'), tests.id('mistake'));
select lives_ok('select private.notify_of_notes()', 'The job notifies the readers.');
select is(array(select e.user_id from public.emails e where e.kind = 'note' and e.event_key = 'note:' || tests.id('to admins')),
  array[tests.id('admin')], 'Each reader who wants it gets an e-mail.');
select is((select count(*)::integer from public.emails e where e.event_key = 'note:' || tests.id('to marketing')), 0,
  'Who has read it gets none.');
select is((select count(*)::integer from public.notifications n where n.kind = 'note'), 0,
  'In the application the count of notes is enough.');
select is((select e.data::text from public.emails e where e.event_key = 'note:' || tests.id('to admins')) like '%Text of%', false,
  'The text is not in the mail.');
do $$
begin
  perform tests.act_as('admin');
  perform public.withdraw_note(tests.id('ours'), tests.id('mistake'));
  perform tests.act_as('postgres');
end
$$;
select is(array(select distinct e.status from public.emails e where e.event_key = 'note:' || tests.id('mistake')), '{canceled}',
  'A withdrawn note takes its e-mails along.');

-- Channels
select is(tests.outcome(actor, format('select where private.may_listen(%L)',
    'role:' || tests.id('ours') || ':marketing_agent:notes')), wanted, format('%s and the channel of marketing: %s.', actor, wanted))
from (values ('marketing_agent', '1'), ('marketing two', '0'), ('admin', '0'), ('viewer', '0'), ('suspended', '0'),
  ('their marketing', '0')) v (actor, wanted);
select is(tests.outcome('suspended', format('select where private.may_listen(%L)', 'role:' || tests.id('ours') || ':admin:notes')),
  '0', 'A suspended admin does not listen to the notes for admins.');
select is(tests.outcome('admin', format('select where private.may_listen(%L)', topic)), '0', format('%s is no channel.', topic))
from unnest(array['role:' || tests.id('ours') || ':admin', 'role:' || tests.id('theirs') || ':admin:notes',
  'role:' || tests.id('ours') || '::notes']) topic;

-- Roles that notes name
select is(tests.outcome('admin', 'delete from public.roles where key = ''board'''), 'PT409',
  'A role that recent notes name is not deleted.');

-- A limit
do $$
begin
  update private.rate_buckets set tokens = 0 where kind = 'note' and subject = tests.id('admin')::text;
end
$$;
create function tests.refusal() returns text language plpgsql as $$
declare
  code text;
begin
  perform tests.act_as('admin');
  code := public.send_note(tests.id('ours'), '{"title": "x", "description": "y", "recipients": ["admin"]}') ->> 'code';
  perform tests.act_as('postgres');
  return code;
end
$$;
select is(tests.refusal(), 'PT429', 'Somebody who sends very many notes has to wait.');

-- Who changes role moves the mark under the lock of notes
create table tests.versions as select version from private.note_versions where organization_id = tests.id('ours');
update public.memberships set role_id = (select id from public.roles where key = 'technical_agent' and organization_id is null)
where organization_id = tests.id('ours') and user_id = tests.id('marketing two');
select is((select version from private.note_versions where organization_id = tests.id('ours')), (select version + 1 from tests.versions),
  'A change of role raises the version: what was counted before is old.');

-- What is audited
select is(array(select distinct a.after ->> k from public.audit_logs a, unnest(array['title', 'description']) k
  where a.resource = 'notes' and a.action = 'insert'), '{***}', 'The text of notes is masked in the log.');

select * from finish();
rollback;
