-- Deletes files that were not imported in time and error rows of imports that ended 30 days ago.
create function private.expire_lead_imports()
returns void
language sql set search_path = ''
as $$
  delete from private.lead_uploads where expires_at < now();
  delete from private.lead_import_errors f using public.lead_imports i
  where i.id = f.import_id and i.finished_at < now() - interval '30 days';
$$;
