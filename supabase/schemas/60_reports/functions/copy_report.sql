-- POST /reports/{id}/copy: a private report of the caller's with the same definition. Security definer because callers
-- may not write reports directly.
create function private.copy_report(organization_id uuid, report_id uuid, name text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  report public.reports;
begin
  perform private.require_scope(organization_id, 'reports:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  report := private.require_visible_report(organization_id, report_id);
  report := private.insert_report(organization_id, jsonb_strip_nulls(jsonb_build_object(
    'name', coalesce(name, left('Copy of ' || report.name, 200)), 'description', report.description,
    'template', report.template)), report.definition);
  return private.store_idempotent_response(organization_id, private.report_json(report));
end
$$;
grant execute on function private.copy_report(uuid, uuid, text) to authenticated;

create function public.copy_report(organization_id uuid, report_id uuid, name text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.copy_report(organization_id, report_id, name)
$$;
comment on function public.copy_report is 'Copies a report that the caller sees into one of their own.';
grant execute on function public.copy_report(uuid, uuid, text) to authenticated;
