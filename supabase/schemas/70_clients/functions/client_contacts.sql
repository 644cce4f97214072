-- Replaces a client's contacts: [{ id?, name, role, email, phone, is_primary, left_on }]. Those with the id of a
-- contact of the client change it. For security definer functions.
create function private.replace_contacts(client public.clients, contacts jsonb)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(contacts) = 'array' and jsonb_array_length(contacts) <= 100, 'contacts',
    'is a list of at most 100 contacts');
  perform private.require_valid((
    select count(*) from jsonb_array_elements(contacts) k where (k ->> 'is_primary')::boolean) <= 1,
    'contacts', 'has more than one primary contact');
  delete from public.client_contacts k
  where k.organization_id = client.organization_id and k.client_id = client.id
    and not exists (select from jsonb_array_elements(contacts) g where g ->> 'id' = k.id::text);
  -- A new primary contact would meet the old one in the unique index.
  update public.client_contacts k set is_primary = false
  where k.organization_id = client.organization_id and k.client_id = client.id and k.is_primary
    and exists (select from jsonb_array_elements(contacts) g
      where g ->> 'id' = k.id::text and not coalesce((g ->> 'is_primary')::boolean, false));
  with given as materialized (
    select c.* from jsonb_to_recordset(contacts)
      as c (id uuid, name text, role text, email text, phone text, is_primary boolean, left_on date)
  ), changed as (
    update public.client_contacts k
    set name = g.name, role = g.role, email = g.email, phone = g.phone, is_primary = coalesce(g.is_primary, false),
      left_on = g.left_on
    from given g
    where k.organization_id = client.organization_id and k.client_id = client.id and k.id = g.id
      and (k.name, k.role, k.email, k.phone, k.is_primary, k.left_on)
        is distinct from (g.name, g.role, g.email, g.phone, coalesce(g.is_primary, false), g.left_on)
  )
  insert into public.client_contacts (organization_id, client_id, name, role, email, phone, is_primary, left_on)
  select client.organization_id, client.id, g.name, g.role, g.email, g.phone, coalesce(g.is_primary, false), g.left_on
  from given g
  where not exists (
    select from public.client_contacts k
    where k.organization_id = client.organization_id and k.client_id = client.id and k.id = g.id);
end
$$;

-- Security definer: see list_clients.
create function private.list_client_contacts(organization_id uuid, client_id uuid)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.require_client(organization_id, client_id, 'clients:read');
  return private.contacts_of(organization_id, client_id);
end
$$;
grant execute on function private.list_client_contacts(uuid, uuid) to authenticated;

create function public.list_client_contacts(organization_id uuid, client_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_client_contacts(organization_id, client_id)
$$;
comment on function public.list_client_contacts is
  'The contacts of a client: the primary one first, those who left last.';
grant execute on function public.list_client_contacts(uuid, uuid) to authenticated;

-- Adds a contact (contact_id null) or changes the given fields of one. A new primary contact takes the place of the
-- old one. Security definer because callers may not write contacts directly.
create function private.save_client_contact(organization_id uuid, client_id uuid, contact_id uuid, change jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  client public.clients;
  contact public.client_contacts;
begin
  perform private.require_scope(organization_id, 'clients:write');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  client := private.require_client(organization_id, client_id, 'clients:write', true);
  select * into contact from public.client_contacts k
  where k.organization_id = client.organization_id and k.client_id = client.id and k.id = contact_id for update;
  if contact_id is not null and contact.id is null then
    perform private.problem(404, 'not_found', 'There is no such contact.');
  end if;
  contact := jsonb_populate_record(contact, change - array['id', 'organization_id', 'client_id', 'created_at',
    'updated_at']);
  perform private.require_valid(btrim(contact.name) <> '', 'name', 'is required');
  if contact.is_primary then
    update public.client_contacts k set is_primary = false
    where k.organization_id = client.organization_id and k.client_id = client.id and k.is_primary
      and k.id is distinct from contact_id;
  end if;
  if contact_id is null then
    perform private.require_valid((
      select count(*) from public.client_contacts k
      where k.organization_id = client.organization_id and k.client_id = client.id) < 100, '',
      'A client has at most 100 contacts.');
    insert into public.client_contacts (organization_id, client_id, name, role, email, phone, is_primary, left_on)
    values (client.organization_id, client.id, contact.name, contact.role, contact.email, contact.phone,
      coalesce(contact.is_primary, false), contact.left_on)
    returning * into contact;
  else
    update public.client_contacts k
    set name = contact.name, role = contact.role, email = contact.email, phone = contact.phone,
      is_primary = coalesce(contact.is_primary, false), left_on = contact.left_on
    where k.organization_id = client.organization_id and k.id = contact_id
    returning * into contact;
  end if;
  return private.store_idempotent_response(organization_id, private.contact_json(contact));
end
$$;
grant execute on function private.save_client_contact(uuid, uuid, uuid, jsonb) to authenticated;

create function public.save_client_contact(organization_id uuid, client_id uuid, change jsonb,
  contact_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.save_client_contact(organization_id, client_id, contact_id, change)
$$;
comment on function public.save_client_contact is
  'Adds a contact to a client, or changes the given fields of one: { name, role, email, phone, is_primary, left_on }.';
grant execute on function public.save_client_contact(uuid, uuid, jsonb, uuid) to authenticated;

-- Security definer because callers may not write contacts directly.
create function private.delete_client_contact(organization_id uuid, client_id uuid, contact_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_client(organization_id, client_id, 'clients:write', true);
  delete from public.client_contacts k
  where k.organization_id = delete_client_contact.organization_id
    and k.client_id = delete_client_contact.client_id and k.id = contact_id;
  if not found then
    perform private.problem(404, 'not_found', 'There is no such contact.');
  end if;
end
$$;
grant execute on function private.delete_client_contact(uuid, uuid, uuid) to authenticated;

create function public.delete_client_contact(organization_id uuid, client_id uuid, contact_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_client_contact(organization_id, client_id, contact_id)
$$;
comment on function public.delete_client_contact is 'Deletes a contact that was entered by mistake; see left_on.';
grant execute on function public.delete_client_contact(uuid, uuid, uuid) to authenticated;
