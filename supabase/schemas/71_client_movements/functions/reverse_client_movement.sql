-- Takes back a movement that was entered by mistake: corrections on the same days, as if it had never been entered.
-- Security definer because callers may not write movements directly.
create function private.reverse_client_movement(organization_id uuid, client_id uuid, movement_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  client public.clients;
  movement public.client_movements;
begin
  perform private.require_scope(organization_id, 'clients:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  client := private.require_client(organization_id, client_id, 'clients:write', true);
  select * into movement from public.client_movements m
  where m.organization_id = reverse_client_movement.organization_id and m.client_id = client.id and m.id = movement_id;
  if movement.id is null then
    perform private.problem(404, 'not_found', 'There is no such movement.');
  elsif movement.kind = 'correction' or exists (
    select from public.client_movements r where r.reverses = movement.id) then
    perform private.problem(409, 'already_reversed', 'This movement was reversed already, or is a correction itself.');
  end if;
  -- The first row of a change of currency has its entry in the second.
  if movement.entry is null then
    select m.* into movement from private.effective_movements(array[client.id]) m
    where m.day = movement.day and m.place = movement.place + 1;
  end if;
  perform private.post_entries(organization_id, '{}', array[movement.id], 'reversal');
  return private.store_idempotent_response(organization_id, private.client_of(organization_id, client_id));
end
$$;
grant execute on function private.reverse_client_movement(uuid, uuid, uuid) to authenticated;

create function public.reverse_client_movement(organization_id uuid, client_id uuid, movement_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.reverse_client_movement(organization_id, client_id, movement_id)
$$;
comment on function public.reverse_client_movement is
  'Takes back a movement that was entered by mistake, and returns the client.';
grant execute on function public.reverse_client_movement(uuid, uuid, uuid) to authenticated;
