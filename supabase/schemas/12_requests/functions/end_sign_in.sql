-- The end of an attempt to sign in: `succeeded` gives its tokens back and remembers the place, `failed` is audited
-- where the account exists, `unknown` (Supabase Auth did not answer) gives the tokens back.
-- Security definer because no API role may write buckets, places and the log.
create function private.end_sign_in(email text, outcome text, address text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  limits record := private.attempt_limits('sign_in', email, address);
begin
  perform private.require_valid(outcome in ('succeeded', 'failed', 'unknown'), 'outcome', 'is not known');
  if outcome = 'failed' then
    perform private.audit_person(p.id, 'sign_in_failed', 'profiles', p.id, null, null)
    from public.profiles p where p.email = lower(end_sign_in.email);
    return;
  end if;
  update private.rate_buckets b set tokens = b.tokens + 1
  from unnest(limits.kinds, limits.subjects) as l (kind, subject)
  where b.kind = l.kind and b.subject = l.subject and b.kind like 'sign_in_%';
  if outcome = 'succeeded' and address is not null then
    insert into private.sign_in_places as s (account, address)
    values (private.token_hash(lower(email)), private.token_hash(private.address_block(end_sign_in.address)))
    on conflict on constraint sign_in_places_pkey do update set last_sign_in_at = now();
  end if;
end
$$;
grant execute on function private.end_sign_in(text, text, text) to service_role;

create function public.end_sign_in(email text, outcome text, address text default null)
returns void
language sql set search_path = ''
as $$
  select private.end_sign_in(email, outcome, address)
$$;
comment on function public.end_sign_in is 'For the auth function: how an attempt to sign in ended.';
grant execute on function public.end_sign_in(text, text, text) to service_role;
