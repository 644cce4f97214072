-- What people do in conversations: write, assign, close, mark as read.

-- A person's text to a number, with all that is checked of any text: an opt-out suppresses it, quiet hours and a reply that
-- a person must judge first make it wait, and both are judged again when it is claimed. Whoever wrote within the hour is
-- awake and gets an answer in the organization's own hours; to anybody else the law's hours hold as for marketing. Who was
-- found under the number fills in the variables, as far as the caller may see them and has not got another number since:
-- whoever has this one now is not to read what somebody else owes. Answers { message_id, conversation_id, …, waits_for }.
create function private.write_text(account public.sms_accounts, phone text, message text, lead_id uuid, customer_id uuid)
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
  if organization.id = any (private.organizations_reached('leads:read')) then
    select * into lead from public.leads l
    where l.organization_id = organization.id and l.id = write_text.lead_id and l.phone = write_text.phone
      and private.reaches(l, 'leads:read');
  end if;
  select * into customer from public.customers c
  where c.organization_id = organization.id and c.id = write_text.customer_id and c.phone = write_text.phone
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
    where s.organization_id = organization.id and s.phone = write_text.phone and s.lifted_at is null and s.scope = 'all');
  doubtful := not suppressed and private.doubtful(organization.id, phone);
  awake := exists (
    select from public.messages m
    where m.organization_id = organization.id and m.from_number = write_text.phone and m.direction = 'inbound'
      and m.id >= private.uuid_v7_floor(now() - interval '1 hour'));
  -- Where the number is does not depend on who is allowed to see the lead.
  select * into place from public.leads l where l.organization_id = organization.id and l.id = write_text.lead_id;
  select coalesce(w.sends_at, now() + interval '1 day'), case when not awake and phone like '+1%' then w.closes_at end
  into hours, closes
  from private.contact_window(organization, case when awake then 'service' else 'marketing' end, phone, place.country, place.region,
    place.time_zone, now()) w;
  insert into public.messages (organization_id, account_id, customer_id, lead_id, to_number, from_number, body, encoding, segments,
    status, provider, send_after, expires_at, created_by, error_code, error_message)
  select organization.id, account.id, write_text.customer_id, write_text.lead_id, phone, account.sender_id, body, s.encoding, s.segments,
    case when suppressed then 'suppressed' else 'queued' end, account.provider,
    -- As claim_messages has it: close_reviews wakes it.
    case when doubtful then greatest(hours, now() + interval '10 minutes') else hours end, closes, auth.uid(),
    case when suppressed then 'suppressed' when doubtful then 'doubtful_reply' end,
    case when suppressed then 'The number has opted out.'
      when doubtful then 'A reply of this number may be an opt-out: a person decides.' end
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
      where c.organization_id = organization.id and c.phone = write_text.phone and c.sender = account.sender_id
        and c.provider = account.provider));
end
$$;

-- Definer: messages are written by functions only.
create function private.reply_to_conversation(organization_id uuid, conversation_id uuid, message text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations;
  account public.sms_accounts;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:send');
  conversation := private.require_conversation(organization_id, conversation_id, 'conversations:read');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select * into account from public.sms_accounts a
  where a.organization_id = conversation.organization_id and a.provider = conversation.provider and a.sender_id = conversation.sender
    and a.status <> 'disabled';
  if account.id is null then
    perform private.problem(409, 'no_sender', 'The number that this conversation was held with is not in use any more.');
  elsif conversation.phone !~ '^\+[1-9][0-9]{6,14}$' then
    perform private.problem(409, 'no_reply', 'Nobody can be texted under this number.');
  end if;
  return private.remember_response(organization_id,
    private.write_text(account, conversation.phone, message, conversation.lead_id, conversation.customer_id));
end
$$;

create function public.reply_to_conversation(organization_id uuid, conversation_id uuid, message text)
returns jsonb
language sql set search_path = ''
as $$
  select private.reply_to_conversation(organization_id, conversation_id, message)
$$;
comment on function public.reply_to_conversation is 'Queues a person''s text in a conversation, with the checks that every text passes.';

-- Without sender_id the conversation that there is with the number goes on, else the default sender begins one.
-- Definer: as reply_to_conversation.
create function private.start_conversation(organization_id uuid, to_number text, message text, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  account public.sms_accounts;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:send');
  perform private.require_permission(organization_id, 'conversations:read');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if sender_id is null then
    select a.* into account from public.conversations c
    join public.sms_accounts a on a.organization_id = c.organization_id and a.provider = c.provider and a.sender_id = c.sender
      and a.status <> 'disabled'
    where c.organization_id = start_conversation.organization_id and c.phone = to_number
    order by c.last_message_at desc limit 1;
  end if;
  if account.id is null then
    select * into account from public.sms_accounts a
    where a.organization_id = start_conversation.organization_id and a.status <> 'disabled'
      and case when start_conversation.sender_id is null then a.is_default else a.sender_id = start_conversation.sender_id end
    order by a.is_default desc limit 1;
  end if;
  if account.id is null and sender_id is null then
    perform private.problem(409, 'no_sender', 'The organization has no active sender. An admin sets one up first.');
  elsif account.id is null then
    perform private.problem(422, 'unknown_sender', 'The organization has no active sender of this name.',
      '[{"path": "sender_id", "message": "is not one of the organization''s senders"}]');
  end if;
  return private.remember_response(organization_id, private.write_text(account, to_number, message,
    private.newest_lead(organization_id, to_number), private.newest_customer(organization_id, to_number)));
end
$$;

create function public.start_conversation(organization_id uuid, to_number text, message text, sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.start_conversation(organization_id, to_number, message, sender_id)
$$;
comment on function public.start_conversation is 'Queues a person''s text to a number and begins, or goes on with, the conversation with it.';

-- To a member who may read conversations, or to nobody (null). The same again changes nothing and tells nobody.
-- Definer: conversations are written by functions only.
create function private.assign_conversation(organization_id uuid, conversation_id uuid, assigned_to uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id, 'conversations:write', true);
begin
  if assigned_to is not null and not exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'conversations:read' and p.scope = 'organization'
    where m.organization_id = assign_conversation.organization_id and m.user_id = assign_conversation.assigned_to and m.status = 'active')
  then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "assigned_to", "message": "is no active member who may see conversations"}]');
  end if;
  if conversation.assigned_to is distinct from assign_conversation.assigned_to then
    update public.conversations c set assigned_to = assign_conversation.assigned_to where c.id = conversation.id;
    if assigned_to <> auth.uid() then
      perform private.notify(array[row(organization_id, assigned_to, 'conversation', 'conversation_assigned:' || private.uuid_v7(),
        'A conversation is yours', conversation.phone || ': ' || conversation.last_preview,
        jsonb_build_object('conversation_id', conversation.id), null)::private.notice]);
    end if;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;

create function public.assign_conversation(organization_id uuid, conversation_id uuid, assigned_to uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.assign_conversation(organization_id, conversation_id, assigned_to)
$$;
comment on function public.assign_conversation is 'Gives a conversation to a member, or to nobody.';

-- Definer: as assign_conversation.
create function private.set_conversation_status(organization_id uuid, conversation_id uuid, status text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id, 'conversations:write', true);
begin
  if status is null or status not in ('open', 'closed') then
    perform private.problem(422, 'invalid_field', 'A conversation is open or closed.', '[{"path": "status", "message": "is open or closed"}]');
  end if;
  if conversation.status <> set_conversation_status.status then
    update public.conversations c set status = set_conversation_status.status,
      closed_at = case set_conversation_status.status when 'closed' then now() end,
      closed_by = case set_conversation_status.status when 'closed' then auth.uid() end
    where c.id = conversation.id;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;

create function public.set_conversation_status(organization_id uuid, conversation_id uuid, status text)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_conversation_status(organization_id, conversation_id, status)
$$;
comment on function public.set_conversation_status is 'Closes a conversation or opens it again; the next text opens it, too.';

-- until: the newest text that was on the screen; those after it stay unread. Definer: as assign_conversation.
create function private.read_conversation(organization_id uuid, conversation_id uuid, until uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  conversation public.conversations := private.require_conversation(organization_id, conversation_id, 'conversations:write', true);
  left_over bigint := 0;
begin
  if until is not null then
    select count(*) into left_over from public.messages m
    where m.organization_id = conversation.organization_id and m.from_number = conversation.phone and m.id > until
      and m.direction = 'inbound' and m.to_number = conversation.sender and m.provider = conversation.provider;
  end if;
  if left_over < conversation.unread then
    update public.conversations c set unread = left_over where c.id = conversation.id;
  end if;
  return private.conversation_rows(organization_id, array[conversation.id]) -> 0;
end
$$;

create function public.read_conversation(organization_id uuid, conversation_id uuid, until uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_conversation(organization_id, conversation_id, until)
$$;
comment on function public.read_conversation is 'Marks a conversation as read, up to a text of it if one is named.';


grant execute on function private.reply_to_conversation(uuid, uuid, text), private.start_conversation(uuid, text, text, text),
  private.assign_conversation(uuid, uuid, uuid), private.set_conversation_status(uuid, uuid, text),
  private.read_conversation(uuid, uuid, uuid)
to authenticated;
grant execute on function public.reply_to_conversation(uuid, uuid, text), public.start_conversation(uuid, text, text, text),
  public.assign_conversation(uuid, uuid, uuid), public.set_conversation_status(uuid, uuid, text),
  public.read_conversation(uuid, uuid, uuid)
to authenticated;
