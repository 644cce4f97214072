-- Who may see and do what with clients: the role table cell by cell, the scopes that an organization's own roles may
-- have, the other organization, and what the tables themselves show.
begin;
\ir support.inc
select plan(485);

create function tests.client(name text, organization text, actor text, terms jsonb default '{}') returns uuid
language plpgsql as $$
declare
  client uuid;
begin
  perform tests.act_as(actor);
  client := public.create_client(tests.id(organization), jsonb_build_object('name', name, 'amount', '10') || terms) ->> 'id';
  perform tests.act_as('postgres');
  return tests.remember(name, client);
end
$$;
create function tests.as_admin(statement text) returns void language plpgsql as $$
begin
  perform tests.act_as('admin');
  execute statement;
  perform tests.act_as('postgres');
end
$$;

do $$
begin
  perform tests.arrange();
  perform tests.client('acme', 'ours', 'admin', '{"external_id": "X-1", "contacts": [{"name": "Ama"}]}');
  perform tests.client('other', 'ours', 'admin'), tests.client('foreign', 'theirs', 'outsider', '{"external_id": "X-1"}');
  perform tests.client('doomed', 'ours', 'admin');
  perform tests.as_admin($q$select public.delete_client(tests.id('ours'), tests.id('doomed'))$q$);
  perform tests.as_admin($q$select public.create_client_issue(tests.id('ours'), tests.id('acme'), '{"title": "Dark"}')$q$);
  perform tests.as_admin(
    $q$select public.create_client_interaction(tests.id('ours'), tests.id('acme'), '{"type": "call"}')$q$);
  perform tests.remember('issue', (select id from public.client_issues));
  perform tests.remember('contact', (select id from public.client_contacts where client_id = tests.id('acme')));
  perform tests.remember('movement', (select id from public.client_movements where client_id = tests.id('acme')));
end
$$;

select policies_are('clients', array['people read clients within the scope of their permission']);
select policies_are('client_contacts', array['those who see the client read its contacts']);
select policies_are('client_interactions', array['those who see the client read its interactions']);
select policies_are('client_issues', array['those who see the client read its issues']);
select policies_are('client_links', array['those who see both sides read links']);
select policies_are('client_risks', array['those who see the client read its risk']);
select policies_are('client_segments', array['members read their organization''s client segments']);
select policies_are('incident_types', array['members read their organization''s incident types']);

-- The role table
select tests.only(array['admin', 'marketing_agent', 'technical_agent', 'viewer'], what, 'PT403', statement)
from (values
  ('list clients', $$select public.list_clients(tests.id('ours'), '{}', '-score', 50, 0)$$),
  ('see a client', $$select public.get_client(tests.id('ours'), tests.id('acme'))$$),
  ('see its detail', $$select public.client_detail(tests.id('ours'), tests.id('acme'))$$),
  ('see its movements', $$select public.list_client_movements(tests.id('ours'), tests.id('acme'), 50, 0)$$),
  ('see its links', $$select public.client_links(tests.id('ours'), tests.id('acme'))$$),
  ('see segments', $$select public.client_segments(tests.id('ours'))$$),
  ('see churn trends', $$select public.churn_trends(tests.id('ours'))$$),
  ('see churn by segment', $$select public.churn_by_segment(tests.id('ours'))$$),
  ('see cohorts', $$select public.churn_cohorts(tests.id('ours'))$$),
  ('see survival', $$select public.churn_survival(tests.id('ours'))$$)) v (what, statement);
select tests.only(array['admin', 'marketing_agent', 'technical_agent'], what, 'PT403', statement)
from (values
  ('add a client', $$select public.create_client(tests.id('ours'), '{"name": "New"}')$$),
  ('change a client', $$select public.update_client(tests.id('ours'), tests.id('acme'), '{"name": "Acme"}')$$),
  ('add a contact', $$select public.save_client_contact(tests.id('ours'), tests.id('acme'), '{"name": "Kofi"}')$$),
  ('log an interaction',
    $$select public.create_client_interaction(tests.id('ours'), tests.id('acme'), '{"type": "note"}')$$),
  ('record what a client pays',
    $$select public.record_client_movement(tests.id('ours'), tests.id('acme'), 'mrr', '{"amount": "20"}')$$),
  ('record a churn', $$select public.record_client_movement(tests.id('ours'), tests.id('acme'), 'churn')$$),
  ('reverse a movement', $$select public.reverse_client_movement(tests.id('ours'), tests.id('acme'), tests.id('movement'))$$)
  ) v (what, statement);
select tests.only(array['admin', 'technical_agent'], what, 'PT403', statement)
from (values
  ('add an issue', $$select public.create_client_issue(tests.id('ours'), tests.id('acme'), '{"title": "Slow"}')$$),
  ('close an issue', $$select public.update_client_issue(tests.id('ours'), tests.id('acme'), tests.id('issue'),
    '{"status": "closed"}')$$)) v (what, statement);
select tests.only(array['admin'], what, 'PT403', statement)
from (values
  ('delete a client', $$select public.delete_client(tests.id('ours'), tests.id('acme'))$$),
  ('restore a client', $$select public.restore_client(tests.id('ours'), tests.id('doomed'))$$),
  ('merge clients', $$select public.merge_clients(tests.id('ours'), tests.id('acme'), tests.id('other'))$$),
  ('list deleted clients', $$select public.list_clients(tests.id('ours'), '{"deleted": "true"}', '-created_at', 50, 0)$$),
  ('change segments', $$select public.client_segments(tests.id('ours'), '[{"key": "one", "label": "One"},
    {"key": "individual", "label": "Individuals"}]', '{}')$$),
  ('change incident types', $$select public.incident_types(tests.id('ours'), '[{"key": "other", "label": "Other"}]')$$),
  ('change how churn is recognized', $$select public.churn_settings(tests.id('ours'), '{"pause_days": 30}')$$)
  ) v (what, statement);
select tests.only(array['admin', 'marketing_agent'], 'export clients', 'PT403',
  $$select public.export_clients(tests.id('ours'))$$);
select is(exists (
    select from public.role_permissions p join public.roles r on r.id = p.role_id
    where r.organization_id is null and r.key = role and p.permission = held and p.scope = 'organization'), has,
  format('%s %s %s.', role, case when has then 'has' else 'has not' end, held))
from unnest(tests.everyone()) role, (values ('clients:import', array['admin', 'marketing_agent']),
  ('recommendations:decide', array['admin', 'marketing_agent', 'technical_agent']),
  ('churn:configure', array['admin'])) v (held, roles), lateral (select role = any (roles) as has) h;

-- Another organization's ids
select is(tests.outcome(actor, replace(statement, '$id', format('tests.id(%L)', id))), 'PT404',
  format('%s %s %s.', actor, what, id))
from (values ('outsider', 'acme'), ('admin', 'foreign')) a (actor, id), (values
  ('does not see', $$select public.get_client((select o from unnest(array[tests.id('ours'), tests.id('theirs')]) o
    where o = any (private.my_organizations())), $id)$$),
  ('does not change', $$select public.update_client((select o from unnest(array[tests.id('ours'), tests.id('theirs')]) o
    where o = any (private.my_organizations())), $id, '{"name": "Mine"}')$$),
  ('records nothing of', $$select public.record_client_movement((select o from unnest(array[tests.id('ours'),
    tests.id('theirs')]) o where o = any (private.my_organizations())), $id, 'churn')$$),
  ('does not delete', $$select public.delete_client((select o from unnest(array[tests.id('ours'), tests.id('theirs')]) o
    where o = any (private.my_organizations())), $id)$$),
  ('does not merge', $$select public.merge_clients((select o from unnest(array[tests.id('ours'), tests.id('theirs')]) o
    where o = any (private.my_organizations())), $id, tests.id('other'))$$)) v (what, statement);
select is(tests.outcome('admin', $$select public.save_client_contact(tests.id('ours'), tests.id('other'), '{"name": "x"}',
  tests.id('contact'))$$), 'PT404', 'A contact of another client is none.');
select is(tests.outcome('admin', $$select public.update_client_issue(tests.id('ours'), tests.id('other'), tests.id('issue'),
  '{"title": "x"}')$$), 'PT404', 'An issue of another client is none.');
select is(tests.outcome('admin', $$select public.reverse_client_movement(tests.id('ours'), tests.id('other'),
  tests.id('movement'))$$), 'PT404', 'A movement of another client is none.');

-- The tables
select is(tests.outcome(actor, 'select from public.' || t),
  case when actor in ('admin', 'marketing_agent', 'technical_agent', 'viewer') then '1' else '0' end,
  format('%s reads %s as the permission says.', actor, t))
from unnest(tests.everyone()) actor, unnest(array['client_issues', 'client_interactions']) t;
select is(tests.outcome(actor, 'select from public.clients'), rows, format('%s sees %s of the clients.', actor, rows))
from (values ('admin', '2'), ('marketing_agent', '2'), ('manager', '0'), ('suspended', '0'), ('outsider', '1'),
  ('service_role', (select count(*)::text from public.clients))) v (actor, rows);
select is(tests.outcome(actor, 'select score, band, risk_theme, trend from public.client_risks'), rows,
  format('%s sees %s of their risks.', actor, rows))
from (values ('admin', '2'), ('marketing_agent', '2'), ('manager', '0'), ('suspended', '0'), ('outsider', '1'),
  ('service_role', (select count(*)::text from public.clients))) v (actor, rows);
select is(tests.outcome('anon', 'select from public.' || t), '42501', format('anon reads no %s.', t))
from unnest(array['clients', 'client_risks', 'client_contacts', 'client_interactions', 'client_issues', 'client_links', 'client_movements',
  'client_spells', 'client_segments', 'incident_types', 'churn_settings', 'exchange_rates']) t;
select is(tests.outcome(actor, statement), '42501', format('%s does not %s.', actor, statement))
from unnest(array['admin', 'service_role']) actor, unnest(array['update public.clients set name = ''x''',
  'delete from public.clients', 'update public.client_risks set score = 1', 'update public.client_issues set title = ''x''', 'delete from public.client_contacts',
  'update public.client_interactions set subject = ''x''', 'delete from public.client_segments']) statement;
select throws_ok('update public.client_interactions set details = ''x''', '42501', null,
  'Not even the owner can change interactions.');

-- Scopes of the organization's own roles
do $$
declare
  person text;
begin
  insert into public.teams (organization_id, name) values (tests.id('ours'), 'north')
  returning tests.remember('north', id) into strict person;
  insert into public.roles (organization_id, key, name) values (tests.id('ours'), 'own_clients', 'Own'),
    (tests.id('ours'), 'team_clients', 'Team');
  insert into public.role_permissions (role_id, permission, scope)
  select r.id, p, split_part(r.key, '_', 1) from public.roles r, unnest(array['clients:read', 'clients:write']) p
  where r.organization_id = tests.id('ours');
  foreach person in array array['owner', 'mate', 'lead'] loop
    perform tests.person(person);
    insert into public.memberships (organization_id, user_id, role_id, team_id)
    select tests.id('ours'), tests.id(person), r.id, tests.id('north') from public.roles r
    where r.organization_id = tests.id('ours')
      and r.key = case when person = 'lead' then 'team_clients' else 'own_clients' end;
  end loop;
  perform tests.client('owned', 'ours', 'owner');
end
$$;
select is((select c.owner_id from public.clients c where c.id = tests.id('owned')), tests.id('owner'),
  'Who sees only their own clients owns what they add.');
select is((select c.team_id from public.clients c where c.id = tests.id('owned')), tests.id('north'),
  'A client is in its owner''s team.');
select is(tests.outcome(actor, $$select public.get_client(tests.id('ours'), tests.id('owned'))$$), wanted,
  format('%s and the client of their team: %s.', actor, wanted))
from (values ('owner', '1'), ('lead', '1'), ('mate', 'PT404')) v (actor, wanted);
select is(tests.outcome(actor, 'select from public.clients'), wanted, format('%s sees %s in the table.', actor, wanted))
from (values ('owner', '1'), ('lead', '1'), ('mate', '0')) v (actor, wanted);
select is(tests.outcome(actor, $$select public.get_client(tests.id('ours'), tests.id('acme'))$$), 'PT404',
  format('%s does not see a client without owner.', actor)) from unnest(array['owner', 'lead', 'mate']) actor;
create function tests.total(actor text) returns integer language plpgsql as $$
declare
  total integer;
begin
  perform tests.act_as(actor);
  total := public.list_clients(tests.id('ours'), '{}', 'name', 50, 0) ->> 'total';
  perform tests.act_as('postgres');
  return total;
end
$$;
select is(tests.total(actor), total, format('The list of %s has %s.', actor, total))
from (values ('owner', 1), ('lead', 1), ('mate', 0), ('admin', 3)) v (actor, total);
select is(tests.outcome('owner', $$select public.create_client(tests.id('ours'),
  jsonb_build_object('name', 'x', 'owner_id', tests.id('mate')))$$), 'PT422', 'With own scope nobody makes others owners.');
select is(tests.outcome('lead', $$select public.create_client(tests.id('ours'),
  jsonb_build_object('name', 'x', 'owner_id', tests.id('mate')))$$), '1', 'With team scope people of the team.');
select is(tests.outcome('admin', $$select public.create_client(tests.id('ours'),
  jsonb_build_object('name', 'x', 'owner_id', tests.id('operator')))$$), 'PT422',
  'An owner is somebody who may see clients.');
select is(tests.outcome('owner', $$select public.churn_trends(tests.id('ours'))$$), 'PT403',
  'Reports are for those who see the whole organization.');
delete from public.memberships where user_id = tests.id('owner') and organization_id = tests.id('ours');
select is((select c.owner_id from public.clients c where c.id = tests.id('owned')), null,
  'When an owner leaves, the client has none.');

-- Values
select is(tests.outcome('admin', format('select public.create_client(tests.id(''ours''), %L)', client)), wanted,
  format('A client %s: %s.', client, wanted))
from (values ('{"name": " "}', 'PT422'), ('{}', 'PT422'), ('{"name": "x", "segment": "nope"}', 'PT422'),
  ('{"name": "x", "external_id": "x-1"}', 'PT409'), ('{"name": "x", "phone": "0244"}', '23514'),
  ('{"name": "x", "amount": "-1"}', 'PT422'), ('{"name": "x", "amount": "1.234"}', 'PT422'),
  ('{"name": "x", "since": "1850-01-01"}', 'PT422'), ('{"name": "x", "stated_risk": "huge"}', '23514'),
  ('{"name": "x", "contacts": [{"name": "a", "is_primary": true}, {"name": "b", "is_primary": true}]}', 'PT422'),
  ('{"name": "x", "custom_fields": {"a": {"b": 1}}}', 'PT422'), ('{"name": "x", "since": "2027-02-01"}', '1'),
  ('{"name": "x", "organization_id": "00000000-0000-0000-0000-000000000000", "score": 99}', '1')) v (client, wanted);
select is(tests.outcome('admin', format('select public.record_client_movement(tests.id(''ours''), tests.id(''acme''), %L, %L)',
  movement, details)), wanted, format('%s %s: %s.', movement, details, wanted))
from (values ('mrr', '{}', 'PT422'), ('mrr', '{"amount": "x"}', 'PT422'), ('nope', '{}', 'PT422'),
  ('churn', '{"reason": "spite"}', 'PT422'), ('mrr', '{"amount": "5", "effective_on": "2050-01-01"}', 'PT422'),
  ('mrr', '{"amount": "5", "currency": "cedis"}', 'PT422'), ('resume', '{}', 'PT409'),
  ('notice_withdrawal', '{}', 'PT409')) v (movement, details, wanted);
select is(tests.outcome('admin', format('select public.list_clients(tests.id(''ours''), ''{}'', %L, 50, 0)', sort)), wanted,
  format('Sorting by %s: %s.', sort, wanted))
from (values ('-score', '1'), ('last_interaction_at', '1'), ('search_text', 'PT422'), ('name; drop table x', 'PT422'))
  v (sort, wanted);

-- A closed issue stays closed
select is(tests.outcome('technical_agent', $$select public.update_client_issue(tests.id('ours'), tests.id('acme'),
  tests.id('issue'), '{"status": "open", "closed_at": "2026-01-01"}')$$), 'PT422', 'An open issue has no time of closing.');
do $$
begin
  perform tests.as_admin($q$select public.update_client_issue(tests.id('ours'), tests.id('acme'), tests.id('issue'),
    '{"status": "closed"}')$q$);
end
$$;
select is(tests.outcome('technical_agent', $$select public.update_client_issue(tests.id('ours'), tests.id('acme'),
  tests.id('issue'), '{"status": "open"}')$$), 'PT409', 'A closed issue is not opened again.');
select is(tests.outcome('technical_agent', $$select public.update_client_issue(tests.id('ours'), tests.id('acme'),
  tests.id('issue'), '{"resolution": "New transformer"}')$$), '1', 'But may be described.');
select is(tests.outcome('admin', $$select public.incident_types(tests.id('ours'), '[{"key": "new", "label": "New"}]')$$),
  'PT409', 'A type that issues have stays.');
select is(tests.outcome('admin', $$select public.client_segments(tests.id('ours'), '[{"key": "new", "label": "New"}]', '{}')$$),
  'PT409', 'A segment that clients have stays, unless they are moved.');
select is(tests.outcome('admin', $$select public.client_segments(tests.id('ours'), '[{"key": "new", "label": "New"}]',
  '{"individual": "new"}')$$), '1', 'With a target it goes.');

-- What is audited
select is((select a.after ->> 'details' from public.audit_logs a where a.resource = 'client_interactions' limit 1), null,
  'Nothing is logged of an interaction without details.');
do $$
begin
  perform tests.as_admin($q$select public.create_client_interaction(tests.id('ours'), tests.id('acme'),
    '{"type": "call", "details": "Secret"}')$q$);
end
$$;
select is((select a.after ->> 'details' from public.audit_logs a where a.resource = 'client_interactions'
  order by a.id desc limit 1), '***', 'What was said is masked.');
select is((select count(*)::integer from public.audit_logs a where a.resource = 'clients' and a.action = 'update'
  and a.resource_id = tests.id('acme')), 0, 'What follows from movements and interactions is not logged twice.');

-- Listening
select is(tests.outcome(actor, format('select where private.may_listen(%L)', 'organization:' || tests.id('ours') || ':clients')),
  wanted, format('%s and the channel of clients: %s.', actor, wanted))
from (values ('admin', '1'), ('viewer', '1'), ('marketing_agent', '1'), ('manager', '0'), ('suspended', '0'),
  ('outsider', '0'), ('lead', '0')) v (actor, wanted);

select * from finish();
rollback;
