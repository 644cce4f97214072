-- Lists of many rows: a page, the total and the cursor of the next page, at a cost that does not grow with the number
-- of rows. Totals come from counters where those know them and are otherwise counted up to 10,000. Up to 10,000
-- matches are found once, for the total and the page; of more, a page is read in the order of an index. A cursor
-- continues after the last row of the page before; an offset is bounded, because the rows before it are read too.
--
-- Statements are built as text with literal values: one statement for all combinations of filters would get one plan
-- for all of them, which could use no index. LIKE is not leakproof, so under row level security no trigram index would
-- be used: lists are read by security definer functions, whose conditions are those of the policies.

create type private.list_query as (
  relation text,
  condition text,
  branches text[],
  search text,
  sort text,
  sort_key text,
  sort_type text,
  is_selective boolean,
  is_collected boolean,
  known_total bigint,
  rows_in_scope bigint,
  rows_in_organization bigint
);
comment on type private.list_query is
  'What a list shows: rows x of a table, their order, and what is known about their number.';
comment on column private.list_query.condition is 'On x, without the scope and the search.';
comment on column private.list_query.branches is
  'The ways in which a row can be in the caller''s scope, each of which an index can answer; a row may meet several.';
comment on column private.list_query.search is 'A condition on x.search_text; null: no search.';
comment on column private.list_query.sort is 'As the caller named it: a column, with "-" for descending.';
comment on column private.list_query.sort_key is 'The expression on x by which rows are sorted; never null.';
comment on column private.list_query.is_selective is
  'The condition is met by few rows, of which the planner cannot tell how many are in a branch: it is evaluated first.';
comment on column private.list_query.is_collected is
  'No index gives the order of the list: all matches are found and sorted, if they are not too many.';
comment on column private.list_query.known_total is 'The number of matches, if counters know it.';
comment on column private.list_query.rows_in_scope is
  'With a search and no other condition: the number of rows in the caller''s scope.';
comment on column private.list_query.rows_in_organization is
  'With a search and no other condition: the number of the organization''s rows.';
