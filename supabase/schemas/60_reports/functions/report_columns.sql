-- The columns of a report: its groups or fields, then its aggregations, each followed by its shares and comparisons.
-- additive: the figure of several groups is the sum of theirs.
create function private.report_columns(groupings private.report_grouping[], aggregates private.report_aggregate[])
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce((
    select jsonb_agg(private.report_column(g.id, g.label, g.type) || jsonb_build_object('role', 'group')
      || case when g.bucket is not null then jsonb_build_object('bucket', g.bucket) else '{}' end order by g.ordinality)
    from unnest(groupings) with ordinality g), '[]')
  || coalesce((
    select jsonb_agg(private.report_column(a.id || coalesce('.' || s.show, ''),
        a.label || case s.show when 'share_of_total' then ', share of the total'
          when 'share_of_group' then ', share of the group' when 'previous' then ', period before'
          when 'change' then ', change' when 'change_rate' then ', rate of change' else '' end,
        case when s.show is null or s.show in ('previous', 'change') then a.type else 'ratio' end)
      || jsonb_build_object('role', 'value', 'additive', a.additive and a.function <> 'count_distinct'
        and coalesce(s.show in ('previous', 'change'), true))
      || case when a.type = 'money' then jsonb_build_object('scale', a.scale) else '{}' end
      order by a.ordinality, s.ordinality)
    from unnest(aggregates) with ordinality a
    cross join lateral unnest(array[null::text] || a.show) with ordinality s (show, ordinality)), '[]')
$$;

-- The columns of a report that was executed, with the currency of each amount; null, and nothing that may be summed, if
-- there are several. currencies: by the ids of the aggregations.
create function private.report_columns_in(columns jsonb, currencies jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_agg(c.value || case when k.key is null then '{}'
    else jsonb_build_object('currency', k.value, 'additive', (c.value -> 'additive')::boolean and k.value <> 'null') end
    order by c.ordinality)
  from jsonb_array_elements(columns) with ordinality c
  left join jsonb_each(currencies) k on c.value ->> 'id' in (k.key, k.key || '.previous', k.key || '.change')
$$;

-- The cells of the aggregations, as SQL over rows with a (value), p (value of the period before), t (value of the total)
-- and u (value of the group above), all numbered.
create function private.report_aggregate_cells(aggregates private.report_aggregate[])
returns text[]
language sql immutable set search_path = ''
as $$
  select coalesce(array_agg(case
      when s.show is null then private.report_figure(a.type, a.scale, 'a' || a.ordinality)
      when s.show = 'previous' then private.report_figure(a.type, a.scale, 'p' || a.ordinality)
      when s.show = 'change' then private.report_figure(a.type, a.scale, format('a%1$s - p%1$s', a.ordinality))
      else private.report_figure('ratio', a.scale, format(case s.show
        when 'change_rate' then '(a%1$s - p%1$s)::numeric / nullif(p%1$s, 0)'
        when 'share_of_total' then 'a%1$s::numeric / nullif(t%1$s, 0)'
        else 'a%1$s::numeric / nullif(u%1$s, 0)' end, a.ordinality)) end
    order by a.ordinality, s.ordinality), '{}')
  from unnest(aggregates) with ordinality a
  cross join lateral unnest(array[null::text] || a.show) with ordinality s (show, ordinality)
$$;
