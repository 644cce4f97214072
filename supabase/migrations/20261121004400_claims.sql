-- Claiming texts. Everything that could forbid one is judged in the statement that marks it: opt-outs, do-not-call lists,
-- consent, doubtful replies, the recipient's hours, and what its number, campaign and organization may send at this moment;
-- of a campaign's target also whether the lead still is who it was and how often it was texted (see claim_targets).

-- Who may claim what is decided under locks that are taken in one order and never waited for out of it: first the buckets
-- of everything a step may touch, by id; messages, targets and campaigns are passed over where somebody else has them.

-- Parked accounts whose pause is over. Of each only one dispatcher probes at a time: whoever moves parked_until on.
create function private.probing_accounts()
returns uuid[]
language plpgsql set search_path = ''
as $$
declare
  answer uuid[] := '{}'::uuid[];
begin
  if exists (select from public.sms_accounts a where a.status = 'parked' and a.parked_until <= now()) then
    with due as (
      select a.id from public.sms_accounts a
      where a.status = 'parked' and a.parked_until <= now()
      for update skip locked
    ), moved as (
      update public.sms_accounts a set parked_until = now() + interval '30 seconds' from due where a.id = due.id returning a.id
    )
    select coalesce(array_agg(m.id), '{}') into answer from moved m;
  end if;
  return answer;
end
$$;

-- Accounts with a message that is due, in chance order; a number that rests has none of campaigns. The limit keeps this to one look into the index for each
-- account; exists() would be planned as a join with the whole queue.
create function private.waiting_accounts(probing uuid[])
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
        and (m.campaign_id is null or (a.resting_until is null or a.resting_until <= now())
          and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
      order by m.send_after limit 1
    ) waiting
    where a.status = 'active' or a.id = any (probing));
end
$$;

-- Running campaigns with a target that is due and a number that may send now, in chance order so that none keeps the others
-- waiting.
create function private.waiting_campaigns(probing uuid[])
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
      where a.campaign_id = c.id and (a.status = 'active' or a.id = any (probing)) and (a.resting_until is null or a.resting_until <= now())
      limit 1
    ) sender
    where c.status = 'running'
    order by random() limit 10);
end
$$;

-- Locks every bucket that a step may take from.
create function private.hold_buckets(account_ids uuid[], campaign_ids uuid[])
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
    insert into private.sending_buckets (id, tokens, updated_at)
    select b.id, 0, to_timestamp(0) from unnest(ids) as b (id) order by b.id
    on conflict on constraint sending_buckets_pkey do nothing;
    perform from private.sending_buckets b where b.id = any (ids) order by b.id for update;
  end if;
end
$$;

-- When a bucket next grants a send.
create function private.next_send(id uuid, per_second numeric, daily_cap integer, cap_zone text)
returns timestamptz
language sql stable set search_path = ''
as $$
  select coalesce((
    select case
        when b.day_count >= next_send.daily_cap and b.day = (now() at time zone next_send.cap_zone)::date
          then ((now() at time zone next_send.cap_zone)::date + 1)::timestamp at time zone next_send.cap_zone
        when next_send.per_second is null or b.tokens >= 1 then '-infinity'
        else b.updated_at + (1 - b.tokens) / next_send.per_second * interval '1 second' end
    from private.sending_buckets b where b.id = next_send.id), '-infinity')
$$;

-- Marks the next group of messages `sending` and answers it. What was forbidden since they were queued is judged here, at
-- the last moment: opt-outs for all, for marketing also lists, consent and the law's hours; what would arrive in quiet
-- hours waits. Answers to replies (confirmations, help) pass these, but not their own expiry, nor the provider's refusal of
-- a number that opted out there; a confirmation that the number has taken back since is not sent. A campaign's messages are
-- here only when they were refused once or come back from doubt; while it is paused or the number rests they wait.
-- platform: the fingerprints of the platform's own accounts, by provider.
drop function private.claim_messages(integer);
create function private.claim_messages(want integer, account_ids uuid[], probing uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
  -- Planning this anew takes a quarter of its time, and there is one way to do it.
  set plan_cache_mode = force_generic_plan
as $$
declare
  answer jsonb;
  givers uuid[];
  spare integer[];
begin
  if cardinality(account_ids) = 0 then
    return '[]'::jsonb;
  end if;
  with picked as materialized (
    select p.* from unnest(account_ids) as account (id)
    join public.sms_accounts a on a.id = account.id
    cross join lateral (
      select m.id, m.organization_id, m.account_id, m.to_number, m.campaign_id, m.lead_id,
        case when m.checked_at is null then m.expires_at end as expires_at, m.category, m.purpose,
        private.answers_reply(m.purpose) as answers,
        m.expires_at as own_expiry
      from public.messages m
      where m.account_id = account.id and m.status = 'queued' and m.send_after <= now()
        and (m.campaign_id is null or (a.resting_until is null or a.resting_until <= now())
          and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
      order by m.send_after, m.id
      -- An even share for each account, so that one tenant's mountain does not keep the others waiting.
      limit case when account.id = any (probing) then 1 else ceil(want::numeric / cardinality(account_ids)) end
      for update of m skip locked
    ) p
    -- Where there are more accounts than places, chance decides which come first.
    limit want
  ), moving as materialized (
    -- As for targets: a pause waits for the claims under way, and no claim waits for a pause.
    select c.id, c.status from public.campaigns c
    where c.id in (select p.campaign_id from picked p where p.campaign_id is not null) and c.status <> 'paused'
    for key share skip locked
  ), places as materialized (
    select o.id, o.messages_per_second, w.sends_at, w.closes_at
    from public.organizations o
    cross join lateral private.contact_window(o, 'service', null, null, null, null, now()) w
    where o.id in (select p.organization_id from picked p)
  ), weighed as materialized (
    select p.*, c.status as campaign_status,
      coalesce(case when p.answers then p.own_expiry else p.expires_at end <= now(), false) as expired,
      p.purpose = 'opt_out_confirmation' and not opted.out as superseded,
      case when p.answers then
          case when opted.out and p.purpose = 'opt_in_confirmation'
            or private.refused_as_opted_out(p.organization_id, p.account_id, p.to_number) then 'suppressed' end
        when p.category = 'marketing' then coalesce(j.obstacle, case when not t.busy then 'frequency_cap' end)
        when opted.out then 'suppressed'
        when exists (
          select from public.reply_reviews r
          where r.organization_id = p.organization_id and r.phone = p.to_number and r.status = 'open'
        ) then 'doubtful_reply' end as obstacle,
      j.consent_id,
      case when p.answers then now() when p.category = 'marketing'
          then greatest(coalesce(h.sends_at, now() + interval '1 day'), case when t.busy then now() + interval '1 second' end)
        else place.sends_at end as sends_at,
      case when p.answers then p.own_expiry when p.category = 'marketing' then least(p.expires_at, h.closes_at)
        else least(p.expires_at, place.closes_at) end as closes_at,
      h.zone
    from picked p
    join places place on place.id = p.organization_id
    left join moving c on c.id = p.campaign_id
    cross join lateral (
      select p.category <> 'marketing' and exists (
        select from public.suppressions s
        where s.organization_id = p.organization_id and s.phone = p.to_number and s.lifted_at is null and s.scope = 'all') as out
    ) opted
    -- The limits keep what is for marketing from being worked out for every message and thrown away.
    left join lateral (
      select x.obstacle, x.consent_id from private.judge_numbers(p.organization_id, array[p.to_number]) x
      where p.category = 'marketing' and not p.answers limit 1
    ) j on true
    left join lateral (
      select w.*, array(
        select row(p.to_number, now() - make_interval(hours => x.hours), x.messages, p.id)::private.text_limit
        from (
          select * from private.contact_cap(p.to_number, l.country, l.region, current_date)
          union all
          select o.marketing_gap_messages, o.marketing_gap_hours
        ) x where x.messages is not null) as limits
      from public.organizations o
      left join public.leads l on l.organization_id = o.id and l.id = p.lead_id
      cross join lateral private.contact_window(o, 'marketing', p.to_number, l.country, l.region, l.time_zone, now()) w
      where o.id = p.organization_id and p.category = 'marketing' and not p.answers limit 1
    ) h on true
    left join lateral (
      -- Since it was refused others may have been sent.
      select x.busy from private.texted_enough(p.organization_id, h.limits) x where j.obstacle is null and h.sends_at <= now() limit 1
    ) t on true
    where p.campaign_id is null or c.id is not null
  ), judged as materialized (
    select w.*, case when w.campaign_status = 'canceled' then 'canceled'
        when w.obstacle <> 'doubtful_reply' then 'suppressed' when w.expired or w.superseded then 'canceled'
        when w.obstacle is not null or w.sends_at > now() then 'queued' else 'sending' end as status
    from weighed w
  ), placed as materialized (
    select j.*, row_number() over (partition by j.account_id, j.status order by j.answers desc, j.id) as of_account,
      row_number() over (partition by j.organization_id, j.status order by j.answers desc, j.id) as of_organization
    from judged j
  ), limits as materialized (
    select array(
      select row(a.id, a.per_second, a.daily_cap, a.cap_zone, count(*))::private.sending_limit
      from placed p join public.sms_accounts a on a.id = p.account_id
      where p.status = 'sending' and (a.per_second is not null or a.daily_cap is not null) group by a.id
      union all
      select row(o.id, o.messages_per_second, null, null, count(*))::private.sending_limit
      from placed p join places o on o.id = p.organization_id
      where p.status = 'sending' and o.messages_per_second is not null group by o.id, o.messages_per_second) as list
  ), granted as materialized (
    select g.id, g.granted from limits l cross join lateral private.take_sends(l.list) g where cardinality(l.list) > 0
  ), moved as materialized (
    select p.* from placed p
    left join granted a on a.id = p.account_id
    left join granted o on o.id = p.organization_id
    where p.status <> 'sending' or (p.of_account <= coalesce(a.granted, want) and p.of_organization <= coalesce(o.granted, want))
  ), marked as (
    update public.messages m set
      status = j.status,
      error_code = case when j.status = 'suppressed' then j.obstacle
        when j.status = 'canceled' then case when j.campaign_status = 'canceled' then 'campaign_canceled'
          when j.expired then 'expired' else 'superseded' end
        when j.obstacle = 'doubtful_reply' then 'doubtful_reply' else nullif(m.error_code, 'doubtful_reply') end,
      error_message = case when j.status = 'suppressed' then case j.obstacle when 'suppressed' then 'The number has opted out.'
          when 'frequency_cap' then 'The number has got as many marketing texts as it may.'
          else 'The number must not get marketing texts.' end
        when j.status = 'canceled' then case when j.campaign_status = 'canceled' then 'Its campaign was canceled.'
          when j.expired then 'It came too late to be sent.' else 'The number has opted in again.' end
        when j.obstacle = 'doubtful_reply' then 'A reply of this number may be an opt-out: a person decides.'
        when m.error_code is distinct from 'doubtful_reply' then m.error_message end,
      send_after = case when j.status <> 'queued' then m.send_after
        when j.obstacle = 'doubtful_reply' then greatest(j.sends_at, now() + interval '10 minutes') else j.sends_at end,
      attempts = m.attempts + case when j.status = 'sending' then 1 else 0 end,
      sending_at = case when j.status = 'sending' then clock_timestamp() else m.sending_at end,
      checked_at = case when j.status = 'sending' then now() else m.checked_at end,
      expires_at = case when j.status = 'sending' then j.closes_at else m.expires_at end,
      consent_id = coalesce(j.consent_id, m.consent_id),
      recipient_zone = coalesce(j.zone, m.recipient_zone),
      provider_account = case when j.status = 'sending' then coalesce((
          select a.provider_account from public.sms_accounts a where a.id = m.account_id), platform ->> m.provider)
        else m.provider_account end,
      updated_at = now()
    from moved j where m.id = j.id
    returning m.*
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source)
    select k.organization_id, k.id, k.status, 'dispatch' from marked k where k.status in ('sending', 'suppressed', 'canceled')
  ), left_over as (
    select g.id, g.granted - (
      select count(*) from marked k where k.status = 'sending' and g.id in (k.account_id, k.organization_id)) as amount
    from granted g
  )
  select (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', k.id, 'attempt', k.attempts, 'to', k.to_number, 'from', k.from_number, 'body', k.body, 'provider', k.provider,
        'account_id', k.account_id, 'provider_account', k.provider_account, 'expires_at', k.expires_at)), '[]')
      from marked k where k.status = 'sending'),
    (select array_agg(l.id order by l.id) from left_over l where l.amount > 0),
    (select array_agg(l.amount order by l.id) from left_over l where l.amount > 0)
  into answer, givers, spare;
  if givers is not null then
    perform private.return_sends(givers, spare);
  end if;
  return answer;
end
$$;
