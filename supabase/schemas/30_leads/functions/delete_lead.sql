-- DELETE /leads/{id}. Security definer because callers may not write leads directly.
create function private.delete_lead(organization_id uuid, lead_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_lead(organization_id, lead_id, 'leads:delete', true);
  update public.leads l set deleted_at = now(), deleted_by = auth.uid()
  where l.organization_id = delete_lead.organization_id and l.id = delete_lead.lead_id;
end
$$;
grant execute on function private.delete_lead(uuid, uuid) to authenticated;

create function public.delete_lead(organization_id uuid, lead_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_lead(organization_id, lead_id)
$$;
comment on function public.delete_lead is 'Deletes a lead softly; restore_lead undoes it.';
grant execute on function public.delete_lead(uuid, uuid) to authenticated;
