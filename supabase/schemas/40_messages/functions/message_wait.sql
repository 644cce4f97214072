-- Why a queued message is not sent yet, and until when; both null where it is due or not queued. What was decided when it
-- was put off is kept with it; the state of its sender, campaign and rates is read now. Security definer because rates and
-- senders are not everybody's to read.
create function private.message_wait(message public.messages, out reason text, out until timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  next_token timestamptz;
begin
  if message.status <> 'queued' or message.organization_id <> all (private.my_organizations()) then
    return;
  end if;
  select * into account from public.sms_accounts a where a.id = message.account_id;
  if exists (select from public.campaigns c where c.id = message.campaign_id and c.status = 'paused') then
    reason := 'paused';
  elsif account.status = 'circuit_open' then
    reason := 'circuit_open';
    until := account.circuit_open_until;
  elsif account.status = 'pending' then
    reason := 'sender_pending';
  elsif message.send_after > now() then
    reason := coalesce(message.wait_reason, 'retry');
    until := message.send_after;
  elsif account.cooldown_until > now() and message.campaign_id is not null then
    reason := 'cooldown';
    until := account.cooldown_until;
  else
    select greatest(private.next_token_at(account.id, account.per_second, account.daily_cap, account.cap_zone),
      private.next_token_at(o.id, o.messages_per_second, null, null)) into next_token
    from public.organizations o where o.id = message.organization_id;
    if next_token > now() then
      reason := 'rate';
      until := next_token;
    end if;
  end if;
end
$$;
grant execute on function private.message_wait(public.messages) to authenticated;

-- A message as functions answer it: the row, with why it waits.
create function private.message_json(message public.messages)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(message) || jsonb_build_object('wait_reason', w.reason, 'wait_until', w.until)
  from private.message_wait(message) w
$$;
grant execute on function private.message_json(public.messages) to authenticated;
