-- What the tests of the local stack need; written as a project's migration would be.
create extension if not exists pg_cron;
create extension if not exists pg_net with schema extensions;
create extension if not exists citext with schema extensions;

create schema private;

create table public.notes (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  body text not null check (length(body) < 100),
  number int unique,
  phone text,
  pinned boolean not null default false,
  amount numeric(14, 2),
  details jsonb,
  tags text[] not null default '{}',
  parent_id uuid references public.notes (id),
  created_at timestamptz not null default now()
);
alter table public.notes enable row level security;
create policy "owners use their notes" on public.notes to authenticated
  using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));

create table public.closed (id int primary key);
alter table public.closed enable row level security;
revoke all on public.closed from anon, authenticated;

create table private.requests (note_id uuid, headers jsonb, method text, path text, user_id uuid);
create function private.note_request() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.requests
  select new.id, current_setting('request.headers', true)::jsonb, current_setting('request.method', true),
    current_setting('request.path', true), auth.uid();
  return null;
end
$$;
create trigger note_request after insert on public.notes for each row execute function private.note_request();

create table public.profiles (id uuid primary key references auth.users (id) on delete cascade, full_name text);
alter table public.profiles enable row level security;
create function private.make_profile() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles values (new.id, new.raw_user_meta_data ->> 'full_name');
  return null;
end
$$;
create trigger make_profile after insert on auth.users for each row execute function private.make_profile();

create function public.add_note(note jsonb) returns uuid language sql set search_path = '' as $$
  insert into public.notes (body) values (note ->> 'body') returning id
$$;
create function public.count_rows(rows jsonb) returns int language sql immutable set search_path = '' as $$
  select jsonb_array_length(rows)
$$;
create function public.refuse(code text, message text default 'refused')
returns void language plpgsql set search_path = '' as $$
begin
  raise exception '%', message using errcode = code, detail = 'the detail', hint = 'the hint';
end
$$;
create function public.pairs() returns table (number int, name text) language sql stable set search_path = '' as $$
  values (1, 'one'), (2, 'two')
$$;
create function public.my_notes() returns setof public.notes language sql stable set search_path = '' as $$
  select * from public.notes
$$;
create function public.as_object() returns jsonb language sql stable set search_path = '' as $$
  select '{"a": [1, "b"]}'::jsonb
$$;
create function public.nothing() returns void language sql set search_path = '' as $$ select $$;
create function public.limits() returns jsonb language sql stable set search_path = '' as $$
  select jsonb_object_agg(name, current_setting(name))
  from unnest(array['statement_timeout', 'lock_timeout']) as s (name)
$$;
-- Ends well after a second unless its own timeout is set before the statement begins.
create function public.sleep_too_long() returns void
language sql set search_path = '' set statement_timeout = '100ms' as $$ select pg_sleep(1) $$;
create function public.lock_notes() returns void
language sql set search_path = '' set lock_timeout = '100ms' as $$ lock table public.notes in share mode $$;
create function public.who() returns text language sql stable set search_path = '' as $$ select current_user::text $$;

insert into storage.buckets (id, name, public) values ('files', 'files', false);
create policy "owners use their folder" on storage.objects to authenticated
  using (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.uid())::text)
  with check (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "people hear their own topic" on realtime.messages for select to authenticated
  using (realtime.topic() = 'user:' || (select auth.uid())::text);

create function private.invoke(path text, body jsonb) returns bigint
language sql security definer set search_path = '' as $$
  select net.http_post(
    url := (select decrypted_secret from vault.decrypted_secrets where name = 'project_url') || '/functions/v1/' || path,
    body := body,
    headers := jsonb_build_object(
      'Content-Type', 'application/json',
      'apikey', (select decrypted_secret from vault.decrypted_secrets where name = 'jobs_secret_key')
    )
  )
$$;
