-- The share that is still there after each time at which somebody left, with numbers at risk and a log-log interval of
-- 95 % by Greenwood's formula. entries: the time after which a group is observed (0: from its start), stops: when it
-- left or was last seen, events: 1 left, 0 still there, weights: the size of the group. Who enters at a time is at
-- risk after it; who was last seen at a time was at risk then. Source: Kaplan and Meier, J. Am. Stat. Assoc. 53
-- (1958) 457-481; as `survfit(Surv(entry, stop, event) ~ 1, conf.type = "log-log")` of R's package survival.
create function private.kaplan_meier(entries integer[], stops integer[], events integer[], weights bigint[])
returns table ("time" integer, at_risk bigint, left_then bigint, survival float8, low float8, high float8)
language sql immutable set search_path = ''
as $$
  with g as (
    select * from unnest(entries, stops, events, weights) as u (entry, stop, event, weight)
    where u.stop > u.entry and u.weight > 0
  ), leaving as (
    select g.stop as t, sum(g.weight * g.event) as events, sum(g.weight) as leaving from g group by 1
  ), entering as (
    select g.entry as t, sum(g.weight) as entering from g group by 1
  ), risks as (
    select t, coalesce(l.events, 0)::bigint as events,
      (sum(coalesce(e.entering, 0)) over w - coalesce(e.entering, 0)
        - (sum(coalesce(l.leaving, 0)) over w - coalesce(l.leaving, 0)))::bigint as n
    from leaving l full join entering e using (t)
    window w as (order by t)
  ), curve as (
    -- Aggregates in a branch of a case are computed all the same, so ln(0) must become null.
    select r.t, r.n, r.events,
      case when bool_or(r.events = r.n) over w then 0
        else exp(sum(ln(nullif(1 - r.events / r.n::float8, 0))) over w) end as s,
      sum(r.events / nullif(r.n::float8 * (r.n - r.events), 0)) over w as variance
    from risks r where r.n > 0 and r.events > 0
    window w as (order by r.t)
  )
  select c.t, c.n, c.events, c.s,
    case when c.s > 0 and c.s < 1 then c.s ^ exp(1.959963984540054 * sqrt(c.variance) / abs(ln(c.s))) end,
    case when c.s > 0 and c.s < 1 then c.s ^ exp(-1.959963984540054 * sqrt(c.variance) / abs(ln(c.s))) end
  from curve c order by c.t
$$;
comment on function private.kaplan_meier is 'The Kaplan-Meier curve of groups with delayed entry.';
