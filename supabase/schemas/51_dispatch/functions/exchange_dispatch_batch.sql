-- Locks every bucket that a step may take from, then the day's spending of every organization that has a limit. Later in
-- the step nothing of these is waited for.
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
  perform private.lock_spending(tenants);
end
$$;

-- Accounts with a message that is due, in random order. The limits keep this to a few looks into the index for each account;
-- exists() would be planned as a join with the whole queue.
create function private.waiting_accounts(half_open uuid[])
returns private.waiting_source[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    select row(a.id, a.organization_id)::private.waiting_source
    from private.queueing_accounts() a
    cross join lateral (
      select from generate_series(1, 4) as urgency
      cross join lateral (
        select from public.messages m
        where m.account_id = a.id and m.status = 'queued' and m.priority = urgency and m.send_after <= now()
          and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
            and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
        order by m.send_after limit 1
      ) due
      limit 1
    ) waiting
    where a.status = 'active' or a.id = any (half_open)
    order by random());
end
$$;

-- Running campaigns with a target that is due and a number that may send now: one of each organization first, in random
-- order, so that none delays the others.
create function private.waiting_campaigns(half_open uuid[])
returns private.waiting_source[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    select row(w.id, w.organization_id)::private.waiting_source
    from (
      select c.id, c.organization_id, row_number() over (partition by c.organization_id order by random()) as nth
      from public.campaigns c
      join public.organizations o on o.id = c.organization_id and o.standing <> 'suspended'
      cross join lateral (
        select from public.campaign_targets t
        where t.campaign_id = c.id and t.status = 'pending' and t.send_after <= now()
        order by t.send_after limit 1
      ) waiting
      cross join lateral (
        select from private.campaign_senders a
        where a.campaign_id = c.id and (a.status = 'active' or a.id = any (half_open))
          and (a.cooldown_until is null or a.cooldown_until <= now())
          and (o.standing = 'approved' or a.credentials_secret_id is not null)
        limit 1
      ) sender
      where c.status = 'running' and private.budget_resumes_at(o) is null
    ) w
    order by w.nth, random() limit 10);
end
$$;

-- How many messages of each account the next batch holds: organizations that wait share it evenly, then their accounts. So
-- neither a backlog nor a thousand senders of one organization delay another.
create function private.account_shares(
  batch_size integer, accounts private.waiting_source[], campaigns private.waiting_source[], half_open uuid[])
returns private.account_share[]
language sql stable set search_path = ''
as $$
  with tenants as (
    select ceil(batch_size::numeric / greatest(count(distinct w.organization_id), 1))::integer as share
    from unnest(accounts || campaigns) w
  ), ranked as (
    select w.id, w.n, row_number() over (partition by w.organization_id order by w.n) as nth,
      count(*) over (partition by w.organization_id) as of_organization
    from unnest(accounts) with ordinality as w (id, organization_id, n)
  )
  select array(
    select row(r.id, case when r.id = any (half_open) then 1
      else ceil(t.share::numeric / least(r.of_organization, t.share))::integer end)::private.account_share
    from ranked r cross join tenants t
    where r.nth <= t.share
    order by r.n)
$$;

-- Accounts whose circuit may be probed. Of each only one dispatcher probes at a time: the one that moves circuit_open_until
-- on.
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
      for no key update skip locked
    ), moved as (
      update public.sms_accounts a set circuit_open_until = now() + interval '30 seconds' from due where a.id = due.id returning a.id
    )
    select coalesce(array_agg(m.id), '{}') into answer from moved m;
  end if;
  return answer;
end
$$;

-- One step of a dispatcher: records the last batch's outcomes, then claims messages, then targets of campaigns. Answers
-- { messages, credentials: { account_id: {…} } of accounts that have their own, next_due_at: when something falls due, if
-- within a minute }. platform: see claim_messages. Security definer because the service role may not write these tables.
create function private.exchange_dispatch_batch(outcomes jsonb, batch_size integer, platform jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
  half_open uuid[];
  accounts private.waiting_source[];
  campaigns private.waiting_source[];
  account_ids uuid[];
  campaign_ids uuid[];
begin
  perform private.record_outcomes(outcomes);
  if batch_size > 0 then
    half_open := private.accounts_to_probe();
    accounts := private.waiting_accounts(half_open);
    campaigns := private.waiting_campaigns(half_open);
    account_ids := array(select w.id from unnest(accounts) w);
    campaign_ids := array(select w.id from unnest(campaigns) w);
    perform private.check_failing_campaigns(campaign_ids);
    perform private.lock_rate_buckets(account_ids, campaign_ids);
    claimed := private.claim_messages(
      batch_size, private.account_shares(batch_size, accounts, campaigns, half_open), platform);
    if jsonb_array_length(claimed) < batch_size and cardinality(campaign_ids) > 0 then
      claimed := claimed || private.claim_targets(batch_size - jsonb_array_length(claimed), campaign_ids,
        array(select p.id from unnest(half_open) as p (id) where p.id <> all (account_ids)), platform);
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
