create type private.scored_client as (
  client_id uuid,
  segment text,
  mrr numeric,
  currency text,
  log_odds double precision,
  probability double precision,
  probability_then double precision,
  themes double precision[],
  z double precision[],
  raw real[]
);

-- The themes of a model in the order of scored_client.themes.
create function private.themes_of(model public.churn_models)
returns text[]
language sql immutable set search_path = ''
as $$
  select array(select distinct f ->> 'theme' from jsonb_array_elements(model.features) f order by 1)
$$;

-- What the model says of clients as they are known now, as a query of scored_client; those that are not in service, pause
-- or leave are left out. $1: the ids of the clients; $2: the day of the snapshot of probability_then, by the same model.
create function private.scoring_query(model public.churn_models, baseline double precision[])
returns text
language plpgsql stable set search_path = ''
as $$
declare
  size integer := jsonb_array_length(model.features);
  intercept double precision := coalesce((model.calibration ->> 'intercept')::float8, 0);
  slope double precision := coalesce((model.calibration ->> 'slope')::float8, 1);
  named text[] := array(select 'z.z' || i from generate_series(1, size) i);
  nothing constant text := 'null::float8';
begin
  return format($q$
    select e.client_id, e.segment, e.mrr, e.currency, e.log_odds, %s as probability,
      case when e.log_odds_then is not null then %s end as probability_then, e.themes, e.z, e.raw
    from (
      select z.*, %s as log_odds, array[%s]::float8[] as themes, array[%s]::float8[] as z
      from (
        select f.client_id, f.labels[1] as segment, f.mrr, f.currency, f."values" as raw, %s,
          case when t.client_id is not null then %s end as log_odds_then
        from private.client_features_as_of($1, clock_timestamp(), true) f
        left join (
          select p.* from private.client_features p
          where p.organization_id = %L and p.snapshot_day = $2 and p.client_id = any ($1)
        ) t on t.client_id = f.client_id
        offset 0
      ) z
      offset 0
    ) e $q$,
    case when model.calibration is null then nothing else private.probability_of('e.log_odds') end,
    case when model.calibration is null then nothing else private.probability_of('e.log_odds_then') end,
    format('%L::float8 + %L::float8 * (%s)', intercept, slope, private.linear_sum(model.features, 'coefficient', named,
      model.intercept)),
    (select string_agg(t.points, ', ' order by t.theme) from private.theme_points(model, named, baseline) t),
    array_to_string(named, ', '),
    (select string_agg(format('%s as z%s', t, i), ', ' order by i)
      from unnest(private.standard_terms(model.features, 'f')) with ordinality u (t, i)),
    format('%L::float8 + %L::float8 * (%s)', intercept, slope, private.linear_sum(model.features, 'coefficient',
      private.standard_terms(model.features, 't'), model.intercept)), model.organization_id);
end
$$;

-- One client by the query; no row where it is left out.
create function private.score_client(model public.churn_models, client_id uuid, baseline double precision[])
returns setof private.scored_client
language plpgsql volatile rows 1 set search_path = '' set jit = off
as $$
begin
  return query execute private.scoring_query(model, baseline) using array[client_id], null::date;
end
$$;

-- A band by the organization's three limits in percent.
create function private.risk_band(score double precision, limits numeric[])
returns text
language sql immutable set search_path = ''
as $$
  select ('{low,moderate,high,critical}'::text[])[1 + width_bucket(score, limits::float8[])]
$$;
