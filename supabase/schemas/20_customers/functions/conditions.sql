-- SQL conditions on `x` for the filters that are given. allowed: [column, operator, type] by filter name. Built as
-- text with literal values because one statement for all combinations of filters would get one plan for all of them,
-- which could use no index.
create function private.conditions(filters jsonb, allowed jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(
    format(' and x.%I %s %L::%s', allowed -> f.key ->> 0, allowed -> f.key ->> 1, f.value, allowed -> f.key ->> 2), ''),
    '')
  from jsonb_each_text(filters) f where allowed ? f.key
$$;
grant execute on function private.conditions(jsonb, jsonb) to authenticated;
