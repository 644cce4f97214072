-- A source that the caller may use. 403 names the permission that is missing.
create function private.report_source(context private.report_context, name text, path text)
returns private.report_sources
language plpgsql stable set search_path = ''
as $$
declare
  source private.report_sources;
  missing text;
begin
  select * into source from private.report_sources s where s.name = report_source.name;
  perform private.require_report(source.name is not null, 'unknown_source', path,
    format('There is no source %s.', left(report_source.name, 100)));
  select p into missing from unnest(source.permissions) p
  where not context.permissions ? p
    or source.scope = 'organization' and context.permissions ->> p <> 'organization' limit 1;
  if missing is not null then
    perform private.report_problem(403, 'permission_denied', path,
      format('Reports about %s need the permission %s.', source.label, missing));
  end if;
  return source;
end
$$;

-- The SQL of a source: its rows within the caller's scope as b, leads as l where the source hangs under them, and the
-- joins that fields need, each once.
create function private.report_from(context private.report_context, source private.report_sources, joins text[])
returns text
language plpgsql stable set search_path = ''
as $$
declare
  organization text := format('x.organization_id = %L', context.organization_id);
  visible text := (
    select string_agg(private.lead_scope(context.organization_id, p), ' and ')
    from unnest(source.permissions) p where source.scope in ('leads', 'lead'));
  lead_scope text := case when context.permissions ? 'leads:read'
    then private.lead_scope(context.organization_id, 'leads:read') else 'false' end;
  base text := case source.scope
    when 'leads' then visible
    when 'tasks' then '(' || array_to_string(
      private.task_scope_filter(context.organization_id, 'tasks:read'), ') or (') || ')'
    else organization end;
  further text;
begin
  with recursive wanted as (
    select j.* from private.report_joins j where j.source = source.name and j.name = any (joins)
    union
    select j.* from private.report_joins j join wanted w on j.source = w.source and j.name = w.needs
  )
  select string_agg(w.clause, ' ' order by w.needs nulls first, w.name) into further from wanted w;
  return format('from (select x.* from %s x where %s) b', source.relation, base)
    || case when source.scope = 'lead' then format(
      ' join (select x.* from public.leads x where %s) l on l.organization_id = b.organization_id and l.id = b.lead_id',
      visible) else '' end
    || coalesce(' ' || replace(further, '{lead_scope}', lead_scope), '')
    || ' where ' || coalesce(source.condition, 'true');
end
$$;
