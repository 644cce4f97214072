create function public.take_rate_limit_of(kind text, subject text, cost integer default 1)
returns jsonb
language sql set search_path = ''
as $$
  select private.take_tokens(array[kind], array[subject], cost)
$$;
comment on function public.take_rate_limit_of is
  'Takes tokens for a caller without a user (sign-in, webhooks); the subject is an address or account.';
grant execute on function public.take_rate_limit_of(text, text, integer) to service_role;
