create function private.claim_messages(batch_size integer, account_ids uuid[], probing uuid[], platform jsonb)
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
        private.is_auto_reply(m.purpose) as answers,
        m.expires_at as own_expiry
      from public.messages m
      where m.account_id = account.id and m.status = 'queued' and m.send_after <= now()
        and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
          and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
      order by m.send_after, m.id
      -- An even share for each account, so that one tenant's mountain does not keep the others waiting.
      limit case when account.id = any (probing) then 1 else ceil(batch_size::numeric / cardinality(account_ids)) end
      for update of m skip locked
    ) p
    -- Where there are more accounts than places, chance decides which come first.
    limit batch_size
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
      select x.obstacle, x.consent_id from private.check_marketing_eligibility(p.organization_id, array[p.to_number]) x
      where p.category = 'marketing' and not p.answers limit 1
    ) j on true
    left join lateral (
      select w.*, array(
        select row(p.to_number, now() - make_interval(hours => x.hours), x.messages, p.id)::private.frequency_limit
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
      select x.busy from private.frequency_capped(p.organization_id, h.limits) x where j.obstacle is null and h.sends_at <= now() limit 1
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
      select row(a.id, a.per_second, a.daily_cap, a.cap_zone, count(*))::private.send_rate_limit
      from placed p join public.sms_accounts a on a.id = p.account_id
      where p.status = 'sending' and (a.per_second is not null or a.daily_cap is not null) group by a.id
      union all
      select row(o.id, o.messages_per_second, null, null, count(*))::private.send_rate_limit
      from placed p join places o on o.id = p.organization_id
      where p.status = 'sending' and o.messages_per_second is not null group by o.id, o.messages_per_second) as list
  ), granted as materialized (
    select g.id, g.granted from limits l cross join lateral private.acquire_tokens(l.list) g where cardinality(l.list) > 0
  ), moved as materialized (
    select p.* from placed p
    left join granted a on a.id = p.account_id
    left join granted o on o.id = p.organization_id
    where p.status <> 'sending' or (p.of_account <= coalesce(a.granted, batch_size) and p.of_organization <= coalesce(o.granted, batch_size))
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
    perform private.release_tokens(givers, spare);
  end if;
  return answer;
end
$$;
