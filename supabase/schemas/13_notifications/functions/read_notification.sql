-- Reading again keeps the first time. Who acts as the person does not mark their notices, of which one is about that.
-- Security definer because policies on the table would be evaluated for every row.
create function private.read_notification(organization_id uuid, notification_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  notification public.notifications;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  perform private.require_own_session();
  update public.notifications n set read_at = coalesce(n.read_at, now())
  where n.organization_id = read_notification.organization_id and n.user_id = auth.uid() and n.id = notification_id
  returning * into notification;
  if notification.id is null then
    perform private.problem(404, 'not_found', 'There is no such notification.');
  end if;
  return to_jsonb(notification) - array['organization_id', 'user_id', 'event_key'];
end
$$;
grant execute on function private.read_notification(uuid, uuid) to authenticated;

create function public.read_notification(organization_id uuid, notification_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_notification(organization_id, notification_id)
$$;
comment on function public.read_notification is 'Marks one of the caller''s notifications as read and returns it.';
grant execute on function public.read_notification(uuid, uuid) to authenticated;
