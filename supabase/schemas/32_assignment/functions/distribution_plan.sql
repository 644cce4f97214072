-- The assignees for `lead_count` leads: by round robin those whose last turn is longest ago, by least load those with
-- the fewest open leads; people off duty or at capacity are skipped. All slots are ranked in one sort instead of one
-- lead after another: a slot is a person at a level (the round, or the load the person would have), and lower levels
-- are filled first. released: people from whom leads of this request will be taken, once for each lead.
create function private.distribution_plan(organization_id uuid, among uuid[], strategy text, lead_count integer,
  released uuid[])
returns table (place bigint, user_id uuid)
language sql stable set search_path = ''
as $$
  with people as materialized (
    select l.user_id, l.last_turn, case strategy when 'least_loaded' then l.open - r.leads else 0 end as start,
      case when l.capacity is null then lead_count::bigint
        else greatest(0, least(lead_count, l.capacity - (l.open - r.leads))) end as free_capacity
    from private.holder_loads(organization_id, among) l
    cross join lateral (select count(*) as leads from unnest(released) g where g = l.user_id) r
    where l.on_duty
  ), ranked as (
    select p.start + p.free_capacity as full_at, row_number() over by_start as k, sum(p.start) over by_start as load
    from people p window by_start as (order by p.start, p.free_capacity desc, p.user_id rows unbounded preceding)
  ), bounded as (
    -- The k least loaded people alone could take all leads at this level, so nobody needs slots above the lowest of
    -- these.
    select ceil((lead_count + r.load) / r.k) as level,
      min(r.full_at) over (order by r.k rows unbounded preceding) as full_at from ranked r
  ), top as (
    select coalesce(min(b.level) filter (where b.full_at >= b.level),
      (select max(p.start + p.free_capacity) from people p)) as level
    from bounded b
  )
  select row_number() over (order by s.level, p.last_turn, p.user_id), p.user_id
  from people p
  cross join top t
  cross join lateral generate_series(p.start + 1, least(p.start + p.free_capacity, t.level::bigint)) s (level)
  order by s.level, p.last_turn, p.user_id
  limit lead_count
$$;
