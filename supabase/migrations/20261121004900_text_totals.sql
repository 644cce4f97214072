-- What came back: who answered a campaign's text and who opted out upon it, counted in text_totals; and suppressions. Answers
-- and opt-outs count where their text counts, in the quarter of an hour in which that was made, so that rates compare a
-- text's answers with that same text. And the folding of all these totals.

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
create unique index suppression_totals_once on private.suppression_totals (organization_id, source, quarter_hour) where folded;

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

-- Most texts answer none: those need not ask every month's partition. Definer: see count_customers.
create function private.count_answers()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set plan_cache_mode = force_generic_plan
as $$
begin
  if tg_op = 'DELETE' then
    delete from private.campaign_responses r using old_rows t where r.message_id = t.id and t.campaign_id is not null;
  elsif exists (select from new_rows n where n.in_reply_to is not null) then
    insert into private.campaign_responses as r (message_id, organization_id, campaign_id, variant_id, account_id, quarter_hour, texts)
    select m.id, m.organization_id, m.campaign_id, m.variant_id, m.account_id, private.quarter_hour(m.created_at), a.texts
    from (
      select n.in_reply_to as id, count(*) as texts from new_rows n where n.in_reply_to is not null group by 1
    ) a
    join public.messages m on m.id = a.id order by m.id
    on conflict on constraint campaign_responses_pkey do update set texts = r.texts + excluded.texts;
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
    insert into private.text_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour, replied, opted_out, answers)
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.quarter_hour, count(*) filter (where n.texts > n.opt_outs),
      count(*) filter (where n.opt_outs > 0), sum(n.texts)
    from new_rows n group by 1, 2, 3, 4, 5;
  elsif tg_op = 'DELETE' then
    insert into private.text_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour, replied, opted_out, answers)
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.quarter_hour,
      -count(*) filter (where t.texts > t.opt_outs), -count(*) filter (where t.opt_outs > 0), -sum(t.texts)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5;
  else
    insert into private.text_totals (organization_id, campaign_id, variant_id, account_id, quarter_hour, replied, opted_out, answers)
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

create trigger count_answers_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_answers();
create trigger count_answers_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_answers();
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
insert into private.suppression_totals
select s.organization_id, s.source, private.quarter_hour(s.created_at), count(*), true from public.suppressions s group by 1, 2, 3;

-- Every minute: what was counted since goes into the sums of each table, and into the days. Readers see the same before and
-- after, and what others add meanwhile stays. One at a time, as two could wait for each other's rows.
create function private.fold_text_totals()
returns void
language plpgsql set search_path = '' set jit = off
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fold_text_totals', 0)) then
    return;
  end if;
  with taken as (
    delete from private.text_totals t where not t.folded returning t.*
  ), sums as materialized (
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.status, t.error_code, t.currency, t.quarter_hour,
      sum(t.messages) as messages, sum(t.segments) as segments, sum(t.cost) as cost, sum(t.replied) as replied,
      sum(t.opted_out) as opted_out, sum(t.answers) as answers, sum(t.received) as received
    from taken t group by 1, 2, 3, 4, 5, 6, 7, 8
    having sum(t.messages) <> 0 or sum(t.segments) <> 0 or sum(t.cost) <> 0 or sum(t.replied) <> 0 or sum(t.opted_out) <> 0
      or sum(t.answers) <> 0 or sum(t.received) <> 0
  ), days as (
    insert into private.day_totals as d
    select s.organization_id, (s.quarter_hour at time zone o.time_zone)::date, s.campaign_id, s.account_id, s.status, s.error_code,
      s.currency, sum(s.messages), sum(s.segments), sum(s.cost), sum(s.replied), sum(s.opted_out), sum(s.answers), sum(s.received)
    from sums s join public.organizations o on o.id = s.organization_id group by 1, 2, 3, 4, 5, 6, 7
    on conflict on constraint day_totals_once do update set messages = d.messages + excluded.messages,
      segments = d.segments + excluded.segments, cost = d.cost + excluded.cost, replied = d.replied + excluded.replied,
      opted_out = d.opted_out + excluded.opted_out, answers = d.answers + excluded.answers, received = d.received + excluded.received
  )
  insert into private.text_totals as t
  select s.*, true from sums s
  on conflict (organization_id, campaign_id, variant_id, account_id, status, error_code, currency, quarter_hour) where folded
  do update set messages = t.messages + excluded.messages, segments = t.segments + excluded.segments, cost = t.cost + excluded.cost,
    replied = t.replied + excluded.replied, opted_out = t.opted_out + excluded.opted_out, answers = t.answers + excluded.answers,
    received = t.received + excluded.received;
  with taken as (
    delete from private.target_totals t where not t.folded returning t.*
  )
  insert into private.target_totals as t
  select n.organization_id, n.campaign_id, n.status, n.reason, sum(n.targets), true from taken n group by 1, 2, 3, 4
  having sum(n.targets) <> 0
  on conflict (organization_id, campaign_id, status, reason) where folded do update set targets = t.targets + excluded.targets;
  with taken as (
    delete from private.suppression_totals t where not t.folded returning t.*
  )
  insert into private.suppression_totals as t
  select n.organization_id, n.source, n.quarter_hour, sum(n.added), true from taken n group by 1, 2, 3 having sum(n.added) <> 0
  on conflict (organization_id, source, quarter_hour) where folded do update set added = t.added + excluded.added;
end
$$;
select cron.schedule('fold-text-totals', '* * * * *', $$select private.fold_text_totals()$$);

-- Nightly: sums that have come to nothing, as those of texts that were on their way when they were folded.
create function private.tidy_text_totals()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.text_totals t where t.folded and (t.messages, t.segments, t.cost, t.replied, t.opted_out, t.answers, t.received)
    = (0, 0, 0, 0, 0, 0, 0);
  delete from private.day_totals t where (t.messages, t.segments, t.cost, t.replied, t.opted_out, t.answers, t.received)
    = (0, 0, 0, 0, 0, 0, 0);
  delete from private.target_totals t where t.folded and t.targets = 0;
  delete from private.suppression_totals t where t.folded and t.added = 0;
end
$$;
select cron.schedule('tidy-text-totals', '37 2 * * *', $$select private.tidy_text_totals()$$);

-- Days begin elsewhere when an organization changes its clock: they are made anew from what is folded, while nobody folds.
-- Definer: totals are nobody's to write.
create function private.recount_days()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('fold_text_totals', 0));
  delete from private.day_totals d where d.organization_id = new.id;
  insert into private.day_totals
  select f.organization_id, (f.quarter_hour at time zone new.time_zone)::date, f.campaign_id, f.account_id, f.status, f.error_code,
    f.currency, sum(f.messages), sum(f.segments), sum(f.cost), sum(f.replied), sum(f.opted_out), sum(f.answers), sum(f.received)
  from private.text_totals f where f.organization_id = new.id and f.folded group by 1, 2, 3, 4, 5, 6, 7;
  return null;
end
$$;
create trigger recount_days after update of time_zone on public.organizations
  for each row when (old.time_zone <> new.time_zone) execute function private.recount_days();
