-- The SQL of a cell from the SQL of its value: what jsonb cannot hold as it is becomes text. Texts are cut, so that a
-- row has a bounded size. Timestamps are written with the offset of the session's time zone, which is the
-- organization's.
create function private.report_cell(type text, scale smallint, value text)
returns text
language sql immutable set search_path = ''
as $$
  select case type
    when 'money' then format('(%s)::numeric(30, %s)::text', value, scale)
    when 'number' then format('trim_scale((%s)::numeric)', value)
    when 'timestamp' then format('date_trunc(''second'', %s)', value)
    when 'text' then format('left(%s, 1000)', value)
    else value end
$$;

-- The same for a figure that was computed: it is rounded here, and nowhere before.
create function private.report_figure(type text, scale smallint, value text)
returns text
language sql immutable set search_path = ''
as $$
  select case when type in ('number', 'ratio') then format('trim_scale(round((%s)::numeric, 6))', value)
    else private.report_cell(type, scale, value) end
$$;

-- The SQL that sorts by a value: texts without regard to case, and the same on every server.
create function private.report_sort(type text, value text, direction text)
returns text
language sql immutable set search_path = ''
as $$
  select case when type in ('text', 'choice')
    then format('lower(%1$s) collate "C" %2$s nulls last, %1$s collate "C" %2$s nulls last', value, direction)
    else format('%s %s nulls last', value, direction) end
$$;

create function private.report_column(id text, label text, type text)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('id', id, 'label', label, 'type', type)
$$;
