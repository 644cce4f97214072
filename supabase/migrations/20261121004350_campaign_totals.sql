-- What became of texts, counted as deltas (see customer_totals): by campaign, wording, number, outcome and quarter of an hour
-- of their making, which every time zone's hours and days are made of. Progress, analytics, automatic pauses and number
-- health read these sums, never the messages.

create table private.text_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid,
  variant_id uuid,
  account_id uuid,
  status text,
  error_code text,
  currency text,
  quarter_hour timestamptz not null,
  messages bigint not null default 0,
  segments bigint not null default 0,
  cost numeric not null default 0,
  replied bigint not null default 0,
  opted_out bigint not null default 0,
  answers bigint not null default 0,
  received bigint not null default 0,
  folded boolean not null default false
);
comment on table private.text_totals is 'Texts by what became of them, as deltas to be summed; campaign_id null: of no campaign.';
comment on column private.text_totals.status is 'Of the texts that went out; null: the row counts what came back.';
comment on column private.text_totals.currency is 'Of the price that the provider reported; null: it has reported none.';
comment on column private.text_totals.received is 'Texts that came in, whatever they answer.';
comment on column private.text_totals.folded is 'The sum of its deltas: folding looks at the others only.';
create index text_totals_campaign on private.text_totals (campaign_id, quarter_hour);
create index text_totals_organization on private.text_totals (organization_id, quarter_hour);
create index text_totals_unfolded on private.text_totals (organization_id) where not folded;
create unique index text_totals_once on private.text_totals (organization_id, campaign_id, variant_id, account_id, status,
  error_code, currency, quarter_hour) nulls not distinct where folded;

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
  targets bigint not null,
  folded boolean not null default false
);
comment on table private.target_totals is 'Targets of campaigns by state, as deltas to be summed.';
comment on column private.target_totals.folded is 'See text_totals.';
create index target_totals_campaign on private.target_totals (campaign_id);
create index target_totals_organization on private.target_totals (organization_id);
create index target_totals_unfolded on private.target_totals (organization_id) where not folded;
create unique index target_totals_once on private.target_totals (organization_id, campaign_id, status, reason)
  nulls not distinct where folded;

-- Twilio bills in US dollars where it names no currency.
create function private.price_currency(price numeric, currency text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case when price is not null then coalesce(currency, 'USD') end
$$;

-- price_currency and quarter_hour are written out: a call for each row would be felt. Definer: see count_customers.
create function private.count_texts()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.text_totals (organization_id, campaign_id, variant_id, account_id, status, error_code, currency, quarter_hour,
      messages, segments, cost)
    select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.status, n.error_code,
      case when n.price is not null then coalesce(n.price_currency, 'USD') end, date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00'),
      count(*), sum(n.segments), sum(coalesce(n.price, 0))
    from new_rows n where n.direction = 'outbound' group by 1, 2, 3, 4, 5, 6, 7, 8;
    insert into private.text_totals (organization_id, account_id, quarter_hour, received)
    select n.organization_id, n.account_id, date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00'), count(*)
    from new_rows n where n.direction = 'inbound' group by 1, 2, 3;
  elsif tg_op = 'DELETE' then
    insert into private.text_totals (organization_id, campaign_id, variant_id, account_id, status, error_code, currency, quarter_hour,
      messages, segments, cost)
    select t.organization_id, t.campaign_id, t.variant_id, t.account_id, t.status, t.error_code,
      case when t.price is not null then coalesce(t.price_currency, 'USD') end, date_bin('15 minutes', t.created_at, timestamptz '2000-01-01 00:00+00'),
      -count(*), -sum(t.segments), -sum(coalesce(t.price, 0))
    from old_rows t
    where t.direction = 'outbound' and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4, 5, 6, 7, 8;
    insert into private.text_totals (organization_id, account_id, quarter_hour, received)
    select t.organization_id, t.account_id, date_bin('15 minutes', t.created_at, timestamptz '2000-01-01 00:00+00'), -count(*)
    from old_rows t
    where t.direction = 'inbound' and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3;
  else
    insert into private.text_totals (organization_id, campaign_id, variant_id, account_id, status, error_code, currency, quarter_hour,
      messages, segments, cost, received)
    select d.organization_id, d.campaign_id, d.variant_id, d.account_id, d.status, d.error_code, d.currency, d.quarter_hour,
      sum(d.messages), sum(d.messages * d.segments), sum(d.messages * d.price), sum(d.received)
    from (
      select n.organization_id, n.campaign_id, n.variant_id, n.account_id, n.status, n.error_code,
        case when n.price is not null then coalesce(n.price_currency, 'USD') end as currency, date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00') as quarter_hour,
        1 as messages, n.segments, coalesce(n.price, 0) as price, 0 as received
      from new_rows n where n.direction = 'outbound'
      union all
      select o.organization_id, o.campaign_id, o.variant_id, o.account_id, o.status, o.error_code,
        case when o.price is not null then coalesce(o.price_currency, 'USD') end, date_bin('15 minutes', o.created_at, timestamptz '2000-01-01 00:00+00'), -1, o.segments, coalesce(o.price, 0), 0
      from old_rows o where o.direction = 'outbound'
      union all
      select n.organization_id, null, null, n.account_id, null, null, null, date_bin('15 minutes', n.created_at, timestamptz '2000-01-01 00:00+00'), 0, 0, 0, 1
      from new_rows n where n.direction = 'inbound'
      union all
      select o.organization_id, null, null, o.account_id, null, null, null, date_bin('15 minutes', o.created_at, timestamptz '2000-01-01 00:00+00'), 0, 0, 0, -1
      from old_rows o where o.direction = 'inbound'
    ) d
    group by 1, 2, 3, 4, 5, 6, 7, 8
    having sum(d.messages) <> 0 or sum(d.messages * d.segments) <> 0 or sum(d.messages * d.price) <> 0 or sum(d.received) <> 0;
  end if;
  return null;
end
$$;

-- Definer: see count_customers.
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

create trigger count_texts_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.count_texts();
create trigger count_texts_update after update on public.messages referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_texts();
create trigger count_texts_delete after delete on public.messages referencing old table as old_rows
  for each statement execute function private.count_texts();
create trigger count_insert after insert on public.campaign_targets referencing new table as new_rows
  for each statement execute function private.count_targets();
create trigger count_update after update on public.campaign_targets referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_targets();
create trigger count_delete after delete on public.campaign_targets referencing old table as old_rows
  for each statement execute function private.count_targets();

-- What was there before there were totals.
insert into private.text_totals (organization_id, account_id, status, error_code, currency, quarter_hour, messages, segments, cost)
select m.organization_id, m.account_id, m.status, m.error_code, private.price_currency(m.price, m.price_currency),
  private.quarter_hour(m.created_at), count(*), sum(m.segments), sum(coalesce(m.price, 0))
from public.messages m where m.direction = 'outbound' group by 1, 2, 3, 4, 5, 6;
insert into private.text_totals (organization_id, account_id, quarter_hour, received)
select m.organization_id, m.account_id, private.quarter_hour(m.created_at), count(*)
from public.messages m where m.direction = 'inbound' group by 1, 2, 3;
