-- Suppressions, the ledger and do-not-call lists: who may do what, and how a registry's lines are read.
begin;
\ir support.inc
select plan(93);
do $$ begin perform tests.arrange(); end $$;
grant execute on all functions in schema tests to public;

select tests.only(array['admin', 'campaign_manager'], 'suppress a number', 'PT403',
  format('select public.create_suppression(%L, ''{"phone": "+12025550111"}'')', tests.id('ours')));
select tests.only(array['admin', 'campaign_manager'], 'import suppressions', 'PT403',
  format('select public.import_suppressions(%L, array[''+12025550111''], ''all'', ''x'', ''{}'')', tests.id('ours')));
select tests.only(array['admin', 'campaign_manager', 'operator', 'viewer'], 'check numbers', 'PT403',
  format('select public.check_numbers(%L, array[''+12025550111''])', tests.id('ours')));
select tests.only(array['admin', 'campaign_manager', 'operator'], 'record consent', 'PT403',
  format('select public.add_consent(%L, %L)', tests.id('ours'),
    '{"event": "granted", "phone": "+12025550111", "source": "x", "occurred_at": "2026-01-01"}'));
select tests.only(array['admin', 'campaign_manager'], 'begin a list', 'PT403',
  format('select public.begin_dnc_list(%L, ''{"name": "x", "kind": "registry", "calling_code": "1"}'')',
    tests.id('ours')));
select tests.only(array['admin', 'campaign_manager', 'operator', 'viewer'], 'see the lists', 'PT403',
  format('select public.list_dnc_lists(%L)', tests.id('ours')));
select is(tests.outcome('admin', statement), '42501', 'Only the job may: ' || statement)
from unnest(array['select public.claim_dnc_list()', 'select public.import_dnc_slice(private.uuid_v7())']) statement;

select is(private.dnc_phone(line, code), wanted, format('%s in a list of +%s.', line, code))
from (values ('2025550111', '1', '+12025550111'), ('12025550111', '1', '+12025550111'),
  ('202,5550111', '1', '+12025550111'), ('"202";"5550111"', '1', '+12025550111'),
  ('Ama,(202) 555-0111', '1', '+12025550111'), ('+233244123456', '1', '+233244123456'),
  ('0244123456', '233', '+233244123456'), ('233244123456', '233', '+233244123456'),
  ('00233244123456', '1', '+233244123456'), ('1025550111', '1', null), ('nonsense', '1', null),
  ('', '1', null)) as l (line, code, wanted);

-- Pieces of a file
insert into public.dnc_lists (id, organization_id, name, kind, created_by)
values (tests.remember('list', private.uuid_v7()), tests.id('ours'), 'Ours', 'registry', tests.id('admin'));
select is(tests.outcome('admin', format('select public.add_dnc_pieces(%L, %L, %s)', tests.id('ours'), tests.id('list'), pieces)),
  wanted, 'Pieces: ' || pieces)
from (values ('array[repeat(''1'', 262144)]', '1'), ('array[repeat(''1'', 262145)]', 'PT422'), ('array[null]', 'PT422'),
  ('array_fill(''1''::text, array[101])', 'PT422'), ('''{}''', 'PT422')) as p (pieces, wanted);

-- A number among many
insert into public.suppressions (organization_id, phone, source, lifted_at)
select tests.id('ours'), '+1' || 2020000000 + n, 'import', case when n % 3 = 0 then now() end
from generate_series(1, 20000) n;
analyze public.suppressions;
create function tests.plan(condition text) returns text language plpgsql as $$
declare
  answer json;
begin
  execute format('explain (format json) select s from public.suppressions s
      where s.organization_id = %L and %s order by s.id desc limit 50',
    tests.id('ours'), condition) into answer;
  return answer::text;
end
$$;
select unalike(tests.plan($$s.phone = '+12020000777'$$), '%Seq Scan%',
  'A number''s suppressions are found with an index, lifted or not.');
select unalike(tests.plan($$s.source = 'litigator'$$), '%Seq Scan%',
  'Suppressions of a rare source are found with an index.');
select * from finish();
rollback;
