-- Who must not be texted, and who agreed to be. A suppression forbids a number to one organization (all messages, or
-- marketing); lifted ones stay as history. The consent ledger (consents) is append-only: the latest entry of a number
-- counts. Do-not-call lists hold millions of numbers: a file is uploaded in pieces, imported piece by piece and deleted
-- in batches, each in its own transaction.

create table public.suppressions (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  phone text not null constraint suppressions_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  scope text not null default 'all' constraint suppressions_scope check (scope in ('all', 'marketing')),
  source text not null,
  reason text,
  created_by uuid default auth.uid() references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  lifted_at timestamptz,
  lifted_by uuid references public.profiles (id) on delete set null,
  lifted_reason text constraint suppressions_lifted_reason check (lifted_by is null
    or char_length(lifted_reason) <= 500 and private.is_plain(lifted_reason)),
  -- Replies and providers are quoted as they came: no opt-out fails for its words.
  constraint suppressions_reason check (source in ('reply', 'provider')
    or char_length(reason) <= 500 and private.is_plain(reason)),
  constraint suppressions_source
  check (source in ('reply', 'provider', 'manual', 'import', 'litigator', 'dnc', 'erased'))
);
comment on table public.suppressions is 'Numbers that an organization must not text. Lifted ones stay as history.';

create unique index suppressions_one_active on public.suppressions (organization_id, phone, scope)
  where lifted_at is null;
create index suppressions_organization on public.suppressions (organization_id, id desc);
create index suppressions_created_by on public.suppressions (created_by);
create index suppressions_lifted_by on public.suppressions (lifted_by);

-- An organization may have imported a million: a number's history, and the rows of a rare source, need indexes of their
-- own.
create index suppressions_of_phone on public.suppressions (organization_id, phone, id desc);
create index suppressions_of_source on public.suppressions (organization_id, source, id desc);

alter table public.suppressions enable row level security;

create policy "those who may read suppressions read their organization's"
  on public.suppressions for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));
create policy "those who may suppress numbers add them" on public.suppressions for insert to authenticated
  with check (organization_id = any ((select private.organizations_with('suppressions:write'))::uuid[])
    and created_by = (select auth.uid()) and source = 'manual');

revoke all on public.suppressions from public, anon, authenticated, service_role;
grant select on public.suppressions to authenticated, service_role;
grant insert (organization_id, phone, scope, source, reason) on public.suppressions to authenticated;

create trigger suppress_other_spellings after insert on public.suppressions
  for each row when (cardinality(private.phone_spellings(new.phone)) > 1)
  execute function private.suppress_other_spellings();
create trigger lift_other_spellings after update of lifted_at on public.suppressions
  for each row when (new.lifted_at is not null and cardinality(private.phone_spellings(new.phone)) > 1)
  execute function private.lift_other_spellings();
create trigger count_insert after insert on public.suppressions referencing new table as new_rows
  for each statement execute function private.count_suppressions();
create trigger count_delete after delete on public.suppressions referencing old table as old_rows
  for each statement execute function private.count_suppressions();

select private.audit_table('public.suppressions');


create table public.consents (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  lead_id uuid,
  event text not null constraint consents_event check (event in ('granted', 'revoked')),
  phone text not null constraint consents_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  channel text not null default 'sms' constraint consents_channel check (channel in ('sms', 'call')),
  scope text not null default 'marketing' constraint consents_scope check (scope in ('all', 'marketing')),
  source text not null constraint consents_source_length check (char_length(source) between 1 and 200),
  disclosure text constraint consents_disclosure_length check (char_length(disclosure) between 1 and 10000),
  disclosure_version text constraint consents_version_length check (char_length(disclosure_version) between 1 and 100),
  act text constraint consents_act_length check (char_length(act) between 1 and 500),
  ip text,
  user_agent text,
  occurred_at timestamptz not null,
  recorded_by uuid references public.profiles (id) on delete set null,
  -- Of a revocation: its words, how it was recognized and when it was honoured.
  message_id uuid,
  raw_text text constraint consents_raw_text_length check (char_length(raw_text) <= 2000),
  recognized_by text constraint consents_recognized_by check (recognized_by in ('keyword', 'phrase', 'person',
    'provider')),
  rule_id uuid,
  honored_at timestamptz,
  outdated boolean not null default false,
  created_at timestamptz not null default now(),
  constraint consents_lead foreign key (organization_id, lead_id)
    references public.leads (organization_id, id) on delete set null (lead_id)
);
comment on table public.consents is
  'The consent ledger: who agreed to what, after which disclosure, by which act, when (47 CFR 64.1200(f)(9)). '
  'Append-only.';
comment on column public.consents.outdated is
  'Consent from before a revocation that was already known when it was recorded (an old list imported today): it does '
  'not count.';

create index consents_of_lead on public.consents (organization_id, lead_id) where lead_id is not null;
create index consents_recorded_by on public.consents (recorded_by) where recorded_by is not null;
create index consents_of_phone on public.consents (organization_id, phone, id desc) include (channel, event, outdated);

alter table public.consents enable row level security;

create policy "those who see the lead read its consents" on public.consents for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[])
    or exists (select from public.leads l where l.organization_id = consents.organization_id
      and l.id = consents.lead_id));

revoke all on public.consents from public, anon, authenticated, service_role;
grant select on public.consents to authenticated, service_role;

create trigger forbid_history_changes before update on public.consents
  for each row execute function private.forbid_history_changes();
create trigger mark_outdated_consent before insert on public.consents
  for each row when (new.event = 'granted') execute function private.mark_outdated_consent();
create trigger count_opt_outs after insert on public.consents referencing new table as new_rows
  for each statement execute function private.count_opt_outs();


create table public.dnc_lists (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint dnc_lists_name_length check (char_length(btrim(name)) between 1 and 100)
    constraint dnc_lists_name_plain check (private.is_plain(name)),
  kind text not null constraint dnc_lists_kind check (kind in ('registry', 'litigator', 'internal')),
  status text not null default 'importing'
    constraint dnc_lists_status check (status in ('importing', 'active', 'failed', 'deleting')),
  upload_complete boolean not null default false,
  calling_code text not null default '1' constraint dnc_lists_calling_code check (calling_code ~ '^[1-9][0-9]{0,2}$'),
  numbers bigint not null default 0,
  invalid bigint not null default 0,
  size_bytes bigint not null default 0,
  next_position integer not null default 0,
  pieces integer not null default 0,
  error text,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint dnc_lists_organization_key unique (organization_id, id),
  constraint dnc_lists_name_unique unique (organization_id, name)
);
comment on table public.dnc_lists is
  'Do-not-call lists that an organization checks. Written consent overrides a registry (47 CFR 64.1200(c)(2)(ii)), '
  'never the other kinds.';
comment on column public.dnc_lists.upload_complete is 'Whether the whole file has been received.';
comment on column public.dnc_lists.next_position is 'The next piece of the file to import.';

create index dnc_lists_created_by on public.dnc_lists (created_by);

alter table public.dnc_lists enable row level security;

create policy "those who may read suppressions read the lists" on public.dnc_lists for select to authenticated
  using (organization_id = any ((select private.organizations_with('suppressions:read'))::uuid[]));

revoke all on public.dnc_lists from public, anon, authenticated, service_role;
grant select (id, organization_id, name, kind, status, numbers, invalid, error, created_by, created_at, updated_at)
  on public.dnc_lists to authenticated;
grant select on public.dnc_lists to service_role;

create trigger set_updated_at before update on public.dnc_lists
  for each row execute function private.set_updated_at();

select private.audit_table('public.dnc_lists');


create table private.dnc_pieces (
  organization_id uuid not null,
  list_id uuid not null,
  "position" integer not null,
  -- As dnc_upload.ts cuts them: one statement must be able to import a piece.
  content text not null constraint dnc_pieces_content_length check (char_length(content) <= 262144),
  primary key (organization_id, list_id, "position"),
  constraint dnc_pieces_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);
comment on table private.dnc_pieces is
  'An uploaded file in pieces that end where lines end. A piece is deleted when it is imported.';


create table private.dnc_list_claims (
  organization_id uuid not null,
  list_id uuid not null,
  leased_until timestamptz not null,
  attempts integer not null default 1,
  constraint dnc_list_claims_pkey primary key (organization_id, list_id),
  constraint dnc_list_claims_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);
comment on table private.dnc_list_claims is
  'Lists that are worked on, and how often in a row this was begun and not finished. A finished slice deletes its row.';


create table private.dnc_numbers (
  organization_id uuid not null,
  phone text not null,
  list_id uuid not null,
  primary key (organization_id, phone, list_id),
  constraint dnc_numbers_list foreign key (organization_id, list_id)
    references public.dnc_lists (organization_id, id) on delete cascade
);
comment on table private.dnc_numbers is
  'The numbers on the lists. Looked up by number only; no role may read them as a list.';

create index dnc_numbers_of_list on private.dnc_numbers (organization_id, list_id);
