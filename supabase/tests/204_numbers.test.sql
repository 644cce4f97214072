-- Numbers: who may do what, and which types a sender's form allows.
begin;
\ir support.inc
select plan(41);
do $$ begin
  perform tests.arrange();
  perform tests.remember('number', (select a.id from public.sms_accounts a where a.organization_id = tests.id('ours')));
end $$;
grant execute on all functions in schema tests to public;

select tests.only(array['admin', 'campaign_manager', 'operator', 'viewer'], 'see the numbers', 'PT403',
  format('select public.list_phone_numbers(%L)', tests.id('ours')));
select tests.only(array['admin'], 'add a number', 'PT403',
  format('select public.create_phone_number(%L, ''{"provider": "arkesel", "number": "Acme"}'')', tests.id('ours')));
select tests.only(array['admin'], 'change a number', 'PT403',
  format('select public.update_phone_number(%L, %L, ''{"label": "x"}'')', tests.id('ours'), tests.id('number')));
select is(private.sender_types(provider, sender), wanted, sender)
from (values ('arkesel', 'Acme', array['alphanumeric']), ('twilio', '12345', array['short_code']),
  ('twilio', '+18885550100', array['toll_free']), ('twilio', '+12025550100', array['long_code', 'toll_free']),
  ('twilio', '+18025550100', array['long_code', 'toll_free'])) as s (provider, sender, wanted);
select * from finish();
rollback;
