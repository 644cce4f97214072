-- A disabled sender is never claimed, and an automatic reply is worth nothing later. Security
-- definer because messages are written by functions only.
create function private.cancel_automatic_replies()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  with canceled as (
    update public.messages m
    set status = 'canceled', error_code = 'sender_disabled', error_message = 'The sender is disabled.', updated_at = now()
    where m.account_id = new.id and m.status = 'queued' and m.priority = 1
    returning m.id, m.organization_id
  )
  insert into public.message_events (organization_id, message_id, status, source)
  select c.organization_id, c.id, 'canceled', 'dispatch' from canceled c;
  return null;
end
$$;
