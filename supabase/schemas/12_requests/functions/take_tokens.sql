-- Takes `cost` tokens from each of these buckets, or from none of them. Returns the state of the bucket with the fewest
-- tokens: { allowed, kind, quota, remaining, window_seconds, retry_after } (seconds). Buckets are locked in one order,
-- so two requests cannot deadlock.
create function private.take_tokens(kinds text[], subjects text[], cost integer default 1)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  price integer := greatest(coalesce(cost, 1), 0);
  tightest record;
begin
  if exists (
    select from unnest(kinds) k (kind) where not exists (select from private.rate_limits l where l.kind = k.kind)
  ) then
    perform private.problem(422, 'unknown_limit', 'There is no such rate limit.');
  end if;
  with buckets as (
    insert into private.rate_buckets as b (kind, subject, tokens)
    select l.kind, left(x.subject, 200), l.quota
    from unnest(kinds, subjects) as x (kind, subject)
    join private.rate_limits l on l.kind = x.kind
    where x.subject is not null
    order by l.kind, x.subject
    on conflict on constraint rate_buckets_pkey do update set
      tokens = (
        select least(l.quota,
          b.tokens + l.quota * extract(epoch from clock_timestamp() - b.updated_at) / l.window_seconds)
        from private.rate_limits l where l.kind = b.kind),
      updated_at = clock_timestamp()
    returning b.kind, b.tokens
  )
  select b.kind, b.tokens, l.quota, l.window_seconds, b.tokens >= price as allowed into tightest
  from buckets b join private.rate_limits l on l.kind = b.kind
  order by b.tokens >= price, case when b.tokens < price then (price - b.tokens) * l.window_seconds / l.quota end desc,
    b.tokens
  limit 1;
  if tightest.allowed then
    update private.rate_buckets b set tokens = b.tokens - price
    from unnest(kinds, subjects) as x (kind, subject)
    where b.kind = x.kind and b.subject = left(x.subject, 200);
    tightest.tokens := tightest.tokens - price;
  end if;
  return jsonb_build_object('allowed', coalesce(tightest.allowed, true), 'kind', tightest.kind, 'quota', tightest.quota,
    'remaining', floor(greatest(tightest.tokens, 0)), 'window_seconds', tightest.window_seconds,
    'retry_after', case when tightest.allowed then 0
      else ceil((price - tightest.tokens) * tightest.window_seconds / tightest.quota) end);
end
$$;
grant execute on function private.take_tokens(text[], text[], integer) to service_role;
