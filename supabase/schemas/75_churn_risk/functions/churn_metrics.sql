-- How good probabilities are. `source` is a query with client_id, segment, p, y and w. The area under the curve is by
-- weighted ranks, ties as halves; its interval by Hanley and McNeil (Radiology 143 (1982) 29-36). A client has several
-- rows, which say much the same, so intervals count clients and not rows.
create function private.churn_metrics(source text)
returns jsonb
language plpgsql volatile set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off
as $$
declare
  figures jsonb;
  slope double precision[];
begin
  execute format($q$
    with s as materialized (select client_id, segment, p::float8 as p, y::float8 as y, w::float8 as w from (%s) q),
    g as (
      select p, coalesce(sum(w) filter (where y > 0), 0) as e, coalesce(sum(w) filter (where y = 0), 0) as n
      from s group by p
    ), a as (
      select sum(e * (below + n / 2)) / nullif(sum(e) * sum(n), 0) as auc
      from (select g.*, sum(n) over (order by p) - n as below from g) u
    ), t as (
      select count(*) as rows, count(distinct client_id) as clients,
        count(distinct client_id) filter (where y > 0) as leavers, sum(w) as weight, sum(w * y) as observed,
        sum(w * p) as expected, sum(w * (p - y) ^ 2) / sum(w) as brier,
        -sum(w * (y * ln(greatest(p, 1e-12)) + (1 - y) * ln(greatest(1 - p, 1e-12)))) / sum(w) as log_loss,
        sum(w * y) / sum(w) as rate
      from s
    )
    select jsonb_build_object('rows', t.rows, 'clients', t.clients, 'events', t.leavers, 'auc', a.auc,
      'brier', t.brier, 'brier_base', t.rate * (1 - t.rate), 'log_loss', t.log_loss,
      'log_loss_base', case when t.rate > 0 and t.rate < 1 then -t.rate * ln(t.rate) - (1 - t.rate) * ln(1 - t.rate) else 0 end,
      'expected', t.expected, 'observed', t.observed, 'rate', t.rate) from t, a $q$, source) into figures;
  if (figures ->> 'rows')::integer = 0 then
    return null;
  end if;
  slope := (private.fit_logit(format('select y::float8 as y, w::float8 as w, ln(greatest(p, 1e-12) / greatest(1 - p, 1e-12)) as x1
    from (%s) q', source), '{0,1}', 1e-6)).beta;
  return figures || private.auc_interval(figures) || jsonb_build_object(
    'calibration_intercept', slope[1], 'calibration_slope', slope[2], 'tenths', private.calibration_table(source),
    'segments', private.calibration_by_segment(source)) || private.lift_figures(private.calibration_table(source));
end
$$;
comment on function private.churn_metrics is 'AUC, Brier score, log loss, calibration and lift of probabilities.';

-- The intervals of 95 % of the area under the curve and of expected to observed.
create function private.auc_interval(figures jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('auc_low', greatest(0, f.auc - 1.959964 * s.e), 'auc_high', least(1, f.auc + 1.959964 * s.e),
    'ratio', r.ratio, 'ratio_low', r.ratio * exp(-1.959964 / sqrt(nullif(f.events, 0))),
    'ratio_high', r.ratio * exp(1.959964 / sqrt(nullif(f.events, 0))))
  from (
    select (figures ->> 'auc')::float8 as auc, (figures ->> 'events')::float8 as events,
      (figures ->> 'clients')::float8 - (figures ->> 'events')::float8 as others
  ) f
  cross join lateral (
    select sqrt((f.auc * (1 - f.auc) + (f.events - 1) * (f.auc / (2 - f.auc) - f.auc ^ 2)
      + (f.others - 1) * (2 * f.auc ^ 2 / (1 + f.auc) - f.auc ^ 2)) / nullif(f.events * f.others, 0)) as e) s
  cross join lateral (
    select (figures ->> 'expected')::float8 / nullif((figures ->> 'observed')::float8, 0) as ratio) r
$$;

-- Tenths of the rows by weight, the highest probabilities first: what was predicted and what came, with Wilson's interval
-- of so many clients.
create function private.calibration_table(source text)
returns jsonb
language plpgsql volatile set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off
as $$
declare
  answer jsonb;
begin
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object('tenth', t.tenth, 'rows', t.rows, 'predicted', t.predicted,
      'weight', t.weight, 'observed', private.wilson_interval((t.rate * t.clients)::numeric, t.clients)) order by t.tenth), '[]')
    from (
      select r.tenth, count(*) as rows, count(distinct r.client_id) as clients, sum(r.w) as weight, sum(r.w * r.p) / sum(r.w) as predicted,
        sum(r.w * r.y) / sum(r.w) as rate
      from (
        select q.client_id, q.p, q.y, q.w,
          least(10, 1 + floor(10 * (sum(q.w) over (order by q.p desc, q.client_id) - q.w) / sum(q.w) over ()))::integer
            as tenth
        from (%s) q
      ) r
      group by 1
    ) t $q$, source) into answer;
  return answer;
end
$$;

create function private.calibration_by_segment(source text)
returns jsonb
language plpgsql volatile set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off
as $$
declare
  answer jsonb;
begin
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object('segment', t.segment, 'rows', t.rows, 'predicted', t.predicted,
      'observed', private.wilson_interval((t.rate * t.clients)::numeric, t.clients)) order by t.segment), '[]')
    from (
      select q.segment, count(*) as rows, count(distinct q.client_id) as clients, sum(q.w * q.p) / sum(q.w) as predicted, sum(q.w * q.y) / sum(q.w) as rate
      from (%s) q group by 1
    ) t $q$, source) into answer;
  return answer;
end
$$;

-- How many more leave among the highest tenth than among all, and the share of those who leave in the highest fifth.
create function private.lift_figures(tenths jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'lift_top_tenth', max(t.rate) filter (where t.tenth = 1) / nullif(sum(t.weight * t.rate) / sum(t.weight), 0),
    'recall_top_fifth', sum(t.weight * t.rate) filter (where t.tenth <= 2) / nullif(sum(t.weight * t.rate), 0))
  from (
    select (v ->> 'tenth')::integer as tenth, (v ->> 'weight')::float8 as weight, (v -> 'observed' ->> 'rate')::float8 as rate
    from jsonb_array_elements(tenths) v
  ) t
$$;
