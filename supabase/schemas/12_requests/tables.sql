-- What protects requests: idempotency keys make a repeat safe, rate limits bound how often a caller may ask, and
-- private.invoke lets the database start background work in functions.

create table private.idempotency_keys (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null,
  key text not null constraint idempotency_keys_length check (char_length(key) between 1 and 255),
  fingerprint text not null,
  response jsonb not null,
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id, key)
);
comment on table private.idempotency_keys is
  'The first answer to each Idempotency-Key, kept 24 h, written in the transaction of the work: both exist or neither.';

create index idempotency_keys_age on private.idempotency_keys (created_at);

create table private.rate_limits (
  kind text primary key,
  quota integer not null constraint rate_limits_quota check (quota > 0),
  window_seconds integer not null constraint rate_limits_window check (window_seconds > 0),
  description text not null
);
comment on table private.rate_limits is
  'How many tokens a bucket of a kind has. It refills evenly, so at most twice the quota is available in a window.';

grant select on private.rate_limits to service_role;

create table private.sign_in_places (
  account text not null,
  address text not null,
  last_sign_in_at timestamptz not null default now(),
  primary key (account, address)
);
comment on table private.sign_in_places is
  'Where accounts have signed in, as SHA-256 of both. Failures elsewhere do not keep an account from signing in there.';

create index sign_in_places_age on private.sign_in_places (last_sign_in_at);

create table private.rate_buckets (
  kind text not null references private.rate_limits (kind) on delete cascade,
  subject text not null,
  tokens double precision not null,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (kind, subject)
);
comment on table private.rate_buckets is
  'Token buckets, one per kind and subject (a person, an organization, an address or its hash).';

grant select, insert, update on private.rate_buckets to service_role;
