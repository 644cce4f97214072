-- DELETE /notes/{id}: the sender takes back a note that nobody has read. Notifications of it go with it, and an e-mail
-- that waits is not sent. Security definer because callers may not write notes directly.
create function private.withdraw_note(organization_id uuid, note_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  note public.notes := private.require_note(organization_id, note_id);
  version bigint;
begin
  if note.sender_id is distinct from auth.uid() then
    perform private.problem(403, 'not_the_sender', 'Only the sender may withdraw a note.');
  end if;
  version := private.next_note_version(organization_id);
  delete from public.notes n
  where n.organization_id = withdraw_note.organization_id and n.id = note.id and n.first_read_at is null;
  if not found then
    perform private.problem(409, 'note_read', 'Somebody has read this note already.');
  end if;
  update public.emails e set status = 'canceled', last_error = 'The note was withdrawn.'
  where e.organization_id = withdraw_note.organization_id and e.event_key = 'note:' || note.id and e.status = 'queued';
  delete from public.notifications x
  where x.organization_id = withdraw_note.organization_id and x.event_key = 'note:' || note.id
    and x.user_id in (select r.user_id from private.note_readers(note) r);
  perform private.broadcast_note(note, 'note_withdrawn', version);
end
$$;
grant execute on function private.withdraw_note(uuid, uuid) to authenticated;

create function public.withdraw_note(organization_id uuid, note_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.withdraw_note(organization_id, note_id)
$$;
comment on function public.withdraw_note is 'Takes back a note of the caller that nobody has read.';
grant execute on function public.withdraw_note(uuid, uuid) to authenticated;
