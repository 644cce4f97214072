-- The message with its variables filled in from the lead or customer that was found under the number, as far as the
-- caller may see them, and only while they still have the number: its new owner must not read what somebody else owes.
create function private.render_conversation_message(organization public.organizations, phone text, message text,
  lead_id uuid, customer_id uuid)
returns text
language plpgsql set search_path = ''
as $$
declare
  body constant text := private.checked_template(message);
  lead public.leads;
  customer public.customers;
  missing text;
begin
  if organization.id = any (private.organizations_in_scope('leads:read')) then
    select * into lead from public.leads l
    where l.organization_id = organization.id and l.id = render_conversation_message.lead_id
      and l.phone = render_conversation_message.phone and private.lead_in_scope(l, 'leads:read');
  end if;
  select * into customer from public.customers c
  where c.organization_id = organization.id and c.id = render_conversation_message.customer_id
    and c.phone = render_conversation_message.phone
    and c.organization_id = any (private.organizations_with('customers:read'));
  missing := private.missing_variable(body, coalesce(nullif(lead.full_name, ''), customer.name),
    customer.account_number, private.money_text(customer.arrears, customer.currency));
  if missing is not null then
    perform private.problem(422, 'missing_variable', 'The message has a variable that this number has no value for.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'contains {{' || missing
        || '}}, which has no value')));
  end if;
  return private.rendered(body, organization.name, private.money_text(customer.arrears, customer.currency),
    customer.account_number, coalesce(nullif(lead.full_name, ''), customer.name));
end
$$;

-- A person's message to a number, with the checks that apply to every message: an opt-out suppresses it; quiet hours
-- and a reply that needs review delay it. Both are checked again when it is claimed. A number that wrote within the
-- hour is answered within the organization's quiet hours; otherwise, and once that hour is over, the legal hours of
-- marketing apply. Returns { message_id, conversation_id, …, waits_for }.
create function private.send_conversation_message(account public.sms_accounts, phone text, message text, lead_id uuid,
  customer_id uuid)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  body text;
  blocked text;
  in_review boolean;
  legal_hours_from timestamptz;
  opens timestamptz;
  waits_for text;
  queued public.messages;
begin
  select * into strict organization from public.organizations o where o.id = account.organization_id;
  body := private.render_conversation_message(organization, phone, message, lead_id, customer_id);
  blocked := case when phone = account.sender_id then 'own_number'
    else private.blocked_reason(organization.id, phone) end;
  in_review := blocked is null and private.needs_review(organization.id, phone);
  legal_hours_from := private.legal_hours_from(organization.id, phone);
  opens := private.person_sends_at(organization, phone, send_conversation_message.lead_id);
  waits_for := case when blocked is not null then null when in_review then 'review'
    when opens > now() then 'quiet_hours' end;
  insert into public.messages (organization_id, account_id, customer_id, lead_id, to_number, from_number, body,
    encoding, segments, status, provider, send_after, legal_hours_from, wait_reason, created_by, error_code, error_message)
  select organization.id, account.id, send_conversation_message.customer_id, send_conversation_message.lead_id, phone,
    account.sender_id, body, s.encoding, s.segments, case when blocked is not null then 'suppressed' else 'queued' end,
    account.provider,
    -- As in claim_messages; close_reply_reviews makes it due at once.
    case when in_review then greatest(opens, now() + private.review_recheck_interval()) else opens end,
    legal_hours_from, waits_for, auth.uid(), blocked, case when blocked is not null then private.verdict_text(blocked) end
  from private.sms_segments(body) s
  returning * into queued;
  if queued.customer_id is not null and blocked is null then
    insert into public.customer_actions (organization_id, customer_id, action, source, performed_by)
    values (organization.id, queued.customer_id, 'sms_sent', 'manual', auth.uid());
  end if;
  return jsonb_build_object('message_id', queued.id, 'status', queued.status, 'segments', queued.segments,
    'encoding', queued.encoding, 'send_after', queued.send_after, 'error_code', queued.error_code,
    'waits_for', waits_for,
    'conversation_id', (
      select c.id from public.conversations c
      where c.organization_id = organization.id and c.phone = send_conversation_message.phone
        and c.sender = account.sender_id and c.provider = account.provider));
end
$$;
