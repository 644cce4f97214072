-- Analytics of texts. All figures are sums of deltas, by quarter of an hour, which every time zone's hours and days are made
-- of: campaign_totals for campaigns' texts, and here what they lack: texts of no campaign, who answered a campaign's text
-- and who opted out upon it, suppressions. Answers and opt-outs count where their text counts, in the quarter of an hour in
-- which that was made, so that rates compare a text's answers with that same text.

create table private.text_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  direction text not null,
  account_id uuid,
  status text not null,
  error_code text,
  quarter_hour timestamptz not null,
  messages bigint not null,
  segments bigint not null,
  cost numeric not null,
  currency text,
  folded boolean not null default false
);
comment on table private.text_totals is 'Texts of no campaign, in and out, by what became of them, as deltas to be summed; as campaign_totals.';
create index text_totals_organization on private.text_totals (organization_id, quarter_hour);
create index text_totals_unfolded on private.text_totals (organization_id) where not folded;

create table private.campaign_responses (
  message_id uuid primary key,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  variant_id uuid,
  account_id uuid,
  quarter_hour timestamptz not null,
  texts integer not null,
  opt_outs integer not null default 0
);
comment on table private.campaign_responses is
  'Texts of campaigns (message_id) that somebody answered: how many texts came back, and how many of them were opt-outs.';
create index campaign_responses_organization on private.campaign_responses (organization_id);

create table private.response_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  variant_id uuid,
  account_id uuid,
  quarter_hour timestamptz not null,
  replied bigint not null,
  opted_out bigint not null,
  texts bigint not null,
  folded boolean not null default false
);
comment on table private.response_totals is
  'Texts of campaigns that were answered by something else than an opt-out, or by an opt-out, as deltas to be summed.';
create index response_totals_campaign on private.response_totals (campaign_id, quarter_hour);
create index response_totals_organization on private.response_totals (organization_id, quarter_hour);
create index response_totals_unfolded on private.response_totals (organization_id) where not folded;

create table private.suppression_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  source text not null,
  quarter_hour timestamptz not null,
  added bigint not null,
  folded boolean not null default false
);
comment on table private.suppression_totals is 'Numbers that were suppressed, by source, as deltas to be summed.';
create index suppression_totals_organization on private.suppression_totals (organization_id, quarter_hour);
create index suppression_totals_unfolded on private.suppression_totals (organization_id) where not folded;

alter table public.messages add column in_reply_to uuid;
comment on column public.messages.in_reply_to is 'The text of a campaign that an inbound text answers: see answered_text.';

-- The latest text of a campaign to somebody within 72 hours before they wrote, from the number they wrote to; failing that
-- from another of the organization's. Three days, as people answer over a weekend, and what comes later seldom answers
-- that. A service text in between changes nothing: whoever was asked by a campaign and talks to a person still answers it.
create function private.answered_text(organization_id uuid, account_id uuid, phone text, at timestamptz)
returns uuid
language plpgsql stable set search_path = '' set jit = off
as $$
begin
  return (
    select m.id from public.messages m
    where m.organization_id = answered_text.organization_id and m.to_number = answered_text.phone
      and m.id >= private.uuid_v7_floor(at - interval '72 hours') and m.created_at <= at
      and m.campaign_id is not null and m.status in ('sending', 'sent', 'delivered', 'undelivered')
    order by m.account_id is not distinct from answered_text.account_id desc, m.id desc limit 1);
end
$$;

-- Definer: the lookup sees texts whoever writes.
create function private.attribute_reply()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.in_reply_to := private.answered_text(new.organization_id, new.account_id, new.from_number, new.created_at);
  return new;
end
$$;
create trigger attribute_reply before insert on public.messages
  for each row when (new.direction = 'inbound') execute function private.attribute_reply();

-- Definer: see count_customers.
create function private.count_texts()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set plan_cache_mode = force_generic_plan
as $$
begin
  if tg_op = 'INSERT' then
    if not exists (select from new_rows n where n.campaign_id is null) then
      return null;
    end if;
    insert into private.text_totals
    select n.organization_id, n.direction, n.account_id, n.status, n.error_code, private.quarter_hour(n.created_at), count(*),
      sum(n.segments), sum(coalesce(n.price, 0)), private.price_currency(n.price, n.price_currency)
    from new_rows n where n.campaign_id is null group by 1, 2, 3, 4, 5, 6, 10;
    -- Most texts answer none: those need not ask every month's partition.
    if exists (select from new_rows n where n.in_reply_to is not null) then
      insert into private.campaign_responses as r (message_id, organization_id, campaign_id, variant_id, account_id, quarter_hour, texts)
      select m.id, m.organization_id, m.campaign_id, m.variant_id, m.account_id, private.quarter_hour(m.created_at), a.texts
      from (
        select n.in_reply_to as id, count(*) as texts from new_rows n where n.in_reply_to is not null group by 1
      ) a
      join public.messages m on m.id = a.id order by m.id
      on conflict on constraint campaign_responses_pkey do update set texts = r.texts + excluded.texts;
    end if;
  elsif tg_op = 'DELETE' then
    insert into private.text_totals
    select t.organization_id, t.direction, t.account_id, t.status, t.error_code, private.quarter_hour(t.created_at), -count(*),
      -sum(t.segments), -sum(coalesce(t.price, 0)), private.price_currency(t.price, t.price_currency)
    from old_rows t
    where t.campaign_id is null and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5, 6, 10;
    delete from private.campaign_responses r using old_rows t where r.message_id = t.id and t.campaign_id is not null;
  else
    insert into private.text_totals
    select d.organization_id, d.direction, d.account_id, d.status, d.error_code, d.quarter_hour, sum(d.n), sum(d.n * d.segments),
      sum(d.n * d.price), d.currency
    from (
      select n.organization_id, n.direction, n.account_id, n.status, n.error_code, private.quarter_hour(n.created_at) as quarter_hour,
        n.segments, coalesce(n.price, 0) as price, private.price_currency(n.price, n.price_currency) as currency, 1 as n
      from new_rows n where n.campaign_id is null
      union all
      select o.organization_id, o.direction, o.account_id, o.status, o.error_code, private.quarter_hour(o.created_at), o.segments,
        coalesce(o.price, 0), private.price_currency(o.price, o.price_currency), -1
      from old_rows o where o.campaign_id is null
    ) d
    group by 1, 2, 3, 4, 5, 6, 10
    having sum(d.n) <> 0 or sum(d.n * d.segments) <> 0 or sum(d.n * d.price) <> 0;
  end if;
  return null;
end
$$;

-- What was said is understood after it is kept, at times by a person and days later: the ledger's entry tells. Definer: see
-- count_customers.
create function private.count_opt_outs()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on
as $$
begin
  if not exists (select from new_rows n where n.message_id is not null and n.event = 'revoked') then
    return null;
  end if;
  update private.campaign_responses r set opt_outs = r.opt_outs + a.opt_outs
  from (
    select m.in_reply_to as id, count(distinct m.id) as opt_outs
    from new_rows n join public.messages m on m.id = n.message_id
    where n.event = 'revoked' and m.in_reply_to is not null group by 1
  ) a
  where r.message_id = a.id;
  return null;
end
$$;

-- Definer: see count_customers.
create function private.count_responses()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.response_totals
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.quarter_hour, count(*) filter (where n.texts > n.opt_outs),
      count(*) filter (where n.opt_outs > 0), sum(n.texts)
    from new_rows n group by 1, 2, 3, 4, 5;
  elsif tg_op = 'DELETE' then
    insert into private.response_totals
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.quarter_hour,
      -count(*) filter (where t.texts > t.opt_outs), -count(*) filter (where t.opt_outs > 0), -sum(t.texts)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5;
  else
    insert into private.response_totals
    select d.organization_id, d.campaign_id, d.variant_id, d.account_id, d.quarter_hour,
      coalesce(sum(d.n) filter (where d.texts > d.opt_outs), 0), coalesce(sum(d.n) filter (where d.opt_outs > 0), 0),
      sum(d.n * d.texts)
    from (select *, 1 as n from new_rows union all select *, -1 from old_rows) d
    group by 1, 2, 3, 4, 5;
  end if;
  return null;
end
$$;

-- Definer: see count_customers.
create function private.count_suppressions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.suppression_totals
    select n.organization_id, n.source, private.quarter_hour(n.created_at), count(*) from new_rows n group by 1, 2, 3;
  else
    insert into private.suppression_totals
    select t.organization_id, t.source, private.quarter_hour(t.created_at), -count(*) from old_rows t
    where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3;
  end if;
  return null;
end
$$;

create trigger count_texts_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_texts();
create trigger count_texts_update after update on public.messages referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_texts();
create trigger count_texts_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_texts();
create trigger count_opt_outs after insert on public.consents referencing new table as new_rows
  for each statement execute function private.count_opt_outs();
create trigger count_insert after insert on private.campaign_responses referencing new table as new_rows
  for each statement execute function private.count_responses();
create trigger count_update after update on private.campaign_responses referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_responses();
create trigger count_delete after delete on private.campaign_responses referencing old table as old_rows
  for each statement execute function private.count_responses();
create trigger count_insert after insert on public.suppressions referencing new table as new_rows
  for each statement execute function private.count_suppressions();
create trigger count_delete after delete on public.suppressions referencing old table as old_rows
  for each statement execute function private.count_suppressions();

-- What was there before there were totals.
insert into private.text_totals
select m.organization_id, m.direction, m.account_id, m.status, m.error_code, private.quarter_hour(m.created_at), count(*),
  sum(m.segments), sum(coalesce(m.price, 0)), private.price_currency(m.price, m.price_currency)
from public.messages m where m.campaign_id is null group by 1, 2, 3, 4, 5, 6, 10;
insert into private.suppression_totals
select s.organization_id, s.source, private.quarter_hour(s.created_at), count(*), true from public.suppressions s group by 1, 2, 3;

-- Every minute, as fold_campaign_totals: only quarters of an hour that got deltas are rewritten.
create function private.fold_text_totals()
returns void
language plpgsql set search_path = '' set jit = off
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fold_text_totals', 0)) then
    return;
  end if;
  with busy as materialized (
    select t.organization_id, t.quarter_hour from private.text_totals t
    where not t.folded and (t.quarter_hour < now() - interval '1 hour' or t.organization_id in (
      select d.organization_id from private.text_totals d where not d.folded group by 1 having count(*) > 64))
    group by 1, 2
  ), gone as (
    delete from private.text_totals t using busy b
    where t.organization_id = b.organization_id and t.quarter_hour = b.quarter_hour returning t.*
  ), days as (
    insert into private.day_totals as d (organization_id, day, account_id, status, error_code, currency, messages, segments, cost, received)
    select f.organization_id, f.day, f.account_id, f.status, f.error_code, f.currency, sum(f.messages), sum(f.segments), sum(f.cost),
      sum(f.received)
    from (
      select g.organization_id, (g.quarter_hour at time zone o.time_zone)::date as day, g.account_id, w.*
      from gone g
      join public.organizations o on o.id = g.organization_id
      cross join lateral (
        select g.status, g.error_code, g.currency, g.messages, g.segments, g.cost, 0 as received where g.direction = 'outbound'
        union all select null, null, null, 0, 0, 0, g.messages where g.direction = 'inbound'
      ) w
      where not g.folded
    ) f
    group by 1, 2, 3, 4, 5, 6
    on conflict on constraint day_totals_once do update set messages = d.messages + excluded.messages,
      segments = d.segments + excluded.segments, cost = d.cost + excluded.cost, received = d.received + excluded.received
  )
  insert into private.text_totals
  select g.organization_id, g.direction, g.account_id, g.status, g.error_code, g.quarter_hour, sum(g.messages), sum(g.segments),
    sum(g.cost), g.currency, true
  from gone g group by 1, 2, 3, 4, 5, 6, 10
  having sum(g.messages) <> 0 or sum(g.segments) <> 0 or sum(g.cost) <> 0;
  with busy as materialized (
    select t.campaign_id, t.quarter_hour from private.response_totals t
    where not t.folded and (t.quarter_hour < now() - interval '1 hour' or t.campaign_id in (
      select d.campaign_id from private.response_totals d where not d.folded group by 1 having count(*) > 64))
    group by 1, 2
  ), gone as (
    delete from private.response_totals t using busy b
    where t.campaign_id = b.campaign_id and t.quarter_hour = b.quarter_hour returning t.*
  ), days as (
    insert into private.day_totals as d (organization_id, day, campaign_id, account_id, replied, opted_out, answers)
    select g.organization_id, (g.quarter_hour at time zone o.time_zone)::date, g.campaign_id, g.account_id, sum(g.replied),
      sum(g.opted_out), sum(g.texts)
    from gone g join public.organizations o on o.id = g.organization_id where not g.folded group by 1, 2, 3, 4
    on conflict on constraint day_totals_once do update set replied = d.replied + excluded.replied,
      opted_out = d.opted_out + excluded.opted_out, answers = d.answers + excluded.answers
  )
  insert into private.response_totals
  select g.organization_id, g.campaign_id, g.variant_id, g.account_id, g.quarter_hour, sum(g.replied), sum(g.opted_out), sum(g.texts), true
  from gone g group by 1, 2, 3, 4, 5
  having sum(g.replied) <> 0 or sum(g.opted_out) <> 0 or sum(g.texts) <> 0;
  with busy as materialized (
    select t.organization_id, t.quarter_hour from private.suppression_totals t
    where not t.folded and t.organization_id in (
      select d.organization_id from private.suppression_totals d where not d.folded group by 1 having count(*) > 64)
    group by 1, 2
  ), gone as (
    delete from private.suppression_totals t using busy b
    where t.organization_id = b.organization_id and t.quarter_hour = b.quarter_hour returning t.*
  )
  insert into private.suppression_totals
  select g.organization_id, g.source, g.quarter_hour, sum(g.added), true from gone g group by 1, 2, 3 having sum(g.added) <> 0;
end
$$;
select cron.schedule('fold-text-totals', '* * * * *', $$select private.fold_text_totals()$$);

-- Every total as rows of one shape. Conditions on the organization, the campaign and the time reach each table's index.
create view private.text_figures with (security_invoker = true) as
  select c.organization_id, c.campaign_id, c.variant_id, c.account_id, c.status, c.error_code, c.quarter_hour, c.messages, c.segments,
    c.cost, c.currency, 0::bigint as replied, 0::bigint as opted_out, 0::bigint as answers, 0::bigint as received,
    c.folded
  from private.campaign_totals c
  union all
  select r.organization_id, r.campaign_id, r.variant_id, r.account_id, null, null, r.quarter_hour, 0, 0, 0, null, r.replied,
    r.opted_out, r.texts, 0, r.folded
  from private.response_totals r
  union all
  select t.organization_id, null, null, t.account_id, t.status, t.error_code, t.quarter_hour, t.messages, t.segments, t.cost,
    t.currency, 0, 0, 0, 0, t.folded
  from private.text_totals t where t.direction = 'outbound'
  union all
  select t.organization_id, null, null, t.account_id, null, null, t.quarter_hour, 0, 0, 0, null, 0, 0, 0, t.messages, t.folded
  from private.text_totals t where t.direction = 'inbound';

-- Days begin elsewhere when an organization changes its clock: they are made anew from what is folded, while nobody folds.
-- Definer: totals are nobody's to write.
create function private.recount_days()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('fold_campaign_totals', 0));
  perform pg_advisory_xact_lock(hashtextextended('fold_text_totals', 0));
  delete from private.day_totals d where d.organization_id = new.id;
  insert into private.day_totals
  select f.organization_id, (f.quarter_hour at time zone new.time_zone)::date, f.campaign_id, f.account_id, f.status, f.error_code,
    f.currency, sum(f.messages), sum(f.segments), sum(f.cost), sum(f.replied), sum(f.opted_out), sum(f.answers), sum(f.received)
  from private.text_figures f where f.organization_id = new.id and f.folded group by 1, 2, 3, 4, 5, 6, 7;
  return null;
end
$$;
create trigger recount_days after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone) execute function private.recount_days();

-- Alerts. Rates of campaigns whose texts may still be answered, judged every minute from the totals.

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
    select j.*, sums.*, answers.opted_out
    from judged j
    cross join lateral (
      select coalesce(sum(t.messages) filter (where t.status in ('sent', 'delivered')), 0)::bigint as arrived,
        coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint as failed,
        coalesce(sum(t.messages) filter (where t.status in ('delivered', 'failed', 'undelivered')), 0)::bigint as known
      from private.campaign_totals t where t.campaign_id = j.id
    ) sums
    cross join lateral (
      select coalesce(sum(t.opted_out), 0)::bigint as opted_out from private.response_totals t where t.campaign_id = j.id
    ) answers
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

-- What GET /analytics/… answers. Counts only: the function that asks makes rates and intervals of them.

create function private.alert_json(alert public.campaign_alerts, campaign_name text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select to_jsonb(alert) - 'organization_id' || jsonb_build_object('campaign_name', campaign_name)
$$;

create type private.cost_part as (account_id uuid, status text, currency text, segments numeric, cost numeric);

-- What texts cost: the prices that the provider reported, by currency; what those that went out and have none yet are likely
-- to cost at their numbers' prices for a segment (in the organization's currency); and the segments nobody can price.
create function private.costs_json(currency text, parts private.cost_part[])
returns jsonb
language sql stable set search_path = ''
as $$
  with parts as (
    select p.currency, p.segments, p.cost, p.currency is null and p.status in ('sent', 'delivered', 'undelivered') as unpriced, a.segment_price
    from unnest(parts) p left join public.sms_accounts a on a.id = p.account_id
  )
  select jsonb_build_object(
    'reported', coalesce((
      select jsonb_agg(r) from (
        select p.currency, round(sum(p.cost), 5)::text as amount from parts p
        where p.currency is not null group by 1 having sum(p.cost) <> 0 order by 1) r), '[]'),
    'estimated', (
      select jsonb_build_object('currency', costs_json.currency, 'amount', round(sum(p.segments * p.segment_price), 5)::text) from parts p
      where p.unpriced and p.segment_price is not null having sum(p.segments) > 0),
    'unpriced_segments', (
      select coalesce(sum(p.segments), 0) from parts p where p.unpriced and p.segment_price is null))
$$;

-- Definer: totals are nobody's to read; known_campaign asks for the permission.
create function private.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan set jit = off
as $$
declare
  campaign constant public.campaigns := private.known_campaign(organization_id, campaign_id);
  office public.organizations;
begin
  select * into office from public.organizations o where o.id = campaign.organization_id;
  return (
    with sums as materialized (
      select f.variant_id, f.account_id, f.quarter_hour, f.status, f.error_code, f.currency, sum(f.messages)::bigint as messages,
        sum(f.segments)::bigint as segments, sum(f.cost) as cost, sum(f.replied)::bigint as replied, sum(f.opted_out)::bigint as opted_out,
        sum(f.answers)::bigint as answers
      from private.text_figures f where f.campaign_id = campaign.id group by 1, 2, 3, 4, 5, 6
    ), hours as materialized (
      -- Clocks are put back: two hours of one name are one.
      select h.quarter_hour, date_trunc('hour', h.quarter_hour at time zone office.time_zone) as hour
      from (select distinct s.quarter_hour from sums s) h
    ), counted as (
      select grouping(s.variant_id, s.account_id, h.hour) as level, s.variant_id, s.account_id, h.hour,
        coalesce(sum(s.messages), 0) as total,
        coalesce(sum(s.messages) filter (where s.status = 'queued'), 0) as queued,
        coalesce(sum(s.messages) filter (where s.status = 'sending'), 0) as sending,
        coalesce(sum(s.messages) filter (where s.status = 'sent'), 0) as sent,
        coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0) as delivered,
        coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0) as undelivered,
        coalesce(sum(s.messages) filter (where s.status = 'failed'), 0) as failed,
        coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0) as canceled,
        coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0) as suppressed,
        coalesce(sum(s.segments), 0) as segments, coalesce(sum(s.replied), 0) as replied,
        coalesce(sum(s.opted_out), 0) as opted_out, coalesce(sum(s.answers), 0) as answers
      from sums s join hours h on h.quarter_hour = s.quarter_hour
      group by grouping sets ((), (s.variant_id), (s.account_id), (h.hour))
    ), active as (
      select count(distinct s.quarter_hour) as quarters from sums s where s.status in ('sent', 'delivered', 'undelivered') and s.messages > 0
    )
    select jsonb_build_object(
      'campaign', jsonb_build_object('id', campaign.id, 'name', campaign.name, 'status', campaign.status,
        'status_reason', campaign.status_reason, 'started_at', campaign.started_at, 'finished_at', campaign.finished_at),
      'time_zone', office.time_zone,
      'seconds', case when campaign.started_at is not null
        then greatest(0, extract(epoch from coalesce(campaign.finished_at, now()) - campaign.started_at)) end,
      'sending_seconds', a.quarters * 900,
      'targets', coalesce((
        select jsonb_agg(t) from (
          select t.status, t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = campaign.id group by 1, 2 having sum(t.targets) <> 0 order by 3 desc, 2) t), '[]'),
      'texts', coalesce((select to_jsonb(c) from counted c where c.level = 7), '{}'),
      'variants', coalesce((
        select jsonb_agg(to_jsonb(c) || jsonb_build_object('template_id', coalesce(v.template_id, t.id),
          'template_name', t.name, 'label', v.label) order by c.total desc, c.variant_id)
        from counted c
        left join public.template_variants v on v.organization_id = campaign.organization_id and v.id = c.variant_id
        left join public.templates t on t.organization_id = campaign.organization_id and t.id = coalesce(v.template_id, c.variant_id)
        where c.level = 3 and c.variant_id is not null), '[]'),
      'numbers', coalesce((
        select jsonb_agg(to_jsonb(c) || jsonb_build_object('number', n.sender_id, 'label', n.label) order by c.total desc, c.account_id)
        from counted c
        left join public.sms_accounts n on n.organization_id = campaign.organization_id and n.id = c.account_id
        where c.level = 5 and c.account_id is not null), '[]'),
      'hours', coalesce((select jsonb_agg(to_jsonb(c) order by c.hour) from counted c where c.level = 6 and c.total + c.answers <> 0), '[]'),
      'failures', coalesce((
        select jsonb_agg(f) from (
          select s.status, s.error_code, sum(s.messages) as texts from sums s
          where s.status in ('failed', 'undelivered', 'suppressed', 'canceled') group by 1, 2 having sum(s.messages) <> 0
          order by 3 desc, 2, 1) f), '[]'),
      'costs', private.costs_json(office.currency, array(
        select row(s.account_id, s.status, s.currency, sum(s.segments), sum(s.cost))::private.cost_part from sums s
        where s.status is not null group by s.account_id, s.status, s.currency)),
      'alerts', coalesce((
        select jsonb_agg(private.alert_json(x, campaign.name) order by x.opened_at desc) from (
          select * from public.campaign_alerts x
          where x.organization_id = campaign.organization_id and x.campaign_id = campaign.id order by x.opened_at desc limit 100) x), '[]'))
    from active a);
end
$$;

create function public.campaign_analytics(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.campaign_analytics(organization_id, campaign_id)
$$;
comment on function public.campaign_analytics is
  'What became of a campaign''s recipients and texts: by wording, number and hour, with failures, costs and alerts.';

-- The period to report on, in the organization's own days; both named or both left out as they may be. 422 for one that
-- runs backwards or is longer than 92 days: with the period before it, half a year of quarters of an hour is read.
create function private.checked_period(today date, inout first_day date, inout last_day date)
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  last_day := coalesce(last_day, greatest(today, first_day));
  first_day := coalesce(first_day, last_day - 29);
  fault := case
    when first_day < date '2000-01-01' or last_day > date '2199-01-01' then
      jsonb_build_object('path', case when first_day < date '2000-01-01' then 'from' else 'to' end, 'message', 'is too far away')
    when first_day > last_day then '{"path": "from", "message": "is after to"}'
    when last_day - first_day >= 92 then '{"path": "from", "message": "is more than 92 days before to"}' end;
  if fault is not null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(fault));
  end if;
end
$$;

-- campaign_id narrows what is about texts and alerts; null: all texts, of campaigns and others. Read are whole days, and the
-- deltas since the last folding. Definer: see campaign_analytics.
create function private.sms_dashboard(organization_id uuid, first_day date, last_day date, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  office public.organizations;
  days integer;
  midnights timestamptz[];
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  if campaign_id is not null then
    perform private.known_campaign(organization_id, campaign_id);
  end if;
  select * into office from public.organizations o where o.id = sms_dashboard.organization_id;
  select p.* into first_day, last_day
  from private.checked_period((now() at time zone office.time_zone)::date, first_day, last_day) p;
  days := last_day - first_day + 1;
  midnights := array(
    select d.day at time zone office.time_zone
    from generate_series((first_day - days)::timestamp, (last_day + 1)::timestamp, interval '1 day') d (day) order by 1);
  with sums as materialized (
    -- 1 is the first day of the period; what is 0 or less belongs to the one before it.
    select f.day, f.campaign_id is not null as of_campaign, f.account_id, f.status, f.error_code, f.currency,
      sum(f.messages)::bigint as messages, sum(f.segments)::bigint as segments, sum(f.cost) as cost, sum(f.replied)::bigint as replied,
      sum(f.opted_out)::bigint as opted_out, sum(f.answers)::bigint as answers, sum(f.received)::bigint as received
    from (
      select d.day - first_day + 1 as day, d.campaign_id, d.account_id, d.status, d.error_code, d.currency, d.messages, d.segments,
        d.cost, d.replied, d.opted_out, d.answers, d.received
      from private.day_totals d
      where d.organization_id = sms_dashboard.organization_id and d.day between first_day - days and last_day
      union all
      select width_bucket(n.quarter_hour, midnights) - days, n.campaign_id, n.account_id, n.status, n.error_code, n.currency,
        n.messages, n.segments, n.cost, n.replied, n.opted_out, n.answers, n.received
      from private.text_figures n
      where n.organization_id = sms_dashboard.organization_id and not n.folded
        and n.quarter_hour >= midnights[1] and n.quarter_hour < midnights[2 * days + 1]
    ) f
    where sms_dashboard.campaign_id is null or f.campaign_id = sms_dashboard.campaign_id
    group by 1, 2, 3, 4, 5, 6
  ), counted as materialized (
    select grouping(s.of_campaign, p.day, p.account_id) as level, p.now, s.of_campaign, p.day, p.account_id, sum(s.messages) as total,
      coalesce(sum(s.messages) filter (where s.status = 'queued'), 0) as queued,
      coalesce(sum(s.messages) filter (where s.status = 'sending'), 0) as sending,
      coalesce(sum(s.messages) filter (where s.status = 'sent'), 0) as sent,
      coalesce(sum(s.messages) filter (where s.status = 'delivered'), 0) as delivered,
      coalesce(sum(s.messages) filter (where s.status = 'undelivered'), 0) as undelivered,
      coalesce(sum(s.messages) filter (where s.status = 'failed'), 0) as failed,
      coalesce(sum(s.messages) filter (where s.status = 'canceled'), 0) as canceled,
      coalesce(sum(s.messages) filter (where s.status = 'suppressed'), 0) as suppressed,
      sum(s.segments) as segments, sum(s.replied) as replied, sum(s.opted_out) as opted_out, sum(s.answers) as answers,
      sum(s.received) as received
    from sums s
    cross join lateral (
      select s.day > 0 as now, case when s.day > 0 then s.day end as day, case when s.day > 0 then s.account_id end as account_id
    ) p
    group by grouping sets ((p.now), (p.now, s.of_campaign), (p.now, p.day, s.of_campaign), (p.now, p.account_id))
  ), periods as (
    select p.now, jsonb_build_object(
      'texts', coalesce((select to_jsonb(c) from counted c where c.now = p.now and c.level = 7), '{}'),
      'campaign_texts', coalesce((select to_jsonb(c) from counted c where c.now = p.now and c.level = 3 and c.of_campaign), '{}'),
      'other_texts', coalesce((select to_jsonb(c) from counted c where c.now = p.now and c.level = 3 and not c.of_campaign), '{}'),
      'received', coalesce((
        select case when sms_dashboard.campaign_id is null then c.received else c.answers end
        from counted c where c.now = p.now and c.level = 7), 0),
      'costs', private.costs_json(office.currency, array(
        select row(s.account_id, s.status, s.currency, sum(s.segments), sum(s.cost))::private.cost_part from sums s
        where (s.day > 0) = p.now and s.status is not null group by s.account_id, s.status, s.currency)),
      'suppressions', coalesce((
        select jsonb_agg(x) from (
          select t.source, sum(t.added) as added from private.suppression_totals t
          where t.organization_id = sms_dashboard.organization_id
            and t.quarter_hour >= midnights[case when p.now then days + 1 else 1 end]
            and t.quarter_hour < midnights[case when p.now then 2 * days + 1 else days + 1 end]
          group by 1 having sum(t.added) <> 0 order by 2 desc, 1) x), '[]')) as figures
    from (values (true), (false)) as p (now)
  )
  select jsonb_build_object('from', first_day, 'to', last_day, 'time_zone', office.time_zone,
    'previous_from', first_day - days, 'previous_to', first_day - 1,
    'period', (select p.figures from periods p where p.now),
    'previous', (select p.figures from periods p where not p.now),
    'days', (
      select jsonb_agg(jsonb_build_object('date', first_day + d.day - 1,
        'campaign_texts', coalesce((select to_jsonb(c) from counted c where c.now and c.level = 1 and c.day = d.day and c.of_campaign), '{}'),
        'other_texts', coalesce((select to_jsonb(c) from counted c where c.now and c.level = 1 and c.day = d.day and not c.of_campaign), '{}'))
        order by d.day)
      from generate_series(1, days) d (day)),
    'failures', coalesce((
      select jsonb_agg(f) from (
        select s.status, s.error_code, sum(s.messages) as texts from sums s
        where s.day > 0 and s.status in ('failed', 'undelivered', 'suppressed', 'canceled') group by 1, 2 having sum(s.messages) <> 0
        order by 3 desc, 2, 1 limit 20) f), '[]'),
    'numbers', coalesce((
      select jsonb_agg(private.number_json(n.a, to_jsonb(f)) || jsonb_build_object('texts', n.texts) order by n.total desc, (n.a).id)
      from (
        select a, to_jsonb(c) as texts, coalesce(c.total, 0) as total
        from public.sms_accounts a left join counted c on c.now and c.level = 6 and c.account_id = a.id
        where a.organization_id = sms_dashboard.organization_id
          and (case when sms_dashboard.campaign_id is null then a.status <> 'disabled' else false end or c.total <> 0)
        order by 3 desc, a.id limit 100
      ) n
      left join private.number_figures(sms_dashboard.organization_id, now() - interval '24 hours') f on f.account_id = (n.a).id), '[]'),
    'alerts', coalesce((
      select jsonb_agg(private.alert_json(x.a, x.name) order by (x.a).opened_at desc) from (
        select a, c.name from public.campaign_alerts a
        join public.campaigns c on c.organization_id = a.organization_id and c.id = a.campaign_id
        where a.organization_id = sms_dashboard.organization_id and a.resolved_at is null
          and (sms_dashboard.campaign_id is null or a.campaign_id = sms_dashboard.campaign_id)
        order by a.opened_at desc limit 100) x), '[]'),
    'campaigns', coalesce((
      select jsonb_object_agg(x.status, x.campaigns) from (
        select c.status, count(*) as campaigns from public.campaigns c
        where c.organization_id = sms_dashboard.organization_id and c.deleted_at is null group by 1) x), '{}'),
    'conversations', jsonb_build_object(
      'open', (select count(*) from public.conversations c where c.organization_id = sms_dashboard.organization_id and c.status = 'open'),
      'unread', (select count(*) from public.conversations c where c.organization_id = sms_dashboard.organization_id and c.unread > 0)))
  into answer;
  return answer;
end
$$;

create function public.sms_dashboard(organization_id uuid, first_day date default null, last_day date default null, campaign_id uuid default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.sms_dashboard(organization_id, first_day, last_day, campaign_id)
$$;
comment on function public.sms_dashboard is
  'The texts of a period (the organization''s days; the last thirty) beside those of the one before it, and what needs attention now.';

grant execute on function private.campaign_analytics(uuid, uuid), private.sms_dashboard(uuid, date, date, uuid) to authenticated;
grant execute on function public.campaign_analytics(uuid, uuid), public.sms_dashboard(uuid, date, date, uuid) to authenticated;
