-- Interactions with a lead (calls, notes, meetings, e-mails, texts) and the timeline, which lists everything that
-- happened with a lead: interactions, tasks, messages, stage changes, assignments and students, in the order of their
-- ids (UUID version 7, so by time).

create table public.interactions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  type text not null constraint interactions_type check (type in ('call', 'note', 'meeting', 'email', 'sms')),
  direction text constraint interactions_direction check (direction in ('inbound', 'outbound')),
  subject text constraint interactions_subject_form check (char_length(subject) <= 200 and private.is_plain(subject)),
  body text constraint interactions_body_form check (char_length(body) <= 20000 and private.is_multiline(body)),
  outcome text constraint interactions_outcome_form
    check (char_length(outcome) between 1 and 100 and private.is_plain(outcome)),
  duration_seconds integer constraint interactions_duration check (duration_seconds between 0 and 86400),
  occurred_at timestamptz not null default now(),
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  constraint interactions_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade,
  constraint interactions_occurred_at_sane check (occurred_at >= '2000-01-01 00:00+00')
);
comment on table public.interactions is 'Calls, notes, meetings, e-mails and texts with a lead. Append-only.';

create index interactions_of_lead on public.interactions (organization_id, lead_id, id desc);
create index interactions_created_by on public.interactions (created_by);

alter table public.interactions enable row level security;

create policy "those who see the lead and interactions read them" on public.interactions for select to authenticated
  using (organization_id = any ((select private.organizations_in_scope('interactions:read'))::uuid[]) and exists (
    select from public.leads l
    where l.organization_id = interactions.organization_id and l.id = interactions.lead_id
      and (l.organization_id = any ((select private.organizations_with('interactions:read'))::uuid[])
        or l.assigned_to = (select auth.uid()) or l.created_by = (select auth.uid())
        or l.team_id = any ((select private.teams_with('interactions:read'))::uuid[]))));

revoke all on public.interactions from public, anon, authenticated, service_role;
grant select on public.interactions to authenticated, service_role;

create trigger forbid_history_changes before update on public.interactions
  for each row execute function private.forbid_history_changes();
create trigger count_insert after insert on public.interactions referencing new table as new_rows
  for each statement execute function private.count_interactions();
create trigger count_update after update on public.interactions
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_interactions();
create trigger count_delete after delete on public.interactions referencing old table as old_rows
  for each statement execute function private.count_interactions();

select private.audit_table('public.interactions', 'body');
