-- Twilio answers its own keywords, unless that is turned off, and then refuses our confirmation (21610). A single refusal
-- may also come of an old opt-out or a reassigned number.
create function private.provider_answers_stop(account_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select count(*) >= 3 from (
    select m.error_code, m.created_at from public.messages m
    where m.account_id = provider_answers_stop.account_id and m.purpose = 'opt_out_confirmation'
      and m.status in ('sent', 'delivered', 'failed', 'undelivered')
    order by m.id desc limit 10
  ) latest
  where latest.error_code = '21610' and latest.created_at > now() - interval '30 days'
$$;

-- Suppresses a number that replied STOP, records it in the ledger and confirms it once.
create function private.opt_out_by_reply(account public.sms_accounts, message public.messages, recognized_by text,
  rule_id uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  is_new boolean;
begin
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  values (account.organization_id, message.from_number, 'all', 'reply', 'Replied: ' || left(message.body, 100))
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  is_new := found;
  perform private.record_consent(message, 'revoked', recognized_by, rule_id);
  perform private.close_reply_reviews(account.organization_id, message.from_number, 'opt_out');
  if is_new and recognized_by <> 'provider'
    and not (recognized_by = 'keyword' and private.provider_answers_stop(account.id))
  then
    perform private.send_auto_reply(account, message.from_number, 'opt_out_confirmation', message.customer_id,
      message.lead_id);
  end if;
end
$$;

-- A STOP to a number that several organizations send from is meant for each that has texted the person: they cannot be
-- told apart by it. Only the one that the reply goes to confirms. signed_by: see record_receipt.
create function private.opt_out_of_same_number(account public.sms_accounts, message public.messages, recognized_by text,
  signed_by uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  other public.sms_accounts;
begin
  for other in
    select a.* from public.sms_accounts a
    where a.provider = account.provider and a.sender_id = account.sender_id and a.organization_id <> account.organization_id
      and (signed_by is null or a.organization_id = any (signed_by))
      and private.latest_text(a, message.from_number) is not null
    order by a.organization_id
  loop
    message.organization_id := other.organization_id;
    message.id := null;
    message.from_number := private.known_spelling(other.organization_id, message.from_number);
    message.lead_id := private.newest_lead(other.organization_id, message.from_number);
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    values (other.organization_id, message.from_number, 'all', 'reply', 'Replied: ' || left(message.body, 100))
    on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
    perform private.record_consent(message, 'revoked', recognized_by, null);
    perform private.close_reply_reviews(other.organization_id, message.from_number, 'opt_out');
  end loop;
end
$$;
