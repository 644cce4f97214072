-- A note that the caller sent or that is for their role; else 404, as for none at all.
create function private.require_note(organization_id uuid, note_id uuid)
returns public.notes
language plpgsql stable set search_path = ''
as $$
declare
  note public.notes;
  own_role text;
begin
  perform private.require_scope(organization_id, 'notes:read');
  select r.role_key into own_role from private.note_reader(organization_id) r;
  select * into note from public.notes n
  where n.organization_id = require_note.organization_id and n.id = note_id
    and (n.sender_id = auth.uid() or own_role = any (n.recipients));
  if note.id is null then
    perform private.problem(404, 'not_found', 'There is no such note.');
  end if;
  return note;
end
$$;

-- Security definer: see list_notes.
create function private.get_note(organization_id uuid, note_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return private.note_rows(array[private.require_note(organization_id, note_id)]) -> 0;
end
$$;
grant execute on function private.get_note(uuid, uuid) to authenticated;

create function public.get_note(organization_id uuid, note_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_note(organization_id, note_id)
$$;
comment on function public.get_note is 'A note that the caller sent or that is for their role.';
grant execute on function public.get_note(uuid, uuid) to authenticated;
