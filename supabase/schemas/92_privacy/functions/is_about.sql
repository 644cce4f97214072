-- Whether the data of a notice or a mail name the person: by a record or number, or by a task, note or text of theirs,
-- whose words are in it.
create function private.is_about(data jsonb, p private.person)
returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  uuid_form constant text := '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
begin
  return coalesce(
    array[data ->> 'lead_id', data ->> 'client_id', data ->> 'customer_id'] && p.ids::text[]
      or data ->> 'phone' = any (p.phones)
      or data -> 'client_ids' ?| p.ids::text[]
      or data ->> 'task_id' ~* uuid_form and exists (select from public.tasks t
        where t.id = (data ->> 'task_id')::uuid and t.lead_id = any (p.lead_ids))
      or data ->> 'note_id' ~* uuid_form and exists (select from public.notes n
        where n.id = (data ->> 'note_id')::uuid and n.client_id = any (p.client_ids))
      or data ->> 'message_id' ~* uuid_form
        and private.is_message_of((data ->> 'message_id')::uuid, p), false);
end
$$;

-- Whether a text is linked to a record of the person.
create function private.is_message_of(message_id uuid, p private.person)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (select from public.messages m where m.id = message_id and m.organization_id = p.organization_id
    and (m.lead_id = any (p.lead_ids) or m.customer_id = any (p.customer_ids)))
$$;
