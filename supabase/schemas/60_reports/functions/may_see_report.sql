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

-- The fields that a definition shows, as single values or as groups: what is personal in them gets into a file. A custom
-- field that was removed since counts as personal.
create function private.shown_report_fields(context private.report_context, source private.report_sources,
  definition jsonb)
returns table (name text, personal boolean)
language sql stable rows 10 set search_path = ''
as $$
  select substr(shown.id, char_length(source.name) + 2), coalesce(f.personal, true)
  from (
    select jsonb_array_elements_text(definition -> 'fields') as id
    union select jsonb_path_query(definition, '$.grouping[*].field') #>> '{}'
  ) shown
  cross join lateral private.named_report_field(context, source, shown.id) f
$$;

-- Whether somebody may export what this permission is about, for as many rows as they see with the other one.
create function private.covers_export(context private.report_context, export_permission text, permission text)
returns boolean
language sql immutable set search_path = ''
as $$
  select coalesce(array_position(s.scopes, context.permissions ->> export_permission), 0)
    >= coalesce(array_position(s.scopes, context.permissions ->> permission), 0)
  from (select array['own', 'team', 'organization'] as scopes) s
$$;

-- Whether a definition is about customers only.
create function private.is_about_customers(definition jsonb)
returns boolean
language sql immutable set search_path = ''
as $$
  select exists (
    select from jsonb_array_elements(definition #> '{filters,all}') c
    where c ->> 'field' = (definition ->> 'source') || '.customer.id' and c ->> 'operator' in ('eq', 'in', 'is_not_empty'))
$$;

-- Why somebody may not have a definition as a file, or null. Single rows and personal data need the export permission
-- of the source too; personal data of a row's lead that of leads, whatever the source. The numbers and texts of
-- messages, conversations and recipients are those of any lead, unless only customers are meant. For those who may see
-- the report.
create function private.export_refusal(context private.report_context, definition jsonb)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  source private.report_sources;
  personal boolean;
  of_lead boolean;
  of_any boolean;
begin
  if not context.permissions ? 'reports:export' then
    return 'Your role lacks the permission reports:export.';
  end if;
  select * into source from private.report_sources s where s.name = definition ->> 'source';
  select coalesce(bool_or(f.personal), false), coalesce(bool_or(f.personal and f.name like 'lead.%'), false),
    coalesce(bool_or(f.personal and f.name not like '%.%'), false) and source.lead_join is not null
      and source.scope = 'organization' and not private.is_about_customers(definition)
  into personal, of_lead, of_any
  from private.shown_report_fields(context, source, definition) f;
  if source.export_permission is not null and (definition -> 'fields' <> '[]' or personal)
    and not private.covers_export(context, source.export_permission, source.permissions[1]) then
    return format('Files with single rows or personal data of the source %s need the permission %s.', source.name,
      source.export_permission);
  elsif of_lead and not private.covers_export(context, 'leads:export', 'leads:read') then
    return 'Files with personal data of leads need the permission leads:export.';
  elsif of_any and context.permissions ->> 'leads:export' is distinct from 'organization' then
    return format('Files with numbers or texts of %s, who may be leads, need the permission leads:export in the whole '
      'organization%s.', lower(source.label), case when source.name <> 'campaign_targets'
      then format(', unless a filter says that %s.customer.id is_not_empty', source.name) else '' end);
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
