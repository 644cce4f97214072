-- What every other schema builds on. Nothing is granted by default: a table or function can be reached only because its
-- own file grants it. Helpers live in `private`, which the Data API never exposes. Monthly partitions live in
-- `partitions`, so that rows are reached only through the parent table and its policies.

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

create extension if not exists btree_gist with schema extensions;

create extension if not exists pgcrypto with schema extensions;

create extension if not exists pg_net with schema extensions;

create extension if not exists pg_cron with schema pg_catalog;

create extension if not exists supabase_vault with schema vault;

create table private.time_zones (
  key text primary key,
  name text not null
);
comment on table private.time_zones is
  'The names of time zones (IANA) in lower case, and how they are written. PostgreSQL reads its own list from files, too '
  'slowly for each row. A zone that is newer than these rows is known by its exact name.';
