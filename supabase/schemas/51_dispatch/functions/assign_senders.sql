-- From which number each target that may be texted goes out. A recipient keeps the number it was texted from before; a
-- new one gets a number of its own area code, else whichever has capacity. Who waits for a busy number waits as long as
-- that number needs for those before.
create function private.assign_senders(
  campaign public.campaigns, capacity private.campaign_capacity, targets private.target_verdict[])
returns private.sender_choice[]
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  set jit = off set plan_cache_mode = force_generic_plan
as $$
begin
  return array(
    with ready as materialized (
      select t.position, t.phone, case when cardinality(capacity.account_ids) = 1 then capacity.account_ids[1] else (
          -- As in under_frequency_cap: by the recipient alone.
          select m.account_id from public.messages m
          where m.organization_id is not distinct from campaign.organization_id and m.to_number = t.phone
            and m.account_id = any (capacity.account_ids)
          order by m.id desc limit 1) end as usual_account
      from unnest(targets) t where (t.decision).verdict = 'send'
    ), preferred as materialized (
      select p.*, row_number() over (partition by p.account_id order by p.usual_account is null, p.position) as nth
      from (
        select r.*, coalesce(r.usual_account, (
          select a.id from public.sms_accounts a
          where a.id = any (capacity.account_ids) and r.phone like '+1%' and left(a.sender_id, 5) = left(r.phone, 5)
          order by a.id limit 1)) as account_id
        from ready r
      ) p
    ), assigned as materialized (
      select p.position, p.account_id from preferred p
      where p.nth <= capacity.capacities[array_position(capacity.account_ids, p.account_id)]
    ), free as materialized (
      -- One row for each further message that a number may send, the numbers in turn.
      select f.account_id, row_number() over (order by f.n, f.account_id) as nth
      from (
        select a.id as account_id, n
        from unnest(capacity.account_ids) as a (id)
        cross join lateral generate_series(1, capacity.capacities[array_position(capacity.account_ids, a.id)] - (
          select count(*) from assigned x where x.account_id = a.id)) n
      ) f
      order by f.n, f.account_id limit capacity.total
    ), unassigned as materialized (
      select p.position, row_number() over (order by p.position) as nth from preferred p
      where p.usual_account is null and not exists (select from assigned x where x.position = p.position)
    ), chosen as materialized (
      select a.position, a.account_id from assigned a
      union all
      select u.position, f.account_id from unassigned u join free f on f.nth = u.nth
    )
    select row(c.position, c.account_id, null, private.uuid_v7())::private.sender_choice from chosen c
    union all
    select row(p.position, null, case
        when b.day_count >= a.daily_cap then ((now() at time zone a.cap_zone)::date + 1)::timestamp at time zone a.cap_zone
        else now() + greatest(1, p.nth / coalesce(a.per_second, 1)) * interval '1 second' end, null)::private.sender_choice
    from preferred p
    join public.sms_accounts a on a.id = p.usual_account
    left join private.send_rate_buckets b on b.id = a.id
    where not exists (select from chosen c where c.position = p.position));
end
$$;
