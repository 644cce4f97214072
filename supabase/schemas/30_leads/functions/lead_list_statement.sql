-- The statement that returns a list as { total, rows }. Where no index gives the order of the list, all matches are
-- found once, for the total and the page. Otherwise the first rows of the list are among the first rows of each
-- branch of the scope (a lead can be in several), and for the total each branch counts what the branches before it do
-- not.
create function private.lead_list_statement(
  organization_id uuid, filters jsonb, sort_column text, direction text, page_limit integer, page_offset integer)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  deleted boolean := coalesce(filters ->> 'deleted', 'false') = 'true';
  branches text[] := private.lead_scope_filter(organization_id, case when deleted then 'leads:delete'
    else 'leads:read' end);
  base text := format('x.organization_id = %L and %s%s', organization_id,
    case when deleted then 'x.deleted_at is not null and x.merged_into is null' else 'x.deleted_at is null' end,
      private.lead_filters(organization_id, filters));
  order_by text := format('x.%1$I %2$s, x.id %2$s', sort_column, direction);
  matches text;
  total text;
begin
  if filters ? 'tag' then
    -- The leads with the tag first: the planner cannot tell how many of them a team has, and would read all of the
    -- team's.
    matches := format(
      'materialized (select x.id, x.%1$I from (select * from public.leads x where %2$s offset 0) x where %3$s)',
      sort_column, base, array_to_string(branches, ' or '));
    total := 'select count(*) from x';
  elsif filters ->> 'search' <> '' or (cardinality(branches) = 2 and sort_column <> 'created_at') then
    matches := format('materialized (select x.id, x.%I from public.leads x where %s and (%s))',
      sort_column, base, array_to_string(branches, ' or '));
    total := 'select count(*) from x';
  else
    select
      format('(%s)', string_agg(format('(select x.id, x.%I from public.leads x where %s and %s order by %s limit %s)',
        sort_column, base, b.branch, order_by, page_limit::bigint + page_offset), ' union ')),
      'select ' || string_agg(format('(select count(*) from public.leads x where %s and %s%s)', base, b.branch, (
        select string_agg(format(' and (%s) is not true', earlier), '') from unnest(branches[:b.place - 1]) earlier)),
          ' + ')
    into matches, total
    from unnest(branches) with ordinality b (branch, place);
  end if;
  return format(
    'with x as %1$s, p as (
      select x.id, row_number() over (order by %2$s) as n from x order by %2$s limit %3$s offset %4$s
    ), total as materialized (%5$s)
    select jsonb_build_object(''total'', (table total), ''rows'', private.lead_rows(array(
      select l from p join public.leads l on l.id = p.id order by p.n)))',
    matches, order_by, page_limit, page_offset, total);
end
$$;
