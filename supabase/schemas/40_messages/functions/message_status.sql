-- GET /sms/status: a message with its events, if the caller may read it.
create function public.message_status(organization_id uuid, message_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.message_json(m) || jsonb_build_object('events', (
    select jsonb_build_array(jsonb_build_object('status', case when m.status = 'suppressed' then m.status
        when m.direction = 'inbound' then 'received' else 'queued' end, 'at', m.created_at))
      || coalesce(jsonb_agg(jsonb_build_object('status', e.status, 'at', e.occurred_at, 'code', e.code) order by e.id),
        '[]')
    from public.message_events e where e.organization_id = m.organization_id and e.message_id = m.id
  ))
  from public.messages m
  where m.organization_id = message_status.organization_id and m.id = message_status.message_id
$$;
grant execute on function public.message_status(uuid, uuid) to authenticated;
