-- What a schedule sends is bounded by its owner's rights and wishes, and so is what recipients and links give away.
begin;
\ir support.inc
select no_plan();

create function tests.report(name text, owner text, sharing text, definition jsonb default
  '{"source": "leads", "aggregations": [{"function": "count"}]}')
returns uuid language sql as $$
  insert into public.reports (id, organization_id, owner_id, name, source, definition, sharing, team_id)
  values (tests.remember(name, private.uuid_v7()), tests.id('ours'), tests.id(owner), initcap(name),
    definition ->> 'source', private.checked_report(definition), sharing,
    case when sharing = 'team' then tests.id('north') end)
  returning id
$$;
create function tests.schedule(name text, owner text, report text, recipients text[])
returns void language sql as $$
  insert into public.report_schedules (id, organization_id, report_id, owner_id, frequency, local_time, time_zone, format,
    next_run_at)
  values (tests.remember(name, private.uuid_v7()), tests.id('ours'), tests.id(report), tests.id(owner), 'daily', '07:00',
    'Africa/Accra', 'csv', now() + interval '1 hour');
  insert into public.report_recipients (organization_id, schedule_id, user_id, address)
  select tests.id('ours'), tests.id(name), tests.id(r), case when tests.id(r) is null then r end
  from unnest(recipients) r;
$$;
create function tests.state(schedule text) returns text language sql stable as $$
  select concat_ws(' ', s.status, s.pause_reason) from public.report_schedules s where s.id = tests.id(schedule)
$$;
create function tests.run_state(run text) returns text language sql stable as $$
  select concat_ws(' ', r.status, r.reason) from public.report_runs r where r.id = tests.id(run)
$$;
create function tests.mailed(run text) returns text language sql stable as $$
  select string_agg(e.to_address, ', ' order by e.to_address) from public.emails e
  where e.event_key = 'report_run:' || tests.id(run)
$$;
-- The steps of a run of this schedule, as the job takes them.
create function tests.queue(run text, schedule text) returns void language sql as $$
  select tests.act_as('postgres');
  select tests.remember(run, (private.queue_report_run(r, s.owner_id, s.format, s)).id)
  from public.report_schedules s join public.reports r on r.id = s.report_id where s.id = tests.id(schedule);
$$;
create function tests.freeze(run text) returns void language sql as $$
  select private.claim_report_run(tests.id('ours')), private.freeze_report_run(tests.id(run), tests.id('ours')),
    tests.act_as('postgres')
$$;
create function tests.finish(run text) returns void language sql as $$
  select private.finish_report_run(tests.id(run), tests.id('ours'), 1, 'x', 0)
$$;
create function tests.run(run text, schedule text) returns void language sql as $$
  select tests.queue(run, schedule);
  select tests.freeze(run);
  select tests.finish(run);
$$;
create function tests.change(actor text, report text, change jsonb) returns void language sql as $$
  select tests.act_as(actor);
  select public.update_report(tests.id('ours'), tests.id(report), change);
  select tests.act_as('postgres');
$$;
grant execute on all functions in schema tests to public;

do $$
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name)
  values (tests.remember('north', gen_random_uuid()), tests.id('ours'), 'North');
  perform tests.member('deputy', 'ours', 'manager'), tests.member('mate', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('north') where organization_id = tests.id('ours')
    and user_id in (tests.id('manager'), tests.id('deputy'), tests.id('mate'));
  insert into public.leads (organization_id, first_name, team_id) values (tests.id('ours'), 'Ama', tests.id('north'));
end
$$;

-- Who changes a shared report does not decide what others send
select tests.report('shared', 'admin', 'organization');
select tests.schedule('own', 'admin', 'shared', '{admin}'), tests.schedule('others', 'manager', 'shared', '{manager}');
select tests.change('admin', 'shared', '{"name": "New name"}');
select is(tests.state('others'), 'active', 'A new name pauses nothing.');
select tests.change('admin', 'shared', '{"definition": {"aggregations": [{"function": "count"}]}}');
select is(tests.state('others'), 'active', 'The same definition pauses nothing.');
select tests.change('admin', 'shared', '{"definition": {"grouping": [{"field": "leads.source"}]}}');
select is(tests.state('others'), 'paused report_changed', 'A changed definition pauses the schedules of others.');
select is(tests.state('own'), 'active', 'Those of the person who changes it stay.');
select set_eq($$select user_id from public.notifications where title = 'A scheduled report was paused: New name'$$,
  array[tests.id('manager')], 'Their owners are notified.');
select tests.queue('withdrawn', 'others');
select tests.change('admin', 'shared', '{"sharing": "private"}');
select tests.freeze('withdrawn');
select is(tests.run_state('withdrawn'), 'refused report_not_shared',
  'A report that its owner may not open any more is not sent.');
select tests.queue('deleted', 'own');
update public.reports set deleted_at = now() where id = tests.id('shared');
select tests.freeze('deleted');
select is(tests.run_state('deleted'), 'refused report_deleted', 'A deleted report is not sent.');
select tests.report('orphan', 'admin', 'private');
update public.reports set owner_id = null where id = tests.id('orphan');
select is(tests.outcome('manager', $$select public.get_report(tests.id('ours'), tests.id('orphan'))$$), 'PT404',
  'A private report whose owner has no account any more is nobody''s.');

-- reports:write in the organization does not reach rows of people who may see more
select tests.act_as('postgres');
insert into public.roles (id, organization_id, key, name)
values (tests.remember('editor role', private.uuid_v7()), tests.id('ours'), 'editor', 'Editor');
insert into public.role_permissions (role_id, permission, scope)
select tests.id('editor role'), p.name, case p.name when 'leads:read' then 'own' else 'organization' end
from private.permissions p
where p.name in ('reports:read', 'reports:write', 'reports:export', 'reports:share', 'leads:read');
insert into public.memberships (organization_id, user_id, role_id)
select tests.id('ours'), tests.person(name), tests.id('editor role') from unnest(array['editor', 'reviewer']) name;
select tests.report('everybodys', 'admin', 'organization');
select tests.schedule('admins', 'admin', 'everybodys', '{admin}'),
  tests.schedule('editors', 'editor', 'everybodys', '{editor}'),
  tests.schedule('reviewers', 'reviewer', 'everybodys', '{reviewer}'),
  tests.schedule('leavers', 'suspended', 'everybodys', '{viewer}');
select is(tests.outcome(actor, format(statement, schedule)), wanted, format('%s: %s', actor, format(statement, schedule)))
from (
  values ('editor', 'admins', array['PT403', 'PT403', 'PT403', 'PT403']),
    ('editor', 'reviewers', array['1', '1', '1', '1']), ('admin', 'editors', array['1', '1', '1', '1']),
    ('editor', 'leavers', array['PT403', 'PT403', '1', '1']), ('manager', 'editors', array['PT404', 'PT404', 'PT404',
      'PT404'])
) as c (actor, schedule, outcomes)
cross join lateral unnest(array[
  $$select public.update_report_schedule(tests.id('ours'), tests.id('%s'), '{"recipients": ["editor@tests.example"]}')$$,
  $$select public.run_report_schedule_now(tests.id('ours'), tests.id('%s'))$$,
  $$select public.update_report_schedule(tests.id('ours'), tests.id('%s'), '{"status": "paused"}')$$,
  $$select public.delete_report_schedule(tests.id('ours'), tests.id('%s'))$$
], outcomes) as o (statement, wanted);
select is(tests.outcome(actor, format($$select public.hand_over_report_schedule(tests.id('ours'), tests.id(%L),
    tests.id(%L))$$, schedule, heir)), wanted, format('%s gives the %s schedule to %s.', actor, schedule, heir))
from (
  values ('editor', 'editors', 'admin', 'PT403'), ('editor', 'editors', 'reviewer', '1'),
    ('editor', 'leavers', 'editor', '1'), ('editor', 'admins', 'editor', 'PT403'), ('admin', 'leavers', 'manager', '1')
) as c (actor, schedule, heir, wanted);
select tests.report('secret', 'admin', 'private');
select tests.schedule('secrets', 'admin', 'secret', '{admin}');
select is(tests.outcome('admin', $$select public.hand_over_report_schedule(tests.id('ours'), tests.id('secrets'),
  tests.id('manager'))$$), 'PT422', 'A schedule goes to nobody who cannot open its report.');
select tests.report('teams', 'manager', 'team');
select tests.schedule('managers', 'manager', 'teams', '{manager}');
select is(tests.outcome(actor, format($$select public.update_report_schedule(tests.id('ours'), tests.id('managers'),
    '{"recipients": [%s]}')$$, recipients)), wanted, format('%s sends the rows of a manager to %s.', actor, recipients))
from (
  values ('manager', '"manager@tests.example", "mate@tests.example"', '1'),
    ('manager', '"viewer@tests.example"', 'PT403'), ('admin', '"mate@tests.example"', '1'),
    ('admin', '"admin@tests.example"', 'PT403')
) as c (actor, recipients, wanted);

-- A suspended colleague is nobody outside, and neither is one without reports
insert into public.roles (id, organization_id, key, name)
values (tests.remember('no reports', private.uuid_v7()), tests.id('ours'), 'no_reports', 'No reports');
insert into public.memberships (organization_id, user_id, role_id)
values (tests.id('ours'), tests.person('excluded'), tests.id('no reports'));
insert into public.report_settings (organization_id, outside_links) values (tests.id('ours'), true);
update public.organizations set standing = 'approved' where id = tests.id('ours');
select is(tests.outcome('admin', format($$select public.schedule_report(tests.id('ours'), tests.id('everybodys'),
    '{"frequency": "daily", "time": "07:00", "format": "csv", "recipients": [%s]}')$$, recipients)), wanted,
  format('%s as recipients', recipients))
from (
  values ('"auditor@elsewhere.example"', '1'), ('"viewer@tests.example"', '1'),
    ('"excluded@tests.example"', 'PT422'), ('"Suspended@tests.example"', 'PT422'),
    ('"auditor@elsewhere.example", "suspended@tests.example"', 'PT422'), ('"outsider@tests.example"', '1')
) as c (recipients, wanted);
select tests.schedule('outside', 'admin', 'everybodys',
  '{auditor@elsewhere.example,suspended@tests.example,viewer@tests.example,excluded}');
select tests.run('outside run', 'outside');
select is(tests.mailed('outside run'), 'auditor@elsewhere.example',
  'Addresses of members get no link, and members who may not open reports no mail.');

-- A schedule of an API key ends with it
insert into public.profiles (id, is_service, email, full_name)
values (tests.remember('robot', private.uuid_v7()), true, '', 'Robot');
insert into public.memberships (organization_id, user_id, role_id)
values (tests.id('ours'), tests.id('robot'), tests.role('admin'));
insert into public.api_keys (id, organization_id, name) values (tests.id('robot'), tests.id('ours'), 'Robot');
select tests.schedule('robots', 'robot', 'everybodys', '{viewer}');
select tests.run('robots run', 'robots');
select is(tests.run_state('robots run'), 'ready', 'A key''s schedule runs.');
update public.api_keys set expires_at = now() where id = tests.id('robot');
select tests.queue('expired run', 'robots'), tests.freeze('expired run');
select is(tests.run_state('expired run'), 'refused key_expired', 'After its expiry nothing is sent.');
select is(tests.state('robots'), 'paused key_expired', 'It is paused with the reason.');

-- What was given away ends with the rights of those who gave it
create function tests.without(statement text, what text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform tests.act_as('postgres');
  execute statement;
  execute what into answer;
  raise exception using errcode = 'TEST1', message = coalesce(answer, 'nothing');
exception when sqlstate 'TEST1' then
  return sqlerrm;
end
$$;
create function tests.opened(token text) returns boolean language plpgsql as $$
begin
  perform tests.act_as('service_role');
  return public.open_report_link(token) -> 'file' <> 'null';
end
$$;
insert into public.roles (id, organization_id, key, name)
values (tests.remember('owner role', private.uuid_v7()), tests.id('ours'), 'report_owner', 'Report owner');
insert into public.role_permissions (role_id, permission, scope)
select tests.id('owner role'), p.name, 'organization' from private.permissions p
where p.name in ('reports:read', 'reports:export', 'reports:share', 'leads:read', 'leads:export');
insert into public.memberships (organization_id, user_id, role_id, team_id)
values (tests.id('ours'), tests.person('owner'), tests.id('owner role'), tests.id('north'));
select tests.report('owners', 'owner', 'private', '{"source": "leads", "fields": ["leads.first_name"]}');
select tests.schedule('given', 'owner', 'owners', '{mate,viewer,auditor@elsewhere.example}');
select tests.run('given run', 'given');
select is(tests.mailed('given run'), 'auditor@elsewhere.example, mate@tests.example, viewer@tests.example',
  'Members and people outside are mailed.');
insert into public.report_links (organization_id, run_id, token_hash, created_by, expires_at)
values (tests.id('ours'), tests.id('given run'), private.token_hash('by editor'), tests.id('editor'),
  now() + interval '1 day');
create table tests.losses (loss text, statement text);
insert into tests.losses values
  ('nothing', 'select'),
  ('the source', format('delete from public.role_permissions where role_id = %L and permission = %L',
    tests.id('owner role'), 'leads:read')),
  ('single rows', format('delete from public.role_permissions where role_id = %L and permission = %L',
    tests.id('owner role'), 'leads:export')),
  ('reports:export', format('delete from public.role_permissions where role_id = %L and permission = %L',
    tests.id('owner role'), 'reports:export')),
  ('their membership', format('update public.memberships set status = %L where user_id = %L', 'suspended',
    tests.id('owner'))),
  ('their account', format('update public.report_runs set owner_id = null where id = %L', tests.id('given run')));
grant select on tests.losses to public;
select is(tests.without(l.statement, $$select tests.opened('by editor')$$), (l.loss = 'nothing')::text,
  format('A link, when the owner of the run loses %s.', l.loss)) from tests.losses l;
select is(tests.without(l.statement, $$select tests.outcome('viewer',
    $s$select public.download_report_run(tests.id('ours'), tests.id('given run'))$s$)$$),
  case l.loss when 'nothing' then '1' else 'PT404' end,
  format('The file for those who were mailed it, when its owner loses %s.', l.loss)) from tests.losses l;
select is(tests.without(l.statement, format($$select string_agg(distinct (private.email_cancel_reason(e.id, e.kind,
    e.organization_id, e.user_id) is null)::text, ', ') from public.emails e where e.event_key = %L$$,
    'report_run:' || tests.id('given run'))), (l.loss = 'nothing')::text,
  format('Its mails leave, when its owner loses %s.', l.loss)) from tests.losses l;
select is(tests.without(format('update public.role_permissions set scope = %L where role_id = %L and permission = %L',
    'team', tests.id('editor role'), 'reports:share'), $$select tests.opened('by editor')$$), 'false',
  'A link ends when its maker may share with a team only.');
select is(tests.without(format('update public.report_settings set outside_links = false where organization_id = %L',
    tests.id('ours')), format($$select string_agg(e.to_address, ', ') from public.emails e where e.event_key = %L
      and private.email_cancel_reason(e.id, e.kind, e.organization_id, e.user_id) is not null$$,
    'report_run:' || tests.id('given run'))), 'auditor@elsewhere.example',
  'Mails to people outside do not leave when the organization allows no links any more.');
create function tests.shown(actor text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.get_report_run(tests.id('ours'), tests.id('given run'));
  return concat_ws(' ', jsonb_typeof(answer -> 'totals'), jsonb_typeof(answer -> 'columns'),
    jsonb_typeof(answer -> 'definition'));
end
$$;
select is(tests.without(l.statement, $$select tests.shown('owner')$$), case l.loss when 'nothing'
    then 'array array object' else 'null null null' end,
  format('What a run shows of its file, when its owner loses %s.', l.loss))
from tests.losses l where l.loss in ('nothing', 'the source', 'single rows', 'reports:export');
select is(tests.outcome('owner', format('select %s from public.report_runs where id = %L', c, tests.id('given run'))),
  '42501', format('%s of a run is not read directly.', c))
from unnest(array['totals', 'chart_rows', 'columns', 'definition', 'partial']) c;
select is(tests.outcome('owner', format('select status, row_count from public.report_runs where id = %L',
  tests.id('given run'))), '1', 'Its state is.');
-- Who sees a schedule sees that it ran, not what came of it
select is(tests.without('select', $$select tests.shown('admin')$$), 'null null null',
  'Who changes all reports sees the runs of a schedule, without what their files hold.');
select is(tests.outcome(actor, $$select public.get_report_run(tests.id('ours'), tests.id('given run'))$$), wanted,
  format('The run of the schedule and %s.', actor))
from (values ('counselor', 'PT404'), ('viewer', '1'), ('outsider', 'PT403')) v (actor, wanted);
create function tests.runs(actor text) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.list_report_runs(tests.id('ours'));
  perform tests.act_as('postgres');
  return (select string_agg(r ->> 'is_received', ' ') from jsonb_array_elements(answer -> 'rows') r
    where r ->> 'id' = tests.id('given run')::text);
end
$$;
create function tests.handed_over(question text) returns text language sql as $$
  select tests.without(format('update public.report_schedules set owner_id = %L where id = %L', tests.id('counselor'),
    tests.id('given')), question)
$$;
select is(tests.runs('counselor'), null, 'The history has nothing of others.');
select is(tests.handed_over($$select tests.runs('counselor')$$), 'false',
  'After a hand-over the new owner sees the runs from before in the history.');
select is(tests.handed_over($$select tests.shown('counselor')$$), 'null null null', 'What they hold is not shown.');
select is(tests.handed_over($$select tests.outcome('counselor',
    $s$select public.download_report_run(tests.id('ours'), tests.id('given run'))$s$)$$), 'PT404',
  'Their files are not given.');

-- Links are found by those who may revoke them
create function tests.links(actor text, run uuid default null) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  answer := public.list_report_links(tests.id('ours'), run);
  perform tests.act_as('postgres');
  return (select string_agg(distinct l ->> 'owner_id', ' ') from jsonb_array_elements(answer -> 'rows') l
    where l ->> 'run_id' = tests.id('given run')::text);
exception when others then
  perform tests.act_as('postgres');
  return sqlstate;
end
$$;
select is(tests.links(actor), wanted, format('All links, %s', actor))
from (values ('admin', tests.id('owner')::text), ('owner', 'PT403'), ('manager', 'PT403'), ('viewer', 'PT403'),
  ('outsider', 'PT403')) v (actor, wanted);
select is(tests.links(actor, tests.id('given run')), wanted, format('The links to a run of somebody else, %s', actor))
from (values ('admin', tests.id('owner')::text), ('manager', 'PT404'), ('viewer', 'PT404'), ('outsider', 'PT403'))
  v (actor, wanted);
select is(tests.links('admin', gen_random_uuid()), 'PT404', 'The links to a run that is not there, admin');
select is(tests.outcome(actor, format('select from public.report_links where run_id = %L', tests.id('given run'))), wanted,
  format('Links to read directly, %s', actor))
from (values ('admin', '2'), ('owner', '2'), ('manager', '0'), ('viewer', '0'), ('outsider', '0')) v (actor, wanted);

create function tests.end_of(run text, schedule text) returns text language plpgsql as $$
begin
  perform tests.finish(run);
  return concat_ws(': ', tests.state(schedule), tests.mailed(run));
end
$$;
select tests.queue('late', 'given'), tests.freeze('late');
select is(tests.without(l.statement, $$select tests.end_of('late', 'given')$$), case l.loss when 'nothing'
    then 'active: auditor@elsewhere.example, mate@tests.example, viewer@tests.example'
    else 'paused permission_denied' end,
  format('A run that ends after its owner lost %s.', l.loss)) from tests.losses l where l.loss <> 'their account';
select is(tests.without(format('update public.role_permissions set scope = %L where role_id = %L and permission = %L',
    'team', tests.id('owner role'), 'reports:share'), $$select tests.end_of('late', 'given')$$),
  'active: mate@tests.example',
  'A run is sent as far as its owner may share at that moment.');

-- Personal data of leads needs leads:export, whatever the source
select tests.act_as('postgres');
insert into public.lead_fields (organization_id, key, label, type, choices, position)
values (tests.id('ours'), 'nickname', 'Nickname', 'text', '{}', 1),
  (tests.id('ours'), 'program', 'Program', 'choice', '{MBA}', 2);
insert into public.role_permissions (role_id, permission, scope)
select tests.id('owner role'), p, 'organization'
from unnest(array['tasks:read', 'messages:read', 'campaigns:read', 'conversations:read', 'interactions:read']) p;
create table tests.files (source text, shown text, field text, wanted text);
insert into tests.files values ('tasks', 'fields', 'title', '1'), ('tasks', 'fields', 'lead.source', '1'),
  ('tasks', 'fields', 'lead.full_name', 'PT403'), ('tasks', 'grouping', 'lead.phone', 'PT403'),
  ('tasks', 'fields', 'lead.custom.nickname', 'PT403'), ('tasks', 'grouping', 'lead.custom.nickname', 'PT403'),
  ('tasks', 'grouping', 'lead.custom.program', '1'), ('messages', 'fields', 'lead.full_name', 'PT403'),
  ('campaign_targets', 'grouping', 'lead.email', 'PT403'), ('conversations', 'fields', 'lead.phone', 'PT403'),
  ('leads', 'grouping', 'custom.nickname', 'PT403'), ('leads', 'grouping', 'custom.program', '1'),
  ('interactions', 'grouping', 'lead.custom.nickname', 'PT403'), ('messages', 'fields', 'to_number', 'PT403'),
  ('messages', 'fields', 'body', 'PT403'), ('messages', 'grouping', 'from_number', 'PT403'),
  ('messages', 'fields', 'status', '1'), ('conversations', 'fields', 'phone', 'PT403'),
  ('campaign_targets', 'grouping', 'phone', 'PT403'), ('campaign_targets', 'fields', 'reason', '1');
select tests.report(concat_ws(' ', f.source, f.shown, f.field), 'owner', 'private', case f.shown
  when 'fields' then jsonb_build_object('source', f.source, 'fields', jsonb_build_array(f.source || '.' || f.field))
  else jsonb_build_object('source', f.source, 'grouping', jsonb_build_array(jsonb_build_object('field',
    f.source || '.' || f.field))) end) from tests.files f;
select is(tests.outcome('owner', format('select public.export_report(tests.id(%L), tests.id(%L), %L)', 'ours',
  concat_ws(' ', f.source, f.shown, f.field), 'csv')), '1', format('With leads:export: %s by %s.', f.source, f.field))
from tests.files f;
delete from public.role_permissions where role_id = tests.id('owner role') and permission = 'leads:export';
select is(tests.outcome('owner', format('select public.export_report(tests.id(%L), tests.id(%L), %L)', 'ours',
  concat_ws(' ', f.source, f.shown, f.field), 'csv')), f.wanted, format('Without it: %s of %s.', f.shown, f.field))
from tests.files f;
insert into public.role_permissions (role_id, permission, scope)
values (tests.id('owner role'), 'customers:read', 'organization');
select tests.report('of customers', 'owner', 'private', '{"source": "messages", "fields": ["messages.to_number"],
  "filters": {"all": [{"field": "messages.customer.id", "operator": "is_not_empty"}]}}');
select is(tests.outcome('owner', $$select public.export_report(tests.id('ours'), tests.id('of customers'), 'csv')$$),
  '1', 'Numbers of customers need no leads:export.');
insert into public.role_permissions (role_id, permission, scope) values (tests.id('owner role'), 'leads:export', 'own');
select is(tests.outcome('owner', $$select public.export_report(tests.id('ours'), tests.id('messages fields to_number'),
  'csv')$$), 'PT403', 'Numbers of all leads need leads:export for all.');
delete from public.role_permissions where role_id = tests.id('owner role') and permission = 'leads:export';
delete from public.lead_fields where organization_id = tests.id('ours') and key = 'nickname';
select is(tests.outcome('owner', format('select public.export_report(tests.id(%L), tests.id(%L), %L)', 'ours',
  'tasks grouping lead.custom.nickname', 'csv')), 'PT403', 'A field that was removed counts as personal.');
update public.report_schedules set status = 'paused', pause_reason = 'by_person', next_run_at = null
where id = tests.id('given');
select is(tests.outcome('owner', $$select public.update_report_schedule(tests.id('ours'), tests.id('given'),
  '{"status": "active"}')$$), 'PT403', 'A schedule whose file one may not have any more is not activated.');

select * from finish();
rollback;
