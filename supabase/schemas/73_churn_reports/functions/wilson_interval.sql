-- The Wilson score interval of 95 % of `cases` among `sample`, without continuity correction; null without a sample.
-- Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212; method 3 of R. G. Newcombe, Statistics in Medicine 17
-- (1998) 857-872.
create function private.wilson_interval(cases numeric, sample numeric)
returns jsonb
language sql immutable parallel safe set search_path = ''
as $$
  select jsonb_build_object('rate', round(x.p::numeric, 6),
    'low', round(greatest(0, (x.p + x.z2 / (2 * x.n) - x.half) / (1 + x.z2 / x.n))::numeric, 6),
    'high', round(least(1, (x.p + x.z2 / (2 * x.n) + x.half) / (1 + x.z2 / x.n))::numeric, 6))
  from (
    select s.*, s.z * sqrt((s.p * (1 - s.p) + s.z2 / (4 * s.n)) / s.n) as half
    from (
      select 1.959963984540054::float8 as z, 1.959963984540054::float8 ^ 2 as z2, sample::float8 as n,
        cases::float8 / sample::float8 as p
    ) s
  ) x
  where sample > 0
$$;
