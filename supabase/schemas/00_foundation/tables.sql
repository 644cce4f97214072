-- What every later migration stands on. Nothing is granted by default: a table or function is reachable
-- only because the migration that makes it says so. Helpers live in `private`, which the Data API never exposes;
-- monthly partitions live in `partitions`, so that each is reached through its parent and the parent's policies.
--
-- As shipped, and in nobody's way: `create table … partition of` locks the whole table against reading and writing and then
-- waits for the tables it refers to, so a sign-up and the nightly job could wait for each other. A table that is attached
-- afterwards lets texts go on. Whoever is in its way now is left alone before the database takes either for a deadlock:
-- partitions are made three months ahead, and the next night is early enough.

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

