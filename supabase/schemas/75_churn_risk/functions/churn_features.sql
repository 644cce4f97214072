-- The SQL expression of a feature of a row with "values" and labels, before it is standardized: of days, money and
-- counts the logarithm, with the sign kept.
create function private.feature_term(feature jsonb, alias text)
returns text
language sql immutable set search_path = ''
as $$
  select case
    when feature ? 'level' then format('(coalesce(%1$s.labels[1], '''') = %2$L)::integer::float8', alias, feature ->> 'level')
    when feature ->> 'transform' = 'log'
      then format('sign(%1$s."values"[%2$s]) * ln(1 + abs(%1$s."values"[%2$s]::float8))', alias,
        (feature ->> 'place')::integer)
    else format('%s."values"[%s]::float8', alias, (feature ->> 'place')::integer) end
$$;

-- The expressions of the standardized features, in order. What is missing counts as the mean; beyond four standard
-- deviations more counts no more.
create function private.standard_terms(features jsonb, alias text)
returns text[]
language sql immutable set search_path = ''
as $$
  select array_agg(format('greatest(least(coalesce((%s - %L::float8) / %L::float8, 0), 4), -4)',
    private.feature_term(f.value, alias), (f.value ->> 'mean')::float8, (f.value ->> 'sd')::float8) order by f.ordinality)
  from jsonb_array_elements(features) with ordinality f
$$;

-- intercept + sum of coefficient times term, as SQL. Each coefficient is under `key` of its feature.
create function private.linear_sum(features jsonb, key text, terms text[], intercept double precision)
returns text
language sql immutable set search_path = ''
as $$
  select format('%L::float8', intercept) || coalesce(string_agg(
    format(' + %L::float8 * %s', (f.value ->> key)::float8, terms[f.ordinality]), '' order by f.ordinality), '')
  from jsonb_array_elements(features) with ordinality f
$$;

create function private.probability_of(log_odds text)
returns text
language sql immutable set search_path = ''
as $$
  select format('(1 / (1 + exp(-greatest(least(%s, 30), -30))))', log_odds)
$$;

-- The features of a training with mean and standard deviation over its rows of these parts, and the weight that the
-- built-in rule gives each: 0.35 in its direction. Segments are features of their own but for the most frequent, at most
-- eight.
create function private.training_features(organization_id uuid, parts text[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  features jsonb;
  figures double precision[];
  columns text;
begin
  select jsonb_agg(f.feature order by f.n) into features from (
    select d.place as n, jsonb_build_object('name', d.name, 'theme', d.theme, 'place', d.place, 'transform', d.transform,
      'prior', 0.35 * d.rule_sign) as feature
    from private.feature_definitions d where d.feature_set = 1
    union all
    select 1000 + row_number() over (order by l.rows desc, l.segment), jsonb_build_object('name', 'segment', 'theme',
      'segment', 'level', l.segment, 'transform', 'none', 'prior', 0)
    from (
      select r.labels[1] as segment, count(*) as rows from private.churn_training_rows r
      where r.organization_id = training_features.organization_id and r.part = any (parts)
      group by 1 order by 2 desc, 1 limit 8 offset 1
    ) l
  ) f;
  select string_agg(format('sum(r.w * (%1$s)) / nullif(sum(r.w) filter (where (%1$s) is not null), 0), stddev_pop(%1$s)',
    private.feature_term(f.value, 'r')), ', ' order by f.n)
  into columns from jsonb_array_elements(features) with ordinality f (value, n);
  execute format('select array[%s]::float8[] from private.churn_training_rows r
    where r.organization_id = %L and r.part = any (%L)', columns, organization_id, parts) into figures;
  return (
    select jsonb_agg(f.value || jsonb_build_object('mean', coalesce(figures[2 * f.n - 1], 0),
      'sd', case when figures[2 * f.n] > 1e-9 then figures[2 * f.n] else 1 end) order by f.n)
    from jsonb_array_elements(features) with ordinality f (value, n));
end
$$;
