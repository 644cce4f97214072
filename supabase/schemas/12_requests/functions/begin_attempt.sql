-- What counts as one address: of IPv6 a network of /64, which is what one customer gets.
create function private.address_block(address text)
returns text
language sql immutable set search_path = ''
as $$
  select case when private.ip_address(address) is null then left(address, 45)
    when family(address::inet) = 6 then host(network(set_masklen(address::inet, 64)))
    else host(address::inet) end
$$;

-- The buckets of an attempt at a public endpoint of auth. Failed sign-ins count per account and address together, so
-- that nobody can keep the owner of an account from signing in elsewhere; wider buckets bound guessing from many
-- addresses and guessing at many accounts. An address that is not known has no buckets.
create function private.attempt_limits(attempt text, email text, address text, out kinds text[], out subjects text[])
language sql stable set search_path = ''
as $$
  with hashed as (
    select private.token_hash(lower(email)) as account, private.address_block(address) as address,
      private.token_hash(private.address_block(address)) as place
  ), limits (attempts, kind, subject) as (
    select array['sign_in', 'register', 'recovery', 'reset'], 'auth_address', h.address from hashed h
    union all
    select array['sign_in', 'register'], 'sign_in_place', h.account || h.place from hashed h
    union all
    select array['sign_in', 'register'], 'sign_in_address', h.address from hashed h
    union all
    select array['sign_in', 'register'], 'sign_in_account', h.account from hashed h
    where not exists (select from private.sign_in_places s where s.account = h.account and s.address = h.place)
    union all
    select array['register'], 'register_address', h.address from hashed h
    union all
    select array['recovery'], 'recovery_place', h.account || h.place from hashed h
    union all
    select array['recovery'], 'recovery_account', h.account from hashed h
    union all
    select array['reset'], 'reset_address', h.address from hashed h
  )
  select coalesce(array_agg(l.kind), '{}'), coalesce(array_agg(l.subject), '{}')
  from limits l where attempt = any (l.attempts) and l.subject is not null
$$;

-- Takes the tokens of an attempt before it is made; a sign-in that does not fail gives its own back. Returns null, or
-- the refusal.
-- Security definer because no API role may write buckets.
create function private.begin_attempt(attempt text, email text, address text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  limits record := private.attempt_limits(attempt, email, address);
begin
  perform private.require_valid(attempt in ('sign_in', 'register', 'recovery', 'reset'), 'attempt', 'is not known');
  return private.rate_limit_refusal(limits.kinds, limits.subjects);
end
$$;
grant execute on function private.begin_attempt(text, text, text) to service_role;

create function public.begin_attempt(attempt text, email text default null, address text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_attempt(attempt, email, address)
$$;
comment on function public.begin_attempt is
  'For the auth function: takes the tokens of an attempt (sign_in, register, recovery, reset); null, or the refusal.';
grant execute on function public.begin_attempt(text, text, text) to service_role;
