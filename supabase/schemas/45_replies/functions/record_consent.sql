-- The ledger entry for an opt-out or opt-in by reply.
create function private.record_consent(message public.messages, event text, recognized_by text, rule_id uuid,
  recorded_by uuid default null)
returns void
language sql set search_path = ''
as $$
  insert into public.consents (organization_id, lead_id, event, phone, scope, source, act, message_id, raw_text,
    recognized_by, rule_id, occurred_at, honored_at, recorded_by)
  values (message.organization_id, message.lead_id, event, message.from_number, case event when 'revoked' then 'all'
    else 'marketing' end, 'reply', case event when 'granted' then coalesce(nullif(left(message.body, 500), ''),
    'START') end, message.id, left(message.body, 2000), recognized_by,
    rule_id, message.created_at, clock_timestamp(), recorded_by)
$$;
