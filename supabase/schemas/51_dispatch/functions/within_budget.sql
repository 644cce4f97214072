-- Holds back what an organization's daily limits do not cover, the least urgent first. Automatic replies go out
-- whatever they cost: the law wants an opt-out confirmed.
create function private.within_budget(candidates public.messages[], verdicts private.message_verdict[])
returns setof private.message_verdict
language plpgsql set search_path = '' set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  organization public.organizations;
  remaining private.budget;
  held uuid[] := '{}'::uuid[];
  over uuid[];
begin
  for organization in
    select o.* from public.organizations o
    where private.has_budget(o) and o.id in (
      select m.organization_id from unnest(candidates) m join unnest(verdicts) v on v.id = m.id
      where (v.decision).verdict = 'send')
    order by o.id
  loop
    remaining := private.remaining_budget(organization);
    over := array(
      select c.id from (
        select m.id, m.priority,
          sum(m.segments * private.segment_price(organization, a)) over urgent_first as amount,
          sum(m.segments) filter (where a.credentials_secret_id is null) over urgent_first as platform_segments
        from unnest(candidates) m
        join unnest(verdicts) v on v.id = m.id and (v.decision).verdict = 'send'
        join public.sms_accounts a on a.id = m.account_id
        where m.organization_id = organization.id
        window urgent_first as (order by m.priority, m.id)
      ) c
      where (c.amount > remaining.amount or c.platform_segments > remaining.platform_segments) and c.priority > 1);
    if cardinality(over) > 0 then
      held := held || over;
      perform private.spend(organization, (0, 0)::private.budget, true);
    end if;
  end loop;
  return query
    select v.id, case when v.id = any (held)
      then row('wait', 'budget', private.budget_resumes_at(o), null, null, null)::private.send_verdict else v.decision end
    from unnest(verdicts) v
    join unnest(candidates) m on m.id = v.id
    join public.organizations o on o.id = m.organization_id;
end
$$;

-- The same for targets of a campaign, whose texts are known now: leaves out those that are not covered, which stay pending.
create function private.affordable_choices(
  organization public.organizations, targets private.target_verdict[], choices private.sender_choice[])
returns private.sender_choice[]
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  remaining constant private.budget := private.remaining_budget(organization);
begin
  return array(
    with prices as materialized (
      select a.id, private.segment_price(organization, a) as price, a.credentials_secret_id is null as is_platform
      from public.sms_accounts a where a.id in (select c.account_id from unnest(choices) c)
    ), priced as materialized (
      select c.*, sum(s.segments * p.price) over (order by c.position) as amount,
        sum(s.segments) filter (where p.is_platform) over (order by c.position) as platform_segments
      from unnest(choices) c
      left join prices p on p.id = c.account_id
      left join unnest(targets) t on t.position = c.position
      left join lateral private.sms_segments(t.body) s on p.id is not null
    )
    select row(x.position, x.account_id, x.send_after, x.message_id)::private.sender_choice
    from priced x
    where x.account_id is null
      or (x.amount > remaining.amount or x.platform_segments > remaining.platform_segments) is not true);
end
$$;

-- Counts what is sent now toward the daily limits of its organization, where that has any.
create function private.record_spending(messages public.messages[])
returns void
language sql set search_path = ''
as $$
  select private.spend(o, (sum(m.segments * private.segment_price(o, a)),
    coalesce(sum(m.segments) filter (where a.credentials_secret_id is null), 0))::private.budget, false)
  from unnest(messages) m
  join public.organizations o on o.id = m.organization_id and private.has_budget(o)
  join public.sms_accounts a on a.id = m.account_id
  group by o.id, o
$$;
