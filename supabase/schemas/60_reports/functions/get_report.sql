-- Security definer because who sees a report depends on memberships.
create function private.get_report(organization_id uuid, report_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  return private.report_json(private.require_visible_report(organization_id, report_id));
end
$$;
grant execute on function private.get_report(uuid, uuid) to authenticated;

create function public.get_report(organization_id uuid, report_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_report(organization_id, report_id)
$$;
comment on function public.get_report is 'A report with its definition.';
grant execute on function public.get_report(uuid, uuid) to authenticated;

-- The first rows and the total of a saved report, as the caller may see them. Security definer: see preview_report.
create function private.preview_saved_report(organization_id uuid, report_id uuid)
returns jsonb
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  report public.reports := private.require_visible_report(organization_id, report_id);
  refusal jsonb := private.over_rate_limit('report_preview');
begin
  if refusal is not null then
    return refusal;
  end if;
  return private.report_answer(private.saved_context(organization_id), report.definition, 100)
    || jsonb_build_object('report_id', report.id, 'version', report.version);
end
$$;
grant execute on function private.preview_saved_report(uuid, uuid) to authenticated;

create function public.preview_saved_report(organization_id uuid, report_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_saved_report(organization_id, report_id)
$$;
comment on function public.preview_saved_report is
  'The first 100 rows and the total of a saved report, as the caller may see them now.';
grant execute on function public.preview_saved_report(uuid, uuid) to authenticated;
