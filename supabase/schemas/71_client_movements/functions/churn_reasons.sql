create function private.churn_reasons()
returns text[]
language sql immutable parallel safe set search_path = ''
as $$
  select array['price', 'service', 'competitor', 'moved', 'closed', 'payment', 'other', 'unknown']
$$;
comment on function private.churn_reasons is 'Why clients leave.';
