-- Assignment: who holds a lead, who decided it, and how leads are distributed among people, by turns or by load.
-- Everything that assigns leads takes locks in one order: memberships, holders (both by person), then leads (by id).
-- So a capacity is never exceeded, no turn is used twice, nobody is assigned a lead while leaving, and two
-- assignments cannot deadlock.

create table public.lead_assignments (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  from_user uuid references public.profiles (id) on delete set null,
  to_user uuid references public.profiles (id) on delete set null,
  method text not null default 'manual' constraint lead_assignments_method check (method in (
    'manual', 'bulk', 'round_robin', 'least_loaded', 'import', 'departure', 'merge')),
  note text constraint lead_assignments_note_form
    check (note is null or (char_length(note) <= 2000 and private.is_multiline(note))),
  deadline timestamptz,
  assigned_by uuid references public.profiles (id) on delete set null,
  merged_from uuid,
  created_at timestamptz not null default now(),
  constraint lead_assignments_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade
);
comment on table public.lead_assignments is 'The history of assignments; to_user null: unassigned. Append-only.';
comment on column public.lead_assignments.merged_from is
  'The original lead of a row that a merge moved here; null: this lead.';

create index lead_assignments_of_lead on public.lead_assignments (organization_id, lead_id, id desc);
create index lead_assignments_from_user on public.lead_assignments (from_user) where from_user is not null;
create index lead_assignments_to_user on public.lead_assignments (to_user) where to_user is not null;
create index lead_assignments_assigned_by on public.lead_assignments (assigned_by) where assigned_by is not null;

alter table public.lead_assignments enable row level security;

create policy "those who see the lead read its assignments" on public.lead_assignments for select to authenticated
  using (exists (select from public.leads l where l.organization_id = lead_assignments.organization_id
    and l.id = lead_assignments.lead_id));

revoke all on public.lead_assignments from public, anon, authenticated, service_role;
grant select on public.lead_assignments to authenticated, service_role;

create trigger forbid_history_changes before update on public.lead_assignments
  for each row execute function private.forbid_history_changes();


create table public.lead_holders (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  on_duty boolean not null default true,
  capacity integer constraint lead_holders_capacity check (capacity >= 0),
  last_turn bigint not null default 0,
  updated_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
comment on table public.lead_holders is
  'Assignment settings of people who may hold leads. Without a row: on duty, with the organization''s capacity.';
comment on column public.lead_holders.last_turn is
  'Increases with each lead assigned by round robin; the lowest is next.';

create index lead_holders_user on public.lead_holders (user_id);

alter table public.lead_holders enable row level security;

create policy "those who assign leads read the holders, people themselves" on public.lead_holders for
  select to authenticated
  using (user_id = (select auth.uid()) and organization_id = any ((select private.my_organizations())::uuid[])
    or organization_id = any ((select private.organizations_with('leads:assign'))::uuid[])
    or organization_id = any ((select private.organizations_with('leads:assign', 'team'))::uuid[]));

revoke all on public.lead_holders from public, anon, authenticated, service_role;
grant select on public.lead_holders to authenticated, service_role;

create trigger set_updated_at before update on public.lead_holders
  for each row execute function private.set_updated_at();
create trigger audit_row after insert or update or delete on public.lead_holders
  for each row execute function private.audit_row('user_id', 'last_turn');
