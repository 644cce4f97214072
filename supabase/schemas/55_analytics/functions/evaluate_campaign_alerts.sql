-- Opens an alert unless it is open, and notifies people. Returns how many were opened.
create function private.open_campaign_alert(campaign public.campaigns, alert_kind text, cases bigint, sample bigint,
  threshold numeric)
returns integer
language plpgsql set search_path = ''
as $$
declare
  alert public.campaign_alerts;
begin
  insert into public.campaign_alerts (organization_id, campaign_id, kind, cases, sample, threshold)
  values (campaign.organization_id, campaign.id, alert_kind, open_campaign_alert.cases, open_campaign_alert.sample,
    open_campaign_alert.threshold)
  on conflict (campaign_id, kind) where resolved_at is null do nothing
  returning * into alert;
  if alert.id is null then
    return 0;
  end if;
  perform private.notify_about_campaign(campaign, 'alert:' || alert.id,
    case alert.kind when 'opt_out_rate' then 'Many recipients of ' || campaign.name || ' opt out'
      else 'Many messages of ' || campaign.name || ' fail' end,
    round(100.0 * alert.cases / alert.sample, 1) || ' % of ' || alert.sample || ' messages'
      || case alert.kind when 'opt_out_rate' then ' were answered by an opt-out; ' else ' failed; ' end
      || 'the alert threshold is ' || round(100 * alert.threshold, 1) || ' %.');
  return 1;
end
$$;

-- Every minute. An alert is notified once, when it opens. One that fails is tried again by the next run and does not
-- block others.
create function private.evaluate_campaign_alerts()
returns integer
language plpgsql set search_path = '' set jit = off
as $$
declare
  rate record;
  opened integer := 0;
begin
  -- Two concurrent runs would both find the alert missing.
  if not pg_try_advisory_xact_lock(hashtextextended('evaluate_campaign_alerts', 0)) then
    return 0;
  end if;
  update public.campaign_alerts a set resolved_at = now(),
    resolution = case when not r.watched then 'ended' when r.threshold is null then 'switched_off' else 'recovered' end
  from private.campaign_rates() r
  where a.campaign_id = r.campaign_id and a.kind = r.kind and a.resolved_at is null
    and (not r.watched or r.threshold is null or r.cases <= 0.8 * r.threshold * r.sample);
  for rate in
    select c as campaign, r.kind, r.cases, r.sample, r.threshold
    from private.campaign_rates() r join public.campaigns c on c.id = r.campaign_id
    where r.watched and r.sample >= r.enough and r.cases > r.threshold * r.sample
    order by r.campaign_id, r.kind
  loop
    begin
      opened := opened + private.open_campaign_alert(rate.campaign, rate.kind, rate.cases, rate.sample, rate.threshold);
    exception when others then
      raise warning 'campaign %: its alert was not opened: %', (rate.campaign).id, sqlerrm;
    end;
  end loop;
  return opened;
end
$$;
