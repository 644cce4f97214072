-- Security definer because no API role may write buckets. The subject is the caller, never an argument.
create function private.take_own_tokens(kind text, cost integer)
returns jsonb
language sql security definer set search_path = ''
as $$
  select private.take_tokens(array[kind], array[auth.uid()::text], cost)
$$;
grant execute on function private.take_own_tokens(text, integer) to authenticated;

create function public.take_rate_limit(kind text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.take_own_tokens(kind, cost)
$$;
comment on function public.take_rate_limit is 'Takes tokens from the caller''s own bucket of a kind.';
grant execute on function public.take_rate_limit(text, integer) to authenticated;
