-- How likely each client is to report an issue of each type in the next four quarters: Poisson counts whose rates differ
-- between clients by a gamma distribution, with a season by quarter of the year. All of it in closed form from counts.

create table public.client_incident_predictions (
  organization_id uuid not null,
  client_id uuid not null,
  quarters text[] not null,
  probabilities double precision[] not null,
  by_type jsonb not null,
  most_likely_incident text,
  recommendation text,
  basis text not null constraint client_incident_predictions_basis check (basis in ('client', 'all clients')),
  predicted_on date not null,
  primary key (organization_id, client_id),
  constraint client_incident_predictions_client foreign key (organization_id, client_id)
    references public.clients (organization_id, id) on delete cascade
);
comment on table public.client_incident_predictions is
  'The probability of at least one incident in each of the next four quarters, by type and in all. Replaced every night.';
comment on column public.client_incident_predictions.basis is
  'all clients: what is known of the client does not make forecasts better, so each has the rate of all.';

alter table public.client_incident_predictions enable row level security;

create policy "those who see the client read its incident predictions" on public.client_incident_predictions
  for select to authenticated
  using (exists (
    select from public.clients c
    where c.organization_id = client_incident_predictions.organization_id
      and c.id = client_incident_predictions.client_id));

revoke all on public.client_incident_predictions from public, anon, authenticated, service_role;
grant select on public.client_incident_predictions to authenticated, service_role;


create table private.incident_models (
  organization_id uuid primary key references public.organizations (id) on delete cascade,
  day date not null,
  phase text not null default 'count' constraint incident_models_phase check (phase in ('count', 'judge', 'forecast')),
  parameters jsonb not null default '{}',
  skill double precision,
  forecasts integer not null default 0,
  last_client_id uuid,
  finished_at timestamptz,
  next_try_at timestamptz not null default clock_timestamp()
);
comment on table private.incident_models is 'The parameters of the forecasts of a day, and how far they have got.';
comment on column private.incident_models.phase is
  'What the clients are gone through for: counts, from which the parameters follow; how good they are; the forecasts.';
comment on column private.incident_models.last_client_id is 'The last client of the last slice of the phase.';
comment on column private.incident_models.skill is
  '1 - deviance of the forecasts of the last four quarters / that of the rate of the type for all clients.';


create table private.incident_sums (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  at text not null constraint incident_sums_at check (at in ('now', 'before', 'judged')),
  type text not null,
  sums double precision[] not null,
  primary key (organization_id, at, type)
);
comment on table private.incident_sums is
  'What the forecasts of a day need of all clients, added up slice by slice: see incident_sums and incident_deviances.';
comment on column private.incident_sums.at is 'before: as of a year ago, to judge forecasts by what came since.';
comment on column private.incident_sums.type is 'Empty: of all types together.';
