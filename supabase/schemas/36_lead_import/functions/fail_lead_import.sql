-- Ends an import that its runner cannot continue. Security definer because the service role may not write these
-- tables directly.
create function private.fail_lead_import(import_id uuid, runner uuid, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform from private.lead_import_runs r
  where r.import_id = fail_lead_import.import_id and r.runner = fail_lead_import.runner for update;
  if found then
    perform private.end_lead_import(import_id, 'failed', reason);
  end if;
end
$$;
grant execute on function private.fail_lead_import(uuid, uuid, text) to service_role;

create function public.fail_lead_import(import_id uuid, runner uuid, reason text)
returns void
language sql set search_path = ''
as $$
  select private.fail_lead_import(import_id, runner, reason)
$$;
comment on function public.fail_lead_import is 'Ends an import that cannot continue.';
grant execute on function public.fail_lead_import(uuid, uuid, text) to service_role;
