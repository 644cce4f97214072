-- The audit log: who (and as whom) changed what, when, from where, with the values before and after. One
-- statement-level trigger serves every table, so a batch of ten thousand rows costs one insert. Nobody can change or
-- delete an entry, the service role included; retention drops whole months (private.maintain). The log is partitioned
-- by month of its ids, which are times: a page reads only the rows it shows, a date filter skips whole months, and
-- counting stops at ten thousand.

create table public.audit_logs (
  id uuid not null default private.uuid_v7() primary key,
  organization_id uuid,
  actor_id uuid,
  impersonator_id uuid,
  action text not null constraint audit_logs_action check (action in (
    'insert', 'update', 'delete', 'sign_in', 'sign_in_failed', 'password_changed', 'credentials_replaced', 'exported',
    'rotated', 'connected', 'disconnected', 'key_used', 'impersonation_started', 'impersonation_ended', 'refused',
    'erased')),
  resource text not null,
  resource_id uuid,
  before jsonb,
  after jsonb,
  changed text[] not null default '{}',
  via text constraint audit_logs_via check (via in ('function', 'data_api', 'auth')),
  request_id text constraint audit_logs_request_id check (char_length(request_id) <= 100),
  ip text constraint audit_logs_ip check (char_length(ip) <= 45),
  created_at timestamptz not null default now()
) partition by range (id);
comment on table public.audit_logs is
  'Every change of an audited table, written by triggers only. Partitioned by month of id.';
comment on column public.audit_logs.via is
  'function: one of our functions; data_api: the client itself; auth: Supabase Auth; null: a job or SQL.';
comment on column public.audit_logs.impersonator_id is
  'The admin who acted as actor_id (the token''s RFC 8693 "act" claim).';

create index audit_logs_organization on public.audit_logs (organization_id, id desc);
create index audit_logs_resource on public.audit_logs (organization_id, resource, resource_id);
create index audit_logs_actor on public.audit_logs (organization_id, actor_id);

-- Inserts and updates are found by reading back in time. All other actions may be rare, so a list of one needs an index.
create index audit_logs_action on public.audit_logs (organization_id, action, id desc)
  where action not in ('insert', 'update');

alter table public.audit_logs enable row level security;

create policy "those who may read the audit log read their organization's" on public.audit_logs
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('audit:read'))::uuid[]));

revoke all on public.audit_logs from public, anon, authenticated, service_role;
grant select on public.audit_logs to authenticated, service_role;

create trigger immutable before update or delete on public.audit_logs
  for each row execute function private.forbid_change();
create trigger immutable_truncate before truncate on public.audit_logs
  for each statement execute function private.forbid_change();


create table private.audit_horizon (
  singleton boolean primary key default true constraint audit_horizon_singleton check (singleton),
  sealed_until timestamptz not null,
  kept_from timestamptz not null default '1970-01-02'
);
comment on table private.audit_horizon is 'Every entry with an id from before sealed_until is sealed.';
comment on column private.audit_horizon.kept_from is
  'Months before it were dropped (private.maintain), which no later change of a retention undoes.';

create table private.audit_hashes (
  entry_id uuid primary key,
  organization_id uuid not null,
  salt bytea,
  values_hash bytea not null,
  hash bytea not null,
  erased_by uuid,
  constraint audit_hashes_erased check (erased_by is null or salt is null)
);
comment on table private.audit_hashes is
  'What was sealed of each entry. To erase the values of an entry, remove them and the salt: the hash then says '
  'nothing about them, and the chain stays whole.';
comment on column private.audit_hashes.erased_by is
  'The entry of the log in which the erasure is recorded. Without it an erasure counts as a change.';

create index audit_hashes_erased on private.audit_hashes (organization_id, entry_id) where salt is null;

create table private.audit_seals (
  organization_id uuid not null,
  number bigint not null constraint audit_seals_number check (number > 0),
  sealed_from timestamptz not null,
  sealed_until timestamptz not null,
  entries integer not null constraint audit_seals_entries check (entries > 0),
  content_hash bytea not null,
  hash bytea not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, number),
  constraint audit_seals_range check (sealed_from < sealed_until)
);
comment on table private.audit_seals is
  'The chain of an organization''s audit log: each seal covers all entries whose ids are of its time, and '
  'the hash of the seal before it.';


create table private.exports_begun (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null,
  export text not null,
  begun_at timestamptz not null default now(),
  primary key (organization_id, user_id, export)
);
comment on table private.exports_begun is
  'Which exports have their entry in the audit log and their token, so that only these are continued. An hour is enough '
  'for any.';

create index exports_begun_age on private.exports_begun (begun_at);
