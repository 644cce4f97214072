-- What every later migration stands on. Nothing is granted by default: a table or function is reachable
-- only because the migration that makes it says so. Helpers live in `private`, which the Data API never exposes;
-- monthly partitions live in `partitions`, so that each is reached through its parent and the parent's policies.

create schema if not exists private;
create schema if not exists partitions;
create schema if not exists extensions;

revoke all on schema private, partitions from public;
grant usage on schema private to authenticated, service_role;

alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated, service_role;
alter default privileges revoke execute on functions from public;

create extension if not exists pg_trgm with schema extensions;
create extension if not exists btree_gin with schema extensions;
create extension if not exists pg_net with schema extensions;
create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists supabase_vault with schema vault;

-- Time-ordered ids (RFC 9562, version 7): rows of one month are one range of ids, so a table is partitioned by its own
-- primary key and a look-up by id alone still touches one partition. PostgreSQL has uuidv7() only from 18 on.
-- The 12 bits after the version hold the microseconds, so ids made one after another sort in that order.
create function private.uuid_v7(at timestamptz default clock_timestamp())
returns uuid
language plpgsql volatile parallel safe set search_path = ''
as $$
declare
  micros bigint := extract(epoch from at) * 1000000;
begin
  return encode(
    overlay(
      uuid_send(gen_random_uuid())
      placing int8send(((micros / 1000) << 16) | 28672 | ((micros % 1000) * 4096 / 1000))
      from 1 for 8
    ),
    'hex'
  )::uuid;
end
$$;
comment on function private.uuid_v7 is 'A UUID version 7 for the given moment, ordered to the microsecond.';

-- The smallest id of a moment: the bound of a partition, and the start of a range of time.
create function private.uuid_v7_floor(at timestamptz)
returns uuid
language sql immutable parallel safe set search_path = ''
as $$
  select (encode(substring(int8send((extract(epoch from at) * 1000)::bigint) from 3), 'hex') || repeat('0', 20))::uuid
$$;

create function private.uuid_v7_time(id uuid)
returns timestamptz
language sql immutable parallel safe set search_path = ''
as $$
  select to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
$$;

create function private.touch_updated_at()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- How SQL answers a request that cannot be granted: PostgREST turns SQLSTATE PTxyz into HTTP status xyz, `hint` carries
-- the machine-readable code and `detail` the list of faulty fields (see _shared/problem.ts).
create function private.problem(status integer, code text, message text, errors jsonb default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT' || status, message = problem.message, hint = problem.code,
    detail = coalesce(problem.errors::text, '');
end
$$;

-- In plpgsql, which evaluates it without starting an executor: policies ask for a header in every statement.
create function private.request_header(name text)
returns text
language plpgsql stable set search_path = ''
as $$
begin
  return nullif(nullif(current_setting('request.headers', true), '')::json ->> name, '');
end
$$;
comment on function private.request_header is 'A header of the Data API request in hand (lower-case name), or null.';

-- Names of places only: PostgreSQL would also take POSIX rules with any offset, and the totals count quarter hours.
create function private.is_time_zone(name text)
returns boolean
language plpgsql immutable set search_path = ''
as $$
begin
  perform timestamptz '2000-01-01 00:00+00' at time zone name;
  return name ~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$';
exception when others then
  return false;
end
$$;

-- Makes the partition of one month, if it is not there yet. Bounds are ids (see uuid_v7_floor).
create function private.create_month_partition(parent regclass, month timestamptz)
returns void
language plpgsql set search_path = ''
as $$
declare
  first_day timestamptz := date_trunc('month', month at time zone 'UTC') at time zone 'UTC';
  next_month timestamptz := (date_trunc('month', month at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  base text := (select relname from pg_catalog.pg_class where oid = parent);
begin
  execute format(
    'create table if not exists partitions.%I partition of %s for values from (%L) to (%L)',
    base || '_' || to_char(first_day at time zone 'UTC', 'YYYY_MM'), parent,
    private.uuid_v7_floor(first_day), private.uuid_v7_floor(next_month)
  );
end
$$;

grant execute on function
  private.uuid_v7(timestamptz), private.uuid_v7_floor(timestamptz), private.uuid_v7_time(uuid),
  private.problem(integer, text, text, jsonb), private.request_header(text), private.is_time_zone(text)
to authenticated, service_role;
