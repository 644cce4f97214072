-- The caller's unread notes, oldest first, at most so many: those for their role after the note up to which they have
-- read all, that they neither sent nor read. Role and mark are found first, and each note is looked up: joins
-- would read all notes of the organization, and not from the mark on.
create function private.unread_notes(organization_id uuid, user_id uuid, max_notes integer)
returns setof uuid
language sql stable set search_path = ''
as $$
  select r.note_id
  from public.note_roles r
  where r.organization_id = unread_notes.organization_id
    and r.role_key = (
      select k.key from public.memberships m join public.roles k on k.id = m.role_id
      where m.organization_id = unread_notes.organization_id and m.user_id = unread_notes.user_id and m.status = 'active')
    and r.note_id > coalesce((
      select b.read_before from private.note_marks b
      where b.organization_id = unread_notes.organization_id and b.user_id = unread_notes.user_id),
      '00000000-0000-0000-0000-000000000000')
    and (select d.user_id from public.note_reads d
      where d.note_id = r.note_id and d.user_id = unread_notes.user_id) is null
    and (select n.sender_id from public.notes n where n.id = r.note_id) is distinct from unread_notes.user_id
  order by r.note_id limit max_notes
$$;

-- { organization_id, unread, more, version }. Counting stops at 100: `more` says that there are more.
create function private.unread_json(organization_id uuid, user_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('organization_id', unread_json.organization_id, 'unread', least(count(*), 100),
    'more', count(*) > 100, 'version', coalesce((
      select v.version from private.note_versions v where v.organization_id = unread_json.organization_id), 0))
  from private.unread_notes(unread_json.organization_id, unread_json.user_id, 101)
$$;

-- Takes the lock of the organization's notes and raises their version.
create function private.next_note_version(organization_id uuid)
returns bigint
language sql set search_path = ''
as $$
  insert into private.note_versions as v (organization_id, version) values (organization_id, 1)
  on conflict on constraint note_versions_pkey do update set version = v.version + 1
  returning v.version
$$;

-- Moves the note up to which a person has read all, as far as nothing unread is passed over, and tells the person's
-- devices the count: itself, not a change of it.
create function private.settle_reads(organization_id uuid, user_id uuid)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb;
  first_unread uuid := (select u from private.unread_notes(settle_reads.organization_id, settle_reads.user_id, 1) u);
  mark uuid := (
    select r.note_id
    from public.note_roles r
    where r.organization_id = settle_reads.organization_id
      and r.role_key = (
        select k.key from public.memberships m join public.roles k on k.id = m.role_id
        where m.organization_id = settle_reads.organization_id and m.user_id = settle_reads.user_id)
      and r.note_id < coalesce(first_unread, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by r.note_id desc limit 1);
begin
  insert into private.note_marks as k (organization_id, user_id, read_before)
  select settle_reads.organization_id, settle_reads.user_id, mark where mark is not null
  on conflict on constraint note_marks_pkey do update set read_before = excluded.read_before
    where k.read_before < excluded.read_before;
  answer := private.unread_json(organization_id, user_id);
  begin
    perform realtime.send(answer, 'notes_unread', 'user:' || user_id, true);
  exception when others then
    raise warning 'the count of unread notes was not broadcast: %', sqlerrm;
  end;
  return answer;
end
$$;

-- Security definer because the versions may not be read directly.
create function private.unread_notes_count(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'notes:read');
  return private.unread_json(organization_id, auth.uid());
end
$$;
grant execute on function private.unread_notes_count(uuid) to authenticated;

create function public.unread_notes(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.unread_notes_count(organization_id)
$$;
comment on function public.unread_notes is
  'The caller''s number of unread notes in the organization, up to 100, and the version of this state.';
grant execute on function public.unread_notes(uuid) to authenticated;
