-- Every minute: notifies the readers of new notes as each prefers, one note at a time. Who has read it meanwhile is
-- not notified. Apart from sending, so that a note to a thousand people costs its sender as much as one to a single person.
create function private.notify_of_notes()
returns void
language plpgsql set search_path = ''
as $$
declare
  waiting private.note_mails;
  note public.notes;
begin
  for waiting in
    select w.* from private.note_mails w order by w.note_id limit 200 for update skip locked
  loop
    begin
      select * into note from public.notes n where n.id = waiting.note_id;
      perform private.notify(array_agg(row(note.organization_id, r.user_id, 'note', 'note:' || note.id,
        format('A note from %s: %s', coalesce(s.full_name, 'a former member'), note.title),
        'Open your inbox of notes to read it.', jsonb_build_object('note_id', note.id, 'note_title', note.title,
          'sender_name', s.full_name), null)::private.notification))
      from private.note_readers(note) r
      left join public.profiles s on s.id = note.sender_id
      where not exists (
        select from public.note_reads d where d.note_id = note.id and d.user_id = r.user_id)
      having count(*) > 0;
      delete from private.note_mails w where w.note_id = waiting.note_id;
    exception when others then
      raise warning 'the readers of the note % were not notified: %', waiting.note_id, sqlerrm;
    end;
  end loop;
end
$$;
