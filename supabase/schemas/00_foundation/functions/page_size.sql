-- The bounds of every list over the API, as in _shared/page.ts. Public list functions pass what they are given through
-- these two: PostgREST's max_rows does not apply to a function that returns one document.
create function private.page_size(page_limit integer, max_rows integer default 200)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select least(greatest(coalesce(page_limit, 50), 1), max_rows)
$$;
comment on function private.page_size is 'The number of rows of a page: at least 1, 50 by default, at most max_rows.';
grant execute on function private.page_size(integer, integer) to authenticated, service_role;

create function private.page_start(page_offset integer)
returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select least(greatest(coalesce(page_offset, 0), 0), 1000000)
$$;
comment on function private.page_start is 'The number of rows before a page: 0 to 1,000,000.';
grant execute on function private.page_start(integer) to authenticated, service_role;
