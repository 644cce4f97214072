-- The services that an organization has connected with an account of its own. Those that send texts have no row here:
-- their credentials belong to senders (41_phone_numbers), and the list of integrations shows them from there. Secrets
-- are in the Vault. Whether an integration works is known from its use, never from a poll.

create table private.integration_types (
  type text primary key,
  position smallint not null,
  name text not null,
  kind text not null constraint integration_types_kind check (kind in ('texts', 'mail', 'sheets'))
);
comment on table private.integration_types is 'Every type that there is.';
comment on column private.integration_types.kind is
  'texts: it is a view of senders'' credentials; mail: an organization has one of them at most.';


create table public.integrations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  type text not null constraint integrations_type check (type in ('smtp', 'resend', 'google_sheets')),
  config jsonb not null default '{}' constraint integrations_config_object check (jsonb_typeof(config) = 'object'),
  secret_id uuid not null,
  status text not null default 'connected' constraint integrations_status check (status in ('connected', 'failing')),
  last_success_at timestamptz,
  last_error text constraint integrations_last_error_length check (char_length(last_error) <= 500),
  failing_since timestamptz,
  failures integer not null default 0,
  retry_at timestamptz,
  admins_notified_at timestamptz,
  connected_by uuid references public.profiles (id) on delete set null,
  connected_at timestamptz not null default now(),
  constraint integrations_once unique (organization_id, type),
  constraint integrations_failing check ((status = 'failing') = (failing_since is not null))
);
comment on table public.integrations is 'The services that an organization has connected, without their secrets.';
comment on column public.integrations.id is 'New with new credentials: what one account began, no other ends.';
comment on column public.integrations.config is 'Its settings; nothing in it is secret.';
comment on column public.integrations.status is 'failing: its last use failed; the next one that succeeds ends that.';
comment on column public.integrations.last_success_at is 'To the minute: it is not written more often.';
comment on column public.integrations.failures is 'Failures since the last success.';
comment on column public.integrations.retry_at is 'Of a mail server that fails: when an e-mail may try it again.';
comment on column public.integrations.admins_notified_at is
  'The admins are notified once for each outage, and not again within an hour.';

create index integrations_connected_by on public.integrations (connected_by);

alter table public.integrations enable row level security;

create policy "those who manage integrations read their organization's" on public.integrations
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('integrations:manage'))::uuid[]));

revoke all on public.integrations from public, anon, authenticated, service_role;
grant select (id, organization_id, type, config, status, last_success_at, last_error, failing_since, failures, retry_at,
  admins_notified_at, connected_by, connected_at) on public.integrations to authenticated, service_role;

create trigger delete_from_vault after delete on public.integrations
  for each row execute function private.delete_integration_secret();
