-- Webhooks out. A statement that changes something writes one event for each organization and type, in its own
-- transaction, if an endpoint of the organization subscribes to the type; an event has an item for each changed object.
-- The job deliver-webhooks turns events into deliveries, one for each endpoint and item, and sends them. Payloads have
-- ids and what changed, no personal data: receivers read the rest through the API with rights of their own.

create table private.webhook_event_types (
  type text primary key constraint webhook_event_types_form check (type ~ '^[a-z_]+\.[a-z_]+$'),
  position smallint not null,
  description text not null,
  permission text not null references private.permissions (name),
  audience text not null default 'organization'
    constraint webhook_event_types_audience check (audience in ('organization', 'owner', 'role')),
  permission_by_kind jsonb constraint webhook_event_types_by_kind check (jsonb_typeof(permission_by_kind) = 'object'),
  object text not null,
  schema jsonb not null,
  example jsonb not null
);
create index webhook_event_types_permission on private.webhook_event_types (permission);
comment on table private.webhook_event_types is 'The catalogue of events.';
comment on column private.webhook_event_types.permission is 'What the owner of an endpoint needs to be sent it.';
comment on column private.webhook_event_types.audience is
  'organization: the permission must have this scope; owner: only what is the owner''s (data.owner_id); role: only what '
  'is for the owner''s role (data.recipients) or by the owner (data.sender_id).';
comment on column private.webhook_event_types.permission_by_kind is
  'Where it depends on data.kind which permission is needed: { kind: permission }; of other kinds, permission.';
comment on column private.webhook_event_types.object is 'The key of data with the id of the object, for the order.';
comment on column private.webhook_event_types.schema is 'JSON Schema of data.';


create table private.webhook_event_sources (
  type text not null references private.webhook_event_types (type),
  source text not null,
  operation text not null constraint webhook_event_sources_operation check (operation in ('INSERT', 'UPDATE')),
  condition text not null default 'true',
  data text not null,
  primary key (type, source, operation)
);
comment on table private.webhook_event_sources is
  'The changes from which an event comes. The expressions are run by the triggers.';
comment on column private.webhook_event_sources.condition is
  'SQL over n (the new row) and, of an UPDATE, o (the old row).';
comment on column private.webhook_event_sources.data is
  'SQL over n and o: the payload''s data, an object of ids and changes.';


create table public.webhook_endpoints (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  url text not null constraint webhook_endpoints_url_form check (char_length(url) <= 2000 and private.is_plain(url)
    and url ~ '^https?://[^\s/?#@\\]+([/?#]\S*)?$'),
  description text not null default '' constraint webhook_endpoints_description_form
    check (char_length(description) <= 200 and private.is_plain(description)),
  events text[] not null constraint webhook_endpoints_events check (cardinality(events) between 1 and 100),
  bulk text not null default 'each' constraint webhook_endpoints_bulk check (bulk in ('each', 'grouped')),
  status text not null default 'active'
    constraint webhook_endpoints_status check (status in ('active', 'paused', 'disabled')),
  disabled_reason text constraint webhook_endpoints_reason check (disabled_reason in ('gone', 'failing')),
  disabled_at timestamptz,
  owner_id uuid references public.profiles (id) on delete set null,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint webhook_endpoints_organization_key unique (organization_id, id),
  constraint webhook_endpoints_disabled check ((status = 'disabled') = (disabled_reason is not null)
    and (disabled_reason is null) = (disabled_at is null))
);
comment on table public.webhook_endpoints is 'Where an organization''s events are delivered.';
comment on column public.webhook_endpoints.events is 'Types of the catalogue, or * for all, those to come included.';
comment on column public.webhook_endpoints.bulk is
  'What a statement that changes more than 100 objects sends: each, or groups of ids (objects.changed).';
comment on column public.webhook_endpoints.owner_id is
  'Whose rights its deliveries have: the person who made it or last changed it.';
comment on column public.webhook_endpoints.status is 'paused: by a person; disabled: by the job, see disabled_reason.';

create index webhook_endpoints_listing on public.webhook_endpoints (organization_id, created_at desc);
create index webhook_endpoints_owner on public.webhook_endpoints (owner_id);
create index webhook_endpoints_created_by on public.webhook_endpoints (created_by);

alter table public.webhook_endpoints enable row level security;

create policy "those who manage webhooks read their organization's" on public.webhook_endpoints
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('webhooks:manage'))::uuid[]));

revoke all on public.webhook_endpoints from public, anon, authenticated, service_role;
grant select on public.webhook_endpoints to authenticated, service_role;

create trigger set_updated_at before update on public.webhook_endpoints
  for each row execute function private.set_updated_at();
create trigger sync_subscriptions after insert or update or delete on public.webhook_endpoints
  for each row execute function private.sync_webhook_subscriptions();

select private.audit_table('public.webhook_endpoints');


create table private.webhook_subscriptions (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  type text not null references private.webhook_event_types (type) on delete cascade,
  primary key (organization_id, type)
);
comment on table private.webhook_subscriptions is
  'Which events of an organization are recorded: derived from its endpoints, because every statement asks.';

create index webhook_subscriptions_type on private.webhook_subscriptions (type);


create table private.webhook_secrets (
  endpoint_id uuid not null references public.webhook_endpoints (id) on delete cascade,
  secret_id uuid primary key,
  ends_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);
comment on table private.webhook_secrets is
  'The Vault''s secrets of an endpoint: two while one replaces the other. ends_at null: the present one.';

create index webhook_secrets_endpoint on private.webhook_secrets (endpoint_id, created_at desc);

create trigger delete_from_vault after delete on private.webhook_secrets
  for each row execute function private.delete_webhook_secret();


create table private.webhook_states (
  endpoint_id uuid primary key references public.webhook_endpoints (id) on delete cascade,
  failures integer not null default 0,
  failing_since timestamptz,
  cooldown_until timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  last_error text
);
comment on table private.webhook_states is
  'How an endpoint is doing, changed with its deliveries. Not in webhook_endpoints, whose changes are audited.';
comment on column private.webhook_states.failures is 'Failed tries since the last one that succeeded.';
comment on column private.webhook_states.cooldown_until is 'Nothing is sent before: after failures, or as it asked.';


create table private.webhook_events (
  id uuid primary key default private.uuid_v7(),
  seq bigint not null generated always as identity,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  type text not null,
  items jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  next_item integer not null default 0,
  fanned_out_at timestamptz,
  error text
);
comment on table private.webhook_events is
  'One row for each statement, organization and type; items are the data of its payloads. Kept for 30 days.';
comment on column private.webhook_events.seq is
  'The order. Changes of one object wait for each other''s locks, so they are numbered as they happened.';
comment on column private.webhook_events.next_item is 'The first item that is not yet turned into deliveries.';
comment on column private.webhook_events.error is 'Why it could not be turned into deliveries.';

create index webhook_events_waiting on private.webhook_events (organization_id, seq) where fanned_out_at is null;
create index webhook_events_organization on private.webhook_events (organization_id, created_at);
create index webhook_events_age on private.webhook_events (created_at);

create trigger start_delivery after insert on private.webhook_events
  for each statement execute function private.start_webhook_delivery();


create table private.webhook_deliveries (
  id uuid primary key default private.uuid_v7(),
  seq bigint not null generated always as identity,
  organization_id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null references private.webhook_events (id) on delete cascade,
  item integer not null,
  grouped boolean not null default false,
  object_id text,
  data jsonb not null,
  status text not null default 'pending' constraint webhook_deliveries_status
    check (status in ('pending', 'sending', 'delivered', 'failed', 'withheld')),
  reason text,
  attempts smallint not null default 0,
  claim integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  delivered_at timestamptz,
  tries jsonb not null default '[]',
  answer text,
  created_at timestamptz not null default now(),
  constraint webhook_deliveries_endpoint foreign key (organization_id, endpoint_id)
    references public.webhook_endpoints (organization_id, id) on delete cascade,
  constraint webhook_deliveries_once unique (endpoint_id, event_id, item)
);
comment on table private.webhook_deliveries is 'What is or was to be sent to an endpoint.';
comment on column private.webhook_deliveries.item is 'The first item of the event that it carries, from 0.';
comment on column private.webhook_deliveries.grouped is 'It carries a group of ids and is sent as objects.changed.';
comment on column private.webhook_deliveries.object_id is 'Deliveries of one object are sent one after the other.';
comment on column private.webhook_deliveries.data is
  'A copy of the item: to find one item, all of the event''s would be decompressed.';
comment on column private.webhook_deliveries.reason is 'Why it was withheld: the owner''s rights did not suffice.';
comment on column private.webhook_deliveries.tries is '[{ at, status, ms, error }], the latest 20.';
comment on column private.webhook_deliveries.answer is 'The beginning of the latest answer, at most 4 KB.';

create index webhook_deliveries_due on private.webhook_deliveries (endpoint_id, next_attempt_at, seq)
  where status = 'pending';
create index webhook_deliveries_leased on private.webhook_deliveries (leased_until) where status = 'sending';
create index webhook_deliveries_under_way on private.webhook_deliveries (endpoint_id) where status = 'sending';
create index webhook_deliveries_order on private.webhook_deliveries (endpoint_id, object_id, seq)
  where status in ('pending', 'sending');
create index webhook_deliveries_listing on private.webhook_deliveries (organization_id, endpoint_id, seq desc);
create index webhook_deliveries_event on private.webhook_deliveries (event_id);


create trigger record_webhooks after insert on public.leads referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after insert on public.lead_assignments referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after insert on public.lead_history referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after insert on public.sla_events referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_insert after insert on public.messages referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_update after update on public.messages
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after insert on public.suppressions referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after update on public.campaigns
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_insert after insert on public.customers referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_update after update on public.customers
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after insert on public.customer_actions referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_insert after insert on public.tasks referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_update after update on public.tasks
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_insert after insert on public.clients referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks_update after update on public.clients
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after insert on public.notes referencing new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after update on public.report_runs
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after update on public.lead_imports
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
create trigger record_webhooks after update on public.batches
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.record_webhook_events();
