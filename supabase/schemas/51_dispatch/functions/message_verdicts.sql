-- Who may be texted, for queued messages. What was forbidden since they were queued is checked here: opt-outs for all; for
-- marketing also lists, consent, frequency caps and the law's hours, which hold for what a person writes too
-- (legal_hours_from). Outside the organization's hours a message waits; one that is too old is canceled (is_outdated).
-- Automatic replies (confirmations, help) are exempt from these, but not from their own expiry, nor from the provider's
-- refusal of a number that opted out there; an opt-out confirmation is not sent once the number has opted in again.
create function private.message_verdicts(candidates public.messages[])
returns setof private.message_verdict
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
  with campaigns as materialized (
    -- A pause waits for the claims under way, and no claim waits for a pause.
    select c.id, c.status from public.campaigns c
    where c.id in (select m.campaign_id from unnest(candidates) m where m.campaign_id is not null) and c.status <> 'paused'
    for key share skip locked
  ), organizations as materialized (
    select o.id, o as organization, w.sends_at, w.closes_at, private.phone_pattern_of(o) as allowed_phones
    from public.organizations o
    cross join lateral private.contact_window(o, 'service', null, null, null, null, now()) w
    where o.id in (select m.organization_id from unnest(candidates) m)
  ), legal as materialized (
    -- Found by the id alone, as in target_verdicts.
    select m.id, m.organization_id, m.to_number, l.country, l.region, l.time_zone,
      row(m.organization_id, left(m.to_number, 5), l.country, l.region, l.time_zone)::text as place
    from unnest(candidates) m
    left join public.leads l on (l.organization_id = m.organization_id) is true and l.id = m.lead_id
    where m.legal_hours_from <= now()
  ), places as materialized (
    select p.place, coalesce(w.sends_at, now() + interval '1 day') as sends_at, w.closes_at, w.zone
    from (select distinct on (g.place) g.* from legal g) p
    join organizations o on o.id = p.organization_id
    cross join lateral private.contact_window(o.organization, 'marketing', p.to_number, p.country, p.region, p.time_zone, now()) w
  ), facts as materialized (
    select m.id, m.purpose, c.status as campaign_status, private.is_auto_reply(m.purpose) as auto_reply, m.expires_at,
      private.is_outdated(m) as outdated,
      -- Until the first attempt expires_at is the message's own; later it is the end of the window of that attempt.
      case when m.checked_at is null then m.expires_at end as own_expiry,
      opted.out as opted_out, marketing.blocked_reason, marketing.consent_id, marketing.marketing_sends_at,
      marketing.marketing_closes_at, coalesce(marketing.zone, law.zone) as zone,
      coalesce(marketing.wait_reason, 'quiet_hours') as wait_reason,
      coalesce(law.sends_at, o.sends_at) as other_sends_at,
      case when m.legal_hours_from <= now() then law.closes_at else o.closes_at end as other_closes_at,
      m.to_number ~ o.allowed_phones as country_allowed,
      -- A person who writes to a sandboxed organization gets their answer.
      private.sending_restriction(o.organization, a.credentials_secret_id is not null or private.is_auto_reply(m.purpose),
        m.to_number) as restriction, m.category, m.organization_id, m.account_id, m.to_number
    from unnest(candidates) m
    join organizations o on o.id = m.organization_id
    join public.sms_accounts a on a.id = m.account_id
    left join campaigns c on c.id = m.campaign_id
    cross join lateral (
      select m.category <> 'marketing' and exists (
        select from public.suppressions s
        where s.organization_id = m.organization_id and s.phone = m.to_number and s.lifted_at is null and s.scope = 'all') as out
    ) opted
    left join lateral (
      -- The limit keeps the planner from evaluating this for messages that are not marketing.
      select v.* from private.marketing_verdict(m) v
      where m.category = 'marketing' and not private.is_auto_reply(m.purpose) limit 1
    ) marketing on true
    left join legal g on g.id = m.id
    left join places law on law.place = g.place
    where m.campaign_id is null or c.id is not null
  ), checked as materialized (
    select f.*,
      coalesce(case when f.auto_reply then f.expires_at else f.own_expiry end <= now(), false) or f.outdated as expired,
      case when f.auto_reply then
          case when f.opted_out and f.purpose = 'opt_in_confirmation'
            or private.refused_as_opted_out(f.organization_id, f.account_id, f.to_number) then 'suppressed' end
        when f.category = 'marketing' then f.blocked_reason
        when f.opted_out then 'suppressed'
        when not f.country_allowed then 'country_not_allowed'
        when private.is_undeliverable(f.organization_id, f.to_number) then 'undeliverable'
        when private.needs_review(f.organization_id, f.to_number) then 'doubtful_reply' end as reason,
      case when f.auto_reply then now() when f.category = 'marketing' then f.marketing_sends_at
        else f.other_sends_at end as sends_at,
      case when f.auto_reply then f.expires_at when f.category = 'marketing' then least(f.own_expiry, f.marketing_closes_at)
        else least(f.own_expiry, f.other_closes_at) end as closes_at
    from facts f
  )
  select k.id, row(
    case when k.campaign_status = 'canceled' then 'cancel'
      when k.reason <> 'doubtful_reply' then 'exclude'
      when k.expired or k.purpose = 'opt_out_confirmation' and not k.opted_out then 'cancel'
      when k.reason is not null or k.sends_at > now() or k.restriction is not null then 'wait'
      else 'send' end,
    case when k.campaign_status = 'canceled' then 'campaign_canceled'
      when k.reason <> 'doubtful_reply' then k.reason
      when k.expired then 'expired'
      when k.purpose = 'opt_out_confirmation' and not k.opted_out then 'superseded'
      when k.reason is not null then 'review'
      when k.restriction is not null then k.restriction
      when k.sends_at > now() then k.wait_reason end,
    case when k.reason = 'doubtful_reply' then greatest(k.sends_at, now() + private.review_recheck_interval())
      when k.restriction is not null then greatest(k.sends_at, now() + interval '15 minutes')
      else k.sends_at end,
    k.closes_at, k.consent_id, k.zone)::private.send_verdict
  from checked k;
end
$$;

-- What marketing needs beside the opt-out: consent, lists, the law's hours and caps. Frequency caps are checked last and
-- under a lock of the recipient.
create function private.marketing_verdict(message public.messages, out blocked_reason text, out consent_id uuid,
  out marketing_sends_at timestamptz, out marketing_closes_at timestamptz, out zone text, out wait_reason text)
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  organization public.organizations;
  lead public.leads;
  capped record;
begin
  wait_reason := 'quiet_hours';
  select * into strict organization from public.organizations o where o.id = message.organization_id;
  select * into lead from public.leads l where l.organization_id = message.organization_id and l.id = message.lead_id;
  select e.blocked_reason, e.consent_id into blocked_reason, consent_id
  from private.check_marketing_eligibility(message.organization_id, array[message.to_number]) e;
  select w.sends_at, w.closes_at, w.zone into marketing_sends_at, marketing_closes_at, zone
  from private.contact_window(organization, 'marketing', message.to_number, lead.country, lead.region, lead.time_zone, now()) w;
  if blocked_reason is null and marketing_sends_at <= now() then
    -- Since it was refused others may have been sent.
    select c.busy into capped from private.frequency_capped(message.organization_id, array(
      select row(message.to_number, now() - make_interval(hours => x.hours), x.messages, message.id)::private.frequency_limit
      from (
        select * from private.contact_cap(message.to_number, lead.country, lead.region, current_date)
        union all
        select organization.marketing_gap_messages, organization.marketing_gap_hours
      ) x where x.messages is not null)) c;
    if found and capped.busy then
      marketing_sends_at := now() + interval '1 second';
      wait_reason := 'frequency_cap';
    elsif found then
      blocked_reason := 'frequency_cap';
    end if;
  end if;
  marketing_sends_at := coalesce(marketing_sends_at, now() + interval '1 day');
end
$$;
