-- The chain of the audit log: what a superuser changes, deletes or inserts afterwards is found and named.
begin;
\ir support.inc
select plan(84);
do $$
begin
  perform tests.arrange();
  perform tests.customer('one', 'ours', 'A1'), tests.customer('two', 'ours', 'A2'), tests.customer('theirs 1', 'theirs', 'B1');
end
$$;
create table tests.marks (name text primary key, at timestamptz);
insert into tests.marks select 'start', h.sealed_until from private.audit_horizon h;
-- Seals everything until this moment, as the task does when nothing else is under way.
create function tests.seal() returns integer language plpgsql as $$
declare
  since timestamptz := (select h.sealed_until from private.audit_horizon h);
  until timestamptz := date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond';
begin
  -- The horizon is never ahead of the clock.
  perform pg_sleep_until(until);
  update private.audit_horizon set sealed_until = until where singleton;
  return private.seal_audit_range(since, until);
end
$$;
create function tests.verify(actor text default 'admin', from_seal bigint default null, to_seal bigint default null)
returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.verify_audit_logs(tests.id('ours'), from_seal, to_seal);
  perform tests.act_as('postgres');
  return answer;
end
$$;
-- What verifying says after a superuser's change, which is undone.
create function tests.after(change text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  alter table public.audit_logs disable trigger user;
  execute change;
  answer := tests.verify();
  raise exception using errcode = 'TEST2', message = concat_ws(' ', answer ->> 'status', answer #>> '{fault,fault}',
    answer #>> '{fault,entry_id}');
exception when sqlstate 'TEST2' then
  return sqlerrm;
end
$$;

select tests.only('{admin}', 'verify the audit log', 'PT403', $$select public.verify_audit_logs(tests.id('ours'))$$);
select ok(tests.seal() > 0, 'What happened is sealed.');
update public.customers set name = 'Esi' where id = tests.id('one');
select tests.customer('three', 'ours', 'A3') is null as done;
select tests.seal() > 0 as done;
select tests.customer('theirs 2', 'theirs', 'B2') is null as done;
select tests.seal() > 0 as done;
select is(tests.verify() - array['verified_entries', 'kept_from', 'sealed_until', 'seal_hash'], '{"status": "whole", "fault": null,
  "from_seal": 1, "to_seal": 2, "next_seal": null, "erased_entries": 0}', 'Both seals are whole.');
select is((tests.verify() ->> 'verified_entries')::bigint,
  (select count(*) from public.audit_logs a, tests.marks m where a.organization_id = tests.id('ours')
    and a.id >= private.uuid_v7_floor(m.at)), 'Every entry is verified.');
select is((select count(*) from private.audit_hashes h where h.salt is null or length(h.salt) <> 16), 0::bigint,
  'Each has a salt of its own.');
select is(tests.seal(), 0, 'Nothing is sealed twice.');

-- Tampering
create view tests.victims as
  select a.id, row_number() over (order by a.id) as n from public.audit_logs a, tests.marks m
  where a.organization_id = tests.id('ours') and a.id >= private.uuid_v7_floor(m.at);
create function tests.victim(wanted bigint) returns uuid language sql stable as $$
  select v.id from tests.victims v where v.n = wanted
$$;
select is(tests.after(format('update public.audit_logs set %s where id = %L', change, tests.victim(3))),
  'tampered changed ' || tests.victim(3), 'Found: ' || change) from unnest(array['actor_id = gen_random_uuid()',
  'impersonator_id = gen_random_uuid()', 'action = ''delete''', 'resource = ''leads''', 'resource_id = null',
  'before = ''{}''', 'after = ''{"x": 1}''', 'after = null', 'changed = ''{name}''', 'via = ''auth''',
  'request_id = ''x''', 'ip = ''192.0.2.1''', 'created_at = created_at + interval ''1 second''']) change;
select is(tests.after(format('delete from public.audit_logs where id = %L', tests.victim(2))),
  'tampered deleted ' || tests.victim(2), 'A deleted entry is named.');
select is(tests.after(format('delete from public.audit_logs where id = %1$L; delete from private.audit_hashes where
  entry_id = %1$L', tests.victim(2))), 'tampered seal_changed', 'Deleting its hash too breaks the seal.');
select matches(tests.after(format('insert into public.audit_logs (id, organization_id, action, resource) values
  (private.uuid_v7(private.uuid_v7_time(%L) + interval ''1 millisecond''), %L, ''delete'', ''leads'')',
  tests.victim(2), tests.id('ours'))), '^tampered inserted [0-9a-f-]{36}$', 'An inserted entry is named.');
select is(tests.after(format('update public.audit_logs set organization_id = %L where id = %L', tests.id('theirs'),
  tests.victim(2))), 'tampered deleted ' || tests.victim(2), 'An entry that is moved to another organization is missed.');
select is(tests.after(change), 'tampered seal_changed', 'Found: ' || change) from unnest(array[
  'update private.audit_seals set entries = entries + 1 where number = 1',
  'update private.audit_seals set content_hash = sha256(''x'') where number = 1',
  'update private.audit_seals set sealed_until = sealed_until + interval ''1 millisecond'' where number = 1',
  'update private.audit_seals set hash = sha256(''x'') where number = 2',
  'delete from private.audit_seals where number = 1 and false; update private.audit_seals set hash = sha256(''x'')
    where number = 1']) change;
select is(tests.after(format('delete from private.audit_seals where number = 1 and organization_id = %L',
  tests.id('ours'))), 'tampered seal_deleted', 'A missing first seal is found.');
select matches(tests.after(format('delete from private.audit_seals where number = 2 and organization_id = %L',
  tests.id('ours'))), '^tampered seal_deleted', 'A missing last seal leaves entries that were never sealed.');
select matches(tests.after(format($$insert into public.audit_logs (id, organization_id, action, resource)
  select private.uuid_v7(h.sealed_until - interval '2 milliseconds'), %L, 'delete', 'leads'
  from private.audit_horizon h$$, tests.id('ours'))), '^tampered inserted',
  'An entry that is dated back behind the last seal is found.');
select is(tests.after(format('update private.audit_horizon set kept_from = now(); delete from public.audit_logs
  where id = %L', tests.victim(2))), 'tampered deleted ' || tests.victim(2),
  'A horizon that no retention can have moved there hides nothing.');
select is(tests.after(format('delete from public.audit_logs where organization_id = %1$L; delete from
  private.audit_hashes where organization_id = %1$L; delete from private.audit_seals where organization_id = %1$L',
  tests.id('ours'))), 'tampered seal_deleted', 'A log that is gone with its whole chain is missed.');
select is(tests.after(format('update public.organizations set created_at = created_at - interval ''1 day''
  where id = %1$L; delete from public.audit_logs where organization_id = %1$L; delete from private.audit_hashes
  where organization_id = %1$L; delete from private.audit_seals where organization_id = %1$L;
  update public.customers set name = ''Kofi'' where id = %2$L; select tests.seal()', tests.id('ours'), tests.id('one'))),
  'tampered seal_deleted', 'A chain that begins anew after the old one was dropped is found.');
select matches(tests.after('delete from private.audit_seals where true'), '^tampered seal_deleted',
  'A superuser who deletes the seals of all organizations is found.');
select is(tests.after('delete from private.audit_seals where true; delete from private.audit_hashes where true;
  delete from public.audit_logs where true'), 'tampered seal_deleted', 'So is one who deletes the entries too.');
select is(tests.verify('admin', 2, 2) ->> 'from_seal', '2', 'A part of the chain can be verified.');
select is(tests.outcome('admin', $$select public.verify_audit_logs(tests.id('ours'), 0)$$), 'PT422',
  'Seals are counted from one.');

-- Seals that are gone
create function tests.compare(asked text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('admin');
  execute format('select public.verify_audit_logs(tests.id(''ours''), %s)', asked) into answer;
  perform tests.act_as('postgres');
  return concat_ws(' ', answer ->> 'status', answer #>> '{fault,fault}', answer ->> 'next_seal');
exception when others then
  return sqlstate;
end
$$;
create table tests.hashes as
  select s.number, encode(s.hash, 'hex') as hash from private.audit_seals s where s.organization_id = tests.id('ours');
select is(tests.compare(asked), 'PT422', 'Not to be asked: ' || asked)
from unnest(array['3', '3, 3', '1, 3', '2, 1', '1, 2, ''x''', format('1, null, %L', repeat('a', 64))]) asked;
select is(tests.compare(format('null, %s, %L', h.number, h.hash)), 'whole', 'A hash that was kept is that of its seal.')
from tests.hashes h;
select is(tests.compare(format('null, 2, %L', hash)), 'tampered seal_changed', what) from (values
  ((select h.hash from tests.hashes h where h.number = 1), 'Another seal''s hash is not.'),
  (repeat('a', 64), 'A chain that was made anew is found.')) as kept (hash, what);
create function tests.without_seal(gone bigint, asked text) returns text language plpgsql as $$
declare
  answer text;
begin
  delete from private.audit_seals where organization_id = tests.id('ours') and number = gone;
  answer := tests.compare(asked);
  raise exception using errcode = 'TEST2', message = answer;
exception when sqlstate 'TEST2' then
  return sqlerrm;
end
$$;
select is(tests.without_seal(gone, asked), answer, format('Without seal %s, asked for %s', gone, asked)) from (values
  (1, '1, 1', 'tampered seal_deleted'), (1, '2', 'tampered seal_deleted'), (1, '1, 2', 'tampered seal_deleted'),
  (2, '2', 'PT422'), (2, '1, 2', 'PT422'), (2, '1, 1', 'whole')) as cases (gone, asked, answer);

-- Erased: only what a privacy request has emptied and recorded in the log. Everything else is a superuser's change.
insert into private.privacy_requests (id, organization_id, kind, subject, person) values
  (tests.remember('erasure', private.uuid_v7()), tests.id('ours'), 'erase', '{}', '{}'),
  (tests.remember('export', private.uuid_v7()), tests.id('ours'), 'export', '{}', '{}'),
  (tests.remember('their erasure', private.uuid_v7()), tests.id('theirs'), 'erase', '{}', '{}');
create function tests.emptied(victim bigint) returns text language sql as $$
  select format('update public.audit_logs set before = null, after = null where id = %1$L;
    update private.audit_hashes set salt = null where entry_id = %1$L;', tests.victim(victim))
$$;
create function tests.recorded(request text, victim bigint, organization text default 'ours') returns text language sql as $$
  select format('select private.record_erasure(%L, %L, null, array[%L]::uuid[]);', tests.id(organization),
    tests.id(request), tests.victim(victim))
$$;
select is(tests.after(tests.emptied(3) || tests.recorded('erasure', 3)), 'whole',
  'Values that a request has erased with their salt leave the chain whole.');
select is(tests.after(tests.emptied(3)), 'tampered changed ' || tests.victim(3),
  'A superuser who empties values and salt is found.');
select is(tests.after(tests.emptied(2) || tests.emptied(3) || tests.recorded('erasure', 2) || format('
  update private.audit_hashes set erased_by = (select erased_by from private.audit_hashes where entry_id = %L)
  where entry_id = %L', tests.victim(2), tests.victim(3))),
  'tampered changed ' || tests.victim(3), 'So is one who points at the record of another erasure.');
select is(tests.after(tests.emptied(3) || tests.recorded(request, 3, organization)),
  'tampered changed ' || tests.victim(3), 'No record of an erasure: ' || request)
from (values ('export', 'ours'), ('their erasure', 'ours'), ('their erasure', 'theirs'), ('nothing', 'ours'))
  as r (request, organization);
select is(tests.after(tests.emptied(3) || tests.recorded('erasure', 3) || tests.emptied(2)),
  'tampered changed ' || tests.victim(2), 'One more entry than the record names is found.');
select is(tests.after(tests.emptied(3) || tests.recorded('erasure', 3) || format('update public.audit_logs
  set after = ''{"entries": 1}'' where action = ''erased'' and resource_id = %L', tests.id('erasure'))),
  'tampered changed ' || tests.victim(3), 'A record that is damaged proves nothing.');
select matches(tests.after(tests.emptied(3) || tests.recorded('erasure', 3) || 'select tests.seal();'
  || format('update public.audit_logs set after = jsonb_build_object(''entries'', jsonb_build_array(%L, %L))
    where action = ''erased'' and resource_id = %L;', tests.victim(2), tests.victim(3), tests.id('erasure'))
  || tests.emptied(2) || format('update private.audit_hashes set erased_by = (select erased_by from private.audit_hashes
    where entry_id = %L) where entry_id = %L', tests.victim(3), tests.victim(2))),
  '^tampered changed ', 'A sealed record that names another entry afterwards is changed itself.');
select is(tests.after(format('update public.audit_logs set after = ''{"x": 1}'' where id = %1$L;
  update private.audit_hashes set salt = null where entry_id = %1$L', tests.victim(3))),
  'tampered changed ' || tests.victim(3), 'Other values are not erased ones.');

-- A request is bounded in seals too, and what retention dropped is not missed after the log is kept longer
do $$
declare
  since timestamptz := date_trunc('month', now() - interval '20 months', 'UTC') + interval '1 day';
  moment timestamptz;
begin
  perform tests.organization('long'), tests.member('keeper', 'long', 'admin');
  perform private.create_month_partition('public.audit_logs', since);
  perform private.create_month_partition('public.audit_logs', now() - interval '1 hour');
  for n in 1..510 loop
    -- Two in a month that will be dropped.
    moment := case when n <= 2 then since else date_trunc('milliseconds', now()) - interval '1 hour' end
      + n * interval '1 millisecond';
    insert into public.audit_logs (id, organization_id, action, resource)
    values (private.uuid_v7(moment), tests.id('long'), 'delete', 'leads');
    perform private.seal_audit_range(moment, moment + interval '1 millisecond');
  end loop;
  perform tests.seal();
end
$$;
create function tests.verify_long(from_seal bigint default null) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as('keeper');
  answer := public.verify_audit_logs(tests.id('long'), from_seal);
  perform tests.act_as('postgres');
  return jsonb_build_array(answer ->> 'status', answer -> 'from_seal', answer -> 'to_seal', answer -> 'next_seal');
end
$$;
select is(tests.verify_long(), '["whole", 1, 500, 501]', 'At most 500 seals are verified at once.');
select is(tests.verify_long(501), '["whole", 501, 511, null]', 'The rest follows.');
update public.organizations set audit_retention_months = 12;
do $$ begin perform private.maintain(); end $$;
select is(tests.verify_long(), '["whole", 3, 502, 503]', 'What retention dropped is left out.');
update public.organizations set audit_retention_months = 120 where id = tests.id('theirs');
select is(tests.verify_long(), '["whole", 3, 502, 503]',
  'It stays so when another organization keeps the log longer.');
select is(tests.verify_long(1), '["whole", 1, 500, 501]', 'Seals of what was dropped may be asked for.');
do $$ begin perform private.maintain(); end $$;
select is(tests.verify_long(), '["whole", 3, 502, 503]', 'The next night changes nothing.');

-- The task
select ok(private.audit_sealable_until() <= now() - interval '1 minute', 'What may still be written is not sealed.');
select is(private.seal_audit_logs(), 0, 'The task seals nothing of the last minute.');

select * from finish();
rollback;
