-- The end of an import, whichever: its counts are kept, its file goes, its creator is told. Definer functions call it.
create function private.end_lead_import(import_id uuid, status text, error text default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  told text;
  held bigint;
  given public.leads;
begin
  delete from private.lead_import_runs r where r.import_id = end_lead_import.import_id returning * into run;
  update public.lead_imports i
  set status = end_lead_import.status, error = end_lead_import.error, finished_at = now(),
    counts = jsonb_build_object('processed', run.processed, 'created', run.created, 'updated', run.updated,
      'skipped', run.skipped, 'invalid', run.invalid)
  where i.id = end_lead_import.import_id
  returning * into import;
  delete from private.lead_import_rows r where r.import_id = import.id;
  delete from private.lead_uploads u where u.id = import.upload_id;
  select count(*) into held from public.leads l
  where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  -- One alone is told like any other, by its name.
  if held = 1 then
    select * into given from public.leads l
    where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  end if;
  told := format('%s leads added, %s changed, %s rows skipped, %s faulty', run.created, run.updated, run.skipped, run.invalid);
  perform private.notify(array_agg(n.notice)) from (
    select row(import.organization_id, import.created_by, 'import_finished', 'import:' || import.id,
      case when import.status = 'done' then format('The import of %s is finished', import.file_name)
        else format('The import of %s did not come to its end', import.file_name) end,
      concat_ws('. ', error, told || '.'),
      import.counts || jsonb_build_object('import_id', import.id, 'file_name', import.file_name, 'status', import.status,
        'error', import.error),
      null)::private.notification as notice
    -- Who cancels an import knows of its end; who got leads until then does not.
    where import.created_by is not null and import.status <> 'canceled'
    union all
    select row(import.organization_id, import.assigned_to, 'assignment', 'import-assigned:' || import.id,
      case held when 1 then 'A lead was assigned to you' else format('%s leads were assigned to you', held) end,
      format(case held when 1 then 'It comes from the file %s.' else 'They come from the file %s.' end, import.file_name),
      jsonb_build_object('import_id', import.id, 'lead_id', given.id, 'leads', held,
        'lead_name', case held when 1 then private.lead_label(given) else format('%s leads from %s', held, import.file_name) end,
        'assigned_by_name', (select p.full_name from public.profiles p where p.id = import.created_by)), given.id)::private.notification
    where import.assigned_to is distinct from import.created_by and held > 0
  ) n
  having count(*) > 0;
end
$$;
