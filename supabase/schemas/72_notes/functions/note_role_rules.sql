-- Who joins, or takes another role, sees the role's older notes, but they do not count as unread: a note that is being
-- sent comes before, or after and counts. Security definer because a person who changes memberships may not write
-- marks.
create function private.mark_older_notes_read()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.next_note_version(new.organization_id);
  insert into private.note_marks (organization_id, user_id, read_before)
  values (new.organization_id, new.user_id, private.uuid_v7())
  on conflict on constraint note_marks_pkey do update set read_before = excluded.read_before;
  return null;
end
$$;

-- A role that notes of the last 90 days name cannot be deleted: nobody could read them. Security definer because
-- a person who manages roles may not read all notes.
create function private.keep_role_with_notes()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from public.organizations o where o.id = old.organization_id) and exists (
    select from public.note_roles r
    where r.organization_id = old.organization_id and r.role_key = old.key
      and r.note_id >= private.uuid_v7_floor(now() - interval '90 days')) then
    perform private.problem(409, 'role_has_notes', 'Notes of the last 90 days are addressed to this role.');
  end if;
  return old;
end
$$;
