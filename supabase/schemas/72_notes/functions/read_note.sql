-- Marks notes as read by the caller, and as read at all where nobody was before.
create function private.mark_notes_read(organization_id uuid, note_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.note_reads (organization_id, note_id, user_id)
  select mark_notes_read.organization_id, n, auth.uid() from unnest(note_ids) n
  on conflict on constraint note_reads_pkey do nothing;
  update public.notes n set first_read_at = now(), first_read_by = auth.uid()
  where n.organization_id = mark_notes_read.organization_id and n.id = any (note_ids) and n.first_read_at is null;
end
$$;

-- POST /notes/{id}/read. Reading again keeps the first time. Who sent a note to other roles is no reader of it; who
-- sent it to their own role has read it without being counted. Security definer because callers may not write reads
-- directly.
create function private.read_note(organization_id uuid, note_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  note public.notes := private.require_note(organization_id, note_id);
begin
  if not exists (
    select from private.note_reader(organization_id) r where r.role_key = any (note.recipients)) then
    perform private.problem(409, 'not_a_recipient', 'This note is for other roles than yours.');
  end if;
  if note.sender_id = auth.uid() then
    return private.unread_json(organization_id, auth.uid());
  end if;
  perform private.next_note_version(organization_id);
  perform private.mark_notes_read(organization_id, array[note.id]);
  return private.settle_reads(organization_id, auth.uid());
end
$$;
grant execute on function private.read_note(uuid, uuid) to authenticated;

create function public.read_note(organization_id uuid, note_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_note(organization_id, note_id)
$$;
comment on function public.read_note is 'Marks a note as read by the caller; returns the count of unread notes.';
grant execute on function public.read_note(uuid, uuid) to authenticated;

-- POST /notes/read-all: everything up to the note that the caller has seen, or, without one, up to the newest that is
-- there now. What comes meanwhile stays unread: it has a later id. Security definer: see read_note.
create function private.read_all_notes(organization_id uuid, seen uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  unread uuid[];
begin
  perform private.require_scope(organization_id, 'notes:read');
  perform private.next_note_version(organization_id);
  unread := array(
    select u from private.unread_notes(organization_id, auth.uid(), 100000) u where seen is null or u <= seen);
  perform private.mark_notes_read(organization_id, unread);
  return private.settle_reads(organization_id, auth.uid()) || jsonb_build_object('read', cardinality(unread));
end
$$;
grant execute on function private.read_all_notes(uuid, uuid) to authenticated;

create function public.read_all_notes(organization_id uuid, seen uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_all_notes(organization_id, seen)
$$;
comment on function public.read_all_notes is
  'Marks the caller''s unread notes as read, up to the one that was seen; returns the count that is left.';
grant execute on function public.read_all_notes(uuid, uuid) to authenticated;
