-- Import of clients: the role table, that files of leads and clients are apart, that a slice is written exactly once,
-- and what a row does to a client that is known.
begin;
\ir support.inc
select no_plan();
do $$ begin perform tests.arrange(); end $$;
create function tests.upload(actor text, organization text, kind text) returns uuid language plpgsql as $$
declare
  upload uuid;
begin
  perform tests.act_as(actor);
  upload := (public.begin_lead_upload(tests.id(organization), 'clients.csv', kind) ->> 'upload_id')::uuid;
  perform public.add_lead_upload_pieces(tests.id(organization), upload, '[
    {"position": 0, "first_row": 1, "content": "name\nA\n"}, {"position": 1, "first_row": 3, "content": "B\n"}]', kind);
  perform public.preview_lead_upload(tests.id(organization), upload,
    '{"delimiter": ",", "header_row": 1, "width": 1, "named": 1, "is_unicode": true, "hidden_rows": [],
      "columns": [{"index": 0, "name": "name"}], "total_rows": 2}', '[]',
    jsonb_build_object('upload_id', upload, 'duplicates', '{"rows": []}'::jsonb), kind);
  perform tests.act_as('postgres');
  return upload;
end
$$;
create function tests.execute(upload uuid, kind text default 'clients', on_duplicate text default 'update')
returns uuid language sql volatile as $$
  select (public.execute_lead_import(tests.id('ours'), upload, jsonb_build_object('mapping', '{"0": "name"}'::jsonb,
    'on_duplicate', on_duplicate, 'observed_from', '2024-01-01'), kind) ->> 'import_id')::uuid
$$;
create function tests.slice(runner text, "position" integer, rows jsonb, faults jsonb default '[]')
returns text language sql volatile as $$
  select public.import_lead_slice(tests.id('import'), tests.id(runner), "position", rows, faults) ->> 'state'
$$;
create function tests.spells() returns text language sql stable as $$
  select string_agg(concat_ws(' ', c.name, s.starts_on, s.ends_on, s.reason, 'seen from', s.observed_from), '; '
    order by c.name, s.starts_on)
  from public.client_spells s join public.clients c on c.id = s.client_id where s.organization_id = tests.id('ours')
$$;
grant execute on all functions in schema tests to public;
do $$
begin
  perform tests.remember('upload', tests.upload('marketing_agent', 'ours', 'clients')),
    tests.remember('their upload', tests.upload('outsider', 'theirs', 'clients')),
    tests.remember('leads upload', tests.upload('manager', 'ours', 'leads'));
end
$$;

-- Rights
select tests.only('{admin,marketing_agent}', what, 'PT403', statement) from (values
  ('open an upload', $$select public.begin_lead_upload(tests.id('ours'), 'x.csv', 'clients')$$),
  ('look at an upload', $$select public.read_lead_upload(tests.id('ours'), tests.id('upload'), false, 'clients')$$),
  ('list the waiting files', $$select public.list_lead_uploads(tests.id('ours'), kind => 'clients')$$),
  ('delete a waiting file', $$select public.delete_lead_upload(tests.id('ours'), tests.id('upload'), 'clients')$$),
  ('start an import', $$select tests.execute(tests.id('upload'))$$),
  ('list imports', $$select public.list_lead_imports(tests.id('ours'), kind => 'clients')$$)) v (what, statement);
select is(tests.outcome('admin', format(statement, 'leads', 'clients')), 'PT404', format('A file of clients is none of leads: %s', statement))
from (values
  ($$select public.read_lead_upload(tests.id('ours'), tests.id('upload'), false, '%1$s')$$),
  ($$select public.delete_lead_upload(tests.id('ours'), tests.id('upload'), '%1$s')$$),
  ($$select tests.execute(tests.id('leads upload'), '%2$s')$$),
  ($$select tests.execute(tests.id('their upload'), '%2$s')$$)) v (statement);
select is(tests.outcome('admin', $$select public.begin_lead_upload(tests.id('ours'), 'x.csv', kind)$$), '42703', 'A kind is given.');
select is(tests.outcome('admin', format($$select public.begin_lead_upload(tests.id('ours'), 'x.csv', %L)$$, kind)), 'PT422',
  'Other files than of leads and clients are refused.') from (values ('members'), (null)) v (kind);
select is(tests.outcome('admin', $$select public.execute_lead_import(tests.id('ours'), tests.id('upload'),
    '{"mapping": {"0": "name"}, "on_duplicate": "skip", "observed_from": "2999-01-01"}', 'clients')$$), 'PT422',
  'Nobody has been seen in the future.');

do $$
declare
  import uuid;
begin
  perform tests.act_as('marketing_agent');
  import := tests.execute(tests.id('upload'));
  perform tests.act_as('postgres');
  perform tests.remember('import', import);
  perform tests.remember('first', gen_random_uuid()), tests.remember('second', gen_random_uuid());
end
$$;
select tests.only('{admin,marketing_agent}', 'see the import', '0',
  $$select from public.lead_imports where id = tests.id('import')$$);
select tests.only('{admin,marketing_agent}', what, 'PT403', statement) from (values
  ('see its progress', $$select public.get_lead_import(tests.id('ours'), tests.id('import'), 'clients')$$),
  ('see its errors', $$select public.list_lead_import_errors(tests.id('ours'), tests.id('import'), kind => 'clients')$$),
  ('cancel it', $$select public.cancel_lead_import(tests.id('ours'), tests.id('import'), 'clients')$$)) v (what, statement);
select is(tests.outcome('admin', $$select public.get_lead_import(tests.id('ours'), tests.id('import'))$$), 'PT404',
  'An import of clients is none of leads.');
select is(tests.outcome('outsider', $$select public.get_lead_import(tests.id('theirs'), tests.id('import'), 'clients')$$),
  'PT404', 'Another organization''s import is not found.');

-- One runner at a time, one slice after the other
select is(public.claim_lead_import(tests.id('first')) ->> 'kind', 'clients', 'A runner is told what the file has.');
select is(tests.slice('second', 0, '[]'), 'moved_on', 'A slice of a runner without the lease is not written.');
select is(tests.slice('first', 0, '[
    {"row": 2, "name": "A", "external_id": "A-1", "since": "2023-05-01", "mrr": "1200.00", "interval": "year", "cells": []},
    {"row": 3, "name": "B", "external_id": "B-1", "since": "2022-05-01", "churned_on": "2024-07-01", "cells": []}]'),
  'running', 'A slice is written.');
select is(tests.slice('first', 0, '[{"row": 2, "name": "A", "cells": []}]'), 'moved_on', 'It is not written twice.');
update private.lead_import_runs set leased_until = now() - interval '1 second' where import_id = tests.id('import');
select is(public.claim_lead_import(tests.id('second')) #>> '{piece,position}', '1',
  'After the lease another runner goes on at the same place.');
select is(tests.slice('first', 1, '[]'), 'moved_on', 'The first one writes nothing any more.');
select is(tests.slice('second', 1, format('[
    {"row": 4, "name": "B", "external_id": "b-1", "since": "2025-02-01", "mrr": "20", "repeats": true, "round": 2, "cells": []},
    {"row": 5, "name": %s, "external_id": "C-1", "cells": ["x"]},
    {"row": 6, "name": "D", "phone": "+233244000001", "cells": []},
    {"row": 7, "name": "D again", "phone": "+233244000001", "repeats": true, "round": 2, "cells": []}]',
    to_jsonb(repeat('x', 201)))::jsonb, '[{"row": 10, "reason": "since: bad", "cells": ["C"]}]'), 'done',
  'The last slice ends the import.');
select is(tests.spells(), 'A 2023-05-01 seen from 2024-01-01; B 2022-05-01 2024-07-01 unknown seen from 2024-01-01; '
  'B 2025-02-01 seen from 2025-02-01', 'Times of service are there, past ones too, seen from the day the file is complete.');
select is((select string_agg(concat_ws(' ', c.name, c.external_id, c.status, c.mrr), '; ' order by c.name, c.external_id)
    from public.clients c where c.organization_id = tests.id('ours')),
  'A A-1 active 100.00; B b-1 active 20.00; D prospect 0.00', 'Yearly amounts are divided.');
select is((select counts - 'warned' from public.lead_imports where id = tests.id('import')),
  '{"processed": 7, "created": 3, "updated": 1, "skipped": 1, "invalid": 2}', 'Only the row that the database refuses fails.');
select is((select string_agg(concat_ws(' ', e."row", e.kind), ', ' order by e."row") from private.lead_import_errors e
    where e.import_id = tests.id('import')), '5 invalid, 7 skipped, 10 invalid', 'Others are kept for the error file.');
select is((select distinct actor_id from public.audit_logs where resource = 'clients' and organization_id = tests.id('ours')),
  tests.id('marketing_agent'), 'The audit log names the person who imported.');
select is((select count(*) from public.notifications where user_id = tests.id('marketing_agent')
  and kind = 'import_finished' and data ->> 'kind' = 'clients'), 1::bigint, 'The creator is notified.');

-- Rows that find a client by its number
do $$
declare
  import uuid;
begin
  perform tests.remember('upload', tests.upload('admin', 'ours', 'clients'));
  perform tests.act_as('admin');
  import := tests.execute(tests.id('upload'));
  perform tests.act_as('postgres');
  perform tests.remember('import', import);
  perform private.claim_lead_import(tests.id('first'));
  perform tests.slice('first', 0, '[
    {"row": 2, "name": "D", "external_id": "D-1", "phone": "+233244000001", "cells": []},
    {"row": 3, "name": "E", "external_id": "E-1", "phone": "+233244000001", "cells": []}]');
  perform tests.slice('first', 1, '[{"row": 4, "name": "F", "external_id": "F-1", "phone": "+233244000001", "cells": []}]');
end
$$;
select is((select string_agg(concat_ws(' ', c.name, c.external_id), ', ' order by c.name) from public.clients c
    where c.phone = '+233244000001'), 'D D-1, E E-1, F F-1',
  'A client without an external id gets one; with another external id it is another client that shares the number.');

-- Who may not import any more
do $$
declare
  import uuid;
begin
  perform tests.remember('upload', tests.upload('marketing_agent', 'ours', 'clients'));
  perform tests.act_as('marketing_agent');
  import := tests.execute(tests.id('upload'));
  perform tests.act_as('postgres');
  perform tests.remember('import', import);
  perform private.claim_lead_import(tests.id('first'));
  update public.memberships set status = 'suspended' where user_id = tests.id('marketing_agent');
end
$$;
select is(tests.slice('first', 0, '[{"row": 2, "name": "Late", "cells": []}]'), 'failed',
  'The import fails when its creator may not import any more.');
select is((select count(*) from public.clients where name = 'Late'), 0::bigint, 'Nothing is written then.');

select * from finish();
rollback;
