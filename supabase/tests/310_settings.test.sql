-- Everything that an organization sets, in one place.
begin;
\ir support.inc
select plan(68);
do $$
declare
  holder text;
begin
  perform tests.arrange();
  foreach holder in array array['leads:configure', 'churn:configure'] loop
    insert into public.roles (id, organization_id, key, name)
    values (tests.remember(holder, private.uuid_v7()), tests.id('ours'), replace(holder, ':', '_'), holder);
    insert into public.role_permissions (role_id, organization_id, permission)
    values (tests.id(holder), tests.id('ours'), holder);
    perform tests.member('with ' || holder, 'ours', 'viewer');
    update public.memberships set role_id = tests.id(holder) where user_id = tests.id('with ' || holder);
  end loop;
end
$$;
create function tests.answer(actor text, call text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.act_as(actor);
  execute 'select to_jsonb(' || call || ')' into answer;
  perform tests.act_as('postgres');
  return answer;
end
$$;
create function tests.change(actor text, changes jsonb) returns text language sql as $$
  select tests.outcome(actor, format('select public.update_settings(tests.id(''ours''), %L)', changes))
$$;

-- Who may
select tests.only('{admin}', 'read the settings', 'PT403', $$select public.get_settings(tests.id('ours'))$$);
select tests.only('{admin}', 'change settings', 'PT403',
  $$select public.update_settings(tests.id('ours'), '{"alert_after": 200}')$$);
select is(tests.outcome('admin', $$select public.update_settings(tests.id('theirs'), '{"alert_after": 200}')$$),
  'PT403', 'Nobody changes another organization.');
select is((
    select array_agg(distinct s.value ->> 'permission')
    from jsonb_each(tests.answer('with ' || holder, $$public.get_settings(tests.id('ours'))$$)) s), array[holder],
  format('Who has only %s sees the settings that it changes.', holder))
from unnest(array['leads:configure', 'churn:configure']) holder;
select is(tests.change('with leads:configure', '{"lead_capacity": 30}'), '1', 'And changes them.');
select is(tests.change('with leads:configure', '{"lead_capacity": 30, "churn_pause_days": 30}'), 'PT403',
  'One that needs another permission refuses all.');
select is(tests.change('with churn:configure', '{"alert_after": 200}'), 'PT403', 'The organization''s are closed.');

-- The catalogue
select set_eq($$select name from private.settings where part = 'organization'$$, $$
  select column_name::text from information_schema.column_privileges
  where table_schema = 'public' and table_name = 'organizations' and grantee = 'authenticated'
    and privilege_type = 'UPDATE'$$, 'The settings are the columns that an organization may change.');
select set_eq(format('select field from private.settings where part = %L and field <> ''exchange_rates''', part), format($$
  select attname::text from pg_attribute where attrelid = %L::regclass and attnum > 0 and not attisdropped
    and attname not in ('id', 'organization_id', 'created_at', 'updated_at')$$, private.settings_table(part)),
  format('All columns of %s are settings.', private.settings_table(part)))
from unnest(array['leads', 'churn', 'reports']) part;
do $$
begin
  insert into public.organizations (id, name) values (tests.remember('new', private.uuid_v7()), 'New');
  update private.settings set default_value = '"New"' where name = 'name';
end
$$;
select is((
    select jsonb_object_agg(s.name, private.settings_values(tests.id('new')) -> s.part -> s.field)
    from private.settings s), (select jsonb_object_agg(s.name, s.default_value) from private.settings s),
  'A new organization has the defaults.');
select set_eq($$select name from private.settings s
    where (default_value = 'null') > s.nullable and name <> 'name'
      or private.setting_error(s, default_value) is not null and name <> 'name'$$, array[]::text[],
  'Every default would be taken.');

-- Limits
do $$
begin
  perform set_config('tests.pairs', '{"marketing_gap_messages": 5, "marketing_gap_hours": 5}', true);
end
$$;
create function tests.taken(setting private.settings, value jsonb) returns text language sql as $$
  select tests.change('admin', case when setting.name ~ '^marketing_gap' then current_setting('tests.pairs')::jsonb
    else '{}' end || jsonb_build_object(setting.name, value))
$$;
select is((
    select array_agg(format('%s %s', s.name, l.value) order by s.position)
    from private.settings s
    cross join lateral (values (s.minimum), (s.maximum)) l (value)
    where s.type in ('integer', 'number') and l.value is not null and tests.taken(s, to_jsonb(l.value)) <> '1'), null,
  'The limits of every number are taken by its table.');
select is((
    select array_agg(format('%s %s', s.name, l.value) order by s.position)
    from private.settings s
    cross join lateral (values (s.minimum - 0.001), (s.maximum + 1), (to_jsonb(s.minimum)::numeric - 1)) l (value)
    where s.type in ('integer', 'number') and l.value is not null and tests.taken(s, to_jsonb(l.value)) <> 'PT422'), null,
  'What is beyond them is refused.');
select is((
    select array_agg(format('%s %s', s.name, v) order by s.position)
    from private.settings s cross join lateral unnest(s.choices) v where tests.taken(s, to_jsonb(v)) <> '1'), null,
  'Every choice is taken.');
select is((
    select array_agg(s.name order by s.position) from private.settings s
    where tests.taken(s, case s.type when 'string' then jsonb '7' else '"x"' end) <> 'PT422'), null,
  'A value of another type is refused.');
select is((
    select array_agg(s.name order by s.position) from private.settings s
    where not s.nullable and tests.taken(s, 'null') <> 'PT422'), null, 'null is refused where it means nothing.');
select is((
    select array_agg(s.name order by s.position) from private.settings s
    where s.nullable and tests.change('admin', jsonb_build_object(s.name, null)
      || case when s.name ~ '^quiet_hours' then jsonb '{"quiet_hours_start": null, "quiet_hours_end": null}'
        when s.name ~ '^marketing_gap' then '{"marketing_gap_messages": null, "marketing_gap_hours": null}'
        else '{}' end) <> '1'), null, 'null switches the others off.');
select is(tests.change('admin', change), 'PT422', format('Refused: %s', change)) from unnest(array[
  '{}', '[]', 'null', '7', '{"standing": "approved"}', '{"id": null}', '{"sla_minutes": 5}',
  '{"quiet_hours_start": null, "quiet_hours_end": "08:00"}', '{"time_zone": "Mars/Olympus"}',
  '{"alert_after": "many"}', '{"alert_after": 10.5}', '{"churn_band_limits": [10, 5, 60]}', '{"churn_band_limits": [10, 50]}', '{"country": "gh"}',
  '{"allowed_countries": ["Ghana"]}', '{"name": "  "}', '{"quiet_hours_start": "9 pm"}',
  '{"exchange_rates": [{"currency": "GHS", "starts_on": "2026-01-01", "rate": 2}]}',
  '{"business_hours": {"week": {"mon": [["12:00", "09:00"]]}}}']::jsonb[]) change;

-- What a change does
insert into private.churn_model_state (organization_id) values (tests.id('ours')) on conflict do nothing;
select is(tests.answer('admin', $$public.get_settings(tests.id('ours'))$$) -> 'alert_after',
  '{"value": 100, "default": 100, "unit": "messages", "description": "Messages of a campaign before its rates are '
  'evaluated", "permission": "organization:update", "type": "integer", "nullable": false, "minimum": 10,
  "maximum": 1000000, "choices": null, "pattern": null}', 'A setting says what it is.');
select is(tests.answer('admin', $$(select jsonb_object_agg(s.key, s.value -> 'value') from jsonb_each(
    public.update_settings(tests.id('ours'), '{"alert_after": 200, "allowed_countries": ["GH", "CI"],
      "messages_per_second": 12.5, "lead_sla_minutes": 45, "churn_band_limits": [5, 25, 50], "report_file_days": 7,
      "exchange_rates": [{"currency": "USD", "starts_on": "2026-01-01", "rate": 15.2}],
      "business_hours": {"enabled": true, "time_zone": null, "week": {"mon": [["09:00", "17:00"]]}}}')) s
  where s.key in ('alert_after', 'allowed_countries', 'messages_per_second', 'lead_sla_minutes', 'churn_band_limits',
    'report_file_days'))$$), '{"alert_after": 200, "allowed_countries": ["GH", "CI"], "messages_per_second": 12.50,
  "lead_sla_minutes": 45, "churn_band_limits": [5, 25, 50], "report_file_days": 7}',
  'Settings of all parts are changed at once.');
select is((select allowed_countries from public.organizations where id = tests.id('ours')), '{GH,CI}',
  'They are in the tables of their domains: the organization''s,');
select is((select sla_minutes from public.lead_settings where organization_id = tests.id('ours')), 45, 'the leads'',');
select is((select array_agg(rate) from public.exchange_rates where organization_id = tests.id('ours')), '{15.2}',
  'the exchange rates,');
select is((select array_agg(opens) from public.calendar_periods where organization_id = tests.id('ours')), '{09:00}',
  'and the hours.');
select ok((select score_requested_at is not null from private.churn_model_state where organization_id = tests.id('ours')),
  'What else follows from a change is done too: clients are scored anew.');

select * from finish();
rollback;
