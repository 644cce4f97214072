-- The order of a list by columns named sort_key and id, as SQL.
create function private.list_order(list private.list_query, sort_key text, id text)
returns text
language sql immutable set search_path = ''
as $$
  select format('%1$s %3$s, %2$s %3$s', sort_key, id, case when list.sort like '-%' then 'desc' else 'asc' end)
$$;

-- The branches as conditions that no row meets twice.
create function private.disjoint_branches(branches text[])
returns text[]
language sql immutable set search_path = ''
as $$
  select array_agg(b.branch || coalesce((
    select string_agg(format(' and (%s) is not true', earlier), '') from unnest(branches[:b.place - 1]) earlier), '')
    order by b.place)
  from unnest(branches) with ordinality b (branch, place)
$$;

-- All matches as (id, sort_key), in no order.
create function private.all_matches(list private.list_query)
returns text
language sql immutable set search_path = ''
as $$
  select case
    when list.is_selective then format(
      'select x.id, %s as sort_key from (select * from %s x where %s offset 0) x where %s',
      list.sort_key, list.relation, list.condition, array_to_string(list.branches, ' or '))
    when list.search is not null then format('select x.id, %s as sort_key from %s x where %s and %s and (%s)',
      list.sort_key, list.relation, list.condition, list.search, array_to_string(list.branches, ' or '))
    else (
      select string_agg(format('select x.id, %s as sort_key from %s x where %s and %s', list.sort_key, list.relation,
        list.condition, b), ' union all ')
      from unnest(private.disjoint_branches(list.branches)) b)
    end
$$;

-- The page of matches given as (id, sort_key), at most 10,001: { total, ids, sort_values }, one row more than the page
-- has if there is one. With more than 10,000 matches there is no page.
create function private.page_of_matches(list private.list_query, matches text, page_cursor text, size integer,
  start integer)
returns text
language sql stable set search_path = ''
as $$
  select format(
    'with found as materialized (%1$s),
      number as materialized (select count(*) as total from found),
      page as (select f.id, f.sort_key from found f, number n where n.total <= %7$s%2$s order by %3$s limit %4$s
        offset %5$s)
    select (select n.total from number n), array(select p.id from page p order by %6$s),
      array(select p.sort_key::text from page p order by %6$s)',
    matches, private.after_cursor(list, page_cursor, 'f.sort_key', 'f.id'),
    private.list_order(list, 'f.sort_key', 'f.id'), size + 1, start, private.list_order(list, 'p.sort_key', 'p.id'),
    private.max_counted_rows())
$$;

-- The page in the order of an index: { ids, sort_values }, one row more than the page has if there is one. The first
-- rows of the list are among the first of each branch. A search is evaluated above "offset 0", in the order of the
-- rows below, because the planner would else find and sort all matches where it believes the term to be rare.
create function private.page_in_order(list private.list_query, page_cursor text, size integer, start integer)
returns text
language sql stable set search_path = ''
as $$
  select format(
    'with page as (select p.id, p.sort_key from (%1$s) p order by %2$s limit %3$s offset %4$s)
    select array(select p.id from page p order by %2$s), array(select p.sort_key::text from page p order by %2$s)',
    string_agg(format(
      case when list.search is null then '(select x.id, %1$s as sort_key from %2$s x where %3$s and %4$s%5$s
        order by %6$s limit %7$s)'
      else '(select x.id, x.sort_key from (
          select x.id, %1$s as sort_key, x.search_text from %2$s x where %3$s and %4$s%5$s order by %6$s offset 0) x
        where %8$s limit %7$s)' end,
      list.sort_key, list.relation, list.condition, b,
      private.after_cursor(list, page_cursor, list.sort_key, 'x.id'),
      private.list_order(list, list.sort_key, 'x.id'), size + 1 + start, list.search), ' union '),
    private.list_order(list, 'p.sort_key', 'p.id'), size + 1, start)
  from unnest(list.branches) b
$$;

-- One page of a list. total: of counters, or counted up to 10,000. next_cursor: null on the last page. For security
-- definer functions that have required the permission.
create function private.find_page(list private.list_query, page_limit integer, page_offset integer, page_cursor text,
  out total bigint, out total_is_capped boolean, out ids uuid[], out next_cursor text)
language plpgsql stable set search_path = '' set jit = off set max_parallel_workers_per_gather = 0
as $$
declare
  size integer := private.page_size(page_limit);
  start integer := coalesce(page_offset, 0);
  max_counted constant integer := private.max_counted_rows();
  sort_values text[];
begin
  perform private.require_valid(start between 0 and 10000, 'offset', 'must be 0 to 10000: read on with next_cursor');
  perform private.require_valid(start = 0 or page_cursor is null, 'offset', 'cannot be combined with cursor');
  total := list.known_total;
  if list.search is not null then
    select s.total, s.ids, s.sort_values into total, ids, sort_values
    from private.search_page(list, page_cursor, size, start) s;
  elsif list.is_collected and coalesce(total, 0) <= max_counted then
    execute private.page_of_matches(list, format('%s limit %s', private.all_matches(list), max_counted + 1),
      page_cursor, size, start) into total, ids, sort_values;
  elsif total is null then
    execute format('select count(*) from (%s limit %s) x', private.all_matches(list), max_counted + 1) into total;
  end if;
  if sort_values is null or total > max_counted then
    execute private.page_in_order(list, page_cursor, size, start) into ids, sort_values;
  end if;
  total_is_capped := list.known_total is null and total > max_counted;
  total := coalesce(list.known_total, least(total, max_counted));
  if cardinality(ids) > size then
    ids := ids[:size];
    next_cursor := private.list_cursor(list.sort, sort_values[size], ids[size]);
  end if;
end
$$;
