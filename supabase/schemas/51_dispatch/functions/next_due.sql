-- When a bucket next grants a send.
create function private.next_token_at(id uuid, per_second numeric, daily_cap integer, cap_zone text)
returns timestamptz
language sql stable set search_path = ''
as $$
  select coalesce((
    select case
        when b.day_count >= next_token_at.daily_cap and b.day = (now() at time zone next_token_at.cap_zone)::date
          then ((now() at time zone next_token_at.cap_zone)::date + 1)::timestamp at time zone next_token_at.cap_zone
        when next_token_at.per_second is null or b.tokens >= 1 then '-infinity'
        else b.updated_at + (1 - b.tokens) / next_token_at.per_second * interval '1 second' end
    from private.send_rate_buckets b where b.id = next_token_at.id), '-infinity')
$$;

-- When something falls due, if within a minute: a message's or a target's own time, the end of an account's pause, or the
-- moment at which a number, campaign or organization may send again.
create function private.next_due()
returns timestamptz
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return (
    select case when min(due.at) is not null then greatest(min(due.at), now() + interval '100 milliseconds') end from (
      select greatest(m.send_after, case when a.status = 'circuit_open' then a.circuit_open_until end,
        private.next_token_at(a.id, a.per_second, a.daily_cap, a.cap_zone),
        private.next_token_at(o.id, o.messages_per_second, null, null)) as at
      from private.queueing_accounts() a
      join public.organizations o on o.id = a.organization_id
      cross join lateral (
        select min(q.send_after) as send_after from generate_series(1, 4) as urgency
        cross join lateral (
          select m.send_after from public.messages m
          where m.account_id = a.id and m.status = 'queued' and m.priority = urgency
            and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
              and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
          order by m.send_after limit 1
        ) q
      ) m
      where a.status in ('active', 'circuit_open') and m.send_after < now() + interval '1 minute'
      union all
      select greatest(t.send_after, pool.at, private.next_token_at(c.id, c.messages_per_minute / 60.0, null, null),
        private.next_token_at(o.id, o.messages_per_second, null, null), private.budget_resumes_at(o))
      from public.campaigns c
      join public.organizations o on o.id = c.organization_id and o.standing <> 'suspended'
      cross join lateral (
        select t.send_after from public.campaign_targets t
        where t.campaign_id = c.id and t.status = 'pending' order by t.send_after limit 1
      ) t
      cross join lateral (
        select min(greatest(case when a.status = 'circuit_open' then a.circuit_open_until end, a.cooldown_until,
          private.next_token_at(a.id, a.per_second, a.daily_cap, a.cap_zone))) as at
        from private.campaign_senders a
        where a.campaign_id = c.id and a.status in ('active', 'circuit_open')
          and (o.standing = 'approved' or a.credentials_secret_id is not null)
      ) pool
      where c.status = 'running' and t.send_after < now() + interval '1 minute' and pool.at is not null
    ) due
    where due.at < now() + interval '1 minute');
end
$$;
