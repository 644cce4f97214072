-- The caller as a reader of notes: role, and the note up to which all are read.
create function private.note_reader(organization_id uuid)
returns table (role_key text, read_before uuid, sees_clients boolean)
language sql stable set search_path = ''
as $$
  select r.key, coalesce(k.read_before, '00000000-0000-0000-0000-000000000000'), exists (
      select from public.role_permissions p where p.role_id = m.role_id and p.permission = 'clients:read')
  from public.memberships m
  join public.roles r on r.id = m.role_id
  left join private.note_marks k on k.organization_id = m.organization_id and k.user_id = m.user_id
  where m.organization_id = note_reader.organization_id and m.user_id = auth.uid() and m.status = 'active'
$$;

-- The active members who hold a role of a note, but for its sender.
create function private.note_readers(note public.notes)
returns table (user_id uuid)
language sql stable set search_path = ''
as $$
  select m.user_id
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.key = any (note.recipients)
  where m.organization_id = note.organization_id and m.status = 'active' and not m.is_service
    and m.user_id is distinct from note.sender_id
$$;

-- Notes as functions return them, in their order. read_by_me is null for who is no reader. Who has read a note is for
-- its sender and for those who may send to any role.
create function private.note_rows(notes public.notes[])
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  reader record;
  sees_readers boolean;
begin
  if cardinality(notes) = 0 then
    return jsonb_build_array();
  end if;
  select * into reader from private.note_reader(notes[1].organization_id);
  sees_readers := notes[1].organization_id = any (private.organizations_with('notes:send'));
  return (
    select jsonb_agg(jsonb_build_object('id', n.id, 'title', n.title, 'description', n.description,
      'recipients', n.recipients, 'sender_id', n.sender_id, 'sender_name', p.full_name, 'sender_role', n.sender_role,
      'client_id', case when k.visible then n.client_id end, 'client_name', case when k.visible then c.name end,
      'is_read', n.first_read_at is not null, 'first_read_at', n.first_read_at,
      'read_by_me', case when n.sender_id is distinct from auth.uid() and reader.role_key = any (n.recipients)
        then n.id <= reader.read_before or exists (
          select from public.note_reads d where d.note_id = n.id and d.user_id = auth.uid()) end,
      'read_count', (select count(*) from public.note_reads d where d.note_id = n.id),
      'recipient_count', (select count(*) from private.note_readers(notes[i])),
      'readers', case when sees_readers or n.sender_id = auth.uid() then (
        select coalesce(jsonb_agg(jsonb_build_object('user_id', d.user_id, 'name', u.full_name, 'read_at', d.read_at)
          order by d.read_at, d.user_id), '[]')
        from (select * from public.note_reads d where d.note_id = n.id order by d.read_at limit 100) d
        join public.profiles u on u.id = d.user_id) end,
      'created_at', n.created_at) order by i)
    from generate_subscripts(notes, 1) i
    cross join lateral (select (notes[i]).*) n
    left join public.profiles p on p.id = n.sender_id
    left join public.clients c on c.organization_id = n.organization_id and c.id = n.client_id and c.deleted_at is null
    cross join lateral (select c.id is not null and reader.sees_clients and private.client_in_scope(c, 'clients:read')
      as visible) k);
end
$$;
