-- Only the person: see read_notification.
-- Security definer because policies on the table would be evaluated for every row.
create function private.read_notifications(organization_id uuid, until timestamptz)
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  marked integer;
begin
  perform private.require_scope(organization_id, 'notifications:read');
  perform private.require_own_session();
  update public.notifications n set read_at = now()
  where n.organization_id = read_notifications.organization_id and n.user_id = auth.uid() and n.read_at is null
    and (until is null or n.created_at <= until);
  get diagnostics marked = row_count;
  return marked;
end
$$;
grant execute on function private.read_notifications(uuid, timestamptz) to authenticated;

create function public.read_notifications(organization_id uuid, until timestamptz default null)
returns integer
language sql set search_path = ''
as $$
  select private.read_notifications(organization_id, until)
$$;
comment on function public.read_notifications is
  'Marks the caller''s unread notifications as read, all or those created until a time; returns how many.';
grant execute on function public.read_notifications(uuid, timestamptz) to authenticated;
