-- Lite made the tables of auth. This adds what hosted Auth has besides: columns that seeds name, and the functions policies call.
alter table auth.users add column if not exists instance_id uuid;
alter table auth.users add column if not exists is_super_admin boolean;
alter table auth.users alter column id set default gen_random_uuid();
alter table auth.users alter column aud set default 'authenticated';
alter table auth.users alter column role set default 'authenticated';
alter table auth.identities alter column id set default gen_random_uuid();
alter table auth.sessions alter column id set default gen_random_uuid();

create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;

create or replace function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;

create or replace function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;

create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

revoke all on all tables in schema auth from anon, authenticated, service_role;
grant all on all tables in schema auth to postgres, dashboard_user;
grant all on all routines in schema auth to postgres;
grant execute on function auth.uid(), auth.role(), auth.email(), auth.jwt() to public;
