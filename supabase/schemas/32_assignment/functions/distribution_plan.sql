-- Who gets each of `wanted` leads: by round robin whoever's last turn is longest ago, by least load whoever has the least,
-- passing over those who are off duty or full. Slots are ranked in one sort instead of one lead after another: a slot is
-- a person at a level (the round, or the load it would have), and levels are filled from below.
-- released: people from whom leads of this very assignment will have gone, once for each such lead.
create function private.distribution_plan(organization_id uuid, among uuid[], strategy text, wanted integer, released uuid[])
returns table (place bigint, user_id uuid)
language sql stable set search_path = ''
as $$
  with people as materialized (
    select l.user_id, l.last_turn, case strategy when 'least_loaded' then l.open - r.leads else 0 end as start,
      case when l.capacity is null then wanted::bigint else greatest(0, least(wanted, l.capacity - (l.open - r.leads))) end as room
    from private.holder_loads(organization_id, among) l
    cross join lateral (select count(*) as leads from unnest(released) g where g = l.user_id) r
    where l.on_duty
  ), ranked as (
    select p.start + p.room as full_at, row_number() over by_start as k, sum(p.start) over by_start as load
    from people p window by_start as (order by p.start, p.room desc, p.user_id rows unbounded preceding)
  ), bounded as (
    -- The k least loaded alone could take all at this level, so nobody needs slots beyond the lowest of these.
    select ceil((wanted + r.load) / r.k) as level, min(r.full_at) over (order by r.k rows unbounded preceding) as full_at from ranked r
  ), top as (
    select coalesce(min(b.level) filter (where b.full_at >= b.level), (select max(p.start + p.room) from people p)) as level
    from bounded b
  )
  select row_number() over (order by s.level, p.last_turn, p.user_id), p.user_id
  from people p
  cross join top t
  cross join lateral generate_series(p.start + 1, least(p.start + p.room, t.level::bigint)) s (level)
  order by s.level, p.last_turn, p.user_id
  limit wanted
$$;
