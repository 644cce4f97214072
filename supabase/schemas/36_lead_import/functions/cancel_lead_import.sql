-- POST /leads/import/{id}/cancel and /clients/import/{id}/cancel. What was imported stays. Security definer because
-- callers may not write imports directly.
create function private.cancel_lead_import(organization_id uuid, import_id uuid, kind text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  import public.lead_imports := private.require_lead_import(organization_id, import_id, kind, true);
begin
  if import.status not in ('queued', 'running') then
    perform private.problem(409, 'import_ended', 'This import has ended already.');
  end if;
  perform private.end_lead_import(import.id, 'canceled');
  return private.get_lead_import(organization_id, import.id, kind);
end
$$;
grant execute on function private.cancel_lead_import(uuid, uuid, text) to authenticated;

create function public.cancel_lead_import(organization_id uuid, import_id uuid, kind text default 'leads')
returns jsonb
language sql set search_path = ''
as $$
  select private.cancel_lead_import(organization_id, import_id, kind)
$$;
comment on function public.cancel_lead_import is 'Cancels an import; what was imported stays.';
grant execute on function public.cancel_lead_import(uuid, uuid, text) to authenticated;
