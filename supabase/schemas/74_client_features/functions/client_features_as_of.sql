-- The features of clients as they were known at a moment: only events that had happened and were recorded by then.
-- with_current: also from columns without history, for a snapshot of now. Clients in service that neither pause nor have
-- given notice; the others have no row. Each source is read once for all clients, by keys in an array, and joined by
-- hash: nested loops over what the planner takes for a few rows would be the square of them.
create function private.client_features_as_of(client_ids uuid[], as_of timestamptz, with_current boolean)
returns table (organization_id uuid, client_id uuid, "values" real[], labels text[], mrr numeric, currency text)
language sql stable rows 1000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with c as materialized (
    select k.id, k.organization_id, k.phone, k.client_type, k.region, k.category, k.unpaid_since, k.contract_ends_on,
      k.stated_risk, k.last_interaction_at, (as_of at time zone o.time_zone)::date as day
    from public.clients k join public.organizations o on o.id = k.organization_id
    where k.id = any (client_ids)
  ), state as materialized (
    select s.* from private.contract_features(client_ids, as_of) s
  ), links as materialized (
    select l.client_id, l.customer_id, l.lead_id from public.client_links l
    where l.organization_id = any (array(select distinct c.organization_id from c)) and l.client_id = any (client_ids)
      and not l.rejected and l.created_at <= as_of
  ), i as (
    select * from private.contact_features(client_ids, as_of, with_current)
  ), t as (
    select m.organization_id, m.from_number, max(private.uuid_v7_time(m.id)) as latest,
      count(*) filter (where m.id > private.uuid_v7_floor(as_of - interval '30 days')) as last_30, count(*) as last_90
    from public.messages m
    where m.organization_id = any (array(select distinct c.organization_id from c))
      and m.from_number = any (array(select c.phone from c where c.phone is not null)) and m.direction = 'inbound'
      and m.id > private.uuid_v7_floor(as_of - interval '90 days') and m.id < private.uuid_v7_floor(as_of)
    group by 1, 2
  ), q as (
    select l.client_id, max(n.occurred_at) as latest,
      count(*) filter (where n.occurred_at > as_of - interval '30 days') as last_30,
      count(*) filter (where n.occurred_at > as_of - interval '90 days') as last_90,
      count(*) filter (where n.occurred_at > as_of - interval '90 days' and n.direction = 'inbound') as inbound
    from public.interactions n
    join links l on l.lead_id = n.lead_id
    where n.organization_id = any (array(select distinct c.organization_id from c))
      and n.lead_id = any (array(select l.lead_id from links l where l.lead_id is not null))
      and n.occurred_at <= as_of and n.created_at <= as_of
    group by 1
  ), r as (
    select n.organization_id, n.phone, count(*) as revoked from public.consents n
    where n.organization_id = any (array(select distinct c.organization_id from c))
      and n.phone = any (array(select c.phone from c where c.phone is not null)) and n.event = 'revoked'
      and n.occurred_at > as_of - interval '90 days' and n.occurred_at <= as_of
      and n.id < private.uuid_v7_floor(as_of)
    group by 1, 2
  ), s as (
    select * from private.issue_features(client_ids, as_of)
  ), a as (
    select l.client_id, sum(k.arrears) as arrears, sum(x.warnings) as warnings, sum(x.disconnections) as disconnections
    from links l
    join public.customers k on k.id = l.customer_id
      and k.id = any (array(select l.customer_id from links l where l.customer_id is not null))
    left join (
      select x.customer_id, count(*) filter (where x.action = 'warn') as warnings,
        count(*) filter (where x.action = 'disconnect') as disconnections
      from public.customer_actions x
      where x.organization_id = any (array(select distinct c.organization_id from c))
        and x.customer_id = any (array(select l.customer_id from links l where l.customer_id is not null))
        and x.id > private.uuid_v7_floor(as_of - interval '365 days') and x.id < private.uuid_v7_floor(as_of)
      group by 1
    ) x on x.customer_id = k.id
    group by 1
  )
  select c.organization_id, c.id, array[
      extract(epoch from as_of - greatest(i.latest, t.latest, q.latest,
        case when with_current then c.last_interaction_at end)) / 86400, n.last_30, n.last_90,
      (coalesce(i.inbound, 0) + coalesce(t.last_90, 0) + coalesce(q.inbound, 0))::numeric / nullif(n.last_90, 0),
      coalesce(i.negative, 0), coalesce(r.revoked, 0), coalesce(s.open, 0), coalesce(s.last_90, 0),
      extract(epoch from as_of - s.oldest) / 86400, coalesce(s.repeated, 0),
      case when with_current then a.arrears end,
      case when with_current then case when c.unpaid_since is null then 0 else c.day - c.unpaid_since end end,
      case when a.client_id is not null then coalesce(a.warnings, 0) end,
      case when a.client_id is not null then coalesce(a.disconnections, 0) end,
      z.mrr, z.mrr - z.mrr_before, c.day - z.started,
      case when with_current then c.contract_ends_on - c.day end,
      case when with_current then array_position(array['low', 'medium', 'high'], c.stated_risk) - 1 end]::real[],
    array[z.segment, c.client_type, c.region, c.category], z.mrr, z.currency
  from c
  join state z on z.client_id = c.id
  left join i on i.client_id = c.id
  left join t on t.organization_id = c.organization_id and t.from_number = c.phone
  left join q on q.client_id = c.id
  left join r on r.organization_id = c.organization_id and r.phone = c.phone
  left join s on s.client_id = c.id
  left join a on a.client_id = c.id
  cross join lateral (
    select coalesce(i.last_30, 0) + coalesce(t.last_30, 0) + coalesce(q.last_30, 0) as last_30,
      coalesce(i.last_90, 0) + coalesce(t.last_90, 0) + coalesce(q.last_90, 0) as last_90) n
$$;
comment on function private.client_features_as_of is
  'What was known of active clients at a moment, in the order of private.feature_definitions.';

-- Of active clients: what they pay, what they paid 90 days before, and since when: from the rows of the ledger that
-- counted at the moment, as private.effective_movements has them, read and sorted once.
create function private.contract_features(client_ids uuid[], as_of timestamptz)
returns table (client_id uuid, mrr numeric, mrr_before numeric, currency text, segment text, started date)
language sql stable rows 1000 set search_path = '' set jit = off set enable_nestloop = off
as $$
  with m as materialized (
    select x.id, x.client_id, x.kind, x.reverses, x.day, x.place, x.status_after, x.mrr_after, x.currency, x.segment,
      x.client_change, x.day <= (as_of at time zone o.time_zone)::date - 90 as is_before
    from public.client_movements x join public.organizations o on o.id = x.organization_id
    where x.client_id = any (client_ids) and x.recorded_at <= as_of
  ), l as (
    select m.*, row_number() over latest = 1 as is_latest,
      m.is_before and not coalesce(lag(m.is_before) over latest, false) as is_latest_before
    from m
    where m.kind <> 'correction' and not exists (select from m r where r.reverses = m.id)
    window latest as (partition by m.client_id order by m.day desc, m.place desc)
  )
  select l.client_id, max(l.mrr_after) filter (where l.is_latest),
    coalesce(max(l.mrr_after) filter (where l.is_latest_before), 0), max(l.currency) filter (where l.is_latest),
    max(l.segment) filter (where l.is_latest), max(l.day) filter (where l.client_change = 1)
  from l group by 1
  having max(l.status_after) filter (where l.is_latest) = 'active' and max(l.day) filter (where l.client_change = 1) is not null
$$;

-- Interactions of 90 days; of clients without any the latest one before, which now is in a column of the client, and as
-- of an earlier moment is looked up for each.
create function private.contact_features(client_ids uuid[], as_of timestamptz, with_current boolean)
returns table (client_id uuid, latest timestamptz, last_30 bigint, last_90 bigint, inbound bigint, negative bigint)
language plpgsql stable rows 1000 set search_path = '' set jit = off
as $$
begin
  return query
    select e.client_id, max(e.occurred_at), count(*) filter (where e.occurred_at > as_of - interval '30 days'), count(*),
      count(*) filter (where e.direction = 'inbound'), count(*) filter (where e.sentiment = 'negative')
    from public.client_interactions e
    where e.client_id = any (client_ids) and e.occurred_at > as_of - interval '90 days' and e.occurred_at <= as_of
      and e.recorded_at <= as_of
    group by 1;
  if with_current then
    return;
  end if;
  return query
    select q.id, x.occurred_at, 0::bigint, 0::bigint, 0::bigint, 0::bigint
    from (
      select u.id from unnest(client_ids) u (id)
      except
      select e.client_id from public.client_interactions e
      where e.client_id = any (client_ids) and e.occurred_at > as_of - interval '90 days' and e.occurred_at <= as_of
        and e.recorded_at <= as_of
    ) q
    cross join lateral (
      select e.occurred_at from public.client_interactions e
      where e.client_id = q.id and e.occurred_at <= as_of - interval '90 days' and e.recorded_at <= as_of
      order by e.occurred_at desc limit 1
    ) x;
end
$$;

create function private.issue_features(client_ids uuid[], as_of timestamptz)
returns table (client_id uuid, open bigint, last_90 bigint, oldest timestamptz, repeated bigint)
language sql stable rows 1000 set search_path = '' set jit = off
as $$
  select u.client_id, count(*) filter (where u.is_open),
    count(*) filter (where u.opened_at > as_of - interval '90 days'), min(u.opened_at) filter (where u.is_open),
    count(*) filter (where u.opened_at > as_of - interval '180 days' and u.n > 1)
  from (
    select e.client_id, e.opened_at,
      not coalesce(e.closed_at <= as_of and e.close_recorded_at <= as_of, false) as is_open,
      row_number() over (partition by e.client_id, lower(e.title) order by e.opened_at) as n
    from public.client_issues e
    where e.client_id = any (client_ids) and e.opened_at <= as_of and e.recorded_at <= as_of
  ) u
  group by 1
$$;
