-- Ridge logistic regression: minimizes the negative log-likelihood plus penalty / 2 times the squared distance of the
-- coefficients from `prior`, by Newton steps. `source` is a query with y, w and x1 … xk; beta[1] is the intercept, which
-- is free. One statement a step. Both subqueries end in "offset 0": otherwise the planner writes the exponential into
-- each of the sums. Linear terms are cut at ±30, because exp() of large values is an error.
create function private.fit_logit(
  source text, prior double precision[], penalty double precision, max_steps integer default 40,
  out beta double precision[], out steps integer)
language plpgsql volatile set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off
as $$
declare
  n constant integer := cardinality(prior);
  statement text;
  sums double precision[];
  gradient double precision[];
  hessian double precision[];
  step double precision[];
  largest double precision;
begin
  beta := prior;
  steps := 0;
  loop
    steps := steps + 1;
    statement := private.newton_sums(source, beta);
    execute statement into sums;
    exit when sums[1] is null;
    gradient := sums[1 : n];
    hessian := sums[n + 1 :];
    for i in 2..n loop
      hessian[(i - 1) * n + i] := hessian[(i - 1) * n + i] + penalty;
      gradient[i] := gradient[i] - penalty * (beta[i] - prior[i]);
    end loop;
    step := private.solve_symmetric(hessian, gradient);
    largest := (select max(abs(s)) from unnest(step) s);
    for i in 1..n loop
      beta[i] := beta[i] + step[i] * least(1, 5 / greatest(largest, 1e-12));
    end loop;
    exit when largest < 1e-9 or steps >= max_steps;
  end loop;
end
$$;
comment on function private.fit_logit is 'Coefficients of a ridge logistic regression pulled to prior.';

-- The statement that sums up the gradient and the whole matrix of second derivatives at beta.
create function private.newton_sums(source text, beta double precision[])
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  n constant integer := cardinality(beta);
  factor text[] := array['1'] || array(select 'x' || i from generate_series(1, n - 1) i);
  linear text := (
    select string_agg(format('(%L::float8 * %s)', b, factor[i]), ' + ' order by i)
    from unnest(beta) with ordinality u (b, i));
  sums text := (select string_agg(format('sum(r * %s)', f), ', ' order by i) from unnest(factor) with ordinality u (f, i));
  cross_sums text := (
    select string_agg(format('s%s_%s', least(i, j), greatest(i, j)), ', ' order by i, j)
    from generate_series(1, n) i, generate_series(1, n) j);
  half text := (
    select string_agg(format('sum(v * %s * %s) as s%s_%s', factor[i], factor[j], i, j), ', ')
    from generate_series(1, n) i, generate_series(1, n) j where i <= j);
begin
  return format(
    'select g || array[%s]::float8[] from (
      select array[%s]::float8[] as g, %s from (
        select d.*, w * (y - p) as r, w * p * (1 - p) as v from (
          select s.*, 1 / (1 + exp(-greatest(least(%s, 30), -30))) as p from (%s offset 0) s offset 0) d offset 0) e) t',
    cross_sums, sums, half, linear, source);
end
$$;

-- x of "matrix x = vector" for a symmetric positive definite matrix, row by row in one array (Cholesky).
create function private.solve_symmetric(matrix double precision[], vector double precision[])
returns double precision[]
language plpgsql immutable set search_path = ''
as $$
declare
  n constant integer := cardinality(vector);
  factor double precision[] := array_fill(0::double precision, array[n * n]);
  x double precision[] := vector;
  s double precision;
begin
  for i in 1..n loop
    for j in 1..i loop
      s := matrix[(i - 1) * n + j];
      for k in 1..j - 1 loop
        s := s - factor[(i - 1) * n + k] * factor[(j - 1) * n + k];
      end loop;
      factor[(i - 1) * n + j] := case when i = j then sqrt(greatest(s, 1e-12)) else s / factor[(j - 1) * n + j] end;
    end loop;
  end loop;
  for i in 1..n loop
    for k in 1..i - 1 loop
      x[i] := x[i] - factor[(i - 1) * n + k] * x[k];
    end loop;
    x[i] := x[i] / factor[(i - 1) * n + i];
  end loop;
  for i in reverse n..1 loop
    for k in i + 1..n loop
      x[i] := x[i] - factor[(k - 1) * n + i] * x[k];
    end loop;
    x[i] := x[i] / factor[(i - 1) * n + i];
  end loop;
  return x;
end
$$;
