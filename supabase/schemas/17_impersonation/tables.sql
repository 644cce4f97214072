-- Impersonation: an admin acts as another member, for 15 minutes, in one organization. The token names its row as its
-- session, so ending the row ends the token with the next statement; no list of tokens is kept.

create table private.impersonations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  admin_id uuid not null references public.profiles (id) on delete cascade,
  target_id uuid not null references public.profiles (id) on delete cascade,
  reason text not null,
  started_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '15 minutes',
  ended_at timestamptz,
  constraint impersonations_somebody_else check (admin_id <> target_id),
  constraint impersonations_expiry check (expires_at <= started_at + interval '60 minutes')
);
comment on table private.impersonations is 'Who acted as whom, why and how long; the audit log has what they did.';

create index impersonations_organization on private.impersonations (organization_id, started_at desc);
create index impersonations_admin on private.impersonations (admin_id);
create index impersonations_target on private.impersonations (target_id);

create trigger end_impersonations after update of status on public.memberships
  for each row when (old.status = 'active' and new.status <> 'active')
  execute function private.end_impersonations_of_member();
create trigger end_impersonations_of_removed after delete on public.memberships
  for each row execute function private.end_impersonations_of_member();
