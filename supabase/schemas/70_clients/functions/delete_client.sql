-- DELETE /clients/{id}: for what was entered by mistake. All its movements are reversed on their own days, so the
-- client has never been in any figure; somebody who leaves is not deleted, see churn. Security definer because callers
-- may not write clients directly.
create function private.delete_client(organization_id uuid, client_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients := private.require_client(organization_id, client_id, 'clients:delete', true);
begin
  delete from private.client_plans p
  where p.organization_id = client.organization_id and p.client_id = client.id;
  perform private.post_entries(organization_id, '{}', array(
    select m.id from private.effective_movements(array[client.id]) m), 'delete');
  update public.clients c set deleted_at = now(), deleted_by = auth.uid()
  where c.organization_id = delete_client.organization_id and c.id = client.id;
end
$$;
grant execute on function private.delete_client(uuid, uuid) to authenticated;

create function public.delete_client(organization_id uuid, client_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_client(organization_id, client_id)
$$;
comment on function public.delete_client is
  'Deletes a client softly and takes it out of all figures; restore_client undoes it.';
grant execute on function public.delete_client(uuid, uuid) to authenticated;

-- POST /clients/{id}/restore: the movements that the deletion reversed are entered again. A client that is not deleted
-- stays unchanged, so a repeat does no harm. Security definer because callers may not write clients directly.
create function private.restore_client(organization_id uuid, client_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  client public.clients;
begin
  perform private.require_scope(organization_id, 'clients:delete');
  select * into client from public.clients c
  where c.organization_id = restore_client.organization_id and c.id = restore_client.client_id for update;
  if client.id is null or not (private.client_in_scope(client, 'clients:read')
      and private.client_in_scope(client, 'clients:delete')) then
    perform private.problem(404, 'not_found', 'There is no such client.');
  elsif client.merged_into is not null then
    perform private.problem(409, 'merged', 'The client was merged into another one, which cannot be undone.',
      jsonb_build_object('merged_into', client.merged_into));
  elsif client.deleted_at is null then
    return private.client_json(client);
  end if;
  perform private.reject_external_id(organization_id, client.external_id);
  update public.clients c set deleted_at = null, deleted_by = null
  where c.organization_id = restore_client.organization_id and c.id = client.id;
  perform private.post_entries(organization_id, private.entries_of_deleted(client.id), '{}', 'restore');
  -- A segment that was removed meanwhile has given its clients to another one.
  perform private.post_entries(organization_id, array(
    select row(client.id, private.local_day(organization_id), 'segment', '', null, null, client.segment, null, null,
      null)::private.client_entry
    from (
      select m.segment from private.effective_movements(array[client.id]) m order by m.day desc, m.place desc limit 1
    ) l
    where l.segment <> client.segment), '{}', 'restore');
  return private.client_of(organization_id, client_id);
end
$$;
grant execute on function private.restore_client(uuid, uuid) to authenticated;

-- What the latest deletion of a client reversed.
create function private.entries_of_deleted(client_id uuid)
returns private.client_entry[]
language sql stable set search_path = ''
as $$
  select array(
    select row(m.client_id, m.day, m.entry, m.contract, m.contract_mrr, m.entry_currency, m.entry_segment, m.reason,
      m.voluntary, m.observed_from)::private.client_entry
    from public.client_movements r
    join public.client_movements m on m.id = r.reverses
    where r.client_id = entries_of_deleted.client_id and r.cause = 'delete' and m.entry is not null
      and r.recorded_at = (
        select max(x.recorded_at) from public.client_movements x
        where x.client_id = entries_of_deleted.client_id and x.cause = 'delete'))
$$;

create function public.restore_client(organization_id uuid, client_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.restore_client(organization_id, client_id)
$$;
comment on function public.restore_client is
  'Restores a deleted client with its movements, unless another client has its external_id by now.';
grant execute on function public.restore_client(uuid, uuid) to authenticated;
