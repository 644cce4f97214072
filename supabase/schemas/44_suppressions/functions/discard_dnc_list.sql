-- Security definer, as begin_dnc_list.
create function private.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  list public.dnc_lists := private.require_open_list(organization_id, list_id);
begin
  delete from public.dnc_lists l where l.id = list.id;
end
$$;
grant execute on function private.discard_dnc_list(uuid, uuid) to authenticated;

create function public.discard_dnc_list(organization_id uuid, list_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_dnc_list(organization_id, list_id)
$$;
comment on function public.discard_dnc_list is 'Removes a list whose upload was interrupted.';
grant execute on function public.discard_dnc_list(uuid, uuid) to authenticated;
