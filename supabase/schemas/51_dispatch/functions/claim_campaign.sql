-- Marks up to batch_size targets of one running campaign, makes their messages `sending` and answers them as dispatchers
-- send them, with how many targets were checked. Targets that must not be texted are excluded with the reason, those
-- outside their hours wait for them.
create function private.claim_campaign(campaign public.campaigns, batch_size integer, half_open uuid[], platform jsonb)
returns jsonb
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
declare
  organization public.organizations;
  capacity private.campaign_capacity;
  targets private.target_verdict[] := '{}'::private.target_verdict[];
  choices private.sender_choice[];
  messages jsonb := '[]'::jsonb;
  amount numeric;
  platform_segments bigint;
  affordable private.sender_choice[];
  exhausted boolean := false;
begin
  select * into strict organization from public.organizations o where o.id = campaign.organization_id;
  capacity := private.campaign_capacity(campaign, organization, batch_size, half_open);
  if capacity.total > 0 then
    targets := private.target_verdicts(campaign, organization, capacity.total);
  end if;
  if cardinality(targets) > 0 then
    choices := private.assign_senders(campaign, capacity, targets);
    if private.has_budget(organization) then
      affordable := private.affordable_choices(organization, targets, choices);
      exhausted := cardinality(affordable) < cardinality(choices);
      choices := affordable;
    end if;
    with decided as materialized (
      select t.position, t.phone, t.lead_id, t.variant_id, t.body, (t.decision).*, c.account_id, c.send_after, c.message_id
      from unnest(targets) t left join unnest(choices) c on c.position = t.position
    ), sent as (
      insert into public.messages (id, organization_id, category, purpose, account_id, lead_id, campaign_id, variant_id,
        target_position, consent_id, to_number, from_number, body, encoding, segments, status, provider, attempts, sending_at,
        checked_at, recipient_zone, provider_account, expires_at, created_by)
      select d.message_id, campaign.organization_id, 'marketing', 'custom', a.id, d.lead_id, campaign.id, d.variant_id,
        d.position, d.consent_id, d.phone, a.sender_id, d.body, s.encoding, s.segments, 'sending', a.provider, 1,
        clock_timestamp(), now(), d.zone, coalesce(a.provider_account, platform ->> a.provider), d.closes_at, campaign.started_by
      from decided d
      join public.sms_accounts a on a.id = d.account_id
      cross join lateral private.sms_segments(d.body) s
      returning *
    ), logged as (
      insert into public.message_events (organization_id, message_id, status, source)
      select s.organization_id, s.id, 'sending', 'dispatch' from sent s
    ), marked as (
      update public.campaign_targets t set
        status = case when d.message_id is not null then 'sent' when d.verdict = 'exclude' then 'excluded' else 'pending' end,
        reason = case when d.verdict = 'exclude' then d.reason end,
        wait_reason = case when d.verdict = 'wait' then d.reason when d.send_after is not null then 'rate' end,
        message_id = d.message_id,
        send_after = coalesce(d.wait_until, d.send_after, t.send_after),
        updated_at = now()
      from decided d
      where t.campaign_id = campaign.id and t.position = d.position
        and (d.message_id is not null or d.send_after is not null or d.verdict <> 'send')
    )
    select coalesce(jsonb_agg(private.claimed_message_json(s)), '[]'),
      coalesce(sum(s.segments * private.segment_price(organization, a)), 0),
      coalesce(sum(s.segments) filter (where a.credentials_secret_id is null), 0)
    into messages, amount, platform_segments
    from sent s join public.sms_accounts a on a.id = s.account_id;
    if private.has_budget(organization) then
      perform private.spend(organization, (amount, platform_segments)::private.budget, exhausted);
    end if;
  end if;
  perform private.release_unused_tokens(campaign, capacity, messages);
  -- Once the budget is spent no further targets are looked at.
  return jsonb_build_object('checked', case when exhausted then 0 else cardinality(targets) end, 'messages', messages);
end
$$;

-- Gives back what was taken for a campaign and not used.
create function private.release_unused_tokens(campaign public.campaigns, capacity private.campaign_capacity, messages jsonb)
returns void
language sql set search_path = ''
as $$
  select private.release_tokens(capacity.bucket_ids, array(
    select t.granted - (
      select count(*)::integer from jsonb_array_elements(messages) m
      where t.id in (campaign.id, campaign.organization_id) or (m ->> 'account_id')::uuid = t.id)
    from unnest(capacity.bucket_ids, capacity.granted) with ordinality as t (id, granted, n) order by t.n))
  where cardinality(capacity.bucket_ids) > 0
$$;
