-- Answers HELP, to opted-out numbers too, at most once a minute, unless the provider has answered it.
create function private.answer_help(account public.sms_accounts, message public.messages, answered_by_provider boolean)
returns void
language plpgsql set search_path = ''
as $$
begin
  if answered_by_provider or exists (
    select from public.messages m
    where m.organization_id = account.organization_id and m.to_number = message.from_number
      and m.id > private.uuid_v7_floor(now() - interval '1 minute') and m.purpose = 'help')
  then
    return;
  end if;
  perform private.send_auto_reply(account, message.from_number, 'help', message.customer_id, message.lead_id);
end
$$;
