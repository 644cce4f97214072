-- Whether a key may be used from an address; one that is not known is in no network.
create function private.is_in_networks(address text, networks cidr[])
returns boolean
language sql immutable set search_path = ''
as $$
  select cardinality(networks) = 0 or coalesce((
    select bool_or(private.ip_address(address)::inet <<= n) from unnest(networks) n), false)
$$;

-- The organization of the key whose token names this secret as its session, null if that no longer holds: the token also
-- says from which address it was asked for, so a narrower list of networks ends it.
create function private.organization_of_key(claims jsonb)
returns uuid
language sql stable set search_path = ''
as $$
  select k.organization_id from private.api_key_secrets s
  join public.api_keys k on k.id = s.key_id
  where s.id = (claims ->> 'session_id')::uuid and k.id = (claims ->> 'sub')::uuid and k.revoked_at is null
    and (s.ends_at is null or s.ends_at > now()) and (k.expires_at is null or k.expires_at > now())
    and private.is_in_networks(claims ->> 'address', k.allowed_networks)
$$;

-- What a function needs to make a token for a key: { key_id, secret_id, ends_at }. Unknown, revoked and expired keys
-- look alike (null); a network that is not allowed is 403, and so is an address that is not known where networks are
-- named. Unknown keys take tokens of their address.
-- Security definer because no API role may read secrets.
create function private.exchange_api_key(secret_hash text, address text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  found record;
begin
  select k.id as key_id, s.id as secret_id, least(s.ends_at, k.expires_at) as ends_at, k.allowed_networks into found
  from private.api_key_secrets s
  join public.api_keys k on k.id = s.key_id and k.revoked_at is null
  join public.memberships m on m.organization_id = k.organization_id and m.user_id = k.id and m.status = 'active'
  where s.hash = secret_hash and (s.ends_at is null or s.ends_at > now())
    and (k.expires_at is null or k.expires_at > now());
  if found.key_id is null then
    return private.rate_limit_refusal(array['api_key_refused'], array[private.address_block(address)]);
  end if;
  if not private.is_in_networks(address, found.allowed_networks) then
    perform private.problem(403, 'network_not_allowed', 'This API key may not be used from this address.');
  end if;
  return jsonb_build_object('key_id', found.key_id, 'secret_id', found.secret_id, 'ends_at', found.ends_at);
end
$$;
grant execute on function private.exchange_api_key(text, text) to service_role;

create function public.exchange_api_key(secret_hash text, address text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.exchange_api_key(secret_hash, address)
$$;
comment on function public.exchange_api_key is
  'For functions: the account of an API key, by the SHA-256 of its secret; null if there is none that holds.';
grant execute on function public.exchange_api_key(text, text) to service_role;

-- Written after the answer, at most once a minute and key; a use that is being written already is not waited for.
-- Security definer because no API role may write uses.
create function private.record_api_key_use(key_id uuid, address text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  network text := private.address_block(private.ip_address(address));
begin
  if not pg_try_advisory_xact_lock(hashtextextended('api_key_use|' || key_id, 0)) then
    return;
  end if;
  insert into private.api_key_uses as u (key_id, last_used_at, last_used_ip)
  select k.id, now(), private.ip_address(address) from public.api_keys k where k.id = record_api_key_use.key_id
  on conflict on constraint api_key_uses_pkey do update
    set last_used_at = excluded.last_used_at, last_used_ip = excluded.last_used_ip
    where u.last_used_at < now() - interval '1 minute';
  insert into private.api_key_places (key_id, place)
  select k.id, network from public.api_keys k
  where k.id = record_api_key_use.key_id and network is not null
  on conflict on constraint api_key_places_pkey do nothing;
  if found then
    perform private.audit_event(k.organization_id, 'key_used', 'api_keys', k.id,
      jsonb_build_object('network', network), k.id)
    from public.api_keys k where k.id = record_api_key_use.key_id;
  end if;
end
$$;
grant execute on function private.record_api_key_use(uuid, text) to service_role;

create function public.record_api_key_use(key_id uuid, address text default null)
returns void
language sql set search_path = ''
as $$
  select private.record_api_key_use(key_id, address)
$$;
comment on function public.record_api_key_use is 'For functions: an API key was used from this address.';
grant execute on function public.record_api_key_use(uuid, text) to service_role;
