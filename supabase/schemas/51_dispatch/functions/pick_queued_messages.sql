-- Locks the messages that are due, as many of each account as its share, the most urgent first. A campaign's messages are
-- here only when they were refused once or come back from an unknown outcome; while the campaign is paused or the number
-- cools down they wait. Each priority is a range of the index, so that thousands that wait for their hour are not read.
create function private.pick_queued_messages(batch_size integer, shares private.account_share[])
returns setof public.messages
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select p.* from unnest(shares) as share
    join public.sms_accounts a on a.id = share.account_id
    cross join lateral (
      select q.* from generate_series(1, 4) as urgency
      cross join lateral (
        select m.* from public.messages m
        where m.account_id = share.account_id and m.status = 'queued' and m.priority = urgency and m.send_after <= now()
          and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
            and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
        order by m.send_after, m.id
        limit share.messages
        for update of m skip locked
      ) q
      limit share.messages
    ) p
    limit batch_size;
end
$$;
