-- Marks up to `want` targets of one running campaign, makes their messages `sending` and answers them as dispatchers
-- send them, with how many targets were looked at. Targets that must not be texted are excluded with the reason, those
-- outside their hours wait for them. A recipient keeps the number it was texted from before; a new one gets a number of
-- its own area code, else whichever has room. Who waits for a busy number is moved behind what that number can carry.
create function private.claim_campaign(campaign public.campaigns, batch_size integer, probing uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
  -- As claim_messages.
  set plan_cache_mode = force_generic_plan
as $$
declare
  organization public.organizations;
  pool uuid[];
  limits private.send_rate_limit[];
  room integer := batch_size;
  capacity integer[];
  takers uuid[] := '{}'::uuid[];
  taken integer[] := '{}'::integer[];
  answer jsonb;
begin
  select * into strict organization from public.organizations o where o.id = campaign.organization_id;
  pool := array(
    select a.id from private.campaign_senders a
    where a.campaign_id = campaign.id and (a.status = 'active' or a.id = any (probing))
      and (a.cooldown_until is null or a.cooldown_until <= now())
    order by a.id);
  if cardinality(pool) = 0 then
    return '{"messages": [], "judged": 0}'::jsonb;
  end if;
  limits := array(
    select row(campaign.id, campaign.messages_per_minute / 60.0, null, null, batch_size)::private.send_rate_limit
    where campaign.messages_per_minute is not null
    union all
    select row(organization.id, organization.messages_per_second, null, null, batch_size)::private.send_rate_limit
    where organization.messages_per_second is not null
    union all
    select row(a.id, a.per_second, a.daily_cap, a.cap_zone, batch_size)::private.send_rate_limit
    from public.sms_accounts a
    where a.id = any (pool) and (a.per_second is not null or a.daily_cap is not null));
  if cardinality(limits) > 0 then
    select array_agg(t.id), array_agg(t.granted) into takers, taken from private.acquire_tokens(limits) t;
  end if;
  select array_agg(least(coalesce(t.granted, batch_size), case when p.id = any (probing) then 1 else batch_size end) order by p.n)
  into capacity
  from unnest(pool) with ordinality as p (id, n)
  left join unnest(takers, taken) as t (id, granted) on t.id = p.id;
  select least(batch_size, (select sum(c) from unnest(capacity) c),
    (select min(t.granted) from unnest(takers, taken) as t (id, granted) where t.id in (campaign.id, organization.id)))
  into room;
  if room = 0 then
    perform private.release_tokens(takers, taken);
    return '{"messages": [], "judged": 0}'::jsonb;
  end if;

  with picked as materialized (
    select t.* from public.campaign_targets t
    where t.campaign_id = campaign.id and t.status = 'pending' and t.send_after <= now()
    order by t.send_after, t.position limit room
    for update skip locked
  ), verdicts as materialized (
    select j.* from private.check_marketing_eligibility(campaign.organization_id, array(select x.phone from picked x)) j
  ), known as materialized (
    select p.position, p.phone, p.variant_id, l.id as lead_id, l.country, l.region, l.time_zone, j.obstacle, j.consent_id,
      private.render_template_text(w.body, private.lead_variables(l, organization.name)) as body, l.phone as lead_phone
    from picked p
    left join public.leads own on own.organization_id = campaign.organization_id and own.id = p.lead_id and own.deleted_at is null
    left join lateral (
      -- Who was merged into another lead, or left the number to one that was passed over for having it too, is not lost.
      select x.id from public.leads x
      where (own.id is null or own.phone is distinct from p.phone)
        and x.organization_id = campaign.organization_id and x.phone = p.phone and x.deleted_at is null and (
          x.id = (select g.merged_into from public.leads g where g.organization_id = campaign.organization_id and g.id = p.lead_id)
          or exists (
            select from public.campaign_targets d
            where d.campaign_id = campaign.id and d.lead_id = x.id and d.reason = 'duplicate_number'))
      order by x.id limit 1
    ) heir on true
    left join public.leads l on l.organization_id = campaign.organization_id and l.id = coalesce(heir.id, own.id)
    left join verdicts j on j.phone = p.phone
    left join private.template_bodies w on w.organization_id = campaign.organization_id and w.variant_id = p.variant_id
  ), places as materialized (
    -- Recipients of one place and area code are in one area, and those of one area share its law and its hours.
    select d.place, r.*, d.phone like '+1%' as by_law, row(r.*, d.phone like '+1%')::text as area
    from (
      select distinct on (row(left(k.phone, 5), k.country, k.region, k.time_zone)::text)
        row(left(k.phone, 5), k.country, k.region, k.time_zone)::text as place, k.phone, k.country, k.region, k.time_zone
      from known k where k.lead_id is not null
    ) d
    cross join lateral private.recipient(d.phone, d.country, d.region, d.time_zone, organization.time_zone) r
  ), areas as materialized (
    select a.area, h.sends_at, h.closes_at, array_to_string(a.zones, ',') as zone, c.messages as cap, c.hours as cap_hours
    from (select distinct on (p.area) p.* from places p) a
    cross join lateral private.area_window(organization, a.by_law, a.place_country, a.place_region, a.zones, now()) h
    left join lateral private.area_cap(a.place_country, a.place_region, current_date) c on a.by_law
  ), judged as materialized (
    select k.*, h.sends_at, h.closes_at, h.zone, h.cap, h.cap_hours, case
        when k.lead_id is null then 'lead_deleted'
        when k.lead_phone is distinct from k.phone then 'number_changed'
        when k.obstacle is not null then k.obstacle
        when k.body is null then 'missing_variable'
        -- A value may have any length; no provider takes more at once, and each part costs.
        when char_length(k.body) > 1600 then 'text_too_long'
        when h.sends_at is null then 'window_closed' end as fault
    from known k
    left join places p on p.place = row(left(k.phone, 5), k.country, k.region, k.time_zone)::text
    left join areas h on h.area = p.area
  ), texted as materialized (
    select t.* from private.frequency_capped(campaign.organization_id, array(
      select row(j.phone, now() - make_interval(hours => x.hours), x.messages, null)::private.frequency_limit
      from judged j
      cross join lateral (values (j.cap, j.cap_hours), (organization.marketing_gap_messages, organization.marketing_gap_hours))
        x (messages, hours)
      where j.fault is null and j.sends_at <= now() and x.messages is not null)) t
  ), decided as materialized (
    select j.*, case when j.fault <> 'doubtful_reply' then j.fault when not t.busy then 'frequency_cap' end as reason,
      case when j.fault = 'doubtful_reply' then now() + interval '15 minutes'
        when j.fault is null and j.sends_at > now() then j.sends_at
        when t.busy then now() + interval '1 second' end as waits_until
    from judged j left join texted t on t.phone = j.phone
  ), ready as materialized (
    select j.*, case when cardinality(pool) = 1 then pool[1] else (
        -- As in under_frequency_cap: by the recipient alone.
        select m.account_id from public.messages m
        where m.organization_id is not distinct from campaign.organization_id and m.to_number = j.phone and m.account_id = any (pool)
        order by m.id desc limit 1) end as kept_account
    from decided j where j.reason is null and j.waits_until is null
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
    left join private.send_rate_buckets b on b.id = a.id
    where not exists (select from going g where g.position = w.position)
  ), sent as (
    insert into public.messages (id, organization_id, category, purpose, account_id, lead_id, campaign_id, variant_id,
      target_position, consent_id, to_number, from_number, body, encoding, segments, status, provider, attempts, sending_at,
      checked_at, recipient_zone, provider_account, expires_at, created_by)
    select g.message_id, campaign.organization_id, 'marketing', 'custom', a.id, g.lead_id, campaign.id, g.variant_id,
      g.position, g.consent_id, g.phone, a.sender_id, g.body, s.encoding, s.segments, 'sending', a.provider, 1,
      clock_timestamp(), now(), g.zone, coalesce(a.provider_account, platform ->> a.provider), g.closes_at, campaign.started_by
    from going g
    join public.sms_accounts a on a.id = g.account_id
    cross join lateral private.sms_segments(g.body) s
    returning *
  ), logged as (
    insert into public.message_events (organization_id, message_id, status, source)
    select s.organization_id, s.id, 'sending', 'dispatch' from sent s
  ), marked as (
    update public.campaign_targets t set
      status = case when g.message_id is not null then 'sent' when d.reason is not null then 'excluded' else 'pending' end,
      reason = d.reason,
      message_id = g.message_id,
      send_after = coalesce(d.waits_until, w.send_after, t.send_after),
      updated_at = now()
    from decided d
    left join going g on g.position = d.position
    left join waiting w on w.position = d.position
    where t.campaign_id = campaign.id and t.position = d.position
      and (g.message_id is not null or w.position is not null or d.reason is not null or d.waits_until is not null)
  )
  select jsonb_build_object('judged', (select count(*) from picked), 'messages', (
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'attempt', 1, 'to', s.to_number, 'from', s.from_number,
      'body', s.body, 'provider', s.provider, 'account_id', s.account_id, 'provider_account', s.provider_account,
      'expires_at', s.expires_at)), '[]')
    from sent s))
  into answer;

  if cardinality(takers) > 0 then
    perform private.release_tokens(takers, array(
      select t.granted - (
        select count(*)::integer from jsonb_array_elements(answer -> 'messages') m
        where t.id in (campaign.id, organization.id) or (m ->> 'account_id')::uuid = t.id)
      from unnest(takers, taken) with ordinality as t (id, granted, n) order by t.n));
  end if;
  return answer;
end
$$;
