-- Broadcasts to each role that there is a note, or that one is gone: not its text, since people who have lost the role
-- receive the channel until their token is renewed. version: of the organization's notes; who has asked for the count since
-- then (a version as high) knows it already.
create function private.broadcast_note(note public.notes, event text, version bigint)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform realtime.send(jsonb_build_object('organization_id', note.organization_id, 'id', note.id,
      'created_at', note.created_at, 'version', version) || case when event = 'note'
      then jsonb_build_object('title', note.title, 'sender_name', (
        select p.full_name from public.profiles p where p.id = note.sender_id)) else '{}' end,
    event, 'role:' || note.organization_id || ':' || r || ':notes', true)
  from unnest(note.recipients) r;
exception when others then
  raise warning 'the note % was not broadcast: %', note.id, sqlerrm;
end
$$;

-- POST /notes: { title, description, recipients, client_id? }. With the permission for the organization to any role,
-- else to admins only. Security definer because callers may not write notes directly.
create function private.send_note(organization_id uuid, note jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  scope text := private.require_scope(organization_id, 'notes:send');
  roles text[];
  unknown text;
  sent public.notes;
  version bigint;
begin
  answer := coalesce(private.idempotent_response(organization_id), private.over_rate_limit('note'));
  if answer is not null then
    return answer;
  end if;
  perform private.require_valid(jsonb_typeof(note -> 'recipients') = 'array'
    and jsonb_array_length(note -> 'recipients') between 1 and 100, 'recipients', 'is a list of 1 to 100 roles');
  roles := array(select distinct r from jsonb_array_elements_text(note -> 'recipients') r order by r);
  select r into unknown from unnest(roles) r
  where r is null or not exists (
    select from public.roles k
    where k.key = r and (k.organization_id is null or k.organization_id = send_note.organization_id)) limit 1;
  perform private.require_valid(not found, 'recipients', 'has a role that is not one of the organization: '
    || coalesce(unknown, 'null'));
  if scope <> 'organization' and roles <> array['admin'] then
    perform private.problem(403, 'admins_only', 'Your role sends notes to admins only.');
  end if;
  if note ->> 'client_id' is not null then
    perform private.require_client(organization_id, (note ->> 'client_id')::uuid, 'clients:read');
  end if;
  version := private.next_note_version(organization_id);
  insert into public.notes (organization_id, sender_id, sender_role, title, description, recipients, client_id,
    created_at)
  select send_note.organization_id, auth.uid(), r.role_key, btrim(note ->> 'title'), note ->> 'description', roles,
    (note ->> 'client_id')::uuid, clock_timestamp()
  from private.note_reader(send_note.organization_id) r
  returning * into sent;
  insert into public.note_roles (organization_id, role_key, note_id)
  select sent.organization_id, r, sent.id from unnest(roles) r;
  insert into private.note_mails (note_id) values (sent.id);
  perform private.broadcast_note(sent, 'note', version);
  return private.store_idempotent_response(organization_id, private.note_rows(array[sent]) -> 0);
end
$$;
grant execute on function private.send_note(uuid, jsonb) to authenticated;

create function public.send_note(organization_id uuid, note jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_note(organization_id, note)
$$;
comment on function public.send_note is 'Sends a note to roles: { title, description, recipients, client_id? }.';
grant execute on function public.send_note(uuid, jsonb) to authenticated;
