-- What the organization holds on a person (not a member of staff), as a file or erased. private.personal_data says of
-- every column with text what becomes of it; a job goes through the tables in slices (private.run_privacy_requests).

create table private.personal_data (
  relation text not null,
  column_name text not null,
  found_by text,
  erased_as text not null,
  searched boolean not null default false,
  reason text,
  primary key (relation, column_name),
  constraint personal_data_reason check (erased_as <> 'kept' or reason is not null),
  constraint personal_data_found check (found_by is not null or searched or erased_as in ('none', 'kept'))
);
comment on table private.personal_data is
  'Every column with text or JSON, and what erasing a person does to it. Frozen against the catalogue by a test.';
comment on column private.personal_data.found_by is
  'SQL condition over the row (x) and the private.person (p): the row is about the person.';
comment on column private.personal_data.erased_as is
  'SQL expression for the new value; delete: the row goes; kept: see reason; none: nothing personal is in it.';
comment on column private.personal_data.searched is
  'Free text: in rows about others the numbers, addresses and names of the person are replaced.';


create type private.person as (
  organization_id uuid,
  phones text[],
  emails text[],
  lead_ids uuid[],
  customer_ids uuid[],
  client_ids uuid[],
  contact_ids uuid[],
  ids uuid[],
  mentions text,
  ids_pattern text,
  unclear_phones text[]
);
comment on type private.person is
  'How a person is found. mentions: a regular expression of their numbers, addresses, names and account numbers. '
  'unclear_phones: numbers that were theirs and are or were also another record''s; only rows that are linked to the '
  'person are theirs.';


create table private.privacy_requests (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null constraint privacy_requests_kind check (kind in ('export', 'erase')),
  subject jsonb not null constraint privacy_requests_subject check (jsonb_typeof(subject) = 'object'),
  person jsonb not null,
  status text not null default 'queued'
    constraint privacy_requests_status check (status in ('queued', 'running', 'done', 'failed')),
  -- Where the job is: the table, its block, and how many times it has been through all of them.
  place text,
  block bigint not null default 0,
  pass integer not null default 1,
  pass_changes bigint not null default 0,
  records jsonb not null default '{}',
  attempts integer not null default 0,
  error text,
  requested_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  worked_at timestamptz,
  finished_at timestamptz
);
comment on table private.privacy_requests is
  'Exports and erasures of a person. When an erasure is done, subject and person name them by ids and pseudonyms only.';

comment on column private.privacy_requests.worked_at is
  'When the task last worked on it: organizations take turns, each with its oldest open request.';

create index privacy_requests_organization on private.privacy_requests (organization_id, id desc);
create index privacy_requests_requested_by on private.privacy_requests (requested_by);
create index privacy_requests_open on private.privacy_requests (organization_id, id)
  where status in ('queued', 'running');


create table private.privacy_rows (
  request_id uuid not null references private.privacy_requests (id) on delete cascade,
  number bigint generated always as identity,
  relation text not null,
  content jsonb not null,
  primary key (request_id, relation, number)
);
comment on table private.privacy_rows is
  'The rows of an export, from which the file is made when somebody downloads it. Deleted after seven days.';
