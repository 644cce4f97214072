-- Takes tokens from a bucket: { allowed, quota, remaining, window_seconds, retry_after } (seconds).
create function private.take_tokens(kind text, subject text, cost integer default 1)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  rule private.rate_limits;
  available double precision;
  allowed boolean;
begin
  select * into strict rule from private.rate_limits r where r.kind = take_tokens.kind;
  insert into private.rate_buckets as b (kind, subject, tokens)
  values (take_tokens.kind, take_tokens.subject, rule.quota)
  on conflict on constraint rate_buckets_pkey do update set
    tokens = least(rule.quota,
      b.tokens + rule.quota * extract(epoch from clock_timestamp() - b.updated_at) / rule.window_seconds),
    updated_at = clock_timestamp()
  returning tokens into available;
  allowed := available >= cost;
  if allowed then
    update private.rate_buckets b set tokens = b.tokens - cost
    where b.kind = take_tokens.kind and b.subject = take_tokens.subject
    returning b.tokens into available;
  end if;
  return jsonb_build_object('allowed', allowed, 'quota', rule.quota, 'remaining', floor(greatest(available, 0)),
    'window_seconds', rule.window_seconds,
    'retry_after', case when allowed then 0
      else ceil((cost - available) * rule.window_seconds / rule.quota) end);
end
$$;
grant execute on function private.take_tokens(text, text, integer) to service_role;
