-- What became of a campaign's texts, counted as deltas (see customer_totals): by wording, number, outcome and quarter of an
-- hour of their making. Progress, analytics, automatic pauses and number health read these sums, never the messages.

create table private.campaign_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  variant_id uuid,
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
comment on table private.campaign_totals is 'Texts of campaigns by what became of them, as deltas to be summed.';
comment on column private.campaign_totals.currency is 'Of the price that the provider reported; null: it has reported none.';
comment on column private.campaign_totals.folded is 'The sum of its deltas: folding looks at the others only.';
create index campaign_totals_campaign on private.campaign_totals (campaign_id, quarter_hour);
create index campaign_totals_organization on private.campaign_totals (organization_id, quarter_hour);
create index campaign_totals_unfolded on private.campaign_totals (organization_id) where not folded;

create table private.day_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  day date not null,
  campaign_id uuid,
  account_id uuid,
  status text,
  error_code text,
  currency text,
  messages bigint not null default 0,
  segments bigint not null default 0,
  cost numeric not null default 0,
  replied bigint not null default 0,
  opted_out bigint not null default 0,
  answers bigint not null default 0,
  received bigint not null default 0,
  constraint day_totals_once unique nulls not distinct (organization_id, day, campaign_id, account_id, status, error_code, currency)
);
comment on table private.day_totals is
  'What is folded, by the days of the organization''s calendar and whatever the wording: with the deltas that are not folded it is everything. Written by folding only.';

create table private.target_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  status text not null,
  reason text,
  targets bigint not null
);
comment on table private.target_totals is 'Targets of campaigns by state, as deltas to be summed.';
create index target_totals_campaign on private.target_totals (campaign_id);
create index target_totals_organization on private.target_totals (organization_id);

-- Twilio bills in US dollars where it names no currency.
create function private.price_currency(price numeric, currency text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case when price is not null then coalesce(currency, 'USD') end
$$;

-- Definer: see count_customers.
create function private.count_campaign_messages()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.campaign_totals
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.status, n.error_code,
      private.quarter_hour(n.created_at), count(*), sum(n.segments), sum(coalesce(n.price, 0)),
      private.price_currency(n.price, n.price_currency)
    from new_rows n where n.campaign_id is not null group by 1, 2, 3, 4, 5, 6, 7, 11;
  elsif tg_op = 'DELETE' then
    insert into private.campaign_totals
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.status, t.error_code,
      private.quarter_hour(t.created_at), -count(*), -sum(t.segments), -sum(coalesce(t.price, 0)),
      private.price_currency(t.price, t.price_currency)
    from old_rows t
    where t.campaign_id is not null and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5, 6, 7, 11;
  else
    insert into private.campaign_totals
    select d.organization_id, d.campaign_id, d.variant_id, d.account_id, d.status, d.error_code, d.quarter_hour,
      sum(d.n), sum(d.n * d.segments), sum(d.n * d.price), d.currency
    from (
      select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.status, n.error_code,
        private.quarter_hour(n.created_at) as quarter_hour, n.segments, coalesce(n.price, 0) as price,
        private.price_currency(n.price, n.price_currency) as currency, 1 as n
      from new_rows n where n.campaign_id is not null
      union all
      select o.organization_id, o.campaign_id, o.variant_id, o.account_id, o.status, o.error_code,
        private.quarter_hour(o.created_at), o.segments, coalesce(o.price, 0), private.price_currency(o.price, o.price_currency), -1
      from old_rows o where o.campaign_id is not null
    ) d
    group by 1, 2, 3, 4, 5, 6, 7, 11
    having sum(d.n) <> 0 or sum(d.n * d.segments) <> 0 or sum(d.n * d.price) <> 0;
  end if;
  return null;
end
$$;

create function private.count_targets()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.target_totals
    select n.organization_id, n.campaign_id, n.status, n.reason, count(*) from new_rows n group by 1, 2, 3, 4;
  elsif tg_op = 'DELETE' then
    insert into private.target_totals
    select t.organization_id, t.campaign_id, t.status, t.reason, -count(*) from old_rows t
    where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3, 4;
  else
    insert into private.target_totals
    select d.organization_id, d.campaign_id, d.status, d.reason, sum(d.n)
    from (
      select organization_id, campaign_id, status, reason, 1 as n from new_rows
      union all
      select organization_id, campaign_id, status, reason, -1 from old_rows
    ) d
    group by 1, 2, 3, 4 having sum(d.n) <> 0;
  end if;
  return null;
end
$$;

create trigger count_campaign_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_campaign_messages();
create trigger count_campaign_update after update on public.messages referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_campaign_messages();
create trigger count_campaign_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_campaign_messages();
create trigger count_insert after insert on public.campaign_targets referencing new table as new_rows
  for each statement execute function private.count_targets();
create trigger count_update after update on public.campaign_targets referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_targets();
create trigger count_delete after delete on public.campaign_targets referencing old table as old_rows
  for each statement execute function private.count_targets();

-- Every minute: the deltas of a campaign become one row for each combination again, and are added to its days. What others
-- add meanwhile stays.
create function private.fold_campaign_totals()
returns void
language plpgsql set search_path = '' set jit = off
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fold_campaign_totals', 0)) then
    return;
  end if;
  with busy as materialized (
    select t.campaign_id, t.quarter_hour from private.campaign_totals t
    where not t.folded and (t.quarter_hour < now() - interval '1 hour' or t.campaign_id in (
      select d.campaign_id from private.campaign_totals d where not d.folded group by 1 having count(*) > 64))
    group by 1, 2
  ), gone as (
    delete from private.campaign_totals t using busy b
    where t.campaign_id = b.campaign_id and t.quarter_hour = b.quarter_hour returning t.*
  ), days as (
    insert into private.day_totals as d (organization_id, day, campaign_id, account_id, status, error_code, currency, messages, segments, cost)
    select g.organization_id, (g.quarter_hour at time zone o.time_zone)::date, g.campaign_id, g.account_id, g.status, g.error_code,
      g.currency, sum(g.messages), sum(g.segments), sum(g.cost)
    from gone g join public.organizations o on o.id = g.organization_id where not g.folded group by 1, 2, 3, 4, 5, 6, 7
    on conflict on constraint day_totals_once do update set messages = d.messages + excluded.messages,
      segments = d.segments + excluded.segments, cost = d.cost + excluded.cost
  )
  insert into private.campaign_totals
  select g.organization_id, g.campaign_id, g.variant_id, g.account_id, g.status, g.error_code, g.quarter_hour, sum(g.messages),
    sum(g.segments), sum(g.cost), g.currency, true
  from gone g group by 1, 2, 3, 4, 5, 6, 7, 11
  having sum(g.messages) <> 0 or sum(g.segments) <> 0 or sum(g.cost) <> 0;
  with busy as materialized (
    select t.campaign_id from private.target_totals t group by 1 having count(*) > 64
  ), gone as (
    delete from private.target_totals t where t.campaign_id in (select b.campaign_id from busy b) returning t.*
  )
  insert into private.target_totals
  select g.organization_id, g.campaign_id, g.status, g.reason, sum(g.targets) from gone g group by 1, 2, 3, 4
  having sum(g.targets) <> 0;
end
$$;
select cron.schedule('fold-campaign-totals', '* * * * *', $$select private.fold_campaign_totals()$$);
