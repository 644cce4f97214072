-- Campaigns: marketing messages to an audience of leads. draft → scheduled → freezing → running ⇄ paused → completed |
-- canceled. When a campaign starts (`freezing` in the API), a snapshot of its audience is written to campaign_targets,
-- one row a recipient, in batches in the order of lead ids; each batch is one transaction that moves `snapshot_cursor`
-- on, so that an interrupted snapshot continues where it was and two at once take turns. The targets are the queue: a
-- message exists only once its target is claimed for sending. So a pause has nothing to recall, and after a crash each
-- recipient is in exactly one state: nobody is left out or texted twice. Whether a recipient may be texted is checked
-- in the snapshot, so that the figures are right from the first minute, and again at the claim. Figures come from
-- counters (55_analytics), never from counting targets or messages.

create table public.campaigns (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint campaigns_name_length check (char_length(btrim(name)) between 1 and 200)
    constraint campaigns_name_plain check (private.is_plain(name)),
  status text not null default 'draft' constraint campaigns_status check (status in (
    'draft', 'scheduled', 'freezing', 'running', 'paused', 'completed', 'canceled')),
  version integer not null default 1,
  audience jsonb not null default '{}' constraint campaigns_audience_object check (jsonb_typeof(audience) = 'object'),
  scheduled_at timestamptz,
  late_after_minutes integer not null default 60 constraint campaigns_late_after check (late_after_minutes between 1
    and 1440),
  messages_per_minute integer constraint campaigns_rate check (messages_per_minute between 1 and 600000),
  pause_error_rate numeric(4, 3) not null default 0.200
    constraint campaigns_pause_error_rate check (pause_error_rate between 0 and 1),
  pause_filtered_rate numeric(4, 3) not null default 0.050
    constraint campaigns_pause_filtered_rate check (pause_filtered_rate between 0 and 1),
  pause_after integer not null default 100 constraint campaigns_pause_after check (pause_after between 10 and 1000000),
  status_reason text,
  snapshot_cursor uuid,
  frozen_at timestamptz,
  started_at timestamptz,
  started_by uuid references public.profiles (id) on delete set null,
  finished_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint campaigns_organization_key unique (organization_id, id)
);
comment on table public.campaigns is
  'Marketing messages to an audience of leads: what, to whom, from which numbers, when and how fast.';
comment on column public.campaigns.audience is '{ filter: the filters of GET /leads } or { lead_ids: [...] }.';
comment on column public.campaigns.late_after_minutes is
  'A campaign that misses its schedule by more is paused for a person to decide.';
comment on column public.campaigns.snapshot_cursor is
  'The last lead that the audience snapshot has reached; null: not started, or done.';

create index campaigns_listing on public.campaigns (organization_id, created_at desc);
create index campaigns_active on public.campaigns (status, scheduled_at)
  where status in ('scheduled', 'freezing', 'running');
create index campaigns_canceled on public.campaigns (finished_at) where status = 'canceled';
create index campaigns_started_by on public.campaigns (started_by);
create index campaigns_created_by on public.campaigns (created_by);
create index campaigns_finished on public.campaigns (finished_at) where finished_at is not null;

alter table public.campaigns enable row level security;

create policy "those who may read campaigns read their organization's" on public.campaigns for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaigns from public, anon, authenticated, service_role;
grant select on public.campaigns to authenticated, service_role;

create trigger delete_campaign_targets after delete on public.campaigns referencing old table as old_rows
  for each statement execute function private.delete_campaign_targets();
create trigger set_updated_at before update on public.campaigns
  for each row when (old.snapshot_cursor is not distinct from new.snapshot_cursor or old.status <> new.status)
  execute function private.set_campaign_derived_columns();
create trigger create_campaign_progress after insert on public.campaigns for each row
  execute function private.create_campaign_progress();
create constraint trigger broadcast_campaign_status after update of status, status_reason on public.campaigns
  deferrable initially deferred for each row
  when (old.status <> new.status or old.status_reason is distinct from new.status_reason)
  execute function private.broadcast_campaign_status();

select private.audit_table('public.campaigns');


create table public.campaign_templates (
  organization_id uuid not null,
  campaign_id uuid not null,
  template_id uuid not null,
  weight integer not null default 1 constraint campaign_templates_weight check (weight between 1 and 1000),
  primary key (organization_id, campaign_id, template_id),
  constraint campaign_templates_campaign foreign key (organization_id, campaign_id)
    references public.campaigns (organization_id, id) on delete cascade
);
comment on table public.campaign_templates is 'The templates that a campaign rotates, by weight.';

alter table public.campaign_templates enable row level security;

create policy "those who may read campaigns read their templates"
  on public.campaign_templates for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_templates from public, anon, authenticated, service_role;
grant select on public.campaign_templates to authenticated, service_role;

create trigger audit_row after insert or update or delete on public.campaign_templates
  for each row execute function private.audit_row('campaign_id');


create table public.campaign_numbers (
  organization_id uuid not null,
  campaign_id uuid not null,
  account_id uuid not null,
  primary key (organization_id, campaign_id, account_id),
  constraint campaign_numbers_campaign foreign key (organization_id, campaign_id)
    references public.campaigns (organization_id, id) on delete cascade,
  constraint campaign_numbers_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);
comment on table public.campaign_numbers is
  'The numbers that a campaign sends from; none: the organization''s default sender.';

create index campaign_numbers_of_account on public.campaign_numbers (organization_id, account_id);

alter table public.campaign_numbers enable row level security;

create policy "those who may read campaigns read their numbers" on public.campaign_numbers for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_numbers from public, anon, authenticated, service_role;
grant select on public.campaign_numbers to authenticated, service_role;

create trigger audit_row after insert or update or delete on public.campaign_numbers
  for each row execute function private.audit_row('campaign_id');


-- The numbers of each campaign, in whatever state.
create view private.campaign_senders as
  select c.id as campaign_id, a.*
  from public.campaigns c
  join public.sms_accounts a on a.organization_id = c.organization_id and (
    a.id in (
      select n.account_id from public.campaign_numbers n where n.organization_id = c.organization_id
        and n.campaign_id = c.id)
    or a.is_default and not exists (
      select from public.campaign_numbers n where n.organization_id = c.organization_id and n.campaign_id = c.id));


create table public.campaign_targets (
  organization_id uuid not null,
  campaign_id uuid not null,
  position integer not null,
  lead_id uuid not null,
  phone text,
  variant_id uuid,
  status text not null default 'pending'
    constraint campaign_targets_status check (status in ('pending', 'sent', 'excluded', 'canceled')),
  reason text constraint campaign_targets_reason check (reason in (
    'no_phone', 'duplicate_number', 'suppressed', 'dnc', 'litigator', 'no_consent', 'consent_revoked',
    'frequency_cap', 'lead_deleted', 'number_changed', 'missing_variable', 'text_too_long', 'window_closed',
    'country_not_allowed', 'undeliverable')),
  wait_reason text constraint campaign_targets_wait_reason check (wait_reason in ('quiet_hours', 'frequency_cap', 'review', 'rate')),
  send_after timestamptz not null default now(),
  message_id uuid,
  updated_at timestamptz not null default now(),
  primary key (campaign_id, position),
  constraint campaign_targets_lead_once unique (campaign_id, lead_id)
) with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02);
comment on table public.campaign_targets is
  'The audience snapshot of a campaign, one row a recipient. No foreign keys: a million rows are written while the '
  'campaign is locked, the claim looks the lead up anyway, and targets are deleted with their campaign.';

create index campaign_targets_organization on public.campaign_targets (organization_id, campaign_id, status, position);
create index campaign_targets_due on public.campaign_targets (campaign_id, send_after, position)
  where status = 'pending';
create unique index campaign_targets_number_once on public.campaign_targets (campaign_id, phone)
  where status in ('pending', 'sent');
create index campaign_targets_reason on public.campaign_targets (campaign_id, reason, position)
  where status = 'excluded';
create index campaign_targets_message on public.campaign_targets (message_id) where message_id is not null;

alter table public.campaign_targets enable row level security;

create policy "those who may read campaigns read their targets" on public.campaign_targets for select to authenticated
  using (organization_id = any ((select private.organizations_with('campaigns:read'))::uuid[]));

revoke all on public.campaign_targets from public, anon, authenticated, service_role;
grant select on public.campaign_targets to authenticated, service_role;

create trigger count_insert after insert on public.campaign_targets referencing new table as new_rows
  for each statement execute function private.count_targets();
create trigger count_update after update on public.campaign_targets
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_targets();
create trigger count_delete after delete on public.campaign_targets referencing old table as old_rows
  for each statement execute function private.count_targets();


create table private.campaign_failure_checks (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  checked_until timestamptz not null default now(),
  known bigint not null default 0,
  failed bigint not null default 0,
  filtered bigint not null default 0,
  snapshot_failures integer not null default 0,
  snapshot_retry_at timestamptz
);
comment on table private.campaign_failure_checks is
  'When a campaign''s failures were last checked, and how many there were when a person resumed it: those do not '
  'count again. How many batches of its audience snapshot failed in a row, and when the next is tried.';
