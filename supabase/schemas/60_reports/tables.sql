-- Reports: one catalogue of what may be asked (report_sources, report_fields, report_measures), definitions that people
-- save (reports), and runs, which freeze the rows of a definition and write them into a file. Nothing that a caller
-- writes becomes SQL: names are looked up in the catalogue, values are literals with a cast to the field's type.
-- A run sees what its owner may see at that moment. Its rows are frozen by one statement, and total, page and file are
-- read from them.

create table private.report_types (
  name text primary key,
  sql_type text not null,
  operators text[] not null,
  aggregations text[] not null,
  constraint report_types_operators check (operators <@ array['eq', 'neq', 'in', 'not_in', 'gt', 'gte', 'lt', 'lte',
    'between', 'in_period', 'contains', 'not_contains', 'starts_with', 'has', 'has_any', 'has_all', 'has_none',
    'is_empty', 'is_not_empty']),
  constraint report_types_aggregations check (aggregations <@ array['count_distinct', 'sum', 'avg', 'min', 'max',
    'median', 'p90'])
);
comment on table private.report_types is 'The types of fields: how a value is cast, and what a report may do with it.';


create table private.report_sources (
  name text primary key constraint report_sources_name_form check (name ~ '^[a-z][a-z_]{0,49}$'),
  position smallint not null,
  label text not null,
  description text not null,
  kind text not null constraint report_sources_kind check (kind in ('state', 'event')),
  relation text not null,
  scope text not null constraint report_sources_scope check (scope in ('leads', 'lead', 'tasks', 'organization')),
  permissions text[] not null,
  export_permission text references private.permissions (name) on update cascade,
  condition text,
  ids_are_times boolean not null default false,
  lead_join text,
  identity text not null default 'b.id'
);
comment on table private.report_sources is
  'What reports are about: a table (alias b in expressions) and how the caller''s scope bounds it.';
comment on column private.report_sources.kind is 'state: rows as they are now; event: rows that are never changed.';
comment on column private.report_sources.scope is
  'leads: leads within the caller''s scope; lead: rows of such leads (alias l); tasks: the rule of tasks; organization: '
  'all rows, for those who have the permission in the whole organization.';
comment on column private.report_sources.permissions is 'The caller needs all of them; those on leads bound the rows.';
comment on column private.report_sources.export_permission is
  'What a file with single rows or personal data needs besides reports:export.';
comment on column private.report_sources.ids_are_times is
  'The table is partitioned by its ids, which are times: a period on created_at reads only the months concerned.';
comment on column private.report_sources.identity is 'SQL that makes the order of single rows complete.';
comment on column private.report_sources.lead_join is
  'The join that brings the lead (alias l); null for leads themselves. Custom fields are read through it.';

create index report_sources_export_permission on private.report_sources (export_permission);


create table private.report_joins (
  source text not null references private.report_sources (name) on delete cascade,
  name text not null,
  needs text,
  clause text not null,
  primary key (source, name),
  constraint report_joins_needs foreign key (source, needs) references private.report_joins (source, name)
);
comment on table private.report_joins is
  'Joins that fields need. {organization} is the organization, {lead_scope} the caller''s scope on leads x.';

create index report_joins_needs on private.report_joins (source, needs);


create table private.report_fields (
  source text not null references private.report_sources (name) on delete cascade,
  name text not null constraint report_fields_name_form check (name ~ '^[a-z][a-z_.]{0,99}$'),
  position smallint not null,
  label text not null,
  type text not null references private.report_types (name),
  expression text not null,
  join_name text,
  permission text references private.permissions (name) on update cascade,
  operators text[],
  aggregations text[],
  groupable boolean not null default true,
  sortable boolean not null default true,
  personal boolean not null default false,
  period boolean not null default false,
  currency text,
  scale smallint not null default 2,
  choices text[],
  sort_expression text,
  identity text generated always as (case when join_name is not null and expression ~ '^[a-z]+\.(full_name|name)$'
    then split_part(expression, '.', 1) || '.id' end) stored,
  primary key (source, name),
  constraint report_fields_join foreign key (source, join_name) references private.report_joins (source, name),
  constraint report_fields_currency check ((type = 'money') = (currency is not null)),
  constraint report_fields_period check (not period or type = 'timestamp')
);
comment on table private.report_fields is
  'The fields of each source. name is the field''s id below its source and outlives its label.';
comment on column private.report_fields.expression is
  'SQL on b (the source''s table), l (the lead) and the join. {now} is the moment that the report is about.';
comment on column private.report_fields.permission is 'What the field needs besides the permissions of its source.';
comment on column private.report_fields.operators is 'Null: those of the type. The same for aggregations.';
comment on column private.report_fields.personal is 'Personal data of customers, leads or those who write to them.';
comment on column private.report_fields.period is 'Whether a period may filter by it.';
comment on column private.report_fields.currency is 'SQL of the currency of an amount of money.';
comment on column private.report_fields.scale is 'Digits after the point of an amount of money.';
comment on column private.report_fields.identity is
  'SQL of the id of another record that the field is the name of: groups keep records of the same name apart.';
comment on column private.report_fields.sort_expression is 'What groups are sorted by instead of their value.';

create index report_fields_type on private.report_fields (type);
create index report_fields_join on private.report_fields (source, join_name);
create index report_fields_permission on private.report_fields (permission);


create table private.report_measures (
  source text not null references private.report_sources (name) on delete cascade,
  name text not null constraint report_measures_name_form check (name ~ '^[a-z][a-z_]{0,99}$'),
  position smallint not null,
  label text not null,
  description text not null,
  type text not null default 'integer' constraint report_measures_type check (type in ('integer', 'ratio', 'number')),
  numerator text not null,
  denominator text,
  join_name text,
  permission text references private.permissions (name) on update cascade,
  primary key (source, name),
  constraint report_measures_join foreign key (source, join_name) references private.report_joins (source, name)
);
comment on table private.report_measures is
  'Figures with a fixed definition: the sum of the numerator over the rows, divided by the sum of the denominator where '
  'there is one. So a total is never an average of averages.';

create index report_measures_join on private.report_measures (source, join_name);
create index report_measures_permission on private.report_measures (permission);


create table private.report_templates (
  id text primary key constraint report_templates_id_form check (id ~ '^[a-z][a-z_]{0,49}$'),
  position smallint not null,
  name text not null,
  description text not null,
  audience text not null constraint report_templates_audience check (audience in ('school', 'utility', 'marketing',
    'administration')),
  definition jsonb not null
);
comment on table private.report_templates is 'Reports to begin with; a definition like those of reports.';


create table private.report_formats (
  name text primary key constraint report_formats_name_form check (name ~ '^[a-z]+$'),
  position smallint not null,
  content_type text not null,
  extension text not null,
  row_limit integer constraint report_formats_row_limit check (row_limit > 0)
);
comment on table private.report_formats is
  'The formats of files, and sheets: a Google spreadsheet. Each has a writer in functions/_shared/reports/.';
comment on column private.report_formats.row_limit is
  'Rows of a file at most, with the subtotals among them; null: as many as a report has.';


create table public.report_settings (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null constraint report_settings_one unique references public.organizations (id)
    on delete cascade,
  first_weekday smallint not null default 1 constraint report_settings_first_weekday check (first_weekday between 1
    and 7),
  file_days smallint not null default 30 constraint report_settings_file_days check (file_days between 1 and 365),
  outside_links boolean not null default false,
  outside_link_hours integer not null default 168
    constraint report_settings_outside_link_hours check (outside_link_hours between 1 and 720),
  updated_at timestamptz not null default now()
);
comment on table public.report_settings is
  'Report settings of an organization. Without a row the defaults of the columns hold.';
comment on column public.report_settings.first_weekday is 'ISO 8601: 1 is Monday.';
comment on column public.report_settings.file_days is 'Days after which a run''s file is deleted.';
comment on column public.report_settings.outside_links is
  'Whether files may be handed to people outside by links that need no account.';
comment on column public.report_settings.outside_link_hours is 'How long such a link is valid unless a person says.';

alter table public.report_settings enable row level security;

create policy "members read their organization's report settings" on public.report_settings for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.report_settings from public, anon, authenticated, service_role;
grant select on public.report_settings to authenticated, service_role;

create trigger set_updated_at before update on public.report_settings
  for each row execute function private.set_updated_at();

select private.audit_table('public.report_settings');


create table public.reports (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  owner_id uuid references public.profiles (id) on delete set null,
  name text not null
    constraint reports_name_form check (char_length(name) between 1 and 200 and name = btrim(name)
      and name !~ '[[:cntrl:]]'),
  description text not null default ''
    constraint reports_description check (char_length(description) <= 1000 and private.is_multiline(description)),
  source text not null,
  definition jsonb not null constraint reports_definition_object check (jsonb_typeof(definition) = 'object'),
  sharing text not null default 'private'
    constraint reports_sharing check (sharing in ('private', 'team', 'organization')),
  team_id uuid,
  template text,
  version integer not null default 1,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reports_organization_key unique (organization_id, id),
  constraint reports_team foreign key (organization_id, team_id)
    references public.teams (organization_id, id) on delete set null (team_id),
  constraint reports_team_shared check (team_id is null or sharing = 'team')
);
comment on table public.reports is
  'Saved definitions of reports. Sharing one shares the definition: everybody who opens it sees their own rows.';
comment on column public.reports.team_id is 'The team it is shared with; null if that team was deleted.';
comment on column public.reports.template is 'The template that it was made from.';

create index reports_listing on public.reports (organization_id, updated_at desc) include (sharing)
  where deleted_at is null;
create index reports_owner on public.reports (owner_id);
create index reports_team on public.reports (organization_id, team_id) where team_id is not null;

alter table public.reports enable row level security;

create policy "people read their reports and those shared with them" on public.reports for select to authenticated
  using (deleted_at is null and organization_id = any ((select private.organizations_in_scope('reports:read'))::uuid[])
    and (owner_id = (select auth.uid()) or sharing = 'organization'
      or team_id = any ((select private.my_teams())::uuid[])));

revoke all on public.reports from public, anon, authenticated, service_role;
grant select on public.reports to authenticated, service_role;

create trigger set_version before update on public.reports
  for each row execute function private.set_report_version();

select private.audit_table('public.reports');


create table public.report_schedules (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  report_id uuid not null,
  owner_id uuid references public.profiles (id) on delete set null,
  frequency text not null constraint report_schedules_frequency check (frequency in ('daily', 'weekdays', 'weekly',
    'monthly')),
  weekdays smallint[] not null default '{}',
  month_day smallint constraint report_schedules_month_day check (month_day between 1 and 31),
  local_time time not null,
  time_zone text not null constraint report_schedules_time_zone_known check (private.is_time_zone(time_zone)),
  format text not null,
  spreadsheet_id text constraint report_schedules_spreadsheet_form check (spreadsheet_id ~ '^[A-Za-z0-9_-]{20,100}$'),
  on_empty text not null default 'send' constraint report_schedules_on_empty check (on_empty in ('send', 'skip')),
  status text not null default 'active' constraint report_schedules_status check (status in ('active', 'paused')),
  pause_reason text,
  next_run_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint report_schedules_organization_key unique (organization_id, id),
  constraint report_schedules_report foreign key (organization_id, report_id)
    references public.reports (organization_id, id) on delete cascade,
  constraint report_schedules_days check ((frequency = 'weekly') = (cardinality(weekdays) > 0)
    and (frequency = 'monthly') = (month_day is not null) and weekdays <@ '{1,2,3,4,5,6,7}'),
  constraint report_schedules_due check ((status = 'active') = (next_run_at is not null)
    and (status = 'paused') = (pause_reason is not null)),
  constraint report_schedules_spreadsheet check ((format = 'sheets') = (spreadsheet_id is not null))
);
comment on table public.report_schedules is
  'When a report runs, with whose rights, and in which format its recipients get it.';
comment on column public.report_schedules.owner_id is 'Whose rights each run has, and whose rows it holds.';
comment on column public.report_schedules.weekdays is 'ISO 8601: 1 is Monday.';
comment on column public.report_schedules.spreadsheet_id is 'The Google spreadsheet that its runs are written into.';
comment on column public.report_schedules.month_day is 'In shorter months the last day.';
comment on column public.report_schedules.pause_reason is
  'by_person, report_deleted, report_changed (by somebody else), or why the last run was refused.';

create index report_schedules_report on public.report_schedules (organization_id, report_id);
create index report_schedules_owner on public.report_schedules (owner_id);
create index report_schedules_created_by on public.report_schedules (created_by);
create index report_schedules_next on public.report_schedules (next_run_at) where status = 'active';

alter table public.report_schedules enable row level security;

create policy "people read their schedules, who changes all reports all" on public.report_schedules
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('reports:write'))::uuid[])
    or (owner_id = (select auth.uid())
      and organization_id = any ((select private.organizations_in_scope('reports:read'))::uuid[])));

revoke all on public.report_schedules from public, anon, authenticated, service_role;
grant select on public.report_schedules to authenticated, service_role;

create trigger set_updated_at before update on public.report_schedules
  for each row execute function private.set_updated_at();

select private.audit_table('public.report_schedules');


create table public.report_recipients (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  schedule_id uuid not null,
  user_id uuid references public.profiles (id) on delete cascade,
  address text constraint report_recipients_address_form check (address = lower(address)
    and char_length(address) <= 254 and address ~ '^[^@\s]+@[^@\s]+$'),
  constraint report_recipients_one check (num_nonnulls(user_id, address) = 1),
  constraint report_recipients_schedule foreign key (organization_id, schedule_id)
    references public.report_schedules (organization_id, id) on delete cascade,
  constraint report_recipients_once unique nulls not distinct (schedule_id, user_id, address)
);
comment on table public.report_recipients is
  'Who gets the runs of a schedule: members, and addresses of people without an account.';

create index report_recipients_of_schedule on public.report_recipients (organization_id, schedule_id);
create index report_recipients_user on public.report_recipients (user_id) where user_id is not null;

alter table public.report_recipients enable row level security;

create policy "who reads a schedule reads its recipients" on public.report_recipients for select to authenticated
  using (exists (select from public.report_schedules s where s.organization_id = report_recipients.organization_id
    and s.id = report_recipients.schedule_id));

revoke all on public.report_recipients from public, anon, authenticated, service_role;
grant select on public.report_recipients to authenticated, service_role;

select private.audit_table('public.report_recipients');


create table public.report_runs (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  report_id uuid not null,
  owner_id uuid references public.profiles (id) on delete set null,
  requested_by uuid references public.profiles (id) on delete set null,
  name text not null,
  definition jsonb not null,
  format text not null,
  status text not null default 'queued' constraint report_runs_status check (status in (
    'queued', 'freezing', 'writing', 'ready', 'empty', 'refused', 'failed', 'missed')),
  reason text,
  detail text,
  schedule_id uuid,
  scheduled_for timestamptz,
  as_of timestamptz not null default now(),
  time_zone text not null,
  period jsonb,
  columns jsonb,
  totals jsonb,
  row_count integer,
  records bigint,
  truncated boolean not null default false,
  partial jsonb not null default '[]',
  chart_rows jsonb,
  rows_written integer not null default 0,
  spreadsheet_id text constraint report_runs_spreadsheet_form check (spreadsheet_id ~ '^[A-Za-z0-9_-]{20,100}$'),
  tab_id integer,
  file_name text,
  file_size bigint,
  checksum text,
  cpu_ms integer not null default 0,
  created_at timestamptz not null default now(),
  frozen_at timestamptz,
  finished_at timestamptz,
  rows_deleted_at timestamptz,
  file_withdrawn_at timestamptz,
  file_deleted_at timestamptz,
  constraint report_runs_organization_key unique (organization_id, id),
  constraint report_runs_report foreign key (organization_id, report_id)
    references public.reports (organization_id, id) on delete cascade,
  constraint report_runs_finished check ((status in ('ready', 'empty', 'refused', 'failed', 'missed'))
    = (finished_at is not null)),
  constraint report_runs_reason check ((status in ('refused', 'failed', 'missed')) = (reason is not null)),
  constraint report_runs_schedule foreign key (organization_id, schedule_id)
    references public.report_schedules (organization_id, id) on delete set null (schedule_id),
  constraint report_runs_once_due unique (schedule_id, scheduled_for),
  constraint report_runs_spreadsheet check ((format = 'sheets') = (spreadsheet_id is not null)),
  constraint report_runs_file check (status not in ('ready', 'empty') or (file_name is not null
    and file_size is not null and checksum is not null) or (format = 'sheets' and tab_id is not null))
);
comment on table public.report_runs is
  'A definition, executed once for a file. It keeps the definition, so later changes of the report do not touch it.';
comment on column public.report_runs.owner_id is 'Whose rights the run has, and whose rows it holds.';
comment on column public.report_runs.reason is 'Why it was refused or failed: a code. detail says it in words.';
comment on column public.report_runs.scheduled_for is 'The due time of a scheduled run; null: a person asked for it.';
comment on constraint report_runs_once_due on public.report_runs is
  'A schedule runs once for each of its times, however many clocks there are.';
comment on column public.report_runs.as_of is 'The moment against which relative periods are resolved.';
comment on column public.report_runs.columns is '[{ id, label, type, … }], in the order of the cells.';
comment on column public.report_runs.chart_rows is
  'The cells of rows of a grouped report, of whole first groups: what its chart shows. Kept after the frozen rows.';
comment on column public.report_runs.row_count is 'Rows of the report, also those beyond the limit.';
comment on column public.report_runs.records is 'Rows of the source that the report is made of.';
comment on column public.report_runs.partial is 'Time groups that the period covers only in part.';
comment on column public.report_runs.spreadsheet_id is 'The Google spreadsheet that it is written into.';
comment on column public.report_runs.tab_id is 'Google''s id of the tab that it was written into.';
comment on column public.report_runs.checksum is 'SHA-256 of the file, in hex.';
comment on column public.report_runs.file_withdrawn_at is
  'A person whom the file may show has been erased: nobody can have it any more, and it is deleted.';
comment on column public.report_runs.cpu_ms is 'Computing time of the writers.';

create index report_runs_history on public.report_runs (organization_id, owner_id, id desc);
create index report_runs_report on public.report_runs (organization_id, report_id, id desc);
create index report_runs_schedule on public.report_runs (organization_id, schedule_id, id desc)
  where schedule_id is not null;
create index report_runs_owner on public.report_runs (owner_id);
create index report_runs_requested_by on public.report_runs (requested_by);
create index report_runs_files on public.report_runs (finished_at) where file_deleted_at is null
  and status in ('ready', 'empty');
create index report_runs_rows on public.report_runs (finished_at) where rows_deleted_at is null;

alter table public.report_runs enable row level security;

create policy "people read their own runs" on public.report_runs for select to authenticated
  using (owner_id = (select auth.uid())
    and organization_id = any ((select private.organizations_in_scope('reports:read'))::uuid[]));

-- Without what the file holds: get_report_run shows that, while the owner has the permissions that it needs.
revoke all on public.report_runs from public, anon, authenticated, service_role;
grant select (
  id, organization_id, report_id, owner_id, requested_by, name, format, status, reason, detail, schedule_id,
  scheduled_for, as_of, time_zone, period, row_count, records, truncated, rows_written, file_name, file_size, checksum,
  spreadsheet_id, tab_id, cpu_ms, created_at, frozen_at, finished_at, rows_deleted_at, file_deleted_at
) on public.report_runs to authenticated;
grant select on public.report_runs to service_role;

create trigger delete_report_rows after delete on public.report_runs referencing old table as old_rows
  for each statement execute function private.delete_report_rows();


create table private.report_run_work (
  run_id uuid primary key references public.report_runs (id) on delete cascade,
  organization_id uuid not null,
  runner uuid,
  leased_until timestamptz,
  attempts integer not null default 0,
  position integer not null default 0,
  pieces integer not null default 0,
  size bigint not null default 0,
  state jsonb,
  spreadsheet_id text,
  not_before timestamptz,
  pauses integer not null default 0,
  pause_detail text,
  last_step_at timestamptz not null default now()
);
comment on table private.report_run_work is
  'Queued and running runs: their runner and how far the file is written. Deleted when the run ends.';
comment on column private.report_run_work.attempts is 'Runners that claimed the run since its last step.';
comment on column private.report_run_work.position is 'The last row that is in the file.';
comment on column private.report_run_work.last_step_at is 'Since when the run waits; the longest goes first.';
comment on column private.report_run_work.state is 'What the writer of the format needs to go on.';

comment on column private.report_run_work.spreadsheet_id is
  'That of the run: one spreadsheet has one writer at a time, the run that was asked for first.';
comment on column private.report_run_work.not_before is 'Google wants to be left alone until then; pauses: how often in a row.';

create index report_run_work_spreadsheet on private.report_run_work (organization_id, spreadsheet_id, run_id)
  where spreadsheet_id is not null;
create index report_run_work_organization on private.report_run_work (organization_id) where leased_until is not null;


create table private.report_rows (
  run_id uuid not null,
  position integer not null,
  level smallint,
  cells jsonb not null,
  primary key (run_id, position)
);
comment on table private.report_rows is
  'The frozen rows of runs, with subtotals and total in their places. Deleted a day after the run has ended. No foreign '
  'key: checking it would cost as much as writing the rows.';
comment on column private.report_rows.level is 'Null: a row; 0: the total; n: a subtotal of the first n groups.';


create table private.report_pieces (
  run_id uuid not null references public.report_runs (id) on delete cascade,
  position integer not null,
  content bytea not null,
  primary key (run_id, position)
);
comment on table private.report_pieces is 'The pieces of a file that is being written. Deleted when it is in Storage.';


create table public.report_links (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  run_id uuid not null,
  token_hash text not null constraint report_links_token_unique unique,
  note text not null default ''
    constraint report_links_note_form check (char_length(note) <= 200 and note !~ '[[:cntrl:]]'),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by uuid references public.profiles (id) on delete set null,
  constraint report_links_run foreign key (organization_id, run_id)
    references public.report_runs (organization_id, id) on delete cascade
);
comment on table public.report_links is
  'Links to a run''s file for people without an account. Only the SHA-256 of the token is stored; it is shown once.';
comment on column public.report_links.note is 'For whom the link is.';

create index report_links_of_run on public.report_links (organization_id, run_id, id desc);
create index report_links_created_by on public.report_links (created_by);
create index report_links_revoked_by on public.report_links (revoked_by);

alter table public.report_links enable row level security;

create policy "people read the links to their own runs, admins to all" on public.report_links
  for select to authenticated
  using (organization_id = any ((select private.organizations_with('organization:update'))::uuid[]) or exists (
    select from public.report_runs r where r.organization_id = report_links.organization_id
      and r.id = report_links.run_id));

revoke all on public.report_links from public, anon, authenticated, service_role;
grant select (id, organization_id, run_id, note, created_by, created_at, expires_at, revoked_at, revoked_by)
  on public.report_links to authenticated;

select private.audit_table('public.report_links', 'token_hash');


create table private.report_deliveries (
  run_id uuid not null references public.report_runs (id) on delete cascade,
  user_id uuid references public.profiles (id) on delete cascade,
  address text not null,
  link_id uuid references public.report_links (id) on delete set null,
  created_at timestamptz not null default now(),
  primary key (run_id, address)
);
comment on table private.report_deliveries is
  'Who was notified of a scheduled run: a member, who may take its file while they are one, or an address with a link.';

create index report_deliveries_user on private.report_deliveries (user_id) where user_id is not null;
create index report_deliveries_link on private.report_deliveries (link_id) where link_id is not null;


create table private.report_downloads (
  id uuid primary key default private.uuid_v7(),
  run_id uuid not null references public.report_runs (id) on delete cascade,
  link_id uuid references public.report_links (id) on delete cascade,
  user_id uuid,
  address text,
  created_at timestamptz not null default now()
);
comment on table private.report_downloads is 'Who took a file: a member, or somebody with a link. Append-only.';

create index report_downloads_run on private.report_downloads (run_id);
create index report_downloads_link on private.report_downloads (link_id) where link_id is not null;


-- What the statement of a report is built with: whose it is, and which moment it is about. saved: the definition was
-- saved before, so what is unknown in it has been removed since.
create type private.report_context as (organization_id uuid, zone text, first_weekday smallint, at timestamptz,
  permissions jsonb, saved boolean);

-- A condition or expression, and the joins that it needs.
create type private.report_expression as (sql text, joins text[]);

-- An aggregation of a definition. value, or numerator and denominator, and currency are SQL on the rows of the source;
-- additive: it may be shown as a share, and is 0 where there are no rows.
create type private.report_aggregate as (id text, label text, function text, type text, scale smallint, value text,
  numerator text, denominator text, currency text, additive boolean, show text[], joins text[]);

-- A grouping of a definition. value is SQL on the rows of the source, cell SQL on the group's value {g}. named: value is
-- the id of a record, and sort_value its name, which is shown.
create type private.report_grouping as (id text, label text, field text, type text, bucket text, fill boolean,
  value text, cell text, sort_value text, joins text[], named boolean);

-- A period: half-open, [starts_at, ends_at). The previous one has the same length, or the same part of a running one.
create type private.report_period as (field text, name text, starts_at timestamptz, ends_at timestamptz,
  previous_starts_at timestamptz, previous_ends_at timestamptz, running boolean);

-- A definition turned into one statement, which gives (position, level, cells, row_count, records, mixed, currencies);
-- the last four in the row of the total, whose level is 0. columns: see report_runs.
create type private.report_query as (statement text, columns jsonb, period private.report_period);

-- The total of a report, as its statement gives it.
create type private.report_total as (row_count bigint, records bigint, cells jsonb, mixed boolean, currencies jsonb);
