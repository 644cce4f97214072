-- An import as the API returns it; for a running one with its progress.
create function private.lead_import_json(import public.lead_imports)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(import) - array['organization_id', 'counts', 'columns', 'consent', 'mapping']
    || coalesce((select jsonb_build_object('processed', r.processed, 'created', r.created, 'updated', r.updated,
      'skipped', r.skipped, 'invalid', r.invalid, 'warned', r.warned) from private.lead_import_runs r
        where r.import_id = import.id),
        import.counts)
    || jsonb_build_object('created_by_name', (select p.full_name from public.profiles p where p.id = import.created_by),
      'assigned_to_name', (select p.full_name from public.profiles p where p.id = import.assigned_to))
$$;
