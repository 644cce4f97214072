-- Takes up to `wanted` sends from each bucket and answers how many each grants. A bucket holds at most one second's worth
-- (at least one message). Who gets fewer asks again when tokens have refilled.
create function private.acquire_tokens(limits private.send_rate_limit[])
returns table (id uuid, granted integer)
language plpgsql set search_path = ''
as $$
begin
  insert into private.send_rate_buckets (id, tokens)
  select l.id, greatest(1, coalesce(l.per_second, 1)) from unnest(limits) l order by l.id
  on conflict on constraint send_rate_buckets_pkey do nothing;
  perform from private.send_rate_buckets b where b.id in (select l.id from unnest(limits) l) order by b.id for update;
  return query
    with state as (
      select b.id, l.wanted, l.per_second,
        case when l.per_second is null then null else least(greatest(1, l.per_second),
          b.tokens + l.per_second * extract(epoch from clock_timestamp() - b.updated_at)) end as tokens,
        (clock_timestamp() at time zone coalesce(l.cap_zone, 'UTC'))::date as today,
        case when b.day = (clock_timestamp() at time zone coalesce(l.cap_zone, 'UTC'))::date then b.day_count else 0 end as day_count,
        l.daily_cap
      from private.send_rate_buckets b join unnest(limits) l on l.id = b.id
    ), decided as (
      select s.*, greatest(0, least(s.wanted, coalesce(floor(s.tokens)::integer, s.wanted),
        coalesce(s.daily_cap - s.day_count, s.wanted))) as grants
      from state s
    )
    update private.send_rate_buckets b
    set tokens = coalesce(d.tokens - d.grants, b.tokens), updated_at = clock_timestamp(), day = d.today,
      day_count = d.day_count + d.grants
    from decided d where b.id = d.id
    returning b.id, d.grants;
end
$$;
