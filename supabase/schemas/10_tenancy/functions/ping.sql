create function public.ping()
returns jsonb
language sql stable set search_path = ''
as $$
  select '{"ok": true}'::jsonb
$$;
comment on function public.ping is 'Whether the database answers; for the health function.';
grant execute on function public.ping() to anon, authenticated, service_role;
