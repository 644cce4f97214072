-- All fields of a source that the caller may use, its custom ones among them.
create function private.report_field_list(context private.report_context, source private.report_sources)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', f.source || '.' || f.name, 'label', f.label,
    'type', f.type, 'operators', coalesce(f.operators, t.operators),
    'aggregations', coalesce(f.aggregations, t.aggregations), 'groupable', f.groupable, 'sortable', f.sortable,
    'personal', f.personal, 'choices', f.choices)) order by f.position, f.name), '[]')
  from (
    select * from private.report_fields c where c.source = report_field_list.source.name
    union all
    select (d.field).* from (
      select private.custom_report_field_of(source, l) as field from public.lead_fields l
      where l.organization_id = context.organization_id and (source.scope = 'leads' or source.lead_join is not null)
    ) d
  ) f
  join private.report_types t on t.name = f.type
  where private.has_field_permission(context, f.permission)
$$;

-- GET /reports/fields: the sources, fields and measures that the caller may use, and the bounds of a report.
-- Security definer because nobody may read the catalogue directly.
create function private.report_fields(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
declare
  context private.report_context := private.report_context(organization_id, now(), false);
begin
  return jsonb_build_object('sources', (
    select coalesce(jsonb_agg(jsonb_build_object('id', s.name, 'label', s.label, 'description', s.description,
      'kind', s.kind, 'fields', private.report_field_list(context, s),
      'period_fields', (
        select jsonb_agg(f.source || '.' || f.name order by f.position) from private.report_fields f
        where f.source = s.name and f.period),
      'measures', (
        select coalesce(jsonb_agg(jsonb_build_object('id', m.source || '.' || m.name, 'label', m.label, 'type', m.type,
          'description', m.description) order by m.position), '[]')
        from private.report_measures m
        where m.source = s.name and private.has_field_permission(context, m.permission))) order by s.position), '[]')
    from private.report_sources s where private.may_use_source(context, s)),
    'periods', to_jsonb(private.period_names()), 'buckets', '["day", "week", "month", "quarter", "year"]'::jsonb,
    'formats', (select jsonb_agg(f.name order by f.position) from private.report_formats f),
    'limits', jsonb_build_object('fields', 30, 'groupings', 4, 'aggregations', 10, 'conditions', 20, 'values', 500,
      'columns', 30, 'rows', private.report_row_limit())
      || (select jsonb_object_agg(f.name || '_rows', f.row_limit) from private.report_formats f
        where f.row_limit is not null));
end
$$;
grant execute on function private.report_fields(uuid) to authenticated;

create function public.report_fields(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.report_fields(organization_id)
$$;
comment on function public.report_fields is 'What reports of the caller may be made of.';
grant execute on function public.report_fields(uuid) to authenticated;
