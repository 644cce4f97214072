-- Who may be texted, for the next targets of a campaign: locks up to `size` that are due and says of each what becomes of
-- it. The law and hours of a place are looked up once for all recipients there.
create function private.target_verdicts(campaign public.campaigns, organization public.organizations, size integer)
returns private.target_verdict[]
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    with picked as materialized (
      select t.* from public.campaign_targets t
      where t.campaign_id = campaign.id and t.status = 'pending' and t.send_after <= now()
      order by t.send_after, t.position limit size
      for update skip locked
    ), eligible as materialized (
      select e.* from private.check_marketing_eligibility(campaign.organization_id, array(select x.phone from picked x)) e
    ), recipients as materialized (
      select p.position, p.phone, p.variant_id, l.id as lead_id, l.country, l.region, l.time_zone, e.blocked_reason,
        e.consent_id, l.phone as lead_phone, row(left(p.phone, 5), l.country, l.region, l.time_zone)::text as place,
        private.render_template_text(b.body, private.lead_variables(l, organization.name)) as body
      from picked p
      -- Found by the id alone ("is true"): statistics that lack the organization's leads could have all of them read for each.
      left join public.leads own
        on (own.organization_id = campaign.organization_id) is true and own.id = p.lead_id and own.deleted_at is null
      left join public.leads l on (l.organization_id = campaign.organization_id) is true and l.id = coalesce(
        case when own.id is null or own.phone is distinct from p.phone
          then private.successor_of_target(campaign, p.lead_id, p.phone) end, own.id)
      left join eligible e on e.phone = p.phone
      left join private.template_bodies b on b.organization_id = campaign.organization_id and b.variant_id = p.variant_id
    ), places as materialized (
      -- Recipients of one address and area code are in one area, and those of one area share its law and its hours.
      select d.place, r as places, d.phone like '+1%' as by_law, row(r, d.phone like '+1%')::text as area
      from (
        select distinct on (k.place) k.place, k.phone, k.country, k.region, k.time_zone from recipients k where k.lead_id is not null
      ) d
      cross join lateral private.recipient(d.phone, d.country, d.region, d.time_zone, organization.time_zone) r
    ), areas as materialized (
      select a.area, h.sends_at, h.closes_at, private.zones_of(a.places) as zone, c.messages as cap, c.hours as cap_hours
      from (select distinct on (p.area) p.* from places p) a
      cross join lateral private.area_window(organization, a.by_law, a.places, now()) h
      left join lateral private.area_cap(a.places, current_date) c on a.by_law
    ), checked as materialized (
      select k.*, h.sends_at, h.closes_at, h.zone, h.cap, h.cap_hours, case
          when k.lead_id is null then 'lead_deleted'
          when k.lead_phone is distinct from k.phone then 'number_changed'
          when k.blocked_reason is not null then k.blocked_reason
          when k.body is null then 'missing_variable'
          -- A value may have any length; no provider takes more at once, and each segment costs.
          when private.utf16_length(k.body) > 1600 then 'text_too_long'
          when h.sends_at is null then 'window_closed' end as reason
      from recipients k
      left join places p on p.place = k.place
      left join areas h on h.area = p.area
    ), capped as materialized (
      select c.* from private.frequency_capped(campaign.organization_id, array(
        select row(k.phone, now() - make_interval(hours => x.hours), x.messages, null)::private.frequency_limit
        from checked k
        cross join lateral (
          values (k.cap, k.cap_hours), (organization.marketing_gap_messages, organization.marketing_gap_hours)
        ) x (messages, hours)
        where k.reason is null and k.sends_at <= now() and x.messages is not null)) c
    ), decided as materialized (
      select k.*,
        case when k.reason <> 'doubtful_reply' then k.reason when not c.busy then 'frequency_cap' end as excluded_for,
        case when k.reason = 'doubtful_reply' then 'review' when c.busy then 'frequency_cap' else 'quiet_hours' end as wait_reason,
        case when k.reason = 'doubtful_reply' then now() + interval '15 minutes'
          when k.reason is null and k.sends_at > now() then k.sends_at
          when c.busy then now() + interval '1 second' end as wait_until
      from checked k left join capped c on c.phone = k.phone
    )
    select row(d.position, d.phone, d.lead_id, d.variant_id, d.body, row(
      case when d.excluded_for is not null then 'exclude' when d.wait_until is not null then 'wait' else 'send' end,
      case when d.excluded_for is not null then d.excluded_for when d.wait_until is not null then d.wait_reason end,
      d.wait_until, d.closes_at, d.consent_id, d.zone)::private.send_verdict)::private.target_verdict
    from decided d);
end
$$;

-- The lead that a target's number belongs to now: the one that its lead was merged into, or one that was passed over
-- because this target had its number.
create function private.successor_of_target(campaign public.campaigns, lead_id uuid, phone text)
returns uuid
language sql stable set search_path = ''
as $$
  -- Each step has one index that fits, so that statistics from before an import cannot lead to reading all leads.
  with same_number as materialized (
    select x.id from public.leads x
    where x.organization_id = campaign.organization_id and x.phone = successor_of_target.phone and x.deleted_at is null
  ), gone as materialized (
    select g.organization_id, g.merged_into from public.leads g where g.id = successor_of_target.lead_id
  )
  select s.id from same_number s
  where s.id = (select g.merged_into from gone g where g.organization_id = campaign.organization_id)
    or (
      select d.reason from public.campaign_targets d where d.campaign_id = campaign.id and d.lead_id = s.id
    ) = 'duplicate_number'
  order by s.id limit 1
$$;
