-- A person's text to a number, with all that is checked of any text: an opt-out suppresses it, quiet hours and a reply that
-- a person must judge first make it wait, and both are judged again when it is claimed. Whoever wrote within the hour is
-- awake and gets an answer in the organization's own hours; to anybody else the law's hours hold as for marketing. Who was
-- found under the number fills in the variables, as far as the caller may see them and has not got another number since:
-- whoever has this one now is not to read what somebody else owes. Answers { message_id, conversation_id, …, waits_for }.
create function private.send_conversation_message(account public.sms_accounts, phone text, message text, lead_id uuid, customer_id uuid)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  body text := private.checked_template(message);
  lead public.leads;
  customer public.customers;
  missing text;
  suppressed boolean;
  doubtful boolean;
  awake boolean;
  place public.leads;
  hours timestamptz;
  closes timestamptz;
  queued public.messages;
begin
  select * into strict organization from public.organizations o where o.id = account.organization_id;
  if organization.id = any (private.organizations_in_scope('leads:read')) then
    select * into lead from public.leads l
    where l.organization_id = organization.id and l.id = send_conversation_message.lead_id and l.phone = send_conversation_message.phone
      and private.lead_in_scope(l, 'leads:read');
  end if;
  select * into customer from public.customers c
  where c.organization_id = organization.id and c.id = send_conversation_message.customer_id and c.phone = send_conversation_message.phone
    and c.organization_id = any (private.organizations_with('customers:read'));
  missing := private.missing_variable(body, coalesce(nullif(lead.full_name, ''), customer.name), customer.account_number,
    private.money_text(customer.arrears, customer.currency));
  if missing is not null then
    perform private.problem(422, 'missing_variable', 'The text has a variable that this number has no value for.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'has {{' || missing || '}}, but there is none')));
  end if;
  body := private.rendered(body, organization.name, private.money_text(customer.arrears, customer.currency),
    customer.account_number, coalesce(nullif(lead.full_name, ''), customer.name));
  suppressed := exists (
    select from public.suppressions s
    where s.organization_id = organization.id and s.phone = send_conversation_message.phone and s.lifted_at is null and s.scope = 'all');
  doubtful := not suppressed and private.needs_review(organization.id, phone);
  awake := exists (
    select from public.messages m
    where m.organization_id = organization.id and m.from_number = send_conversation_message.phone and m.direction = 'inbound'
      and m.id >= private.uuid_v7_floor(now() - interval '1 hour'));
  -- Where the number is does not depend on who is allowed to see the lead.
  select * into place from public.leads l where l.organization_id = organization.id and l.id = send_conversation_message.lead_id;
  select coalesce(w.sends_at, now() + interval '1 day'), case when not awake and phone like '+1%' then w.closes_at end
  into hours, closes
  from private.contact_window(organization, case when awake then 'service' else 'marketing' end, phone, place.country, place.region,
    place.time_zone, now()) w;
  insert into public.messages (organization_id, account_id, customer_id, lead_id, to_number, from_number, body, encoding, segments,
    status, provider, send_after, wait_reason, expires_at, created_by, error_code, error_message)
  select organization.id, account.id, send_conversation_message.customer_id, send_conversation_message.lead_id, phone, account.sender_id, body, s.encoding, s.segments,
    case when suppressed then 'suppressed' else 'queued' end, account.provider,
    -- As claim_messages has it: close_reply_reviews wakes it.
    case when doubtful then greatest(hours, now() + interval '10 minutes') else hours end,
    case when suppressed then null when doubtful then 'review' when hours > now() then 'quiet_hours' end, closes, auth.uid(),
    case when suppressed then 'suppressed' end, case when suppressed then 'The number has opted out.' end
  from private.sms_segments(body) s
  returning * into queued;
  if queued.customer_id is not null and not suppressed then
    insert into public.customer_actions (organization_id, customer_id, action, source, performed_by)
    values (organization.id, queued.customer_id, 'sms_sent', 'manual', auth.uid());
  end if;
  return jsonb_build_object('message_id', queued.id, 'status', queued.status, 'segments', queued.segments, 'encoding', queued.encoding,
    'send_after', queued.send_after,
    'waits_for', case when suppressed then null when doubtful then 'review' when hours > now() then 'quiet_hours' end,
    'conversation_id', (
      select c.id from public.conversations c
      where c.organization_id = organization.id and c.phone = send_conversation_message.phone and c.sender = account.sender_id
        and c.provider = account.provider));
end
$$;
