-- API keys. A key is a service account: a profile that is no person, with a membership, so that row level security,
-- roles and counters know it as they know people. Its secret is shown once; functions exchange it for a token of
-- minutes that names the secret as its session, and every statement asks whether that secret still holds.

create table public.api_keys (
  id uuid primary key default private.uuid_v7()
    constraint api_keys_account references public.profiles (id) on delete cascade,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  name text not null constraint api_keys_name_length check (char_length(btrim(name)) between 1 and 100)
    constraint api_keys_name_plain check (private.is_plain(name)),
  allowed_networks cidr[] not null default '{}'
    constraint api_keys_allowed_networks check (cardinality(allowed_networks) <= 50),
  expires_at timestamptz,
  warned_days smallint constraint api_keys_warned_days check (warned_days in (14, 3)),
  revoked_at timestamptz,
  revoked_by uuid references public.profiles (id) on delete set null,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.api_keys is
  'Service accounts. The id is the account''s; its role and team are those of its membership.';
comment on column public.api_keys.allowed_networks is 'Where requests may come from; empty: anywhere.';
comment on column public.api_keys.expires_at is 'null: never.';
comment on column public.api_keys.warned_days is 'How many days before the expiry admins were last notified.';

create index api_keys_organization on public.api_keys (organization_id, created_at desc);
create index api_keys_revoked_by on public.api_keys (revoked_by);
create index api_keys_created_by on public.api_keys (created_by);
create index api_keys_expiry on public.api_keys (expires_at) where revoked_at is null;

alter table public.api_keys enable row level security;

create policy "those who manage keys read them" on public.api_keys for select to authenticated
  using (organization_id = any ((select private.organizations_with('keys:manage'))::uuid[]));

revoke all on public.api_keys from public, anon, authenticated, service_role;
grant select on public.api_keys to authenticated, service_role;

create trigger set_updated_at before update on public.api_keys
  for each row execute function private.set_updated_at();

select private.audit_table('public.api_keys');


create table private.api_key_secrets (
  id uuid primary key default private.uuid_v7(),
  key_id uuid not null references public.api_keys (id) on delete cascade,
  hash text not null constraint api_key_secrets_hash unique
    constraint api_key_secrets_hash_form check (hash ~ '^[0-9a-f]{64}$'),
  prefix text not null,
  last_four text not null,
  ends_at timestamptz,
  created_at timestamptz not null default now()
);
comment on table private.api_key_secrets is
  'The SHA-256 of secrets; a plain hash, because a secret has 256 random bits. Two while a key is rotated.';
comment on column private.api_key_secrets.ends_at is 'The end of the grace after a rotation; null: with the key.';

create index api_key_secrets_key on private.api_key_secrets (key_id, created_at desc);


create table private.api_key_uses (
  key_id uuid primary key references public.api_keys (id) on delete cascade,
  last_used_at timestamptz not null,
  last_used_ip text
);
comment on table private.api_key_uses is
  'When a key was last used, written at most once a minute. Not in api_keys, whose changes are audited.';


create table private.api_key_places (
  key_id uuid not null references public.api_keys (id) on delete cascade,
  place text not null,
  first_used_at timestamptz not null default now(),
  primary key (key_id, place)
);
comment on table private.api_key_places is
  'The networks (IPv4 address, IPv6 /64) a key was used from; the first use from each is in the audit log.';
