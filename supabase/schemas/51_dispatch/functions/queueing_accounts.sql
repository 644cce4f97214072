-- The accounts that have queued messages, due or not. The index is entered once for each of them, so that accounts without a
-- queue cost nothing: PostgreSQL has no skip scan.
create function private.queueing_accounts()
returns setof public.sms_accounts
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    with recursive queue (account_id) as (
      (select m.account_id from public.messages m where m.status = 'queued' order by m.account_id limit 1)
      union all
      select (
        select m.account_id from public.messages m
        where m.status = 'queued' and m.account_id > q.account_id order by m.account_id limit 1)
      from queue q where q.account_id is not null
    )
    select a.* from queue q join public.sms_accounts a on a.id = q.account_id;
end
$$;
