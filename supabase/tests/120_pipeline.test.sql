-- The pipeline: who reads, moves and configures, the figures of each role, and append-only histories.
begin;
\ir support.inc
select plan(163);
do $$
begin
  perform tests.arrange();
  insert into public.teams (id, organization_id, name)
  values (tests.remember('north', private.uuid_v7()), tests.id('ours'), 'North');
  perform tests.member('colleague', 'ours', 'counselor'), tests.member('stranger', 'ours', 'counselor');
  update public.memberships set team_id = tests.id('north')
  where organization_id = tests.id('ours') and user_id in (tests.id('manager'), tests.id('counselor'),
    tests.id('colleague'));
  insert into public.leads (id, organization_id, first_name, assigned_to, value) values
    (tests.remember('ama', private.uuid_v7()), tests.id('ours'), 'Ama', tests.id('counselor'), 10),
    (tests.remember('esi', private.uuid_v7()), tests.id('ours'), 'Esi', tests.id('colleague'), 20),
    (tests.remember('kofi', private.uuid_v7()), tests.id('ours'), 'Kofi', tests.id('stranger'), 40),
    (tests.remember('theirs lead', private.uuid_v7()), tests.id('theirs'), 'Yaw', null, 80);
end
$$;

-- Rights
select policies_are('pipeline_stages', array['members read their organization''s stages']);
select tests.only('{}', 'write stages directly', '42501', $$update public.pipeline_stages set label = 'x'$$);
select tests.only('{}', 'add stages directly', '42501',
  $$insert into public.pipeline_stages (organization_id, key, label, position)
    values (tests.id('ours'), 'x', 'X', 9)$$);
select tests.only('{}', 'write history', '42501',
  $$insert into public.lead_history (organization_id, lead_id, to_status)
    values (tests.id('ours'), tests.id('ama'), 'won')$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'list the stages', 'PT403',
  $$select public.list_stages(tests.id('ours'))$$);
select tests.only('{admin,manager,counselor,campaign_manager,viewer}', 'see the summary', 'PT403',
  $$select public.pipeline_summary(tests.id('ours'))$$);
select tests.only('{admin}', 'replace the stages', 'PT403',
  $$select public.replace_stages(tests.id('ours'), '[{"key": "new", "label": "New"}]')$$);
select tests.only('{admin,manager,counselor,campaign_manager}', 'move a lead of their scope', 'PT403',
  $$select public.move_lead(tests.id('ours'), tests.id('ama'), 'contacted')$$);
select is(tests.outcome(actor, $$select public.move_lead(tests.id('ours'), tests.id('esi'), 'contacted')$$), wanted,
  format('%s, a lead of the team: %s.', actor, wanted))
from (values ('admin', '1'), ('manager', '1'), ('colleague', '1'), ('counselor', 'PT404'), ('stranger', 'PT404'),
  ('viewer', 'PT403')) v (actor, wanted);
select is(tests.outcome(actor, $$select public.move_lead(tests.id('ours'), tests.id('kofi'), 'contacted')$$), wanted,
  format('%s, a lead of another team: %s.', actor, wanted))
from (values ('admin', '1'), ('manager', 'PT404'), ('counselor', 'PT404'), ('stranger', '1'),
  ('outsider', 'PT403')) v (actor, wanted);
select is(tests.outcome(actor, $$select public.move_lead(tests.id('theirs'), tests.id('theirs lead'), 'contacted')$$),
  'PT403', format('%s cannot move leads of another organization.', actor))
from unnest(array['admin', 'manager', 'counselor']) actor;
select is(tests.outcome('admin', $$select public.move_lead(tests.id('ours'), tests.id('theirs lead'), 'contacted')$$),
  'PT404', 'Another organization''s lead is not found.');
select tests.only('{}', format('execute %s', call), '42501', 'select ' || call)
from unnest(array['private.lock_pipeline(tests.id(''ours''))', 'private.lead_counts_by_status(tests.id(''ours''))',
  'private.stages_json(tests.id(''ours''))',
  'private.move_leads_of_stages(tests.id(''ours''), ''{}'')']) call;

-- Figures by role
create function tests.figure(actor text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform tests.act_as(actor);
  select concat_ws(' ', s ->> 'count', s ->> 'value') into answer
  from jsonb_array_elements(public.pipeline_summary(tests.id('ours'))) s where s ->> 'stage' = 'new';
  perform tests.act_as('postgres');
  return answer;
end
$$;
select is(tests.figure(actor), wanted, format('%s counts the leads within their scope.', actor))
from (values ('admin', '3 70.00'), ('viewer', '3 70.00'), ('campaign_manager', '3 70.00'), ('manager', '2 30.00'),
  ('counselor', '1 10.00'), ('stranger', '1 40.00')) v (actor, wanted);

-- Moves
select tests.act_as('counselor');
select is(public.move_lead(tests.id('ours'), tests.id('ama'), 'won', 'Paid') -> 'lead' ->> 'outcome', 'won',
  'A move closes the lead.');
select is(public.move_lead(tests.id('ours'), tests.id('ama'), 'won', 'Paid') -> 'lead' ->> 'version', '2',
  'Moving to the current stage changes nothing.');
select is(public.move_lead(tests.id('ours'), tests.id('ama'), 'lost', expected_version => 1) -> 'stale' ->> 'status',
  'won', 'An outdated version gets the current lead.');
select is((select count(*) from public.lead_history where lead_id = tests.id('ama')), 1::bigint,
  'Each move has one history row.');
select tests.act_as('postgres');
select throws_ok(format('update public.lead_history set %s where lead_id = tests.id(''ama'')', change), '42501', null,
  format('History cannot be changed: %s.', change))
from unnest(array['to_status = ''lost''', 'note = null', 'merged_from = gen_random_uuid()',
  'lead_id = tests.id(''esi'')', 'seconds_in_stage = 5']) change;

select * from finish();
rollback;
