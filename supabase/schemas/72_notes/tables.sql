-- Notes to roles: everybody who holds a role of a note is its reader. A note is read once for all (first_read_at, by
-- the reader who opened it first) and by each reader (note_reads). All writing takes the organization's row in
-- private.note_versions first: so notes are committed in the order of their ids, and a count that is made under the
-- lock is right for its version.

create table public.notes (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  sender_id uuid references public.profiles (id) on delete set null,
  sender_role text not null,
  title text not null constraint notes_title_form
    check (char_length(title) between 1 and 200 and title = btrim(title) and private.is_plain(title)),
  description text not null constraint notes_description_form
    check (char_length(description) between 1 and 10000 and private.is_multiline(description)),
  recipients text[] not null constraint notes_recipients_given check (cardinality(recipients) between 1 and 100),
  client_id uuid, first_read_at timestamptz,
  first_read_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint notes_organization_key unique (organization_id, id),
  constraint notes_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete set null (client_id)
);
comment on table public.notes is 'Notes from a person to roles. Written by functions only; not changed after sending.';
comment on column public.notes.recipients is 'The keys of the roles, sorted.';
comment on column public.notes.first_read_at is 'When the first of the readers, who is not the sender, opened it.';

create index notes_sent on public.notes (organization_id, sender_id, id desc);
create index notes_sender on public.notes (sender_id);
create index notes_first_read_by on public.notes (first_read_by) where first_read_by is not null;
create index notes_client on public.notes (organization_id, client_id) where client_id is not null;

alter table public.notes enable row level security;

create policy "people read notes that they sent or that are for their role" on public.notes for select to authenticated
  using (organization_id = any ((select private.organizations_in_scope('notes:read'))::uuid[])
    and (sender_id = (select auth.uid()) or exists (
      select from public.note_roles r
      where r.organization_id = notes.organization_id and r.note_id = notes.id)));

-- Not who has read a note first, nor about which client it is: see private.note_rows.
revoke all on public.notes from public, anon, authenticated, service_role;
grant select (id, organization_id, sender_id, sender_role, title, description, recipients, first_read_at, created_at)
  on public.notes to authenticated;
grant select on public.notes to service_role;

select private.audit_table('public.notes', 'title', 'description');


create table public.note_roles (
  organization_id uuid not null,
  role_key text not null,
  note_id uuid not null,
  primary key (organization_id, role_key, note_id),
  constraint note_roles_note foreign key (organization_id, note_id)
    references public.notes (organization_id, id) on delete cascade
);
comment on table public.note_roles is 'The inbox of each role.';

create index note_roles_of_note on public.note_roles (organization_id, note_id);

alter table public.note_roles enable row level security;

create policy "people read what is for their role" on public.note_roles for select to authenticated
  using (organization_id || ':' || role_key = any ((select private.my_note_inboxes())::text[]));

revoke all on public.note_roles from public, anon, authenticated, service_role;
grant select on public.note_roles to authenticated, service_role;


create table public.note_reads (
  organization_id uuid not null,
  note_id uuid not null,
  user_id uuid not null references public.profiles (id) on delete cascade,
  read_at timestamptz not null default now(),
  primary key (note_id, user_id),
  constraint note_reads_note foreign key (organization_id, note_id)
    references public.notes (organization_id, id) on delete cascade
);
comment on table public.note_reads is 'Who has read which note, and when first.';

create index note_reads_note on public.note_reads (organization_id, note_id);
create index note_reads_user on public.note_reads (organization_id, user_id, note_id);
create index note_reads_person on public.note_reads (user_id);

alter table public.note_reads enable row level security;

create policy "people read what they have read" on public.note_reads for select to authenticated
  using (user_id = (select auth.uid())
    and organization_id = any ((select private.organizations_in_scope('notes:read'))::uuid[]));

revoke all on public.note_reads from public, anon, authenticated, service_role;
grant select on public.note_reads to authenticated, service_role;


create table private.note_marks (
  organization_id uuid not null,
  user_id uuid not null,
  read_before uuid not null,
  primary key (organization_id, user_id),
  constraint note_marks_member foreign key (organization_id, user_id)
    references public.memberships (organization_id, user_id) on delete cascade
);
comment on table private.note_marks is
  'The note up to which a member has read all: counting what is unread begins there. Set on joining, too.';


create table private.note_versions (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  version bigint not null
);
comment on table private.note_versions is
  'Raised by everything that changes who has unread notes; also the lock of notes.';


create table private.note_mails (
  note_id uuid primary key references public.notes (id) on delete cascade,
  created_at timestamptz not null default now()
);
comment on table private.note_mails is 'Notes whose readers are not yet notified by e-mail.';
