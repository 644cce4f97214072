-- The newest rows of each branch that contain the term, read one by one until 10,001 are found.
create function private.matches_of_newest(list private.list_query, row_limit bigint)
returns text
language sql immutable set search_path = ''
as $$
  select format('select x.id, x.sort_key from (%s) x where %s limit %s', string_agg(format(
    '(select x.id, %s as sort_key, x.search_text from %s x where %s and %s order by x.created_at desc limit %s)',
    list.sort_key, list.relation, list.condition, b, row_limit), ' union all '), list.search,
    private.max_counted_rows() + 1)
  from unnest(private.disjoint_branches(list.branches)) b
$$;

-- How many of each branch's newest rows to read before the trigram index is asked; 0: the index is asked at once. A
-- term that many rows contain is found sooner in the rows, because the index must list all of them first. A sample of
-- the newest rows tells how many contain the term.
create function private.rows_to_search(list private.list_query)
returns bigint
language plpgsql stable set search_path = ''
as $$
declare
  rows_of_sample constant integer := 200;
  density double precision;
  needed double precision;
begin
  if coalesce(list.rows_in_scope, 0) = 0 then
    return 0;
  end if;
  execute format('select greatest(count(*), 0.5) / %s from (%s) x', least(rows_of_sample, list.rows_in_scope),
    private.matches_of_newest(list, rows_of_sample)) into density;
  needed := least(list.rows_in_scope, (private.max_counted_rows() + 1) / density);
  return case when needed <= density * list.rows_in_organization then ceil(needed * 1.5) else 0 end;
end
$$;

-- The number of matches of a search, up to 10,001, and if they are fewer the page, one row more than it has if there
-- is one. The limit stands outside of what is materialized, so that the planner does not plan for it: it would else
-- read row by row until it has found enough of what is rare.
create function private.search_page(list private.list_query, page_cursor text, size integer, start integer,
  out total bigint, out ids uuid[], out sort_values text[])
language plpgsql stable set search_path = ''
as $$
declare
  row_limit bigint := private.rows_to_search(list);
begin
  if row_limit > 0 then
    execute private.page_of_matches(list, private.matches_of_newest(list, row_limit), page_cursor, size, start)
    into total, ids, sort_values;
  end if;
  if row_limit = 0 or (total <= private.max_counted_rows() and row_limit < list.rows_in_scope) then
    execute private.page_of_matches(list, format('with x as materialized (%s) select * from x limit %s',
      private.all_matches(list), private.max_counted_rows() + 1), page_cursor, size, start)
    into total, ids, sort_values;
  end if;
end
$$;
