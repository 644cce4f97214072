-- What `deno task import-legacy` remembers about an old service's rows: how far it got, what it could not read, and under
-- which id a row is kept whose old id could not be. Only the owner of the database reads and writes here. Rows of old
-- services are inserted with signalbox.legacy_import set: they start no response clocks and change no customer's status.

create table private.legacy_steps (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null,
  step text not null,
  fingerprint text not null,
  cursor text,
  finished_at timestamptz,
  brought bigint not null default 0,
  present bigint not null default 0,
  left_out bigint not null default 0,
  passed_over bigint not null default 0,
  primary key (organization_id, kind, step)
);
comment on table private.legacy_steps is
  'How far each table of an old service is imported. Written in the transaction of the rows, so that an import that was '
  'killed continues after the last row that is there.';
comment on column private.legacy_steps.fingerprint is
  'A digest of how its rows are read: the step of the mapping, and where the organization is. Another one begins again.';
comment on column private.legacy_steps.cursor is 'The last old id that was read; null: none so far.';
comment on column private.legacy_steps.passed_over is 'Rows that need not come: older than the organization keeps them, or opt-outs that were lifted.';


create table private.legacy_problems (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null,
  step text not null,
  old_id text not null,
  field text not null,
  value text,
  message text not null,
  left_out boolean not null,
  primary key (organization_id, kind, step, old_id, field)
);
comment on table private.legacy_problems is
  'What could not be read in the rows of an old service. left_out: the row was not imported; else it came without the field.';


create table private.legacy_ids (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  kind text not null,
  step text not null,
  old_id text not null,
  new_id uuid not null,
  primary key (organization_id, kind, step, old_id)
);
comment on table private.legacy_ids is
  'The ids of imported rows whose lists are in the order of ids, or whose old ids were no UUIDs: they got a UUID version '
  '7 of their old time, and keep it whatever is read as their time later.';
