-- The list stops counting at once; its numbers are deleted in batches by a job. Security definer, as begin_dnc_list.
create function private.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'suppressions:write');
  update public.dnc_lists l set status = 'deleting', name = left(l.name, 60) || ' ' || l.id
  where l.organization_id = delete_dnc_list.organization_id and l.id = delete_dnc_list.list_id and l.upload_complete
    and l.status <> 'deleting';
  if not found then
    perform private.problem(404, 'not_found', 'There is no such list.');
  end if;
  perform private.invoke('jobs/import-dnc');
end
$$;
grant execute on function private.delete_dnc_list(uuid, uuid) to authenticated;

create function public.delete_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_dnc_list(organization_id, list_id)
$$;
comment on function public.delete_dnc_list is 'Deletes a do-not-call list; it stops counting at once.';
grant execute on function public.delete_dnc_list(uuid, uuid) to authenticated;
