-- Claiming the targets of running campaigns. Everything that could forbid a text is judged here, in the statement that
-- marks it: whether the lead still is who it was, opt-outs, do-not-call lists, consent, doubtful replies, the recipient's
-- hours, how often it was texted, and what its number, campaign and organization may send at this moment.

-- An array as rows, with a row estimate that fits audiences rather than the planner's ten.
create function private.many(phones text[])
returns table (phone text)
language sql immutable rows 5000 set search_path = ''
as $$
  select unnest(phones)
$$;

-- Why each number must get no marketing text now (null: it may), and the consent that lets it. One statement for fifty
-- numbers or fifty thousand: each index is walked once, in the order of the numbers, and the findings are hashed.
-- Registries give way to consent, litigators and internal lists never do.
create function private.judge_numbers(organization_id uuid, phones text[])
returns table (phone text, obstacle text, consent_id uuid)
language sql stable set search_path = '' set enable_hashjoin = on set enable_mergejoin = off set enable_seqscan = off set jit = off
as $$
  with held as materialized (
    select s.phone, bool_or(s.source = 'litigator') as litigator from public.suppressions s
    where s.organization_id = judge_numbers.organization_id and s.phone = any (phones) and s.lifted_at is null
    group by s.phone
  ), listed as materialized (
    select d.phone, bool_or(l.kind = 'litigator') as litigator, bool_or(l.kind = 'internal') as internal,
      bool_or(l.kind = 'registry') as registry
    from private.dnc_numbers d
    join public.dnc_lists l on l.organization_id = d.organization_id and l.id = d.list_id and l.status = 'active'
    where d.organization_id = judge_numbers.organization_id and d.phone = any (phones)
    group by d.phone
  ), latest as materialized (
    select distinct on (c.phone) c.phone, c.id, c.event from public.consents c
    where c.organization_id = judge_numbers.organization_id and c.phone = any (phones) and c.channel = 'sms' and not c.outdated
    order by c.phone, c.id desc
  ), open_reviews as materialized (
    select r.phone from public.reply_reviews r
    where r.organization_id = judge_numbers.organization_id and r.phone = any (phones) and r.status = 'open'
  )
  select n.phone, case
      when held.litigator or listed.litigator then 'litigator'
      when held.phone is not null then 'suppressed'
      when listed.internal or (listed.registry and latest.event is distinct from 'granted') then 'dnc'
      when latest.event = 'revoked' then 'consent_revoked'
      when latest.id is null and (
        select o.marketing_consent from public.organizations o where o.id = judge_numbers.organization_id) = 'required' then 'no_consent'
      when r.phone is not null then 'doubtful_reply'
    end, case when latest.event = 'granted' then latest.id end
  from private.many(phones) n
  left join held on held.phone = n.phone
  left join listed on listed.phone = n.phone
  left join latest on latest.phone = n.phone
  left join open_reviews r on r.phone = n.phone
$$;
comment on function private.judge_numbers is 'Why each number must get no marketing text now, and the consent that lets it.';

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

-- Accounts with a message that is due, in chance order. The limit keeps this to one look into the index for each
-- account; exists() would be planned as a join with the whole queue.
create function private.waiting_accounts(probing uuid[])
returns uuid[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return (
    select coalesce(array_agg(a.id order by random()), '{}')
    from public.sms_accounts a
    cross join lateral (
      select from public.messages m
      where m.account_id = a.id and m.status = 'queued' and m.send_after <= now()
        and (m.campaign_id is null or exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
      order by m.send_after limit 1
    ) waiting
    where a.status = 'active' or a.id = any (probing));
end
$$;

-- Running campaigns with a target that is due, in chance order so that none keeps the others waiting.
create function private.waiting_campaigns()
returns uuid[]
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return array(
    select c.id from public.campaigns c
    cross join lateral (
      select from public.campaign_targets t
      where t.campaign_id = c.id and t.status = 'pending' and t.send_after <= now()
      order by t.send_after limit 1
    ) waiting
    where c.status = 'running'
    order by random() limit 10);
end
$$;

-- Locks every bucket that a step may take from. An organization with a frequency cap is locked too: two dispatchers must
-- not both find a recipient untouched.
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
    where o.id = any (tenants) and (o.messages_per_second is not null or o.marketing_gap_hours is not null));
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
-- hours waits. Answers to replies (confirmations, help) pass these, but not their own expiry. A campaign's messages are
-- here only when they were refused once or come back from doubt; while it is paused they wait.
drop function private.claim_messages(integer);
create function private.claim_messages(want integer, account_ids uuid[], probing uuid[])
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
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
    cross join lateral (
      select m.id, m.organization_id, m.account_id, m.to_number, m.campaign_id, m.lead_id,
        case when m.checked_at is null then m.expires_at end as expires_at, m.category,
        m.purpose in ('opt_out_confirmation', 'opt_in_confirmation', 'help') as answers,
        m.expires_at as own_expiry
      from public.messages m
      where m.account_id = account.id and m.status = 'queued' and m.send_after <= now()
        and (m.campaign_id is null or exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
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
      case when p.answers then null when p.category = 'marketing' then j.obstacle
        when exists (
          select from public.suppressions s
          where s.organization_id = p.organization_id and s.phone = p.to_number and s.lifted_at is null and s.scope = 'all'
        ) then 'suppressed'
        when exists (
          select from public.reply_reviews r
          where r.organization_id = p.organization_id and r.phone = p.to_number and r.status = 'open'
        ) then 'doubtful_reply' end as obstacle,
      j.consent_id,
      case when p.answers then now() when p.category = 'marketing' then coalesce(h.sends_at, now() + interval '1 day')
        else place.sends_at end as sends_at,
      case when p.answers then p.own_expiry when p.category = 'marketing' then least(p.expires_at, h.closes_at)
        else least(p.expires_at, place.closes_at) end as closes_at,
      h.zone
    from picked p
    join places place on place.id = p.organization_id
    left join moving c on c.id = p.campaign_id
    left join lateral (
      select x.obstacle, x.consent_id from private.judge_numbers(p.organization_id, array[p.to_number]) x
      where p.category = 'marketing' and not p.answers
    ) j on true
    left join lateral (
      select w.* from public.organizations o
      left join public.leads l on l.organization_id = o.id and l.id = p.lead_id
      cross join lateral private.contact_window(o, 'marketing', p.to_number, l.country, l.region, l.time_zone, now()) w
      where o.id = p.organization_id and p.category = 'marketing' and not p.answers
    ) h on true
    where p.campaign_id is null or c.id is not null
  ), judged as materialized (
    select w.*, case when w.campaign_status = 'canceled' then 'canceled'
        when w.obstacle <> 'doubtful_reply' then 'suppressed' when w.expired then 'canceled'
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
        when j.status = 'canceled' then case when j.campaign_status = 'canceled' then 'campaign_canceled' else 'expired' end
        when j.obstacle = 'doubtful_reply' then 'doubtful_reply' else nullif(m.error_code, 'doubtful_reply') end,
      error_message = case when j.status = 'suppressed' then case when j.obstacle = 'suppressed' then 'The number has opted out.'
          else 'The number must not get marketing texts.' end
        when j.status = 'canceled' then case when j.campaign_status = 'canceled' then 'Its campaign was canceled.'
          else 'It came too late to be sent.' end
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
        'account_id', k.account_id, 'expires_at', k.expires_at)), '[]')
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

-- Marks up to `want` targets of one running campaign, makes their messages `sending` and answers them as dispatchers
-- send them, with how many targets were looked at. Targets that must not be texted are excluded with the reason, those
-- outside their hours wait for them. A recipient keeps the number it was texted from before; a new one gets a number of
-- its own area code, else whichever has room. Who waits for a busy number is moved behind what that number can carry.
-- Earlier texts are looked up by their recipient alone (`is not distinct from` uses no index): while the statistics do not
-- know a month's partition yet, the planner would walk all texts of the organization for each recipient.
create function private.claim_campaign(campaign public.campaigns, want integer, probing uuid[])
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
  -- Planning this anew takes a quarter of its time, and there is one way to do it.
  set plan_cache_mode = force_generic_plan
as $$
declare
  organization public.organizations;
  pool uuid[];
  limits private.sending_limit[];
  room integer := want;
  capacity integer[];
  takers uuid[] := '{}'::uuid[];
  taken integer[] := '{}'::integer[];
  gap_from uuid;
  answer jsonb;
begin
  select * into strict organization from public.organizations o where o.id = campaign.organization_id;
  gap_from := private.uuid_v7_floor(now() - make_interval(hours => organization.marketing_gap_hours));
  pool := array(
    select a.id from public.sms_accounts a
    where a.organization_id = campaign.organization_id and (a.status = 'active' or a.id = any (probing))
      and (a.resting_until is null or a.resting_until <= now())
      and (a.id in (
          select n.account_id from public.campaign_numbers n
          where n.organization_id = campaign.organization_id and n.campaign_id = campaign.id)
        or a.is_default and not exists (
          select from public.campaign_numbers n
          where n.organization_id = campaign.organization_id and n.campaign_id = campaign.id))
    order by a.id);
  if cardinality(pool) = 0 then
    return '{"messages": [], "judged": 0}'::jsonb;
  end if;
  limits := array(
    select row(campaign.id, campaign.messages_per_minute / 60.0, null, null, want)::private.sending_limit
    where campaign.messages_per_minute is not null
    union all
    select row(organization.id, organization.messages_per_second, null, null, want)::private.sending_limit
    where organization.messages_per_second is not null
    union all
    select row(a.id, a.per_second, a.daily_cap, a.cap_zone, want)::private.sending_limit
    from public.sms_accounts a
    where a.id = any (pool) and (a.per_second is not null or a.daily_cap is not null));
  if cardinality(limits) > 0 then
    select array_agg(t.id), array_agg(t.granted) into takers, taken from private.take_sends(limits) t;
  end if;
  select array_agg(least(coalesce(t.granted, want), case when p.id = any (probing) then 1 else want end) order by p.n)
  into capacity
  from unnest(pool) with ordinality as p (id, n)
  left join unnest(takers, taken) as t (id, granted) on t.id = p.id;
  select least(want, (select sum(c) from unnest(capacity) c),
    (select min(t.granted) from unnest(takers, taken) as t (id, granted) where t.id in (campaign.id, organization.id)))
  into room;
  if room = 0 then
    perform private.return_sends(takers, taken);
    return '{"messages": [], "judged": 0}'::jsonb;
  end if;

  with picked as materialized (
    select t.* from public.campaign_targets t
    where t.campaign_id = campaign.id and t.status = 'pending' and t.send_after <= now()
    order by t.send_after, t.position limit room
    for update skip locked
  ), verdicts as materialized (
    select j.* from private.judge_numbers(campaign.organization_id, array(select x.phone from picked x)) j
  ), known as materialized (
    select p.position, p.phone, p.variant_id, l.id as lead_id, l.country, l.region, l.time_zone, j.obstacle, j.consent_id,
      private.filled(w.body, private.lead_variables(l, organization.name)) as body, l.phone as lead_phone
    from picked p
    left join public.leads l on l.organization_id = campaign.organization_id and l.id = p.lead_id and l.deleted_at is null
    left join verdicts j on j.phone = p.phone
    left join private.template_wordings w on w.organization_id = campaign.organization_id and w.variant_id = p.variant_id
  ), windows as materialized (
    -- Recipients of one place and area code share their hours.
    select d.place, h.sends_at, h.closes_at, h.zone, c.messages as cap,
      private.uuid_v7_floor(now() - make_interval(hours => c.hours)) as cap_from
    from (
      select distinct on (row(left(k.phone, 5), k.country, k.region, k.time_zone)::text)
        row(left(k.phone, 5), k.country, k.region, k.time_zone)::text as place, k.phone, k.country, k.region, k.time_zone
      from known k where k.lead_id is not null
    ) d
    cross join lateral private.contact_window(organization, 'marketing', d.phone, d.country, d.region, d.time_zone, now()) h
    cross join lateral private.contact_cap(d.phone, d.country, d.region, current_date) c
  ), judged as materialized (
    select k.*, h.sends_at, h.closes_at, h.zone, case
        when k.lead_id is null then 'lead_deleted'
        when k.lead_phone is distinct from k.phone then 'number_changed'
        when k.obstacle is not null then k.obstacle
        when k.body is null then 'missing_variable'
        when organization.marketing_gap_hours is not null and (
          select count(*) from public.messages m
          where m.organization_id is not distinct from campaign.organization_id and m.to_number = k.phone and m.category = 'marketing'
            and m.direction = 'outbound' and m.status in ('sending', 'sent', 'delivered', 'undelivered', 'queued')
            and m.id >= gap_from
        ) >= organization.marketing_gap_messages then 'frequency_cap'
        when h.cap is not null and (
          select count(*) from public.messages m
          where m.organization_id is not distinct from campaign.organization_id and m.to_number = k.phone and m.category = 'marketing'
            and m.direction = 'outbound' and m.status in ('sending', 'sent', 'delivered', 'undelivered', 'queued')
            and m.id >= h.cap_from
        ) >= h.cap then 'frequency_cap'
        when h.sends_at is null then 'window_closed' end as fault
    from known k
    left join windows h on h.place = row(left(k.phone, 5), k.country, k.region, k.time_zone)::text
  ), ready as materialized (
    select j.*, case when cardinality(pool) = 1 then pool[1] else (
        select m.account_id from public.messages m
        where m.organization_id is not distinct from campaign.organization_id and m.to_number = j.phone and m.account_id = any (pool)
        order by m.id desc limit 1) end as kept_account
    from judged j where j.fault is null and j.sends_at <= now()
  ), wishes as materialized (
    select r.*, row_number() over (partition by r.account_id order by r.kept_account is null, r.position) as place
    from (
      select r.*, coalesce(r.kept_account, (
        select a.id from public.sms_accounts a
        where a.id = any (pool) and r.phone like '+1%' and left(a.sender_id, 5) = left(r.phone, 5)
        order by a.id limit 1)) as account_id
      from ready r
    ) r
  ), seated as materialized (
    select w.position, w.account_id from wishes w where w.place <= capacity[array_position(pool, w.account_id)]
  ), seats as materialized (
    select s.account_id, row_number() over (order by s.n, s.account_id) as place
    from (
      select p.id as account_id, n
      from unnest(pool) as p (id)
      cross join lateral generate_series(1, capacity[array_position(pool, p.id)] - (
        select count(*) from seated x where x.account_id = p.id)) n
    ) s
    order by s.n, s.account_id limit room
  ), flexible as materialized (
    select w.position, row_number() over (order by w.position) as place from wishes w
    where w.kept_account is null and not exists (select from seated x where x.position = w.position)
  ), going as materialized (
    select w.position, w.phone, w.lead_id, w.variant_id, w.consent_id, w.body, w.zone, w.closes_at, x.account_id,
      private.uuid_v7() as message_id
    from (
      select s.position, s.account_id from seated s
      union all
      select f.position, s.account_id from flexible f join seats s on s.place = f.place
    ) x
    join wishes w on w.position = x.position
  ), waiting as materialized (
    select w.position, case
        when b.day_count >= a.daily_cap then ((now() at time zone a.cap_zone)::date + 1)::timestamp at time zone a.cap_zone
        else now() + greatest(1, w.place / coalesce(a.per_second, 1)) * interval '1 second' end as send_after
    from wishes w
    join public.sms_accounts a on a.id = w.kept_account
    left join private.sending_buckets b on b.id = a.id
    where not exists (select from going g where g.position = w.position)
  ), sent as (
    insert into public.messages (id, organization_id, category, purpose, account_id, lead_id, campaign_id, variant_id,
      target_position, consent_id, to_number, from_number, body, encoding, segments, status, provider, attempts, sending_at,
      checked_at, recipient_zone, expires_at, created_by)
    select g.message_id, campaign.organization_id, 'marketing', 'custom', a.id, g.lead_id, campaign.id, g.variant_id,
      g.position, g.consent_id, g.phone, a.sender_id, g.body, s.encoding, s.segments, 'sending', a.provider, 1,
      clock_timestamp(), now(), g.zone, g.closes_at, campaign.started_by
    from going g
    join public.sms_accounts a on a.id = g.account_id
    cross join lateral private.sms_segments(g.body) s
    returning *
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source)
    select s.organization_id, s.id, 'sending', 'dispatch' from sent s
  ), marked as (
    update public.campaign_targets t set
      status = case when g.message_id is not null then 'sent' when j.fault is null or j.fault = 'doubtful_reply' then 'pending'
        else 'excluded' end,
      reason = case when j.fault <> 'doubtful_reply' then j.fault end,
      message_id = g.message_id,
      send_after = case when j.fault = 'doubtful_reply' then now() + interval '15 minutes'
        when j.fault is null and j.sends_at > now() then j.sends_at else coalesce(w.send_after, t.send_after) end,
      updated_at = now()
    from judged j
    left join going g on g.position = j.position
    left join waiting w on w.position = j.position
    where t.campaign_id = campaign.id and t.position = j.position
      and (g.message_id is not null or w.position is not null or j.fault is not null or j.sends_at > now())
  )
  select jsonb_build_object('judged', (select count(*) from picked), 'messages', (
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'attempt', 1, 'to', s.to_number, 'from', s.from_number,
      'body', s.body, 'provider', s.provider, 'account_id', s.account_id, 'expires_at', s.expires_at)), '[]')
    from sent s))
  into answer;

  if cardinality(takers) > 0 then
    perform private.return_sends(takers, array(
      select t.granted - (
        select count(*)::integer from jsonb_array_elements(answer -> 'messages') m
        where t.id in (campaign.id, organization.id) or (m ->> 'account_id')::uuid = t.id)
      from unnest(takers, taken) with ordinality as t (id, granted, n) order by t.n));
  end if;
  return answer;
end
$$;

-- Targets of these campaigns. The key share lock lets a person's pause wait for the claims under way and no longer: after
-- it has committed nothing more is claimed. A campaign that somebody is changing is passed over. Where a group has nobody
-- to text now (a whole zone asleep), the next is looked at, for a moment.
create function private.claim_targets(want integer, campaign_ids uuid[], probing uuid[])
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  campaign_id uuid;
  found_some jsonb;
  claimed jsonb := '[]'::jsonb;
  ends constant timestamptz := clock_timestamp() + interval '100 milliseconds';
begin
  foreach campaign_id in array campaign_ids loop
    exit when jsonb_array_length(claimed) >= want;
    select * into campaign from public.campaigns c where c.id = campaign_id and c.status = 'running' for key share skip locked;
    continue when campaign.id is null;
    loop
      found_some := private.claim_campaign(campaign, want - jsonb_array_length(claimed), probing);
      claimed := claimed || (found_some -> 'messages');
      exit when jsonb_array_length(claimed) >= want or found_some -> 'judged' = '0' or clock_timestamp() > ends;
    end loop;
  end loop;
  return claimed;
end
$$;

-- When something falls due, if within a minute: a message's or a target's own time, the end of an account's pause, or the
-- moment at which a number, campaign or organization may send again.
create function private.next_due()
returns timestamptz
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return (
    select case when min(due.at) is not null then greatest(min(due.at), now() + interval '100 milliseconds') end from (
      select greatest(m.send_after, case when a.status = 'parked' then a.parked_until end,
        private.next_send(a.id, a.per_second, a.daily_cap, a.cap_zone),
        private.next_send(o.id, o.messages_per_second, null, null)) as at
      from public.sms_accounts a
      join public.organizations o on o.id = a.organization_id
      cross join lateral (
        select m.send_after from public.messages m
        where m.account_id = a.id and m.status = 'queued'
          and (m.campaign_id is null or exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
        order by m.send_after limit 1
      ) m
      where a.status <> 'disabled' and m.send_after < now() + interval '1 minute'
      union all
      select greatest(t.send_after, pool.at, private.next_send(c.id, c.messages_per_minute / 60.0, null, null),
        private.next_send(o.id, o.messages_per_second, null, null))
      from public.campaigns c
      join public.organizations o on o.id = c.organization_id
      cross join lateral (
        select t.send_after from public.campaign_targets t
        where t.campaign_id = c.id and t.status = 'pending' order by t.send_after limit 1
      ) t
      cross join lateral (
        select min(greatest(case when a.status = 'parked' then a.parked_until end, a.resting_until,
          private.next_send(a.id, a.per_second, a.daily_cap, a.cap_zone))) as at
        from public.sms_accounts a
        where a.organization_id = c.organization_id and a.status <> 'disabled' and (a.id in (
            select n.account_id from public.campaign_numbers n
            where n.organization_id = c.organization_id and n.campaign_id = c.id)
          or a.is_default and not exists (
            select from public.campaign_numbers n
            where n.organization_id = c.organization_id and n.campaign_id = c.id))
      ) pool
      where c.status = 'running' and t.send_after < now() + interval '1 minute' and pool.at is not null
    ) due
    where due.at < now() + interval '1 minute');
end
$$;

-- One step of a lane: messages first, then targets. Answers { messages, credentials: { account_id: {…} } of accounts that
-- have their own, next_due_at: when something falls due, if within a minute }. Definer: the service role may not write
-- these tables.
create or replace function private.dispatch_step(outcomes jsonb, want integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  claimed jsonb := '[]'::jsonb;
  probing uuid[];
  accounts uuid[];
  campaigns uuid[];
begin
  perform private.record_outcomes(outcomes);
  if want > 0 then
    probing := private.probing_accounts();
    accounts := private.waiting_accounts(probing);
    campaigns := private.waiting_campaigns();
    perform private.watch_campaigns(campaigns);
    perform private.hold_buckets(accounts, campaigns);
    claimed := private.claim_messages(want, accounts, probing);
    if jsonb_array_length(claimed) < want and cardinality(campaigns) > 0 then
      claimed := claimed || private.claim_targets(want - jsonb_array_length(claimed), campaigns,
        array(select p.id from unnest(probing) as p (id) where p.id <> all (accounts)));
    end if;
  end if;
  return jsonb_build_object(
    'messages', claimed,
    'credentials', private.account_credentials(array(
      select distinct (c ->> 'account_id')::uuid from jsonb_array_elements(claimed) c)),
    'next_due_at', case when jsonb_array_length(claimed) = 0 then private.next_due() end);
end
$$;
