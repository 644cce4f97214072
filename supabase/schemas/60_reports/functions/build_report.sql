-- Saves a new report of the caller's. For security definer functions.
create function private.insert_report(organization_id uuid, report jsonb, definition jsonb)
returns public.reports
language plpgsql set search_path = ''
as $$
declare
  created public.reports;
begin
  perform private.require_valid(char_length(btrim(report ->> 'name')) between 1 and 200
    and private.is_plain(report ->> 'name'), 'name', 'must be a line of 1 to 200 characters');
  perform private.require_valid(char_length(coalesce(report ->> 'description', '')) <= 1000
    and private.is_multiline(coalesce(report ->> 'description', '')), 'description',
    'must have at most 1,000 characters, no control characters among them');
  if (select count(*) >= 500 from public.reports r
      where r.organization_id = insert_report.organization_id and r.owner_id = auth.uid() and r.deleted_at is null) then
    perform private.problem(409, 'too_many_reports', 'You have 500 reports. Delete some of them.');
  end if;
  insert into public.reports (organization_id, owner_id, name, description, source, definition, template)
  values (organization_id, auth.uid(), btrim(report ->> 'name'), coalesce(report ->> 'description', ''),
    definition ->> 'source', definition, report ->> 'template')
  returning * into created;
  return created;
end
$$;

-- POST /reports/build. report: { name?, description?, template?, definition?, preview? }; the definition of a template
-- is taken where the report's own says nothing. Security definer: see preview_report.
create function private.build_report(organization_id uuid, report jsonb)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  answer jsonb;
  context private.report_context;
  template private.report_templates;
  definition jsonb := coalesce(report -> 'definition', '{}');
  created public.reports;
begin
  perform private.require_scope(organization_id, 'reports:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  answer := private.over_rate_limit('report_preview');
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(jsonb_typeof(definition) = 'object', '', 'must be an object');
  if report ? 'template' then
    select * into template from private.report_templates t where t.id = report ->> 'template';
    perform private.require_report(template.id is not null, 'unknown_template', 'template_id',
      'There is no such template.');
    definition := template.definition || definition;
    report := jsonb_build_object('name', template.name, 'description', template.description) || report;
  end if;
  definition := private.checked_report(definition);
  context := private.report_context(organization_id, now(), false);
  if coalesce((report -> 'preview')::boolean, true) then
    answer := private.report_answer(context, definition, 100);
  else
    answer := private.unexecuted_answer(context, private.report_query(context, definition, 0));
  end if;
  created := private.insert_report(organization_id, report, definition);
  return private.store_idempotent_response(organization_id,
    answer || jsonb_build_object('report_id', created.id, 'version', created.version));
end
$$;
grant execute on function private.build_report(uuid, jsonb) to authenticated;

-- What is known of a report without executing it.
create function private.unexecuted_answer(context private.report_context, built private.report_query)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('columns', built.columns, 'rows', null, 'row_count', null, 'records', null, 'totals', null,
    'truncated', null, 'time_zone', context.zone,
    'period', private.report_period_json(built.period), 'partial', '[]'::jsonb)
$$;

create function public.build_report(organization_id uuid, report jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.build_report(organization_id, report)
$$;
comment on function public.build_report is 'Saves a report of the caller''s and answers its first rows and total.';
grant execute on function public.build_report(uuid, jsonb) to authenticated;
