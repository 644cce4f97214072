-- Leads, students, custom fields and settings: permissions by role and scope (own, team, organization).
begin;
\ir support.inc
select plan(490);
create function tests.lead(name text, organization text, assigned_to text default null, created_by text default null,
  phone text default null, team text default null)
returns uuid language plpgsql as $$
declare
  lead uuid;
begin
  insert into public.leads (organization_id, first_name, phone, email, assigned_to, created_by, team_id)
  values (tests.id(organization), name, phone, replace(name, ' ', '_') || '@leads.example', tests.id(assigned_to),
    tests.id(created_by), tests.id(team))
  returning id into lead;
  insert into public.students (organization_id, lead_id, first_name)
    values (tests.id(organization), lead, name || '''s child');
  return tests.remember(name, lead);
end
$$;
-- The names that the list function returns for an actor, sorted.
create function tests.found(actor text, filters jsonb default '{}') returns text language plpgsql as $$
begin
  perform tests.act_as(actor);
  return (
    select string_agg(l ->> 'first_name', ',' order by l ->> 'first_name')
    from jsonb_array_elements(public.list_leads(tests.id('ours'), filters, 'created_at', 50, 0) -> 'rows') l);
end
$$;
grant execute on all functions in schema tests to public;

do $$
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name)
  values (tests.remember('north', gen_random_uuid()), tests.id('ours'), 'North'),
    (tests.remember('south', gen_random_uuid()), tests.id('ours'), 'South'),
    (tests.remember('abroad', gen_random_uuid()), tests.id('theirs'), 'Abroad');
  perform tests.member('colleague', 'ours', 'counselor'), tests.member('neighbour', 'ours', 'counselor'),
    tests.member('retired', 'ours', 'counselor', 'suspended');
  update public.memberships set team_id = tests.id('north')
  where organization_id = tests.id('ours') and user_id in (tests.id('manager'), tests.id('counselor'),
    tests.id('colleague'));
  update public.memberships set team_id = tests.id('south')
  where organization_id = tests.id('ours') and user_id = tests.id('neighbour');
  perform tests.lead('mine', 'ours', 'counselor', 'admin', '+233244000001'),
    tests.lead('made', 'ours', null, 'counselor'),
    tests.lead('colleagues', 'ours', 'colleague', 'admin', '+233244000002'),
      tests.lead('neighbours', 'ours', 'neighbour', 'admin'),
    tests.lead('north one', 'ours', null, 'admin', null, 'north'), tests.lead('free', 'ours', null, 'admin'),
    tests.lead('retireds', 'ours', 'retired', 'retired'),
      tests.lead('deleted', 'ours', 'counselor', 'counselor', '+233244000003'),
    tests.lead('foreign', 'theirs', 'outsider', 'outsider', '+233244000001');
  update public.leads set deleted_at = now() where id = tests.id('deleted');
  insert into public.lead_fields (organization_id, key, label, type, position)
    values (tests.id('ours'), 'program', 'Program', 'text', 1);
end
$$;

-- Policies and grants
select policies_are('leads', array['people read leads within the scope of their permission']);
select policies_are('students', array['those who see the lead read its students']);
select policies_are('lead_fields', array['members read their organization''s lead fields']);
select policies_are('lead_settings', array['members read their organization''s lead settings']);

-- Reading rows
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see a lead assigned to the counselor', '0',
  $$select from public.leads where id = tests.id('mine')$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see a lead created by the counselor', '0',
  $$select from public.leads where id = tests.id('made')$$);
select tests.only('{admin,manager,campaign_manager,viewer}', 'see a lead of the counselor''s colleague', '0',
  $$select from public.leads where id = tests.id('colleagues')$$);
select tests.only('{admin,manager,campaign_manager,viewer}', 'see an unassigned lead of the team', '0',
  $$select from public.leads where id = tests.id('north one')$$);
select tests.only('{admin,campaign_manager,viewer}', 'see a lead of another team', '0',
  $$select from public.leads where id = tests.id('neighbours')$$);
select tests.only('{admin,campaign_manager,viewer}', 'see a lead of no team', '0', $$select from public.leads
  where id = tests.id('free')$$);
select tests.only('{}', 'see a deleted lead', '0', $$select from public.leads where id = tests.id('deleted')$$);
select tests.only('{outsider}', 'see another organization''s lead', '0', $$select from public.leads
  where id = tests.id('foreign')$$);
select is(tests.outcome('retired', $$select from public.leads$$), '0',
  'A suspended counselor sees none of their own leads.');
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see the student of the counselor''s lead', '0',
  $$select from public.students where lead_id = tests.id('mine')$$);
select tests.only('{admin,manager,campaign_manager,viewer}', 'see the student of a colleague''s lead', '0',
  $$select from public.students where lead_id = tests.id('colleagues')$$);
select tests.only('{}', 'see the student of a deleted lead', '0', $$select from public.students
  where lead_id = tests.id('deleted')$$);
select tests.only(tests.everyone(), 'see the lead fields', '0', $$select from public.lead_fields
  where organization_id = tests.id('ours')$$);
select tests.only(tests.everyone(), 'see the lead settings', '0', $$select from public.lead_settings
  where organization_id = tests.id('ours')$$);

-- Rows cannot be written directly
select tests.only('{}', format('run: %s', statement), '42501', statement) from unnest(array[
  $$insert into public.leads (organization_id, first_name, status, currency)
    values (tests.id('ours'), 'New', 'new', 'GHS')$$,
  $$update public.leads set first_name = 'x' where id = tests.id('mine')$$,
  $$delete from public.leads where id = tests.id('mine')$$,
  $$insert into public.students (organization_id, lead_id, first_name)
    values (tests.id('ours'), tests.id('mine'), 'x')$$,
  $$update public.students set first_name = 'x'$$,
  $$delete from public.students$$,
  $$update public.lead_fields set label = 'x'$$,
  $$update public.lead_settings set sla_minutes = 1$$,
  $$update public.lead_settings set capacity = 1$$]) statement;
select is(tests.outcome('service_role', $$update public.leads set first_name = 'x'$$), '42501',
  'The service role cannot write leads either.');

-- Functions that people call, by role
select tests.only('{admin,manager,counselor,campaign_manager}', 'add a lead', 'PT403',
  $$select public.create_lead(tests.id('ours'), '{"first_name": "New", "phone": "+233244000009"}')$$);
select tests.only('{admin,manager,campaign_manager,viewer,counselor}', 'list leads', 'PT403',
  $$select public.list_leads(tests.id('ours'), '{}', 'created_at', 50, 0)$$);
select tests.only('{admin,manager,campaign_manager}', 'list deleted leads', 'PT403',
  $$select public.list_leads(tests.id('ours'), '{"deleted": "true"}', 'created_at', 50, 0)$$);
select tests.only('{admin,manager,campaign_manager,viewer,counselor}', 'read the counselor''s lead', 'PT403',
  $$select public.get_lead(tests.id('ours'), tests.id('mine'))$$);
select tests.only('{admin,manager,campaign_manager,counselor}', 'change the counselor''s lead', 'PT403',
  $$select public.update_lead(tests.id('ours'), tests.id('mine'), '{"region": "Oti"}')$$);
select tests.only('{admin,manager,campaign_manager}', 'delete the counselor''s lead', 'PT403',
  $$select public.delete_lead(tests.id('ours'), tests.id('mine'))$$);
select tests.only('{admin,manager,campaign_manager}', 'restore the counselor''s lead', 'PT403',
  $$select public.restore_lead(tests.id('ours'), tests.id('deleted'))$$);
select tests.only('{admin,manager,campaign_manager}', 'add a second lead with a number', 'PT403',
  $$select public.create_lead(tests.id('ours'), '{"phone": "+233244000001"}', true)$$);
select tests.only('{admin,manager,campaign_manager,counselor}', 'add a student to the counselor''s lead', 'PT403',
  $$select public.create_student(tests.id('ours'), tests.id('mine'), '{"first_name": "Esi"}')$$);
select tests.only('{admin,manager,campaign_manager,viewer,counselor}', 'list the students of the counselor''s lead',
  'PT403',
  $$select public.list_students(tests.id('ours'), tests.id('mine'), 50, 0)$$);
select tests.only('{admin,manager,campaign_manager,viewer,counselor}', 'read the lead fields by the function', 'PT403',
  $$select public.lead_fields(tests.id('ours'))$$);
select tests.only('{admin}', 'set the lead fields', 'PT403', $$select public.set_lead_fields(tests.id('ours'), '[]')$$);

-- A lead outside the caller's scope is 404 for every function
select is(tests.outcome(actor, format(call, 'ours', lead)), 'PT404',
  format('For the %s lead %s is not found: %s', actor, lead, call))
from (values ('counselor', 'colleagues'), ('manager', 'neighbours'), ('manager', 'free'), ('counselor', 'deleted'),
  ('admin', 'foreign')) a (actor, lead)
cross join unnest(array[
  $$select public.get_lead(tests.id(%L), tests.id(%L))$$,
  $$select public.update_lead(tests.id(%L), tests.id(%L), '{"region": "Oti"}', 99)$$,
  $$select public.create_student(tests.id(%L), tests.id(%L), '{"first_name": "Esi"}')$$,
  $$select public.list_students(tests.id(%L), tests.id(%L), 50, 0)$$]) call;
select is(tests.outcome('manager', $$select public.delete_lead(tests.id('ours'), tests.id('neighbours'))$$), 'PT404',
  'A manager cannot delete another team''s lead.');
select is(tests.outcome('outsider', $$select public.restore_lead(tests.id('theirs'), tests.id('deleted'))$$), 'PT404',
  'Nobody restores another organization''s lead.');
select is(tests.outcome('viewer', $$select public.update_lead(tests.id('ours'), tests.id('free'),
  '{"region": "Oti"}')$$), 'PT403', 'A viewer changes nothing.');
select is(tests.outcome('admin', $$select public.list_leads(tests.id('theirs'), '{}', 'created_at', 50, 0)$$), 'PT403',
  'No list of another organization''s leads.');
select is(tests.outcome('admin', $$select public.create_lead(tests.id('theirs'), '{"first_name": "x"}')$$), 'PT403',
  'No lead is added to another organization.');
select is(tests.outcome('admin', $$select public.create_lead(tests.id('ours'),
  jsonb_build_object('first_name', 'x', 'organization_id', tests.id('theirs')))$$),
  '1', 'organization_id in the lead is ignored.');
select is(tests.outcome('admin', $$select public.create_lead(tests.id('ours'),
  jsonb_build_object('first_name', 'x', 'team_id', tests.id('abroad')))$$),
  'PT422', 'A lead cannot belong to another organization''s team.');
select is(tests.outcome('admin', $$select public.list_leads(tests.id('ours'), '{}', 'search_text; drop table leads',
  50, 0)$$), 'PT422', 'Lists can only be sorted by certain columns.');

-- Lists and search
select is(tests.found('admin'), 'colleagues,free,made,mine,neighbours,north one,retireds', 'Admins find all.');
select is(tests.found('viewer'), tests.found('admin'), 'Viewers too.');
select is(tests.found('manager'), 'colleagues,made,mine,north one', 'Managers find those of their team.');
select is(tests.found('counselor'), 'made,mine', 'Counselors find their own.');
select is(tests.found('neighbour'), 'neighbours', 'The counselor of the other team finds their own.');
select is(tests.found('counselor', '{"search": "leads.example"}'), 'made,mine',
  'A search finds nothing outside the scope.');
select is(tests.found('manager', '{"search": "e"}'), 'colleagues,made,mine,north one',
  'A short search term finds nothing outside the scope either.');
select is(tests.found('counselor', '{"search": "colleagues"}'), null,
  'Leads outside the own scope are not found by name.');
select is(tests.found('counselor', jsonb_build_object('assigned_to', tests.id('colleague'))), null,
  'They are not found by assignee.');
select is(tests.found('counselor', jsonb_build_object('team_id', tests.id('north'))), 'made,mine',
  'The team filter finds only own leads.');
select is(tests.found('counselor', '{"status": "x'' or ''1'' = ''1"}'), null, 'Filters cannot inject SQL.');
select is(tests.found('counselor', '{"search": "x'' or ''1'' = ''1"}'), null, 'Searches cannot inject SQL.');
select is(tests.found('counselor', '{"search": "x\\"}'), null, 'A backslash in a search is only a character.');
select is(tests.found('admin', '{"search": "0244000001"}'), 'mine', 'A local number finds the international one.');
select is(tests.found('manager', '{"deleted": "true"}'), 'deleted', 'Deleted leads have a list of their own.');
select tests.act_as('manager');
select is((public.list_leads(tests.id('ours'), '{}', 'created_at', 1, 0) ->> 'total')::integer, 4,
  'Totals count leads within the scope only.');

-- Duplicates
select tests.act_as('postgres');
select is(private.duplicate_of(tests.id('ours'), '+233244000001', null), tests.id('mine'), 'A number is found.');
select is(private.duplicate_of(tests.id('ours'), null, 'mine@leads.example'), tests.id('mine'), 'An address is found.');
select is(private.duplicate_of(tests.id('ours'), '+233244000002', 'mine@leads.example'), tests.id('mine'),
  'Of two duplicates the older one is returned.');
select is(private.duplicate_of(tests.id('ours'), '+233244000001', null, tests.id('mine')), null,
  'A lead is not its own duplicate.');
select is(private.duplicate_of(tests.id('ours'), '+233244000003', null), null, 'A deleted lead is no duplicate.');
select is(private.duplicate_of(tests.id('ours'), null, null), null,
  'A lead without number and address has no duplicates.');
select is(tests.outcome('counselor', $$select public.create_lead(tests.id('ours'), '{"phone": "+233244000002"}')$$),
  'PT409',
  'A number of another person''s lead is refused.');
select is(tests.outcome('counselor', $$select public.update_lead(tests.id('ours'), tests.id('mine'),
  '{"phone": "+233244000002"}')$$), 'PT409',
  'A change to such a number is refused too.');

-- Custom fields
select is(private.custom_field_errors(
    '[{"key": "f", "type": "text", "required": false, "choices": []},
      {"key": "c", "type": "choice", "required": true, "choices": ["a", "b"]},
      {"key": "d", "type": "date", "required": false, "choices": []}, {"key": "m", "type": "choices",
        "required": false, "choices": ["a", "b"]}]',
    given::jsonb) #>> '{}', wanted, given || ' is validated.')
from (values
  ('{"c": "a"}', '[]'),
  ('{"c": "a", "d": "2028-02-29", "m": ["b", "a"], "f": "x"}', '[]'),
  ('{}', '[{"path": "custom_fields.c", "message": "is required"}]'),
  ('{"c": "z"}', '[{"path": "custom_fields.c", "message": "must be one of the field''s choices"}]'),
  ('{"c": "a", "d": "2027-02-29"}', '[{"path": "custom_fields.d", "message": "must be a date such as 2026-11-21"}]'),
  ('{"c": "a", "m": ["a", "z"]}', '[{"path": "custom_fields.m", "message": "must be a list of the field''s choices"}]'),
  ('{"c": "a", "f": {}}', '[{"path": "custom_fields.f", "message": "must be a text"}]'),
  ('{"c": "a", "x": 1}',
    '[{"path": "custom_fields.x", "message": "is not one of the organization''s lead fields"}]')) v (given, wanted);
select volatility_is('private', 'custom_field_errors', array['jsonb', 'jsonb'], 'immutable',
  'Values are validated from the arguments alone.');

-- Versions and outcomes follow
select tests.act_as('counselor');
select is(public.update_lead(tests.id('ours'), tests.id('mine'), '{"region": "Oti"}', 1) -> 'lead' ->> 'version', '2',
  'A change raises the version.');
select is(public.update_lead(tests.id('ours'), tests.id('mine'), '{"region": "Volta"}', 1) -> 'stale' ->> 'region',
  'Oti', 'An outdated version gets the current lead.');
select is(public.update_lead(tests.id('ours'), tests.id('mine'),
  '{"version": 9, "created_by": null, "deleted_at": "2026-01-01"}', 2) -> 'lead' ->> 'version', '2',
  'Columns that people may not set are not changed.');
select tests.act_as('postgres');
select is((select changed from public.audit_logs where resource_id = tests.id('mine') and action = 'update'
  order by id desc limit 1),
  array['region', 'version'], 'The audit log has the change.');

-- Helpers cannot be called directly
select ok(not has_function_privilege('authenticated', f, 'execute'), f || ' cannot be called by authenticated users.')
from unnest(array['private.lead_conditions(uuid, jsonb, text)', 'private.lead_filters(uuid, jsonb)',
  'private.lead_scope_filter(uuid, text)',
  'private.duplicate_of(uuid, text, text, uuid)', 'private.lock_lead_contacts(uuid, text, text)',
    'private.lead_of(uuid, uuid)',
  'private.reject_duplicate(uuid, text, text, boolean, uuid)', 'private.custom_field_errors(jsonb, jsonb)',
    'private.lead_recipient(uuid, uuid)',
  'private.checked_custom_fields(uuid, jsonb, jsonb, boolean)', 'private.lead_field_definitions(uuid)']) f;

select * from finish();
rollback;
