-- Applies a report about a locked message; false if the same report was recorded before. The status never moves
-- backwards, except that a report clears `unknown` and overrides an outcome that a person set. A message that was sent
-- again while its outcome was unknown may exist twice at the provider: then the failure of one copy says nothing about
-- the other, and what either copy has reached counts.
create function private.apply_receipt(message public.messages, provider_id text, reported text, code text,
  detail text, source text)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  new_status text := case when reported in ('queued', 'sending') then 'sent' else reported end;
  of_a_copy constant boolean := coalesce(message.attempts > 1 and provider_id <> message.provider_message_id, false);
begin
  if exists (
    select from public.message_events e
    where e.message_id = message.id and e.status = reported and e.source = apply_receipt.source
      and e.code is not distinct from apply_receipt.code and e.provider_message_id is not distinct from provider_id
  ) then
    return false;
  end if;
  insert into public.message_events (organization_id, message_id, status, source, code, detail, provider_message_id)
  values (message.organization_id, message.id, reported, source, code, detail, provider_id);
  -- The last case: the provider has a message that we believed canceled, suppressed or failed before it was accepted.
  if (private.status_rank(new_status) > private.status_rank(message.status)
      and not (of_a_copy and new_status in ('failed', 'undelivered', 'canceled')))
    or (of_a_copy and new_status = 'delivered' and message.status in ('failed', 'undelivered'))
    or (message.resolved_by is not null and private.status_rank(new_status) = private.status_rank('delivered'))
    or (message.status in ('failed', 'canceled', 'suppressed') and message.provider_message_id is null
      and message.resolved_by is null) then
    update public.messages m set
      status = new_status,
      provider_message_id = coalesce(m.provider_message_id, provider_id),
      error_code = case when new_status in ('failed', 'undelivered') then apply_receipt.code end,
      error_message = case when new_status in ('failed', 'undelivered') then detail end,
      sent_at = coalesce(m.sent_at, now()),
      delivered_at = case when new_status = 'delivered' then now() end,
      held_at = null, lookup_until = null, unknown_at = null, unknown_reason = null, resolved_by = null,
      updated_at = now()
    where m.id = message.id;
  elsif new_status = message.status and message.error_code is null and apply_receipt.code is not null
    and new_status in ('failed', 'undelivered') and not of_a_copy
  then
    -- The same failure again, now with its reason.
    update public.messages m set error_code = apply_receipt.code, error_message = detail, updated_at = now()
    where m.id = message.id;
  elsif message.provider_message_id is null then
    update public.messages m set provider_message_id = provider_id, updated_at = now() where m.id = message.id;
  end if;
  return true;
end
$$;
