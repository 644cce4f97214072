-- The features of clients as they were known at a moment: only events that had happened and were recorded by then.
-- with_current: also from columns without history, for a snapshot of now. Clients in service that neither pause nor
-- have given notice; the others have no row. The events are looked up by client, each in an index of its source.
create function private.client_features_as_of(client_ids uuid[], as_of timestamptz, with_current boolean)
returns table (organization_id uuid, client_id uuid, "values" real[], labels text[], mrr numeric, currency text)
language sql stable rows 1000 set search_path = '' set jit = off
as $$
  with c as materialized (
    select k.*, (as_of at time zone o.time_zone)::date as day
    from public.clients k join public.organizations o on o.id = k.organization_id
    where k.id = any (client_ids)
  ), ledger as materialized (
    select m.client_id, m.day, m.place, m.status_after, m.mrr_after, m.currency, m.segment, m.client_change
    from private.effective_movements(client_ids, as_of) m
  ), latest as (
    select distinct on (m.client_id) m.* from ledger m order by m.client_id, m.day desc, m.place desc
  ), started as (
    select m.client_id, max(m.day) as day from ledger m where m.client_change = 1 group by 1
  ), before as (
    select distinct on (m.client_id) m.client_id, m.mrr_after
    from ledger m join c on c.id = m.client_id
    where m.day <= c.day - 90 order by m.client_id, m.day desc, m.place desc
  ), state as materialized (
    select l.client_id as id, l.mrr_after, l.currency, l.segment, s.day as started, b.mrr_after as mrr_before
    from latest l
    join started s on s.client_id = l.client_id
    left join before b on b.client_id = l.client_id
    where l.status_after = 'active'
  )
  select c.organization_id, c.id, array[
      extract(epoch from as_of - greatest(i.latest, t.latest, q.latest)) / 86400,
      i.last_30 + t.last_30 + q.last_30, i.last_90 + t.last_90 + q.last_90,
      (i.inbound + t.last_90 + q.inbound)::numeric / nullif(i.last_90 + t.last_90 + q.last_90, 0), i.negative,
        r.revoked,
      s.open, s.last_90, extract(epoch from as_of - s.oldest) / 86400, s.repeated,
      case when with_current then a.arrears end,
      case when with_current then case when c.unpaid_since is null then 0 else c.day - c.unpaid_since end end,
      a.warnings, a.disconnections, z.mrr_after, z.mrr_after - coalesce(z.mrr_before, 0), c.day - z.started,
      case when with_current then c.contract_ends_on - c.day end,
      case when with_current then array_position(array['low', 'medium', 'high'], c.stated_risk) - 1 end]::real[],
    array[z.segment, c.client_type, c.region, c.category], z.mrr_after, z.currency
  from c
  join state z on z.id = c.id
  cross join lateral (
    select max(e.occurred_at) as latest, count(*) filter (where e.occurred_at > as_of - interval '30 days') as last_30,
      count(*) filter (where e.occurred_at > as_of - interval '90 days') as last_90,
      count(*) filter (where e.occurred_at > as_of - interval '90 days' and e.direction = 'inbound') as inbound,
      count(*) filter (where e.occurred_at > as_of - interval '90 days' and e.sentiment = 'negative') as negative
    from (
      (select e.occurred_at, e.direction, e.sentiment from public.client_interactions e
        where e.client_id = c.id and e.occurred_at <= as_of and e.occurred_at > as_of - interval '90 days'
          and e.recorded_at <= as_of)
      union all
      (select e.occurred_at, null, null from public.client_interactions e
        where e.client_id = c.id and e.occurred_at <= as_of - interval '90 days' and e.recorded_at <= as_of
        order by e.occurred_at desc limit 1)
    ) e
  ) i
  cross join lateral (
    select max(private.uuid_v7_time(m.id)) as latest,
      count(*) filter (where m.id > private.uuid_v7_floor(as_of - interval '30 days')) as last_30, count(*) as last_90
    from public.messages m
    where m.organization_id = c.organization_id and m.from_number = c.phone and m.direction = 'inbound'
      and m.id > private.uuid_v7_floor(as_of - interval '90 days')
      and m.id < private.uuid_v7_floor(as_of)
  ) t
  cross join lateral (
    select max(n.occurred_at) as latest, count(*) filter (where n.occurred_at > as_of - interval '30 days') as last_30,
      count(*) filter (where n.occurred_at > as_of - interval '90 days') as last_90,
      count(*) filter (where n.occurred_at > as_of - interval '90 days' and n.direction = 'inbound') as inbound
    from public.client_links l
    join public.interactions n on n.organization_id = c.organization_id and n.lead_id = l.lead_id
    where l.organization_id = c.organization_id and l.client_id = c.id and not l.rejected and l.created_at <= as_of
      and n.occurred_at <= as_of and n.created_at <= as_of
  ) q
  cross join lateral (
    select count(*) as revoked from public.consents n
    where n.organization_id = c.organization_id and n.phone = c.phone and n.event = 'revoked'
      and n.occurred_at > as_of - interval '90 days' and n.occurred_at <= as_of
      and n.id < private.uuid_v7_floor(as_of)
  ) r
  cross join lateral (
    select count(*) filter (where u.is_open) as open,
      count(*) filter (where u.opened_at > as_of - interval '90 days') as last_90,
      min(u.opened_at) filter (where u.is_open) as oldest,
      count(*) filter (where u.opened_at > as_of - interval '180 days' and u.n > 1) as repeated
    from (
      select e.opened_at, not (coalesce(e.closed_at <= as_of and e.close_recorded_at <= as_of, false)) as is_open,
        row_number() over (partition by lower(e.title) order by e.opened_at) as n
      from public.client_issues e
      where e.client_id = c.id and e.opened_at <= as_of and e.recorded_at <= as_of
    ) u
  ) s
  cross join lateral (
    select sum(u.arrears) as arrears, sum(u.warnings) as warnings, sum(u.disconnections) as disconnections
    from public.client_links l
    join public.customers k on k.organization_id = c.organization_id and k.id = l.customer_id
    cross join lateral (
      select k.arrears, count(*) filter (where x.action = 'warn') as warnings,
        count(*) filter (where x.action = 'disconnect') as disconnections
      from public.customer_actions x
      where x.organization_id = c.organization_id and x.customer_id = k.id
        and x.id > private.uuid_v7_floor(as_of - interval '365 days') and x.id < private.uuid_v7_floor(as_of)
    ) u
    where l.organization_id = c.organization_id and l.client_id = c.id and not l.rejected and l.created_at <= as_of
  ) a
$$;
comment on function private.client_features_as_of is
  'What was known of active clients at a moment, in the order of private.feature_definitions.';
