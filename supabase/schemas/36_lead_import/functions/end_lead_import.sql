-- Ends an import with any status: keeps the counts, deletes the file, notifies the creator and the assignee. For
-- security definer functions.
create function private.end_lead_import(import_id uuid, status text, error text default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  summary text;
  assigned bigint;
  only_lead public.leads;
begin
  delete from private.lead_import_runs r where r.import_id = end_lead_import.import_id returning * into run;
  update public.lead_imports i
  set status = end_lead_import.status, error = end_lead_import.error, finished_at = now(),
    counts = jsonb_build_object('processed', run.processed, 'created', run.created, 'updated', run.updated,
      'skipped', run.skipped, 'invalid', run.invalid, 'warned', run.warned)
  where i.id = end_lead_import.import_id
  returning * into import;
  delete from private.lead_import_rows r where r.import_id = import.id;
  delete from private.lead_uploads u where u.id = import.upload_id;
  select count(*) into assigned from public.leads l
  where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  -- A single lead is notified by its name, as in assign_leads.
  if assigned = 1 then
    select * into only_lead from public.leads l
    where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  end if;
  summary := format('%s %s added, %s changed, %s rows skipped, %s invalid', run.created, import.kind, run.updated,
    run.skipped, run.invalid);
  perform private.notify(array_agg(n.notice)) from (
    select row(import.organization_id, import.created_by, 'import_finished', 'import:' || import.id,
      case when import.status = 'done' then format('The import of %s is finished', import.file_name)
        else format('The import of %s did not finish', import.file_name) end,
      concat_ws('. ', error, summary || '.'),
      import.counts || jsonb_build_object('import_id', import.id, 'kind', import.kind, 'file_name', import.file_name,
        'status', import.status,
        'error', import.error),
      null)::private.notification as notice
    -- People who cancel an import need no notification of its end; the assignee of its leads does.
    where import.created_by is not null and import.status <> 'canceled'
    union all
    select row(import.organization_id, import.assigned_to, 'assignment', 'import-assigned:' || import.id,
      case assigned when 1 then 'A lead was assigned to you'
        else format('%s leads were assigned to you', assigned) end,
          format(case assigned when 1 then 'It comes from the file %s.' else 'They come from the file %s.' end,
      import.file_name), jsonb_build_object('import_id', import.id, 'lead_id', only_lead.id, 'leads', assigned,
        'lead_name', case assigned when 1 then private.lead_label(only_lead)
          else format('%s leads from %s', assigned, import.file_name) end,
        'assigned_by_name', (select p.full_name from public.profiles p where p.id = import.created_by)),
          only_lead.id)::private.notification
    where import.assigned_to is distinct from import.created_by and assigned > 0
  ) n
  having count(*) > 0;
end
$$;
