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
