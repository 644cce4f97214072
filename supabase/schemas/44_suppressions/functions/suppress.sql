create function private.suppress(organization_id uuid, phone text, source text, reason text)
returns void
language sql set search_path = ''
as $$
  insert into public.suppressions (organization_id, phone, scope, source, reason)
  values (organization_id, phone, 'all', source, reason)
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing
$$;

-- Twilio blocks a number for each sender: who wrote START to another sender since has not opted out of that one.
create function private.opted_in_at_another_sender(organization_id uuid, phone text, sender text)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from (
      select c.event, c.source, c.message_id from public.consents c
      where c.organization_id = opted_in_at_another_sender.organization_id
        and c.phone = opted_in_at_another_sender.phone and c.channel = 'sms' and not c.outdated
      order by c.id desc limit 1
    ) latest
    join public.messages m on m.id = latest.message_id
    where latest.event = 'granted' and latest.source = 'reply' and m.to_number <> sender)
$$;

-- Suppresses the number of a message that its provider refused as opted out.
create function private.suppress_refused(message public.messages, code text)
returns void
language plpgsql set search_path = ''
as $$
begin
  if not private.opted_in_at_another_sender(message.organization_id, message.to_number, message.from_number) then
    perform private.suppress(message.organization_id, message.to_number, 'provider',
      'The provider reports that the number has opted out (' || coalesce(code, 'no code') || ').');
  end if;
end
$$;
