-- A name and a text in one segment. The name is shortened if needed, its accents first; a name in a script outside
-- GSM-7 takes the short text.
create function private.fit_to_single_segment(name text, text text, short_text text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  shown text := btrim(name);
  said text := fit_to_single_segment.text;
begin
  if (private.sms_segments(shown)).encoding <> 'GSM-7' then
    if (private.sms_segments(private.strip_accents(shown))).encoding = 'GSM-7' then
      shown := private.strip_accents(shown);
    else
      said := short_text;
    end if;
  end if;
  while char_length(shown) > 1 and (private.sms_segments(shown || said)).segments > 1 loop
    shown := rtrim(left(shown, -1));
  end loop;
  return shown || said;
end
$$;

-- Answers a reply from the number it was sent to. A confirmation may follow an opt-out within five minutes (47 CFR
-- 64.1200(a)(12)) and is useless later, so it expires. Automatic replies are exempt from quiet hours, but not from what
-- the number has said since, nor from the provider's refusal: see claim_messages.
create function private.send_auto_reply(account public.sms_accounts, phone text, purpose text, customer_id uuid,
  lead_id uuid, expires_at timestamptz default now() + private.auto_reply_lifetime())
returns void
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  said text;
begin
  select * into strict organization from public.organizations o where o.id = account.organization_id;
  said := case send_auto_reply.purpose
    when 'opt_out_confirmation' then private.fit_to_single_segment(organization.name,
      ': you are unsubscribed and will get no more texts. Reply START to resubscribe.',
      ': unsubscribed. No more texts. START to resubscribe.')
    when 'opt_in_confirmation' then private.fit_to_single_segment(organization.name,
      ': you are subscribed again. Reply HELP for help, STOP to unsubscribe.',
      ': subscribed again. STOP to unsubscribe.')
    else left(organization.name, 100) || ': ' || coalesce('for help contact ' || organization.contact_details,
      'for help reply to this text') || '. Msg&data rates may apply. Reply STOP to unsubscribe.' end;
  insert into public.messages (organization_id, purpose, account_id, customer_id, lead_id, to_number, from_number, body,
    encoding, segments, status, error_code, error_message, provider, expires_at)
  select account.organization_id, send_auto_reply.purpose, account.id, send_auto_reply.customer_id,
    send_auto_reply.lead_id, phone, account.sender_id, said, s.encoding, s.segments,
    case when account.status = 'disabled' then 'canceled' else 'queued' end,
    case when account.status = 'disabled' then 'sender_disabled' end,
    case when account.status = 'disabled' then 'The sender is disabled.' end, account.provider,
    send_auto_reply.expires_at
  from private.sms_segments(said) s;
end
$$;
