-- Security definer because nobody may insert into Realtime's tables directly.
create function private.broadcast_notifications()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.send(jsonb_build_object('id', n.id, 'organization_id', n.organization_id, 'kind', n.kind,
    'title', n.title, 'body', n.body, 'data', n.data, 'created_at', n.created_at),
    'notification', 'user:' || n.user_id, true)
  from new_rows n;
  return null;
exception when others then
  raise warning 'notifications were not broadcast: %', sqlerrm;
  return null;
end
$$;
