-- Import of leads: permissions, and that a slice is written exactly once.
begin;
\ir support.inc
select no_plan();
do $$ begin perform tests.arrange(); end $$;
create function tests.upload(actor text, organization text, rows integer default 1) returns uuid language plpgsql as $$
declare
  upload uuid;
begin
  perform tests.act_as(actor);
  upload := (public.begin_lead_upload(tests.id(organization), 'leads.csv') ->> 'upload_id')::uuid;
  perform public.add_lead_upload_pieces(tests.id(organization), upload, '[
    {"position": 0, "first_row": 1, "content": "name,phone\nA,1\n"}, {"position": 1, "first_row": 3,
      "content": "B,2\n"}]');
  perform public.preview_lead_upload(tests.id(organization), upload,
    '{"delimiter": ",", "header_row": 1, "width": 2, "named": 2, "is_unicode": true, "hidden_rows": [],
      "columns": [{"index": 0, "name": "name"}], "total_rows": 2}', '[]',
    jsonb_build_object('upload_id', upload, 'duplicates', '{"rows": []}'::jsonb));
  perform tests.act_as('postgres');
  return upload;
end
$$;
create function tests.settings(on_duplicate text default 'skip') returns jsonb language sql immutable as $$
  select jsonb_build_object('mapping', '{"0": "full_name"}'::jsonb, 'on_duplicate', on_duplicate, 'source', 'import',
    'consent', null)
$$;
create function tests.execute(upload uuid) returns uuid language sql volatile as $$
  select (public.execute_lead_import(tests.id('ours'), upload, tests.settings()) ->> 'import_id')::uuid
$$;
create function tests.slice(runner uuid, "position" integer, rows jsonb,
  faults jsonb default '[]') returns text language sql volatile as $$
  select public.import_lead_slice(tests.id('import'), runner, "position", rows, faults) ->> 'state'
$$;
grant execute on all functions in schema tests to public;
do $$
begin
  perform tests.remember('upload', tests.upload('manager', 'ours')),
    tests.remember('their upload', tests.upload('outsider', 'theirs'));
end
$$;

-- Rights
select policies_are('lead_imports', array['those who import leads or clients read their organization''s imports']);
select tests.only('{admin,manager,campaign_manager}', 'open an upload', 'PT403',
  $$select public.begin_lead_upload(tests.id('ours'), 'x.csv')$$);
select tests.only('{admin,manager,campaign_manager}', 'look at an upload', 'PT403',
  $$select public.read_lead_upload(tests.id('ours'), tests.id('upload'))$$);
select tests.only('{admin,manager,campaign_manager}', 'list the waiting files', 'PT403',
  $$select public.list_lead_uploads(tests.id('ours'))$$);
select tests.only('{admin,manager,campaign_manager}', 'delete a waiting file', 'PT403',
  $$select public.delete_lead_upload(tests.id('ours'), tests.id('upload'))$$);
select is(tests.outcome('admin', $$select public.delete_lead_upload(tests.id('ours'), tests.id('their upload'))$$),
  'PT404',
  'Another organization''s waiting file is not found.');
select tests.only('{admin,manager,campaign_manager}', 'start an import', 'PT403',
  $$select tests.execute(tests.id('upload'))$$);
select tests.only('{admin,manager,campaign_manager}', 'list imports', 'PT403',
  $$select public.list_lead_imports(tests.id('ours'))$$);
select tests.only('{admin,manager,campaign_manager}', 'export leads', 'PT403',
  $$select public.export_leads(tests.id('ours'))$$);
select tests.only('{}', 'write an import', '42501', $$update public.lead_imports set status = 'done'$$);
select tests.only('{}', 'delete an import', '42501', $$delete from public.lead_imports$$);
select tests.only('{}', 'claim an import', '42501', $$select public.claim_lead_import(gen_random_uuid())$$);
select tests.only('{}', 'write a slice', '42501', $$select public.import_lead_slice(gen_random_uuid(),
  gen_random_uuid(), 0, '[]', '[]')$$);
select tests.only('{}', 'fail an import', '42501', $$select public.fail_lead_import(gen_random_uuid(),
  gen_random_uuid(), 'x')$$);
select is(tests.outcome('admin', $$select tests.execute(tests.id('their upload'))$$), 'PT404',
  'Another organization''s upload is not found.');
select is(tests.outcome('admin', $$select public.read_lead_upload(tests.id('ours'), tests.id('their upload'))$$),
  'PT404', 'It cannot be read either.');
select is(tests.outcome('admin', $$select public.add_lead_upload_pieces(tests.id('ours'), tests.id('upload'), '[]')$$),
  'PT404', 'A complete upload accepts no further pieces.');
select is(tests.outcome('admin', $$select public.discard_lead_upload(tests.id('ours'), tests.id('upload'))$$), '1',
  'Discarding a complete upload is no error.');
select ok(exists (select from private.lead_uploads where id = tests.id('upload')),
  'A complete upload is not discarded.');
select is(tests.outcome('manager', $$select public.execute_lead_import(tests.id('ours'), tests.id('upload'),
  tests.settings() || jsonb_build_object('assigned_to', tests.id('viewer')))$$), 'PT422',
    'Leads cannot be assigned to people who may not hold leads.');
select is(tests.outcome('manager', $$select public.execute_lead_import(tests.id('ours'), tests.id('upload'),
  tests.settings() || jsonb_build_object('assigned_to', tests.id('counselor')))$$), 'PT403',
    'A manager assigns leads within their team only.');

do $$
declare
  import uuid;
begin
  perform tests.act_as('manager');
  import := tests.execute(tests.id('upload'));
  perform tests.act_as('postgres');
  perform tests.remember('import', import);
end
$$;
select tests.only('{admin,manager,campaign_manager}', 'see the import', '0', $$select from public.lead_imports
  where id = tests.id('import')$$);
select tests.only('{admin,manager,campaign_manager}', 'see its progress', 'PT403',
  $$select public.get_lead_import(tests.id('ours'), tests.id('import'))$$);
select tests.only('{admin,manager,campaign_manager}', 'see its errors', 'PT403',
  $$select public.list_lead_import_errors(tests.id('ours'), tests.id('import'))$$);
do $$
begin
  perform tests.act_as('manager');
  perform public.list_lead_import_errors(tests.id('ours'), tests.id('import'), 1);
  perform tests.act_as('postgres');
end
$$;
select is((select count(*) from public.audit_logs where action = 'exported' and resource_id = tests.id('import')), 1::bigint,
  'Errors that are read from the second row on are an export.');
select tests.only('{admin,manager,campaign_manager}', 'cancel it', 'PT403',
  $$select public.cancel_lead_import(tests.id('ours'), tests.id('import'))$$);
select is(tests.outcome('outsider', $$select public.get_lead_import(tests.id('theirs'), tests.id('import'))$$),
  'PT404', 'Another organization''s import is not found.');
select is(tests.outcome('admin', $$select tests.execute(tests.id('upload'))$$), 'PT409', 'An upload is imported once.');

-- One runner at a time, one slice after the other
select tests.remember('first runner', gen_random_uuid()), tests.remember('second runner', gen_random_uuid());
select is(public.claim_lead_import(tests.id('first runner')) #>> '{piece,content}', E'name,phone\nA,1\n',
  'A runner gets the first piece.');
select is(public.claim_lead_import(tests.id('second runner')), null, 'A second runner gets nothing during the lease.');
select is(tests.slice(tests.id('second runner'), 0, '[]'), 'moved_on',
  'A slice of a runner without the lease is not written.');
select is(tests.slice(tests.id('first runner'), 1, '[]'), 'moved_on', 'A slice at another position is not written.');
select is(tests.slice(tests.id('first runner'), 0,
  '[{"row": 2, "first_name": "A", "phone": "+233244000001", "consented": true, "cells": ["A"]}]'),
  'running', 'The next slice is written.');
select is(tests.slice(tests.id('first runner'), 0,
  '[{"row": 2, "first_name": "A", "phone": "+233244000001", "consented": true, "cells": ["A"]}]'),
  'moved_on', 'It is not written twice.');
update private.lead_import_runs set leased_until = now() - interval '1 second' where import_id = tests.id('import');
select is(public.claim_lead_import(tests.id('second runner')) #>> '{piece,position}', '1',
  'After the lease another runner continues at the same position.');
select is(tests.slice(tests.id('first runner'), 1, '[]'), 'moved_on', 'The first runner can no longer write.');
select is(tests.slice(tests.id('second runner'), 1, '[
    {"row": 3, "first_name": "B", "phone": "+233244000002", "cells": ["B"], "warning": "email: left out"},
    {"row": 4, "first_name": "A again", "phone": "+233244000001", "cells": ["A again"]},
    {"row": 5, "first_name": "B again", "phone": "+233244000002", "repeats": true, "cells": ["B again"]}]',
  '[{"row": 6, "reason": "phone: bad", "cells": ["C"]}]'), 'done', 'The last slice ends the import.');
select results_eq($$select first_name, import_id, created_by from public.leads where organization_id = tests.id('ours')
  order by 1$$,
  $$values ('A', tests.id('import'), tests.id('manager')), ('B', tests.id('import'), tests.id('manager'))$$,
    'Every row is imported once.');
select is((select counts from public.lead_imports where id = tests.id('import')),
  '{"processed": 5, "created": 2, "updated": 0, "skipped": 2, "invalid": 1, "warned": 1}',
    'The import has the counts of its rows.');
select results_eq($$select "row", kind from private.lead_import_errors where import_id = tests.id('import')
  order by 1$$,
  $$values (3, 'warning'), (4, 'skipped'), (5, 'skipped'), (6, 'invalid')$$,
    'Rows that were not imported are kept for the error file.');
select is((select count(*) from private.lead_uploads where id = tests.id('upload')), 0::bigint, 'The file is deleted.');
select is((select count(*) from public.notifications where user_id = tests.id('manager') and kind = 'import_finished'),
  1::bigint, 'The creator is notified.');
select is((select distinct actor_id from public.audit_logs where resource = 'leads'
  and organization_id = tests.id('ours')), tests.id('manager'),
  'The audit log names the person who imported.');

-- An import that five runners could not finish fails
do $$
declare
  import uuid;
begin
  perform tests.act_as('postgres');
  perform tests.remember('upload', tests.upload('admin', 'ours'));
  perform tests.act_as('admin');
  import := tests.execute(tests.id('upload'));
  perform tests.act_as('postgres');
  perform tests.remember('import', import);
  for i in 1 .. 6 loop
    perform private.claim_lead_import(gen_random_uuid());
    update private.lead_import_runs set leased_until = now() - interval '1 second' where import_id = tests.id('import');
  end loop;
end
$$;
select is((select status from public.lead_imports where id = tests.id('import')), 'failed',
  'It fails after five interrupted runs.');

-- Imports take turns, those that have begun and new ones
do $$
declare
  thing text;
  import uuid;
begin
  foreach thing in array array['begun', 'new'] loop
    perform tests.act_as('postgres');
    perform tests.remember('upload', tests.upload('admin', 'ours'));
    perform tests.act_as('admin');
    import := tests.execute(tests.id('upload'));
    perform tests.act_as('postgres');
    perform tests.remember(thing, import);
  end loop;
  update private.lead_import_runs set next_position = 1, last_step_at = now() - interval '1 minute'
  where import_id = tests.id('begun');
end
$$;
select is((public.claim_lead_import(gen_random_uuid()) ->> 'id')::uuid, tests.id('begun'),
  'One that has begun is not kept waiting by those that come after its last step.');
update private.lead_import_runs set leased_until = null, last_step_at = now() + interval '1 second'
where import_id = tests.id('begun');
select is((public.claim_lead_import(gen_random_uuid()) ->> 'id')::uuid, tests.id('new'), 'Then it is the turn of the others.');
select private.end_lead_import(tests.id(i), 'failed', 'Enough') from unnest(array['begun', 'new']) i \g /dev/null

-- Waiting files
do $$
begin
  for i in 1 .. 12 loop
    perform tests.upload('admin', 'ours');
  end loop;
  perform tests.upload('campaign_manager', 'ours');
end
$$;
select is((select count(*) from private.lead_uploads where created_by = tests.id('admin')), 10::bigint,
  'The oldest waiting files of a person are deleted.');
select is((select count(*) from private.lead_uploads where created_by = tests.id('campaign_manager')), 1::bigint,
  'Those of other people are kept.');
select tests.act_as('manager');
select is(public.list_lead_uploads(tests.id('ours'), 2) ->> 'total', '11', 'Waiting files are listed.');
select is(public.list_lead_uploads(tests.id('ours'), 2) #>> '{rows,0,created_by_name}', 'Campaign_Manager',
  'The newest file is first.');
select tests.act_as('postgres');
insert into private.lead_uploads (organization_id, file_name, created_by, upload_complete)
select tests.id('ours'), 'x', tests.id('admin'), true from generate_series(1, 29);
select is(tests.outcome('viewer', $$select public.begin_lead_upload(tests.id('ours'), 'x.csv')$$), 'PT403',
  'A full organization does not change permissions.');
select is(tests.outcome('manager', $$select public.begin_lead_upload(tests.id('ours'), 'x.csv')$$), 'PT409',
  'In a full organization a person without waiting files is refused.');
select is(tests.outcome('campaign_manager', $$select public.begin_lead_upload(tests.id('ours'), 'x.csv')$$), '1',
  'A person with a waiting file replaces it.');

select tests.act_as('admin');
select is(jsonb_array_length(public.list_lead_uploads(tests.id('ours'), -1, -1) -> 'rows'), 1, 'Files are listed by the page.');
select tests.act_as('postgres');

-- Housekeeping
update private.lead_uploads set expires_at = now() - interval '1 second' where id = tests.id('their upload');
update public.lead_imports set finished_at = now() - interval '31 days';
select private.maintain();
select is((select count(*) from private.lead_uploads where id = tests.id('their upload')), 0::bigint,
  'Expired uploads are deleted.');
select is((select count(*) from private.lead_import_errors), 0::bigint, 'Old error rows are deleted.');

select * from finish();
rollback;
