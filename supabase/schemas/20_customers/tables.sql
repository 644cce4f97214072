-- Customers of a utility, the actions taken on them (connect, disconnect, warn) and the batches that group bulk work.
-- A customer's status follows the latest action in the same transaction. The totals are counters (see
-- private.counters): statements insert deltas, a job rolls them up, readers sum them, so writers never wait for each
-- other and a sum is right in every snapshot.

create table public.batches (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null constraint batches_kind check (kind in ('upload', 'actions', 'sms')),
  upload_id uuid,
  file_name text constraint batches_file_name_form
    check (file_name is null or (char_length(file_name) between 1 and 255 and private.is_plain(file_name))),
  action text constraint batches_action check (action in ('connect', 'disconnect', 'warn')),
  send_sms boolean not null default false,
  counts jsonb not null default '{}',
  skipped jsonb not null default '[]',
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint batches_organization_key unique (organization_id, id)
);
comment on table public.batches is 'A unit of bulk work: a processed upload, many actions, or many texts.';

create index batches_created_by on public.batches (created_by);
create index batches_upload on public.batches (organization_id, upload_id) where upload_id is not null;

alter table public.batches enable row level security;

create policy "those who may read actions read batches" on public.batches for select to authenticated
  using (organization_id = any ((select private.organizations_with('actions:read'))::uuid[]));

revoke all on public.batches from public, anon, authenticated, service_role;
grant select on public.batches to authenticated, service_role;

select private.audit_table('public.batches', 'skipped');


create table public.customers (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null
    constraint customers_name_length check (char_length(name) between 1 and 255 and name = btrim(name)),
  constraint customers_name_plain check (private.is_plain(name)),
  account_number text not null constraint customers_account_number_form
    check (account_number ~ '^[^\s{}[:cntrl:]]([^{}[:cntrl:]]{0,48}[^\s{}[:cntrl:]])?$'),
  phone text not null constraint customers_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  status text not null default 'connected'
    constraint customers_status check (status in ('connected', 'disconnected', 'warned')),
  arrears numeric(14, 2) not null default 0,
  currency text not null constraint customers_currency_iso check (currency ~ '^[A-Z]{3}$'),
  search_text text not null generated always as (
    private.search_fold(name || ' ' || account_number || ' ' || phone)) stored,
  created_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint customers_organization_key unique (organization_id, id)
) with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02);
comment on table public.customers is 'Accounts and what they owe. Negative arrears are a credit.';

create unique index customers_account_number_unique on public.customers (organization_id, lower(account_number));

-- None of these indexes ends in id, although lists break ties by id: without statistics the planner takes an index on
-- (organization_id, …, id) to be as good as the primary key, and foreign key checks would scan the whole
-- organization. They include id, so that the thousands of rows of one upload, which tie, are sorted without reading
-- them.
create index customers_listing on public.customers (organization_id, created_at desc) include (id);
create index customers_by_status on public.customers (organization_id, status, created_at desc) include (id);
create index customers_by_update on public.customers (organization_id, updated_at desc) include (id);
create index customers_by_arrears on public.customers (organization_id, arrears) include (id, status);
create index customers_by_name on public.customers (organization_id, name) include (id);
create index customers_by_phone on public.customers (organization_id, phone) include (id);
create index customers_search on public.customers using gin (organization_id, search_text extensions.gin_trgm_ops);
create index customers_created_by on public.customers (created_by);

alter table public.customers enable row level security;

create policy "those who may read customers read their organization's" on public.customers for select to authenticated
  using (organization_id = any ((select private.organizations_with('customers:read'))::uuid[]));
create policy "those who may write customers add them" on public.customers for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('customers:write'))::uuid[]));
create policy "those who may write customers change them" on public.customers for update to authenticated
  using (organization_id = any ((select private.organizations_with('customers:write'))::uuid[]))
  with check (organization_id = any ((select private.organizations_with('customers:write'))::uuid[]));
create policy "those who may delete customers delete them" on public.customers for delete to authenticated
  using (organization_id = any ((select private.organizations_with('customers:delete'))::uuid[]));

revoke all on public.customers from public, anon, authenticated, service_role;
grant select on public.customers to authenticated, service_role;
grant insert (organization_id, name, account_number, phone, status, arrears, currency),
  update (name, account_number, phone, status, arrears), delete on public.customers to authenticated;

create trigger set_updated_at before update on public.customers
  for each row execute function private.set_updated_at();
create trigger count_insert after insert on public.customers referencing new table as new_rows
  for each statement execute function private.count_customers();
create trigger count_update after update on public.customers referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_customers();
create trigger count_delete after delete on public.customers referencing old table as old_rows
  for each statement execute function private.count_customers();
create trigger link_conversations after insert on public.customers referencing new table as new_rows
  for each statement execute function private.link_conversations_to_new_contacts();
create trigger relink_conversations after update of phone on public.customers
  for each row when (old.phone is distinct from new.phone) execute function private.relink_conversations_of_customer();

select private.audit_table('public.customers');


create table public.customer_actions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  customer_id uuid not null,
  action text not null
    constraint customer_actions_action check (action in ('connect', 'disconnect', 'warn', 'sms_sent')),
  note text constraint customer_actions_note_form
    check (note is null or (char_length(note) <= 2000 and private.is_multiline(note))),
  source text not null default 'manual' constraint customer_actions_source check (source in ('manual', 'batch')),
  batch_id uuid,
  performed_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint customer_actions_customer foreign key (organization_id, customer_id)
    references public.customers (organization_id, id) on delete cascade,
  constraint customer_actions_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id)
);
comment on table public.customer_actions is 'What was done to a customer, and by whom. Append-only.';

create index customer_actions_listing on public.customer_actions (organization_id, id desc);
create index customer_actions_customer on public.customer_actions (organization_id, customer_id, id desc);
create index customer_actions_batch on public.customer_actions (organization_id, batch_id) where batch_id is not null;
create index customer_actions_performed_by on public.customer_actions (performed_by);

alter table public.customer_actions enable row level security;

create policy "those who may read actions read their organization's" on public.customer_actions
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('actions:read'))::uuid[]));
create policy "those who may act record actions in their own name"
  on public.customer_actions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('actions:write'))::uuid[])
    and performed_by = (select auth.uid()) and action <> 'sms_sent');

revoke all on public.customer_actions from public, anon, authenticated, service_role;
grant select on public.customer_actions to authenticated, service_role;
grant insert (organization_id, customer_id, action, note) on public.customer_actions to authenticated;

create trigger count_insert after insert on public.customer_actions referencing new table as new_rows
  for each statement execute function private.count_actions();
create trigger count_delete after delete on public.customer_actions referencing old table as old_rows
  for each statement execute function private.count_actions();
create trigger sync_customer_status_from_actions after insert
  on public.customer_actions referencing new table as new_rows
  for each statement when (coalesce(current_setting('signalbox.legacy_import', true), '') = '')
  execute function private.sync_customer_status_from_actions();


create table private.customer_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  status text not null,
  customers bigint not null,
  arrears numeric not null,
  rolled_up boolean not null default false
);
comment on table private.customer_totals is 'Customers and their arrears by status: a counter (see private.counters).';

create index customer_totals_organization on private.customer_totals (organization_id);
create index customer_totals_pending on private.customer_totals (organization_id) where not rolled_up;
create unique index customer_totals_once on private.customer_totals (organization_id, status) where rolled_up;


-- Counted by quarter of an hour because every time zone in use is offset from UTC by whole quarters: any local day is
-- a sum of them.
create table private.action_totals (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  quarter_hour timestamptz not null,
  action text not null,
  actions bigint not null,
  rolled_up boolean not null default false
);
comment on table private.action_totals is 'Actions by quarter of an hour: a counter (see private.counters).';

create index action_totals_organization on private.action_totals (organization_id, quarter_hour);
create index action_totals_pending on private.action_totals (organization_id) where not rolled_up;
create unique index action_totals_once on private.action_totals (organization_id, quarter_hour, action) where rolled_up;
