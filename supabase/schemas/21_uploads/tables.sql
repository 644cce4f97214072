-- Spreadsheets of customers in two steps: POST /upload/excel keeps the valid rows for 24 hours, POST /upload/process-
-- batch turns them into customers, actions and texts in one transaction.

create table public.uploads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  file_name text not null constraint uploads_file_name_form
    check (char_length(file_name) between 1 and 255 and private.is_plain(file_name)),
  rows jsonb not null constraint uploads_rows_list check (jsonb_typeof(rows) = 'array'),
  summary jsonb not null constraint uploads_summary_object check (jsonb_typeof(summary) = 'object'),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  processed_at timestamptz,
  batch_id uuid,
  constraint uploads_organization_key unique (organization_id, id),
  constraint uploads_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id)
);
comment on table public.uploads is 'The valid rows of a file, kept until they are processed or expire.';

-- Uploads and batches refer to each other.
alter table public.batches add constraint batches_upload foreign key (organization_id, upload_id)
  references public.uploads (organization_id, id) on delete set null (upload_id);

create index uploads_created_by on public.uploads (created_by);
create index uploads_batch on public.uploads (organization_id, batch_id) where batch_id is not null;
create index uploads_expiry on public.uploads (expires_at) where processed_at is null;

alter table public.uploads enable row level security;

create policy "those who may read uploads read their organization's" on public.uploads for select to authenticated
  using (organization_id = any ((select private.organizations_with('uploads:read'))::uuid[]));

revoke all on public.uploads from public, anon, authenticated, service_role;
grant select on public.uploads to authenticated, service_role;

select private.audit_table('public.uploads', 'rows', 'summary');
