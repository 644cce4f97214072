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

-- Why somebody may not have a definition as a file, or null: single rows and personal data need the export permission of
-- the source too, for as many rows as they see. For those who may see the report.
create function private.export_refusal(context private.report_context, definition jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  source private.report_sources;
  scopes text[] := array['own', 'team', 'organization'];
  personal boolean;
begin
  if not context.permissions ? 'reports:export' then
    return 'Your role lacks the permission reports:export.';
  end if;
  select * into source from private.report_sources s where s.name = definition ->> 'source';
  personal := exists (
    select from private.report_fields f
    where f.personal and f.source = source.name
      and definition -> 'grouping' @> jsonb_build_array(jsonb_build_object('field', f.source || '.' || f.name)));
  if source.export_permission is not null and (definition -> 'fields' <> '[]' or personal)
    and coalesce(array_position(scopes, context.permissions ->> source.export_permission), 0)
      < array_position(scopes, context.permissions ->> source.permissions[1]) then
    return format('Files with single rows or personal data of the source %s need the permission %s.', source.name,
      source.export_permission);
  end if;
  return null;
end
$$;

-- Refuses a file to those who may not have it.
create function private.require_export(context private.report_context, definition jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  refusal text;
begin
  -- Names the permission of the source that is missing.
  perform private.report_source(context, definition ->> 'source', 'source');
  refusal := private.export_refusal(context, definition);
  if refusal is not null then
    perform private.problem(403, 'permission_denied', refusal);
  end if;
end
$$;

-- Whether the owner of a run has all permissions at this moment that a file of it needs. What others got of it ends
-- with that.
create function private.owner_may_export(run public.report_runs)
returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  context private.report_context;
begin
  context.organization_id := run.organization_id;
  context.permissions := private.scopes_of(run.organization_id, run.owner_id);
  return context.permissions ? 'reports:read' and private.may_see_report(context, run.definition)
    and private.export_refusal(context, run.definition) is null;
end
$$;
