-- The next rows that were not imported, after a row: { columns, rows: [{ row, kind, reason, cells }] }. Security
-- definer: see list_lead_imports.
create function private.list_lead_import_errors(organization_id uuid, import_id uuid, after_row integer,
  page_limit integer, kind text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  import public.lead_imports := private.require_lead_import(organization_id, import_id, kind);
  refusal jsonb;
begin
  refusal := private.begin_export(organization_id, 'lead_imports', '{}', coalesce(after_row, 0) > 0, import.id);
  if refusal is not null then
    return refusal;
  end if;
  return jsonb_build_object('columns', import.columns, 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', f."row", 'kind', f.kind, 'reason', f.reason, 'cells', f.cells)
      order by f."row"), '[]')
    from (
      select * from private.lead_import_errors f
      where f.import_id = import.id and f."row" > coalesce(after_row, 0) order by f."row" limit page_limit
    ) f));
end
$$;
grant execute on function private.list_lead_import_errors(uuid, uuid, integer, integer, text) to authenticated;

create function public.list_lead_import_errors(organization_id uuid, import_id uuid, after_row integer default 0,
  page_limit integer default 1000, kind text default 'leads')
returns jsonb
language sql set search_path = ''
as $$
  select private.list_lead_import_errors(organization_id, import_id, after_row, private.page_size(page_limit, 1000),
    kind)
$$;
comment on function public.list_lead_import_errors is 'Rows that were not imported, with the reason.';
grant execute on function public.list_lead_import_errors(uuid, uuid, integer, integer, text) to authenticated;
