-- What has expired: files that were not imported, and the error rows of imports that ended long ago.
create function private.expire_lead_imports()
returns void
language sql set search_path = ''
as $$
  delete from private.lead_uploads where expires_at < now();
  delete from private.lead_import_faults f using public.lead_imports i
  where i.id = f.import_id and i.finished_at < now() - interval '30 days';
$$;
