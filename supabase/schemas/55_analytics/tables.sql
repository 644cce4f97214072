-- Counters of messages (see 05_counters), and what is answered from them. Outcomes are counted by campaign, variant,
-- number, outcome and quarter of an hour of the message's creation: hours and days of every time zone are made of
-- quarter hours. Replies and opt-outs count in the quarter hour of the message that they answer, so that rates compare
-- a message's replies with that message. Progress, analytics, automatic pauses, alerts and number health read these
-- sums, never the messages. Analytics functions return counts; rates and intervals are computed by the Edge Function.

create table private.message_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  status text not null,
  messages bigint not null,
  segments bigint not null,
  rolled_up boolean not null default false
);
comment on table private.message_totals is 'Outbound messages by status: a counter (see private.counters).';

create index message_totals_organization on private.message_totals (organization_id);
create index message_totals_pending on private.message_totals (organization_id) where not rolled_up;
create unique index message_totals_once on private.message_totals (organization_id, status) where rolled_up;


create table private.message_outcome_totals (
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
  rolled_up boolean not null default false
);
comment on table private.message_outcome_totals is
  'Messages by their outcome: a counter (see private.counters); campaign_id null: of no campaign.';
comment on column private.message_outcome_totals.status is
  'Of outbound messages; null: the row counts replies and inbound messages.';
comment on column private.message_outcome_totals.currency is
  'Of the price that the provider reported; null: none reported.';
comment on column private.message_outcome_totals.received is 'Inbound messages, whatever they answer.';

create index message_outcome_totals_campaign on private.message_outcome_totals (campaign_id, quarter_hour);
create index message_outcome_totals_organization on private.message_outcome_totals (organization_id, quarter_hour);
create index message_outcome_totals_pending on private.message_outcome_totals (organization_id) where not rolled_up;
create unique index message_outcome_totals_once on private.message_outcome_totals (organization_id, campaign_id,
  variant_id, account_id, status, error_code, currency, quarter_hour) nulls not distinct where rolled_up;

create trigger add_to_days_insert after insert on private.message_outcome_totals referencing new table as new_rows
  for each statement execute function private.add_to_message_days();
create trigger add_to_days_update after update on private.message_outcome_totals
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.add_to_message_days();
create trigger mark_dirty after insert on private.message_outcome_totals referencing new table as new_rows
  for each statement execute function private.mark_campaigns_dirty();


create table private.message_day_totals (
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
  constraint message_day_totals_once unique nulls not distinct (organization_id, day, campaign_id, account_id, status,
    error_code, currency)
);
comment on table private.message_day_totals is
  'The rolled-up sums of message_outcome_totals by days of the organization''s time zone, all variants together. '
  'Together with the deltas that are not rolled up they are complete.';


create table private.target_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  campaign_id uuid not null,
  status text not null,
  reason text,
  targets bigint not null,
  rolled_up boolean not null default false
);
comment on table private.target_totals is 'Targets of campaigns by state: a counter (see private.counters).';

create index target_totals_campaign on private.target_totals (campaign_id);
create index target_totals_organization on private.target_totals (organization_id);
create index target_totals_pending on private.target_totals (organization_id) where not rolled_up;
create unique index target_totals_once on private.target_totals (organization_id, campaign_id, status, reason)
  nulls not distinct where rolled_up;

create trigger mark_dirty after insert on private.target_totals referencing new table as new_rows
  for each statement execute function private.mark_campaigns_dirty();


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
  'Campaign messages that were answered: how many replies came, and how many of them were opt-outs.';

create index campaign_responses_organization on private.campaign_responses (organization_id);

create trigger count_insert after insert on private.campaign_responses referencing new table as new_rows
  for each statement execute function private.count_responses();
create trigger count_update after update on private.campaign_responses
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_responses();
create trigger count_delete after delete on private.campaign_responses referencing old table as old_rows
  for each statement execute function private.count_responses();


create table private.suppression_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  source text not null,
  quarter_hour timestamptz not null,
  added bigint not null,
  rolled_up boolean not null default false
);
comment on table private.suppression_totals is
  'Numbers that were suppressed, by source: a counter (see private.counters).';

create index suppression_totals_organization on private.suppression_totals (organization_id, quarter_hour);
create index suppression_totals_pending on private.suppression_totals (organization_id) where not rolled_up;
create unique index suppression_totals_once on private.suppression_totals (organization_id, source, quarter_hour)
  where rolled_up;


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
  'A campaign whose rate passed its organization''s threshold, with the figures of that moment. Resolved when the '
  'rate has fallen to four fifths of the threshold, when the organization turns the alert off, or when replies no '
  'longer count.';

create index campaign_alerts_listing on public.campaign_alerts (organization_id, campaign_id, opened_at desc);
create unique index campaign_alerts_one_open on public.campaign_alerts (campaign_id, kind) where resolved_at is null;
create index campaign_alerts_open on public.campaign_alerts (organization_id, opened_at desc) where resolved_at is null;

alter table public.campaign_alerts enable row level security;

create policy "those who may read campaigns read their alerts" on public.campaign_alerts for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_alerts from public, anon, authenticated, service_role;
grant select on public.campaign_alerts to authenticated, service_role;

select private.audit_table('public.campaign_alerts');


create type private.cost_part as (account_id uuid, status text, currency text, segments numeric, cost numeric);


create type private.outcome_sum as (
  day integer, of_campaign boolean, account_id uuid, status text, error_code text, currency text,
  messages numeric, segments numeric, cost numeric, replied numeric, opted_out numeric, answers numeric,
  received numeric
);


create type private.dashboard_figure as (
  level integer, current boolean, of_campaign boolean, day integer, account_id uuid, total numeric,
  queued numeric, sending numeric, sent numeric, delivered numeric, undelivered numeric, failed numeric,
  canceled numeric, suppressed numeric, segments numeric, replied numeric, opted_out numeric, answers numeric,
  received numeric
);
