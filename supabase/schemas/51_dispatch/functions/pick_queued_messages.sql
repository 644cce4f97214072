-- Locks the messages that are due, each account an even share, so that one account's backlog delays no other. A
-- campaign's messages are here only when they were refused once or come back from an unknown outcome; while the campaign
-- is paused or the number cools down they wait. An account whose circuit is half-open gets one message as a probe.
create function private.pick_queued_messages(batch_size integer, account_ids uuid[], half_open uuid[])
returns setof public.messages
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select p.* from unnest(account_ids) as account (id)
    join public.sms_accounts a on a.id = account.id
    cross join lateral (
      select m.* from public.messages m
      where m.account_id = account.id and m.status = 'queued' and m.send_after <= now()
        and (m.campaign_id is null or (a.cooldown_until is null or a.cooldown_until <= now())
          and exists (select from public.campaigns c where c.id = m.campaign_id and c.status <> 'paused'))
      order by m.send_after, m.id
      limit case when account.id = any (half_open) then 1 else ceil(batch_size::numeric / cardinality(account_ids)) end
      for update of m skip locked
    ) p
    -- Where there are more accounts than places, their random order decides.
    limit batch_size;
end
$$;
