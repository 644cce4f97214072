-- What is done to keep clients: plays say when to do what, recommendations are plays for a client, with what became of
-- them. A random share is held out: recorded, and hidden from everybody who could act on it, at every door. What a play
-- does is measured against these clients and not against those on which nobody acted.

create table public.plays (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  key text not null constraint plays_key_form check (key ~ '^[a-z][a-z0-9_]{0,49}$'),
  title text not null constraint plays_title_form
    check (char_length(title) between 1 and 200 and title = btrim(title) and private.is_plain(title)),
  details text not null default '' constraint plays_details_form
    check (char_length(details) <= 2000 and private.is_multiline(details)),
  channel text not null constraint plays_channel check (channel in ('call', 'task', 'note', 'text', 'offer')),
  bands text[] not null constraint plays_bands check (cardinality(bands) > 0
    and bands <@ array['low', 'moderate', 'high', 'critical']),
  themes text[] not null default '{}' constraint plays_themes
    check (themes <@ array['contact', 'issues', 'payment', 'contract', 'estimate', 'segment']),
  segments text[] not null default '{}' constraint plays_segments check (cardinality(segments) <= 100),
  contract_ends_within integer constraint plays_contract_ends_within check (contract_ends_within between 0 and 730),
  min_mrr numeric(14, 2) constraint plays_min_mrr check (min_mrr >= 0),
  cost numeric(14, 2) not null default 0 constraint plays_cost check (cost >= 0),
  every_days integer not null default 90 constraint plays_every_days check (every_days between 1 and 730),
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint plays_organization_key unique (organization_id, id),
  constraint plays_key_once unique (organization_id, key)
);
comment on table public.plays is 'What an organization does for clients that may leave.';
comment on column public.plays.themes is 'At least one of these raises the risk of the client most; empty: any.';
comment on column public.plays.every_days is 'At most once for a client within so many days.';

alter table public.plays enable row level security;

create policy "those who read clients read plays" on public.plays for select to authenticated
  using (organization_id = any ((select private.organizations_in_scope('clients:read'))::uuid[]));

-- Not for whom a play is and how often: see private.play_json.
revoke all on public.plays from public, anon, authenticated, service_role;
grant select (id, organization_id, key, title, details, channel, enabled, created_at, updated_at)
  on public.plays to authenticated;
grant select on public.plays to service_role;

create trigger set_updated_at before update on public.plays
  for each row execute function private.set_updated_at();

select private.audit_table('public.plays');


create table public.recommendations (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  client_id uuid not null,
  play_id uuid,
  title text not null constraint recommendations_title_form
    check (char_length(title) between 1 and 200 and title = btrim(title) and private.is_plain(title)),
  details text not null default '' constraint recommendations_details_form
    check (char_length(details) <= 2000 and private.is_multiline(details)),
  state text not null default 'proposed' constraint recommendations_state
    check (state in ('proposed', 'accepted', 'declined', 'expired', 'done', 'not_done')),
  rank double precision not null default 0,
  score real,
  mrr numeric(14, 2) not null default 0,
  currency text not null,
  proposed_on date not null,
  expires_on date not null,
  note text constraint recommendations_note_form check (char_length(note) <= 1000 and private.is_multiline(note)),
  decided_by uuid references public.profiles (id) on delete set null,
  decided_at timestamptz,
  finished_by uuid references public.profiles (id) on delete set null,
  finished_at timestamptz,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint recommendations_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade,
  constraint recommendations_play foreign key (organization_id, play_id)
    references public.plays (organization_id, id) on delete cascade
);
comment on table public.recommendations is
  'What is recommended for a client. Those that are held out are not here: see private.play_trials.';

create unique index recommendations_one_open on public.recommendations (organization_id, client_id, play_id)
  where state in ('proposed', 'accepted');
create index recommendations_of_client on public.recommendations (organization_id, client_id, id desc);
create index recommendations_play on public.recommendations (organization_id, play_id, proposed_on);
create index recommendations_expiring on public.recommendations (expires_on) where state = 'proposed';
create index recommendations_accepted on public.recommendations (decided_at) where state = 'accepted';
create index recommendations_decided_by on public.recommendations (decided_by);
create index recommendations_finished_by on public.recommendations (finished_by);
create index recommendations_created_by on public.recommendations (created_by);

alter table public.recommendations enable row level security;

create policy "those who see the client read its recommendations" on public.recommendations for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = recommendations.organization_id and c.id = recommendations.client_id));

revoke all on public.recommendations from public, anon, authenticated, service_role;
-- Without the rank: it tells what a play costs and what it does (private.play_json).
grant select (id, organization_id, client_id, play_id, title, details, state, score, mrr, currency, proposed_on,
  expires_on, note, decided_by, decided_at, finished_by, finished_at, created_by, created_at, updated_at)
  on public.recommendations to authenticated;
grant select on public.recommendations to service_role;

create trigger set_updated_at before update on public.recommendations
  for each row execute function private.set_updated_at();

select private.audit_table('public.recommendations', 'note');

create trigger expire_texts_insert after insert on public.suppressions referencing new table as new_rows
  for each statement execute function private.expire_texts();
create trigger expire_texts_update after update on public.suppressions referencing new table as new_rows
  for each statement execute function private.expire_texts();


-- A row for each client and play that fitted, shown or held out, again after 90 days. No person can read it.
create table private.play_trials (
  organization_id uuid not null,
  play_id uuid not null,
  client_id uuid not null,
  held_out boolean not null,
  proposed_on date not null,
  mrr numeric(14, 2) not null,
  currency text not null,
  segment text not null,
  outcome text constraint play_trials_outcome check (outcome in ('retained', 'left', 'absent')),
  is_counted boolean not null default false,
  primary key (organization_id, client_id, play_id, proposed_on),
  constraint play_trials_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade,
  constraint play_trials_play foreign key (organization_id, play_id)
    references public.plays (organization_id, id) on delete cascade
);
comment on table private.play_trials is
  'Clients whom a play fitted: which were shown, which were held out, and who left within 90 days.';
comment on column private.play_trials.outcome is
  'null: the 90 days have not passed, the client was deleted, or its movements have changed since; absent: it had left
before, which was entered later.';

comment on column private.play_trials.is_counted is
  'Whether it is in private.play_totals. What becomes known of it afterwards changes these no more.';

-- With the client, so that a look-up of one by this index does not read all trials of the play.
create index play_trials_play on private.play_trials (organization_id, play_id, client_id);
create index play_trials_mature on private.play_trials (proposed_on) where outcome is null;
create index play_trials_uncounted on private.play_trials (organization_id)
  where outcome in ('retained', 'left') and not is_counted;


create table private.play_totals (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null,
  play_id uuid not null,
  month date,
  segment text,
  currency text,
  held_out integer not null constraint play_totals_held_out check (held_out >= 10),
  held_out_left integer not null,
  shown integer not null constraint play_totals_shown check (shown >= 10),
  shown_left integer not null,
  shown_mrr numeric not null,
  constraint play_totals_play foreign key (organization_id, play_id)
    references public.plays (organization_id, id) on delete cascade
);
comment on table private.play_totals is
  'Outcomes of trials, in groups of at least ten in each arm. Rows are added and never changed.';
comment on column private.play_totals.month is
  'In which the play was proposed. null: a group of several months and segments, each too small; currency: if it has one.';

create index play_totals_play on private.play_totals (organization_id, play_id);


create table private.recommendation_runs (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  run_id uuid,
  salt uuid not null default gen_random_uuid(),
  effects jsonb not null default '{}',
  last_client_id uuid,
  finished_at timestamptz,
  next_try_at timestamptz not null default now()
);
comment on table private.recommendation_runs is 'The scoring run for which recommendations are made, and how far.';
comment on column private.recommendation_runs.effects is
  'The effect of each play that has been measured, by its id, as of the beginning of the run (private.play_effects).';
