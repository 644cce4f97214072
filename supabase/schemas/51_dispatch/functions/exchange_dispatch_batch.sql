-- Locks every bucket that a step may take from.
create function private.lock_rate_buckets(account_ids uuid[], campaign_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  tenants uuid[] := array(
    select c.organization_id from public.campaigns c where c.id = any (campaign_ids)
    union select a.organization_id from public.sms_accounts a where a.id = any (account_ids));
  ids uuid[] := array(
    select c.id from public.campaigns c where c.id = any (campaign_ids) and c.messages_per_minute is not null
    union all
    select a.id from public.sms_accounts a
    where a.organization_id = any (tenants) and (a.per_second is not null or a.daily_cap is not null)
    union all
    select o.id from public.organizations o
    where o.id = any (tenants) and o.messages_per_second is not null);
begin
  if cardinality(ids) > 0 then
    insert into private.send_rate_buckets (id, tokens, updated_at)
    select b.id, 0, to_timestamp(0) from unnest(ids) as b (id) order by b.id
    on conflict on constraint send_rate_buckets_pkey do nothing;
    perform from private.send_rate_buckets b where b.id = any (ids) order by b.id for update;
  end if;
end
$$;

-- Running campaigns with a target that is due and a number that may send now, in chance order so that none keeps the others
-- waiting.
create function private.waiting_campaigns(half_open uuid[])
returns uuid[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    select c.id from public.campaigns c
    cross join lateral (
      select from public.campaign_targets t
      where t.campaign_id = c.id and t.status = 'pending' and t.send_after <= now()
      order by t.send_after limit 1
    ) waiting
    cross join lateral (
      select from private.campaign_senders a
      where a.campaign_id = c.id and (a.status = 'active' or a.id = any (half_open)) and (a.cooldown_until is null or a.cooldown_until <= now())
      limit 1
    ) sender
    where c.status = 'running'
    order by random() limit 10);
end
$$;

-- Accounts with a message that is due, in chance order; a number that rests has none of campaigns. The limit keeps this to one look into the index for each
-- account; exists() would be planned as a join with the whole queue.
create function private.waiting_accounts(half_open uuid[])
returns uuid[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return (
    select coalesce(array_agg(a.id order by random()), '{}')
    from public.sms_accounts a
    cross join lateral (
      select from public.messages m
      where m.account_id = a.id and m.status = 'queued' and m.send_after <= now()
        and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
          and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
      order by m.send_after limit 1
    ) waiting
    where a.status = 'active' or a.id = any (half_open));
end
$$;

-- Who may claim what is decided under locks that are taken in one order and never waited for out of it: first the buckets
-- of everything a step may touch, by id; messages, targets and campaigns are passed over where somebody else has them.

-- Parked accounts whose pause is over. Of each only one dispatcher probes at a time: whoever moves circuit_open_until on.
create function private.accounts_to_probe()
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  answer uuid[] := '{}'::uuid[];
begin
  if exists (select from public.sms_accounts a where a.status = 'circuit_open' and a.circuit_open_until <= now()) then
    with due as (
      select a.id from public.sms_accounts a
      where a.status = 'circuit_open' and a.circuit_open_until <= now()
      for update skip locked
    ), moved as (
      update public.sms_accounts a set circuit_open_until = now() + interval '30 seconds' from due where a.id = due.id returning a.id
    )
    select coalesce(array_agg(m.id), '{}') into answer from moved m;
  end if;
  return answer;
end
$$;

create function private.exchange_dispatch_batch(outcomes jsonb, batch_size integer, platform jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
  half_open uuid[];
  accounts uuid[];
  campaigns uuid[];
begin
  perform private.record_outcomes(outcomes);
  if batch_size > 0 then
    half_open := private.accounts_to_probe();
    accounts := private.waiting_accounts(half_open);
    campaigns := private.waiting_campaigns(half_open);
    perform private.check_failing_campaigns(campaigns);
    perform private.lock_rate_buckets(accounts, campaigns);
    claimed := private.claim_messages(batch_size, accounts, half_open, platform);
    if jsonb_array_length(claimed) < batch_size and cardinality(campaigns) > 0 then
      claimed := claimed || private.claim_targets(batch_size - jsonb_array_length(claimed), campaigns,
        array(select p.id from unnest(half_open) as p (id) where p.id <> all (accounts)), platform);
    end if;
  end if;
  return jsonb_build_object(
    'messages', claimed,
    'credentials', private.account_credentials(array(
      select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(claimed) c)),
    'next_due_at', case when jsonb_array_length(claimed) = 0 then private.next_due() end);
end
$$;
grant execute on function private.exchange_dispatch_batch(jsonb, integer, jsonb) to service_role;

create function public.exchange_dispatch_batch(outcomes jsonb default '[]', batch_size integer default 0, platform jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.exchange_dispatch_batch(outcomes, batch_size, platform)
$$;
comment on function public.exchange_dispatch_batch is 'Records a group''s outcomes and marks the next group: one round trip per group.';
grant execute on function public.exchange_dispatch_batch(jsonb, integer, jsonb) to service_role;
