-- A new limit, other countries or a new standing count at once: what waited for them is due.
-- Security definer because people who change the organization may not write messages.
create function private.wake_after_limits_changed()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update private.daily_spending s set exhausted = false where s.organization_id = new.id and s.exhausted;
  update public.messages m set send_after = now(), wait_reason = null, updated_at = now()
  where m.organization_id = new.id and m.status = 'queued' and m.wait_reason in ('budget', 'sandbox', 'suspended');
  perform private.invoke('jobs/dispatch-messages');
  return null;
end
$$;
