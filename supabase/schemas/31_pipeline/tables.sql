-- The pipeline: an organization's stages and how leads move through them. Moves of leads hold the pipeline's advisory
-- lock shared, replacing the stages holds it exclusively, and both take it before any row lock: a move never meets a
-- stage that is being removed, and the two cannot deadlock.

create table public.pipeline_stages (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint pipeline_stages_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  label text not null constraint pipeline_stages_label_form
    check (char_length(label) <= 100 and btrim(label) <> '' and private.is_plain(label)),
  position integer not null,
  outcome text constraint pipeline_stages_outcome check (outcome in ('won', 'lost')),
  sla_minutes integer constraint pipeline_stages_sla check (sla_minutes between 0 and 525600),
  next_stages text[],
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint pipeline_stages_key_unique unique (organization_id, key),
  constraint pipeline_stages_position_unique unique (organization_id, position) deferrable initially immediate
);
comment on table public.pipeline_stages is
  'The stages of the organization''s pipeline. leads.status is the key of one; new leads enter the first open stage.';
comment on column public.pipeline_stages.outcome is 'won or lost closes the lead; null: an open stage.';
comment on column public.pipeline_stages.sla_minutes is
  'Entering the stage starts a new response clock; null: the organization''s, once per assignment; 0: none.';
comment on column public.pipeline_stages.next_stages is
  'Keys of the stages that a lead may move to from this one; null: any.';

alter table public.pipeline_stages enable row level security;

create policy "members read their organization's stages" on public.pipeline_stages for select to authenticated
  using (organization_id = any ((select private.my_organizations())::uuid[]));

revoke all on public.pipeline_stages from public, anon, authenticated, service_role;
grant select on public.pipeline_stages to authenticated, service_role;

create trigger set_updated_at before update on public.pipeline_stages
  for each row execute function private.set_updated_at();
create trigger recompute_sla_clocks after update
  on public.pipeline_stages referencing old table as old_rows new table as new_rows
  for each statement execute function private.recompute_clocks_after_stages();

select private.audit_table('public.pipeline_stages');


create table public.lead_history (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  lead_id uuid not null,
  from_status text,
  to_status text not null,
  seconds_in_stage bigint,
  note text constraint lead_history_note_form
    check (note is null or (char_length(note) <= 2000 and private.is_multiline(note))),
  changed_by uuid references public.profiles (id) on delete set null,
  -- A merge keeps the original lead's id here, so that each lead's chain of moves stays distinguishable.
  merged_from uuid,
  created_at timestamptz not null default now(),
  constraint lead_history_lead foreign key (organization_id, lead_id) references public.leads (organization_id, id)
    on delete cascade
);
comment on table public.lead_history is
  'Every move between stages and how long the lead was in the previous stage. Append-only.';
comment on column public.lead_history.merged_from is
  'The original lead of a row that a merge moved here; null: this lead.';

create index lead_history_of_lead on public.lead_history (organization_id, lead_id, id desc);
create index lead_history_changed_by on public.lead_history (changed_by);

alter table public.lead_history enable row level security;

create policy "those who see the lead read its history" on public.lead_history for select to authenticated
  using (exists (select from public.leads l where l.organization_id = lead_history.organization_id
    and l.id = lead_history.lead_id));

revoke all on public.lead_history from public, anon, authenticated, service_role;
grant select on public.lead_history to authenticated, service_role;

create trigger forbid_history_changes before update on public.lead_history
  for each row execute function private.forbid_history_changes();
