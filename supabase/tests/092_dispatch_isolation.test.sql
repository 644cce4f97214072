-- A tenant whose messages cannot be written stops no other's: what a failed step leaves to do.
begin;
\ir support.inc
select plan(18);
set local client_min_messages = error;
do $$
declare
  organization text;
begin
  update public.sms_accounts set status = 'disabled';
  update public.messages set status = 'failed' where status in ('sending', 'queued');
  update public.campaigns set status = 'canceled' where status in ('running', 'freezing', 'scheduled');
  perform tests.arrange();
  foreach organization in array array['ours', 'theirs'] loop
    update public.organizations set country = 'GH', allowed_countries = '{GH,US}' where id = tests.id(organization);
    update public.sms_accounts set status = 'disabled', is_default = false where organization_id = tests.id(organization);
    insert into public.sms_accounts (id, organization_id, provider, sender_id, is_default)
    values (tests.remember(organization || ' number', private.uuid_v7()), tests.id(organization), 'twilio',
      case organization when 'ours' then '+12125550001' else '+12125550002' end, true);
    insert into public.messages (id, organization_id, account_id, to_number, from_number, body, encoding, segments, status,
      provider, attempts, sending_at)
    select tests.remember(organization || ' ' || s, private.uuid_v7()), tests.id(organization), tests.id(organization || ' number'),
      '+233244000001', '+12125550001', 'Hi', 'GSM-7', 1, s, 'twilio', case s when 'sending' then 1 else 0 end,
      case s when 'sending' then now() end
    from unnest(array['sending', 'queued']) s;
  end loop;
end
$$;
create function tests.fail() returns trigger language plpgsql as $$
begin
  raise exception 'poison';
end
$$;
create function tests.poison() returns void language plpgsql as $$
begin
  execute format('create trigger aa_poison before insert or update on public.messages for each row
    when (new.organization_id = %L) execute function tests.fail()', tests.id('theirs'));
end
$$;
create function tests.outcomes() returns jsonb language sql as $$
  select jsonb_agg(jsonb_build_object('id', tests.id(o || ' sending'), 'attempt', 1, 'kind', 'accepted',
    'provider_message_id', 'SM ' || o)) from unnest(array['ours', 'theirs']) o
$$;
create function tests.step(outcomes jsonb default '[]') returns text language plpgsql as $$
declare
  answer jsonb;
begin
  answer := public.exchange_dispatch_batch(outcomes, 100, '{}');
  return (select coalesce(string_agg(m ->> 'from', ', '), 'nothing') from jsonb_array_elements(answer -> 'messages') m);
exception when raise_exception then
  return sqlerrm;
end
$$;
create function tests.states() returns text language sql as $$
  select string_agg(t.name || ' ' || m.status, ', ' order by t.name) from tests.things t
  join public.messages m on m.id = t.id where t.name like any ('{% sending,% queued}')
$$;

select tests.poison();
select is(tests.step(tests.outcomes()), 'poison', 'A step fails as a whole,');
select is(tests.states(), 'ours queued queued, ours sending sending, theirs queued queued, theirs sending sending',
  'for all.');
select lives_ok('select public.recover_dispatch(tests.outcomes())', 'Its outcomes are recorded apart.');
select is(tests.states(), 'ours queued queued, ours sending sent, theirs queued queued, theirs sending sending',
  'Only those of the tenant that fails are left, and nothing is claimed.');
select is((select string_agg(a.sender_id || ' ' || a.status, ', ' order by a.sender_id) from public.sms_accounts a
  where a.sender_id like '+1212555000_'), '+12125550001 active, +12125550002 circuit_open', 'Its sender is put aside.');
select is(tests.step(), '+12125550001', 'The next step serves the others.');
update public.sms_accounts set circuit_open_until = now() where sender_id = '+12125550002';
select is(tests.step(), 'poison', 'After a while it is tried again,');
do $$ begin perform public.recover_dispatch(); end $$;
select ok(a.circuit_open_until > now() + interval '1 minute', 'and waits longer.') from public.sms_accounts a
where a.sender_id = '+12125550002';
drop trigger aa_poison on public.messages;
update public.sms_accounts set circuit_open_until = now() where sender_id = '+12125550002';
select ok(tests.step() like '+1212555000%', 'When it works again its message goes out.');

-- Campaigns
update public.sms_accounts set status = 'active' where sender_id = '+12125550002';
do $$
declare
  organization text;
  campaign uuid;
begin
  foreach organization in array array['ours', 'theirs'] loop
    campaign := tests.remember(organization || ' campaign', private.uuid_v7());
    insert into public.templates (id, organization_id, name, category, body) values
      (tests.remember('template', private.uuid_v7()), tests.id(organization), 'T', 'marketing', 'Hi. Reply STOP to opt out.');
    insert into public.leads (organization_id, first_name, phone) values (tests.id(organization), 'Ama', '+233244000105');
    insert into public.consents (organization_id, phone, event, source, occurred_at)
    values (tests.id(organization), '+233244000105', 'granted', 'test', now());
    insert into public.campaigns (id, organization_id, name, status, audience, started_at)
    values (campaign, tests.id(organization), organization, 'freezing', jsonb_build_object('lead_ids', (
      select jsonb_agg(l.id) from public.leads l where l.organization_id = tests.id(organization)
        and l.phone = '+233244000105')), now() + interval '1 hour');
    insert into public.campaign_templates (organization_id, campaign_id, template_id)
    values (tests.id(organization), campaign, tests.id('template'));
    perform private.snapshot_audience_batch(campaign, 100);
  end loop;
end
$$;
select tests.poison();
select is(tests.step(), 'poison', 'A campaign that fails stops all,');
do $$ begin perform public.recover_dispatch(); end $$;
select is((select string_agg(c.name || ' ' || c.status, ', ' order by c.name) from public.campaigns c
  where c.id in (tests.id('ours campaign'), tests.id('theirs campaign'))), 'ours running, theirs paused',
  'and is paused.');
select is(tests.step(), '+12125550001', 'The others go on.');
select is(tests.outcome('admin', 'select public.recover_dispatch()'), '42501', 'Only the dispatcher recovers.');


-- What is soon over
drop trigger aa_poison on public.messages;
update public.campaigns set status = 'canceled' where id in (tests.id('ours campaign'), tests.id('theirs campaign'));
update public.messages set status = 'sending', attempts = 1, sending_at = now(), provider_message_id = null
where id in (tests.id('ours sending'), tests.id('theirs sending'));
update public.messages set status = 'queued', send_after = now() where id in (tests.id('ours queued'), tests.id('theirs queued'));
create function tests.deadlock() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'deadlock_detected', message = 'deadlock detected';
end
$$;
create trigger aa_deadlock before update on public.messages for each row
  when (old.status = 'queued' and new.status = 'sending') execute function tests.deadlock();
select lives_ok('select public.recover_dispatch(tests.outcomes())', 'A deadlock of a claim that is tried is no fault,');
select is(tests.states(), 'ours queued queued, ours sending sent, theirs queued queued, theirs sending sent',
  'and takes no recorded outcome with it.');
select is((select string_agg(a.status, ', ') from public.sms_accounts a where a.sender_id like '+1212555000_'),
  'active, active', 'No sender is put aside for it.');
drop trigger aa_deadlock on public.messages;

-- Two steps that serve the same organizations in different orders
delete from private.daily_spending;
update public.organizations set daily_spending_limit = 100 where id in (tests.id('ours'), tests.id('theirs'));
create function tests.spending_locked() returns bigint language sql as $$
  select count(*) from private.daily_spending s where s.xmax::text::bigint = (pg_current_xact_id()::text::bigint & 4294967295)
$$;
do $$ begin perform private.lock_rate_buckets(array[tests.id('theirs number'), tests.id('ours number')], '{}'); end $$;
select is(tests.spending_locked(), 2::bigint, 'A step locks what all its organizations spend before it claims anything,');
update public.organizations set daily_spending_limit = null where id = tests.id('theirs');
delete from private.daily_spending;
do $$ begin perform private.lock_rate_buckets(array[tests.id('theirs number'), tests.id('ours number')], '{}'); end $$;
select is((select array_agg(s.organization_id) from private.daily_spending s), array[tests.id('ours')],
  'of those that have a limit.');

select * from finish();
rollback;
