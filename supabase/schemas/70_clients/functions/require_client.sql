-- The client, locked for a change if asked. 403 without the permission; 404 for a client that is missing, deleted or
-- not visible to the caller; 403 for one that is visible but out of the permission's scope. For security definer
-- functions.
create function private.require_client(
  organization_id uuid, client_id uuid, permission text, locked boolean default false)
returns public.clients
language plpgsql volatile set search_path = ''
as $$
declare
  client public.clients;
begin
  perform private.require_scope(organization_id, permission);
  if locked then
    select * into client from public.clients c
    where c.organization_id = require_client.organization_id and c.id = client_id and c.deleted_at is null for update;
  else
    select * into client from public.clients c
    where c.organization_id = require_client.organization_id and c.id = client_id and c.deleted_at is null;
  end if;
  if client.id is null or not private.client_in_scope(client, 'clients:read') then
    perform private.problem(404, 'not_found', 'There is no such client.');
  end if;
  if not private.client_in_scope(client, permission) then
    perform private.problem(403, 'permission_denied', 'This client is outside the scope of your permission '
      || permission || '.');
  end if;
  return client;
end
$$;
comment on function private.require_client is
  'A client, not deleted, that is visible to the caller and within the scope of the permission.';
