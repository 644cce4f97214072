-- Whether the caller has the permissions of a source.
create function private.may_use_source(context private.report_context, source private.report_sources)
returns boolean
language sql stable set search_path = ''
as $$
  select bool_and(context.permissions ? p
    and (source.scope <> 'organization' or context.permissions ->> p = 'organization'))
  from unnest(source.permissions) p
$$;

-- Whether the caller has the permissions that a definition needs, whatever else is in it.
create function private.may_see_report(context private.report_context, definition jsonb)
returns boolean
language sql stable set search_path = ''
as $$
  select coalesce(private.may_use_source(context, s), false) and not exists (
    select from (
      select jsonb_path_query(definition, 'strict $.**.field') #>> '{}' as id
      union select jsonb_array_elements_text(definition -> 'fields')
      union select ltrim(jsonb_array_elements_text(definition -> 'sorting'), '-')
      union select jsonb_path_query(definition, '$.aggregations[*].measure') #>> '{}'
    ) named
    left join private.report_fields f on f.source || '.' || f.name = named.id
    left join private.report_measures m on m.source || '.' || m.name = named.id
    where not private.has_field_permission(context, coalesce(f.permission, m.permission,
      case when named.id like '%.lead.custom.%' and s.scope <> 'lead' then 'leads:read' end)))
  from (select 1) one
  left join private.report_sources s on s.name = definition ->> 'source'
$$;

-- Refuses a file of single rows or personal data to those who lack the export permission of the source, or have it for
-- fewer rows than they see.
create function private.require_export(context private.report_context, definition jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  source private.report_sources := private.report_source(context, definition ->> 'source', 'source');
  scopes text[] := array['own', 'team', 'organization'];
  personal boolean := exists (
    select from private.report_fields f
    where f.personal and f.source = source.name
      and definition -> 'grouping' @> jsonb_build_array(jsonb_build_object('field', f.source || '.' || f.name)));
begin
  if not context.permissions ? 'reports:export' then
    perform private.problem(403, 'permission_denied', 'Your role lacks the permission reports:export.');
  end if;
  if source.export_permission is null or definition -> 'fields' = '[]' and not personal then
    return;
  end if;
  if coalesce(array_position(scopes, context.permissions ->> source.export_permission), 0)
    < array_position(scopes, context.permissions ->> source.permissions[1]) then
    perform private.problem(403, 'permission_denied', format(
      'Files with single rows or personal data of the source %s need the permission %s.', source.name,
      source.export_permission));
  end if;
end
$$;
