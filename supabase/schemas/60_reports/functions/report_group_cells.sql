-- Whether there are several records with the name of a group: columns n1, n2, …, with leading commas.
create function private.report_namesakes(groupings private.report_grouping[])
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(format(', min(g%1$s::text) over w%1$s <> max(g%1$s::text) over w%1$s as n%1$s',
      g.ordinality), '' order by g.ordinality), '')
  from unnest(groupings) with ordinality g where g.named
$$;

-- The cells of the groups. Of records with the same name the end of the id tells which is meant.
create function private.report_group_cells(groupings private.report_grouping[])
returns text
language sql immutable set search_path = ''
as $$
  select string_agg(case when g.named then format($f$case when level >= %1$s
      then left(s%1$s, 1000) || case when n%1$s then format(' (%%s)', right(g%1$s::text, 4)) else '' end end$f$,
      g.ordinality)
    else replace(g.cell, '{g}', 'g' || g.ordinality) end, ', ' order by g.ordinality)
  from unnest(groupings) with ordinality g
$$;
