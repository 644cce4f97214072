-- Lifts the suppressions that the number's replies or the provider made, records the consent and confirms it.
-- Suppressions that people made stay. Returns the meaning: null for a word that counts only after an opt-out, where
-- there was none.
create function private.opt_in_by_reply(account public.sms_accounts, message public.messages, recognized_by text,
  rule_id uuid)
returns text
language plpgsql set search_path = ''
as $$
declare
  lifted boolean;
  is_new boolean;
begin
  update public.suppressions s set lifted_at = now(), lifted_reason = 'Replied: ' || left(message.body, 100)
  where s.organization_id = account.organization_id and s.phone = message.from_number and s.lifted_at is null
    and s.source in ('reply', 'provider');
  lifted := found;
  if not lifted and recognized_by <> 'provider'
    and (select r.undoes_only from public.reply_rules r where r.id = rule_id)
  then
    return null;
  end if;
  is_new := lifted or not exists (
    select from (
      select c.event, c.source from public.consents c
      where c.organization_id = account.organization_id and c.phone = message.from_number order by c.id desc limit 1
    ) latest where latest.event = 'granted' and latest.source = 'reply');
  if is_new then
    perform private.record_consent(message, 'granted', recognized_by, rule_id);
  end if;
  perform private.close_reply_reviews(account.organization_id, message.from_number, 'dismissed');
  if is_new and recognized_by <> 'provider' and not exists (
    select from public.suppressions s
    where s.organization_id = account.organization_id and s.phone = message.from_number and s.lifted_at is null)
  then
    perform private.send_auto_reply(account, message.from_number, 'opt_in_confirmation', message.customer_id,
      message.lead_id);
  end if;
  return 'start';
end
$$;
