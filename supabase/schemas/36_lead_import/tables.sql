-- Import of leads and of clients (78_client_import) from files: kind says which. An upload is kept as text in pieces
-- that end at row ends. An import processes one piece per transaction, which writes the leads, the row errors and the
-- cursor: a runner that is killed loses only the piece in progress, and no row is imported twice.

create table private.lead_uploads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null default 'leads' constraint lead_uploads_kind check (kind in ('leads', 'clients')),
  file_name text not null constraint lead_uploads_file_name_form
    check (char_length(file_name) between 1 and 255 and private.is_plain(file_name)),
  delimiter text,
  header_row integer,
  width integer,
  named integer,
  is_unicode boolean,
  hidden_rows integer[] not null default '{}',
  columns jsonb,
  total_rows integer,
  size bigint not null default 0,
  upload_complete boolean not null default false,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours'
);
comment on table private.lead_uploads is
  'A file of leads or clients that waits for its import, at most 24 hours. upload_complete: all pieces are stored.';

comment on column private.lead_uploads.width is
  'Number of fields of the header, with or without a name: in a longer row a value may be split.';
comment on column private.lead_uploads.named is
  'Number of fields up to the last one with a name: a row with fewer fields, or a value beyond, is refused.';
comment on column private.lead_uploads.is_unicode is
  'Whether the file is Unicode, so that characters of another encoding are damaged.';

create index lead_uploads_organization on private.lead_uploads (organization_id);
create index lead_uploads_created_by on private.lead_uploads (created_by);
create index lead_uploads_expiry on private.lead_uploads (expires_at);


create table private.lead_upload_pieces (
  upload_id uuid not null references private.lead_uploads (id) on delete cascade,
  "position" integer not null,
  first_row integer not null,
  -- Longer than any that is cut at the end of a row: a statement must be able to read it.
  content text not null constraint lead_upload_pieces_content_length check (char_length(content) <= 2000000),
  primary key (upload_id, "position")
);
comment on table private.lead_upload_pieces is
  'The text of the file, cut at row ends. first_row: the row number of its first row as spreadsheet programs count.';


create table public.lead_imports (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null default 'leads' constraint lead_imports_kind check (kind in ('leads', 'clients')),
  upload_id uuid not null,
  file_name text not null constraint lead_imports_file_name_form
    check (char_length(file_name) between 1 and 255 and private.is_plain(file_name)),
  status text not null default 'queued'
    constraint lead_imports_status check (status in ('queued', 'running', 'done', 'failed', 'canceled')),
  mapping jsonb not null,
  columns jsonb not null,
  on_duplicate text not null constraint lead_imports_on_duplicate check (on_duplicate in ('skip', 'update')),
  consent jsonb,
  source text
    constraint lead_imports_source_form check (source = lower(btrim(source)) and char_length(source) between 1 and 100 and private.is_plain(source)),
  assigned_to uuid references public.profiles (id) on delete set null,
  observed_from date,
  total_rows integer not null,
  counts jsonb not null default '{"processed": 0, "created": 0, "updated": 0, "skipped": 0, "invalid": 0, "warned": 0}',
  error text,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint lead_imports_organization_key unique (organization_id, id),
  constraint lead_imports_upload_once unique (organization_id, upload_id),
  constraint lead_imports_settings_of_kind check (
    case kind when 'leads' then source is not null and observed_from is null
      else source is null and consent is null and assigned_to is null end)
);
comment on table public.lead_imports is
  'Imports of leads or clients: settings and results. The progress of a running import is in private.lead_import_runs.';
comment on column public.lead_imports.observed_from is
  'From which day on the file has every client that left; null: only those who are still there are complete.';
comment on column public.lead_imports.mapping is 'Field by column index (from 0).';

create index lead_imports_listing on public.lead_imports (organization_id, kind, created_at desc);
create index lead_imports_created_by on public.lead_imports (created_by);
create index lead_imports_assigned_to on public.lead_imports (assigned_to) where assigned_to is not null;

alter table public.lead_imports enable row level security;

create policy "those who import leads or clients read their organization's imports" on public.lead_imports
  for select to authenticated
  using ((kind = 'leads' and organization_id = any ((select private.organizations_with('leads:import'))::uuid[]))
    or (kind = 'clients' and organization_id = any ((select private.organizations_with('clients:import'))::uuid[])));

revoke all on public.lead_imports from public, anon, authenticated, service_role;
grant select on public.lead_imports to authenticated, service_role;

create trigger set_updated_at before update on public.lead_imports
  for each row execute function private.set_updated_at();

select private.audit_table('public.lead_imports');


create table private.lead_import_runs (
  import_id uuid primary key references public.lead_imports (id) on delete cascade,
  delimiter text not null,
  header_row integer not null,
  width integer not null,
  named integer not null,
  is_unicode boolean not null,
  next_position integer not null default 0,
  pieces integer not null,
  processed integer not null default 0,
  created integer not null default 0,
  updated integer not null default 0,
  skipped integer not null default 0,
  invalid integer not null default 0,
  warned integer not null default 0,
  runner uuid,
  leased_until timestamptz,
  attempts integer not null default 0,
  last_step_at timestamptz not null default now()
);
comment on table private.lead_import_runs is
  'Queued and running imports: the next piece and the current runner. Deleted when the import ends.';
comment on column private.lead_import_runs.last_step_at is 'Since when the import waits; the longest goes first.';
comment on column private.lead_import_runs.attempts is 'Runs that claimed the import since a piece was last finished.';


create table private.lead_import_rows (
  import_id uuid not null references public.lead_imports (id) on delete cascade,
  record_id uuid not null,
  "row" integer not null,
  primary key (import_id, record_id)
);
comment on table private.lead_import_rows is
  'The row of a running import that created or changed a lead or client; a later row of the same one is a duplicate.';


create table private.lead_import_errors (
  import_id uuid not null references public.lead_imports (id) on delete cascade,
  "row" integer not null,
  kind text not null constraint lead_import_errors_kind check (kind in ('invalid', 'skipped', 'warning')),
  reason text not null,
  cells jsonb not null,
  primary key (import_id, "row")
);
comment on table private.lead_import_errors is
  'Rows that were not imported, or imported with a warning, with cells and reason: the first 50,000, for 30 days.';


create type private.import_counts as (created integer, updated integer, skipped integer, invalid integer);
