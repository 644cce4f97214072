create function public.ping()
returns jsonb
language sql stable set search_path = ''
as $$
  select '{"ok": true}'::jsonb
$$;
comment on function public.ping is 'Shows that the database answers; for health checks.';
grant execute on function public.ping() to anon, authenticated, service_role;
