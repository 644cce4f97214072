-- Gives back what was taken and not used.
create function private.release_tokens(ids uuid[], amounts integer[])
returns void
language sql set search_path = ''
as $$
  update private.send_rate_buckets b set tokens = b.tokens + r.amount, day_count = b.day_count - r.amount
  from (
    select u.id, u.amount::integer from unnest(ids, amounts) as u (id, amount) where u.amount > 0 order by u.id
  ) r
  where b.id = r.id
$$;
