-- Removes lists whose upload was interrupted an hour ago, and starts the job for lists that need work.
create function private.run_dnc_list_jobs()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from public.dnc_lists l where not l.upload_complete and l.updated_at < now() - interval '1 hour';
  if exists (select from public.dnc_lists l where l.upload_complete and l.status in ('importing', 'deleting')) then
    perform private.invoke('jobs/import-dnc');
  end if;
end
$$;
