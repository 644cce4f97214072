-- The pool of numbers over the API, their health, and the rest of those that fail. Health is that of campaigns' texts, from
-- their totals: nobody counts a day of messages to show a list.

-- Texts of each number since a moment by what became of them. known: those whose outcome is.
create function private.number_figures(organization_id uuid, since timestamptz)
returns table (account_id uuid, messages bigint, delivered bigint, failed bigint, filtered bigint)
language plpgsql stable set search_path = ''
as $$
begin
  return query select t.account_id, sum(t.messages)::bigint,
    coalesce(sum(t.messages) filter (where t.status = 'delivered'), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.campaign_totals t
  where t.organization_id = number_figures.organization_id and t.quarter_hour >= since and t.account_id is not null
  group by t.account_id;
end
$$;
comment on function private.number_figures is 'filtered: Twilio''s 30007, a carrier''s filter; it is among the failed too.';

create function private.number_json(account public.sms_accounts, figures jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', account.id, 'provider', account.provider, 'number', account.sender_id,
    'number_type', account.number_type, 'label', account.label, 'per_second', account.per_second, 'daily_cap', account.daily_cap,
    'cap_zone', account.cap_zone, 'segment_price', account.segment_price, 'is_default', account.is_default,
    'status', account.status, 'status_reason', account.parked_reason, 'has_credentials', account.credentials_secret_id is not null,
    'resting_until', case when account.resting_until > now() then account.resting_until end,
    'resting_reason', case when account.resting_until > now() then account.resting_reason end,
    'created_at', account.created_at, 'updated_at', account.updated_at,
    'health', (
      select jsonb_build_object('messages', f.messages, 'delivered', f.delivered, 'failed', f.failed, 'filtered', f.filtered,
        'delivered_rate', round(f.delivered::numeric / nullif(f.delivered + f.failed, 0), 4),
        'failed_rate', round(f.failed::numeric / nullif(f.delivered + f.failed, 0), 4),
        'filtered_rate', round(f.filtered::numeric / nullif(f.delivered + f.failed, 0), 4))
      from jsonb_to_record(coalesce(figures, '{"messages": 0, "delivered": 0, "failed": 0, "filtered": 0}'))
        as f (messages bigint, delivered bigint, failed bigint, filtered bigint)))
$$;

-- Filters: status, number_type. Definer: whether there are credentials is nobody's to read.
create function private.list_phone_numbers(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'messages:read');
  return (
    with matching as materialized (
      select a from public.sms_accounts a
      where a.organization_id = list_phone_numbers.organization_id
        and (filters ->> 'status' is null or a.status = filters ->> 'status')
        and (filters ->> 'number_type' is null or a.number_type = filters ->> 'number_type')
    ), page as (
      select m.a from matching m order by (m.a).is_default desc, (m.a).id limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from matching), 'rows', coalesce((
      select jsonb_agg(private.number_json(p.a, to_jsonb(f)) order by (p.a).is_default desc, (p.a).id)
      from page p
      left join private.number_figures(organization_id, now() - interval '24 hours') f on f.account_id = (p.a).id), '[]')));
end
$$;

create function private.shown_number(account public.sms_accounts)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.number_json(account, (
    select to_jsonb(f) from private.number_figures(account.organization_id, now() - interval '24 hours') f where f.account_id = account.id))
$$;

-- Numbers of an organization change one at a time: which one is the default must stay clear.
create function private.lock_numbers(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'organization:update');
  perform pg_advisory_xact_lock(hashtextextended('numbers|' || organization_id, 0));
end
$$;

create function private.forget_credentials(account public.sms_accounts)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.sms_accounts a set credentials_secret_id = null, provider_account = null
  where a.id = account.id and a.credentials_secret_id is not null;
  delete from vault.secrets s where s.id = account.credentials_secret_id;
end
$$;

-- number: { provider, number, number_type?, label?, per_second?, daily_cap?, cap_zone?, segment_price?, is_default?,
-- credentials? }. The first number is the default. Definer: credentials go into the Vault, and a number that another
-- organization has is refused.
create function private.create_phone_number(organization_id uuid, number jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  account public.sms_accounts;
  types text[] := private.sender_types(number ->> 'provider', number ->> 'number');
  kind text := coalesce(number ->> 'number_type', types[1]);
  known uuid;
  first boolean;
begin
  perform private.lock_numbers(organization_id);
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if kind <> all (types) then
    perform private.problem(422, 'invalid_field', 'The number is of another type.',
      jsonb_build_array(jsonb_build_object('path', 'number_type', 'message', 'can be ' || array_to_string(types, ' or '))));
  end if;
  select a.id into known from public.sms_accounts a
  where a.organization_id = create_phone_number.organization_id and a.provider = number ->> 'provider' and a.sender_id = number ->> 'number';
  if known is not null then
    perform private.problem(409, 'already_exists', 'The organization has this number already.', jsonb_build_object('existing_id', known));
  end if;
  first := not exists (
    select from public.sms_accounts a
    where a.organization_id = create_phone_number.organization_id and a.is_default and a.status <> 'disabled');
  if first or (number ->> 'is_default')::boolean then
    update public.sms_accounts a set is_default = false
    where a.organization_id = create_phone_number.organization_id and a.is_default;
  end if;
  insert into public.sms_accounts (organization_id, provider, sender_id, number_type, label, per_second, daily_cap, cap_zone,
    segment_price, is_default)
  values (organization_id, number ->> 'provider', number ->> 'number', kind, number ->> 'label',
    case when number ? 'per_second' then (number ->> 'per_second')::numeric else private.usual_per_second(kind) end,
    (number ->> 'daily_cap')::integer, coalesce(number ->> 'cap_zone', 'America/Los_Angeles'), (number ->> 'segment_price')::numeric,
    first or coalesce((number ->> 'is_default')::boolean, false))
  returning * into account;
  if jsonb_typeof(number -> 'credentials') = 'object' then
    perform private.set_sms_credentials(account.id, number -> 'credentials');
    select * into account from public.sms_accounts a where a.id = account.id;
  end if;
  return private.remember_response(organization_id, private.shown_number(account));
end
$$;

create function private.require_number(organization_id uuid, number_id uuid)
returns public.sms_accounts
language plpgsql set search_path = ''
as $$
declare
  account public.sms_accounts;
begin
  select * into account from public.sms_accounts a
  where a.organization_id = require_number.organization_id and a.id = number_id for update;
  if account.id is null then
    perform private.problem(404, 'not_found', 'There is no such phone number.');
  end if;
  return account;
end
$$;

create function private.keep_default(account public.sms_accounts)
returns void
language plpgsql set search_path = ''
as $$
begin
  if account.is_default and exists (
    select from public.sms_accounts a
    where a.organization_id = account.organization_id and a.id <> account.id and a.status <> 'disabled')
  then
    perform private.problem(409, 'default_number', 'This is the default number. Make another one the default first.');
  end if;
end
$$;

-- change: { number_type, label, per_second, daily_cap, cap_zone, segment_price, is_default: true, status: active | disabled,
-- resting_until: null, credentials }, each only if it changes. Definer: see create_phone_number.
create function private.update_phone_number(organization_id uuid, number_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  types text[];
begin
  perform private.lock_numbers(organization_id);
  account := private.require_number(organization_id, number_id);
  types := private.sender_types(account.provider, account.sender_id);
  if change ? 'number_type' and (change ->> 'number_type') <> all (types) then
    perform private.problem(422, 'invalid_field', 'The number is of another type.',
      jsonb_build_array(jsonb_build_object('path', 'number_type', 'message', 'can be ' || array_to_string(types, ' or '))));
  end if;
  if change ->> 'status' = 'disabled' then
    perform private.keep_default(account);
  end if;
  if (change ->> 'is_default')::boolean then
    if coalesce(change ->> 'status', account.status) = 'disabled' then
      perform private.problem(409, 'number_disabled', 'A disabled number cannot be the default.');
    end if;
    update public.sms_accounts a set is_default = false
    where a.organization_id = update_phone_number.organization_id and a.is_default and a.id <> number_id;
  end if;
  update public.sms_accounts a set
    number_type = coalesce(change ->> 'number_type', a.number_type),
    label = case when change ? 'label' then change ->> 'label' else a.label end,
    per_second = case when change ? 'per_second' then (change ->> 'per_second')::numeric else a.per_second end,
    daily_cap = case when change ? 'daily_cap' then (change ->> 'daily_cap')::integer else a.daily_cap end,
    cap_zone = coalesce(change ->> 'cap_zone', a.cap_zone),
    segment_price = case when change ? 'segment_price' then (change ->> 'segment_price')::numeric else a.segment_price end,
    is_default = a.is_default or coalesce((change ->> 'is_default')::boolean, false),
    status = coalesce(change ->> 'status', a.status),
    parked_until = case when change ? 'status' then null else a.parked_until end,
    parked_reason = case when change ? 'status' then null else a.parked_reason end,
    outages = case when change ? 'status' then 0 else a.outages end,
    resting_until = case when change ? 'resting_until' then null else a.resting_until end,
    resting_reason = case when change ? 'resting_until' then null else a.resting_reason end,
    watched_from = case when change ? 'resting_until' then now() else a.watched_from end
  where a.id = number_id;
  if jsonb_typeof(change -> 'credentials') = 'object' then
    perform private.set_sms_credentials(number_id, change -> 'credentials');
  elsif change ? 'credentials' then
    perform private.forget_credentials(account);
  end if;
  select * into account from public.sms_accounts a where a.id = number_id;
  if account.status = 'active' then
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.shown_number(account);
end
$$;

-- Takes a number out of the pool: { disabled }. One that messages refer to stays, disabled. Definer: see
-- create_phone_number.
create function private.delete_phone_number(organization_id uuid, number_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  used boolean;
begin
  perform private.lock_numbers(organization_id);
  account := private.require_number(organization_id, number_id);
  perform private.keep_default(account);
  -- A campaign without any number of its own would go on from the default one, which nobody has asked for.
  if exists (
    select from public.campaign_numbers n
    join public.campaigns c on c.organization_id = n.organization_id and c.id = n.campaign_id
    where n.organization_id = account.organization_id and n.account_id = account.id and c.deleted_at is null
      and c.status not in ('completed', 'canceled'))
  then
    perform private.problem(409, 'number_in_use', 'A campaign that has not ended sends from this number. It can be disabled.');
  end if;
  used := exists (
    select from public.messages m where m.organization_id = account.organization_id and m.account_id = account.id);
  perform private.forget_credentials(account);
  if used then
    update public.sms_accounts a set status = 'disabled', is_default = false where a.id = account.id;
  else
    delete from public.sms_accounts a where a.id = account.id;
  end if;
  return jsonb_build_object('disabled', used);
end
$$;

-- Rests numbers whose campaign texts of the last hour fail: half of them, or a tenth filtered, among at least fifty with a
-- known outcome. Two hours; what happened before does not count again. Whoever has only this number is told so: nothing
-- else could send meanwhile.
create function private.rest_failing_numbers()
returns integer
language plpgsql set search_path = ''
as $$
declare
  failing record;
  reason text;
  others bigint;
  rested integer := 0;
begin
  for failing in
    select a.id, a.organization_id, coalesce(a.label, a.sender_id) as name, f.failed, f.filtered, f.known
    from (
      select distinct c.organization_id from public.campaigns c where c.status = 'running'
    ) o
    join public.sms_accounts a on a.organization_id = o.organization_id and a.status = 'active'
      and (a.resting_until is null or a.resting_until <= now())
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0) as failed,
        coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0) as filtered,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0) as known
      from private.campaign_totals t
      where t.organization_id = a.organization_id and t.account_id = a.id
        and t.quarter_hour >= private.quarter_hour(now() - interval '1 hour')
        and (a.watched_from is null or t.quarter_hour >= a.watched_from)
    ) f
    where f.known >= 50 and (f.failed > 0.5 * f.known or f.filtered > 0.1 * f.known)
    order by a.id
  loop
    reason := case when failing.filtered > 0.1 * failing.known
      then 'Carriers filter ' || round(100 * failing.filtered / failing.known) || ' % of its texts.'
      else round(100 * failing.failed / failing.known) || ' % of its texts fail.' end;
    update public.sms_accounts a
    set resting_until = now() + interval '2 hours', resting_reason = reason, watched_from = now() + interval '2 hours'
    where a.id = failing.id and a.status = 'active' and (a.resting_until is null or a.resting_until <= now());
    continue when not found;
    rested := rested + 1;
    select count(*) into others from public.sms_accounts a
    where a.organization_id = failing.organization_id and a.id <> failing.id and a.status = 'active'
      and (a.resting_until is null or a.resting_until <= now());
    perform private.notify_admins(failing.organization_id, 'system', 'The number ' || failing.name || ' rests for two hours',
      reason || case when others = 0 then ' It is the only number: no campaign sends until then, unless you end its rest or add another one.'
        else ' Campaigns that have other numbers go on with them; those that have only this one wait.' end,
      jsonb_build_object('phone_number_id', failing.id));
  end loop;
  return rested;
end
$$;
select cron.schedule('rest-failing-numbers', '*/5 * * * *', $$select private.rest_failing_numbers()$$);

create function public.list_phone_numbers(organization_id uuid, filters jsonb default '{}', page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_phone_numbers(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_phone_numbers is 'A page of the organization''s numbers with their health.';

create function public.create_phone_number(organization_id uuid, number jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_phone_number(organization_id, number)
$$;
comment on function public.create_phone_number is 'Adds a number to the pool.';

create function public.update_phone_number(organization_id uuid, number_id uuid, change jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_phone_number(organization_id, number_id, change)
$$;
comment on function public.update_phone_number is 'Changes a number, disables it, ends its rest.';

create function public.delete_phone_number(organization_id uuid, number_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.delete_phone_number(organization_id, number_id)
$$;
comment on function public.delete_phone_number is 'Takes a number out of the pool; one with messages stays, disabled.';

grant execute on function private.list_phone_numbers(uuid, jsonb, integer, integer), private.create_phone_number(uuid, jsonb),
  private.update_phone_number(uuid, uuid, jsonb), private.delete_phone_number(uuid, uuid) to authenticated;
grant execute on function public.list_phone_numbers(uuid, jsonb, integer, integer), public.create_phone_number(uuid, jsonb),
  public.update_phone_number(uuid, uuid, jsonb), public.delete_phone_number(uuid, uuid) to authenticated;
