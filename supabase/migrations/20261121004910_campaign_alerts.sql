-- Alerts on campaigns whose texts fail or drive people away: rates of those whose texts may still be answered, judged every
-- minute from the totals.

alter table public.organizations
  add column alert_opt_out_rate numeric(4, 3) default 0.03
    constraint organizations_alert_opt_out_rate check (alert_opt_out_rate > 0 and alert_opt_out_rate <= 1),
  add column alert_failure_rate numeric(4, 3) default 0.1
    constraint organizations_alert_failure_rate check (alert_failure_rate > 0 and alert_failure_rate <= 1),
  add column alert_after integer not null default 100 constraint organizations_alert_after check (alert_after between 10 and 1000000);
comment on column public.organizations.alert_opt_out_rate is
  'More opt-outs than this among the texts of a campaign that arrived raise an alert; null: none does.';
comment on column public.organizations.alert_failure_rate is
  'More failures than this among the texts of a campaign whose outcome is known raise an alert; null: none does. Below the usual pause_error_rate, so that it warns first.';
comment on column public.organizations.alert_after is 'So many texts before a rate is judged.';
grant update (alert_opt_out_rate, alert_failure_rate, alert_after) on public.organizations to authenticated;

create table public.campaign_alerts (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  kind text not null constraint campaign_alerts_kind check (kind in ('opt_out_rate', 'failure_rate')),
  cases bigint not null,
  sample bigint not null,
  threshold numeric(4, 3) not null,
  opened_at timestamptz not null default now(),
  resolved_at timestamptz,
  resolution text constraint campaign_alerts_resolution check (resolution in ('recovered', 'switched_off', 'ended')),
  constraint campaign_alerts_resolved check ((resolved_at is null) = (resolution is null)),
  constraint campaign_alerts_campaign foreign key (organization_id, campaign_id)
    references public.campaigns (organization_id, id) on delete cascade
);
comment on table public.campaign_alerts is
  'A campaign whose rate passed its organization''s threshold, with the figures of that moment. Resolved when it has recovered to four fifths of the threshold, when nobody wants to know any more, or when answers no longer count.';
create index campaign_alerts_listing on public.campaign_alerts (organization_id, campaign_id, opened_at desc);
create unique index campaign_alerts_one_open on public.campaign_alerts (campaign_id, kind) where resolved_at is null;
create index campaign_alerts_open on public.campaign_alerts (organization_id, opened_at desc) where resolved_at is null;
create index campaigns_finished on public.campaigns (finished_at) where finished_at is not null;

alter table public.campaign_alerts enable row level security;
create policy "those who may read campaigns read their alerts" on public.campaign_alerts for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));
revoke all on public.campaign_alerts from public, anon, authenticated, service_role;
grant select on public.campaign_alerts to authenticated, service_role;
select private.audit_table('public.campaign_alerts');

-- The rates of campaigns that alerts are about, with the threshold of each. watched: until 72 hours after the end, as long
-- as answers count (see answered_text).
create function private.campaign_rates()
returns table (campaign_id uuid, kind text, watched boolean, cases bigint, sample bigint, threshold numeric, enough integer)
language sql stable set search_path = '' set jit = off
as $$
  with judged as materialized (
    select c.id, c.organization_id, o.alert_opt_out_rate, o.alert_failure_rate, o.alert_after,
      c.deleted_at is null and c.started_at is not null
        and (c.finished_at is null or c.finished_at > now() - interval '72 hours') as watched
    from public.campaigns c join public.organizations o on o.id = c.organization_id
    where c.id in (
      select r.id from public.campaigns r where r.status in ('running', 'paused') and r.started_at is not null
      union select f.id from public.campaigns f where f.finished_at > now() - interval '72 hours' and f.started_at is not null
      union select a.campaign_id from public.campaign_alerts a where a.resolved_at is null)
  ), counted as (
    select j.*, sums.*
    from judged j
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('sent', 'delivered')), 0)::bigint as arrived,
        coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint as failed,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0)::bigint as known,
        coalesce(sum(t.opted_out), 0)::bigint as opted_out
      from private.text_totals t where t.campaign_id = j.id
    ) sums
  )
  select c.id, k.kind, c.watched, k.cases, k.sample, k.threshold, c.alert_after
  from counted c
  cross join lateral (values ('opt_out_rate', c.opted_out, greatest(c.arrived, c.opted_out), c.alert_opt_out_rate),
    ('failure_rate', c.failed, c.known, c.alert_failure_rate)) as k (kind, cases, sample, threshold)
$$;

-- Every minute. An alert is told once, when it opens, to those whom the campaign concerns.
create function private.watch_rates()
returns integer
language plpgsql set search_path = '' set jit = off
as $$
declare
  alert public.campaign_alerts;
  campaign public.campaigns;
  opened integer := 0;
begin
  -- Two at once would both find the alert missing; the second has nothing to add.
  if not pg_try_advisory_xact_lock(hashtextextended('watch_rates', 0)) then
    return 0;
  end if;
  update public.campaign_alerts a set resolved_at = now(),
    resolution = case when not r.watched then 'ended' when r.threshold is null then 'switched_off' else 'recovered' end
  from private.campaign_rates() r
  where a.campaign_id = r.campaign_id and a.kind = r.kind and a.resolved_at is null
    and (not r.watched or r.threshold is null or r.cases <= 0.8 * r.threshold * r.sample);
  for alert in
    insert into public.campaign_alerts (organization_id, campaign_id, kind, cases, sample, threshold)
    select c.organization_id, r.campaign_id, r.kind, r.cases, r.sample, r.threshold
    from private.campaign_rates() r join public.campaigns c on c.id = r.campaign_id
    where r.watched and r.sample >= r.enough and r.cases > r.threshold * r.sample
    order by r.campaign_id, r.kind
    on conflict (campaign_id, kind) where resolved_at is null do nothing
    returning *
  loop
    select * into campaign from public.campaigns c where c.id = alert.campaign_id;
    perform private.tell_about_campaign(campaign, 'alert:' || alert.id,
      case alert.kind when 'opt_out_rate' then 'Many recipients of ' || campaign.name || ' opt out'
        else 'Many texts of ' || campaign.name || ' fail' end,
      round(100.0 * alert.cases / alert.sample, 1) || ' % of ' || alert.sample || ' texts'
        || case alert.kind when 'opt_out_rate' then ' were answered by an opt-out; ' else ' failed; ' end
        || 'the organization wants to know from ' || round(100 * alert.threshold, 1) || ' % on.');
    opened := opened + 1;
  end loop;
  return opened;
end
$$;
select cron.schedule('watch-rates', '* * * * *', $$select private.watch_rates()$$);
