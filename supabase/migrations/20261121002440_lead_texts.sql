-- Texts to leads: POST /sms/send takes a lead_id where it took a customer's.

drop function private.batch_rows(jsonb);
-- As before, and for leads. See the customers' migration for why it is a function.
create function private.batch_rows(rows jsonb)
returns table ("row" integer, "position" integer, customer_id uuid, lead_id uuid, "to" text, name text, account_number text,
  phone text, arrears text, status text, action text, note text)
language sql immutable rows 10000 set search_path = ''
as $$
  select * from jsonb_to_recordset(rows) as r ("row" integer, "position" integer, customer_id uuid, lead_id uuid, "to" text,
    name text, account_number text, phone text, arrears text, status text, action text, note text)
$$;

-- Queues one text per recipient; recipients: [{ position, customer_id? or lead_id?, to, name?, account_number?, arrears? }].
-- Answers { message_ids, queued, suppressed: [positions], sends_at } and records sms_sent for the customers among them.
-- The caller has checked permissions and numbers.
create or replace function private.queue_messages(
  organization_id uuid, recipients jsonb, template text, purpose text, batch_id uuid default null, sender_id text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  account public.sms_accounts;
  body text := private.checked_template(template);
  sends_at timestamptz;
  answer jsonb;
begin
  select * into strict organization from public.organizations o where o.id = queue_messages.organization_id;
  select * into account from public.sms_accounts a
  where a.organization_id = queue_messages.organization_id and a.status <> 'disabled'
    and case when queue_messages.sender_id is null then a.is_default else a.sender_id = queue_messages.sender_id end
  order by a.is_default desc limit 1;
  if account is null then
    if sender_id is null then
      perform private.problem(409, 'no_sender', 'The organization has no active sender. An admin sets one up first.');
    end if;
    perform private.problem(422, 'unknown_sender', 'The organization has no active sender of this name.',
      '[{"path": "sender_id", "message": "is not one of the organization''s senders"}]');
  end if;
  sends_at := private.next_sending_time(organization, now());
  with r as materialized (
    select x.*, private.rendered(body, organization.name, x.arrears, x.account_number, x.name) as text,
      exists (
        select from public.suppressions s
        where s.organization_id = organization.id and s.phone = x."to" and s.lifted_at is null and s.scope = 'all'
      ) as suppressed
    from private.batch_rows(recipients) x
  ), queued as (
    insert into public.messages (organization_id, purpose, account_id, customer_id, lead_id, batch_id, to_number, from_number, body,
      encoding, segments, status, provider, send_after, created_by, error_code, error_message)
    select organization.id, queue_messages.purpose, account.id, r.customer_id, r.lead_id, queue_messages.batch_id, r."to",
      account.sender_id, r.text, s.encoding, s.segments, case when r.suppressed then 'suppressed' else 'queued' end,
      account.provider, sends_at, auth.uid(), case when r.suppressed then 'suppressed' end,
      case when r.suppressed then 'The number has opted out.' end
    from r cross join lateral private.sms_segments(r.text) s
    order by r.position
    returning id, customer_id, status, segments, encoding
  ), recorded as (
    insert into public.customer_actions (organization_id, customer_id, action, source, batch_id, performed_by)
    select organization.id, q.customer_id, 'sms_sent', case when queue_messages.batch_id is null then 'manual' else 'batch' end,
      queue_messages.batch_id, auth.uid()
    from queued q where q.customer_id is not null and q.status = 'queued'
  )
  select jsonb_build_object(
    'first', (select jsonb_build_object('message_id', q.id, 'status', q.status, 'segments', q.segments,
      'encoding', q.encoding, 'send_after', sends_at) from queued q limit 1),
    'queued', (select count(*) from queued q where q.status = 'queued'),
    'suppressed', (select coalesce(jsonb_agg(r.position order by r.position), '[]') from r where r.suppressed)
  ) into answer;
  return answer;
end
$$;

-- The lead as a recipient. 404 for one that the caller may not see, 422 for one without a number.
create function private.lead_recipient(organization_id uuid, lead_id uuid)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  lead public.leads;
begin
  select * into lead from public.leads l
  where l.organization_id = lead_recipient.organization_id and l.id = lead_recipient.lead_id and l.deleted_at is null;
  if lead.id is null or not private.reaches(lead, 'leads:read') then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  elsif lead.phone is null then
    perform private.problem(422, 'no_phone', 'The lead has no phone number.',
      '[{"path": "lead_id", "message": "has no phone number"}]');
  end if;
  return jsonb_build_object('lead_id', lead.id, 'to', lead.phone, 'name', nullif(lead.full_name, ''));
end
$$;

drop function public.send_message(uuid, uuid, text, text, text, text);
drop function private.send_message(uuid, uuid, text, text, text, text);

-- POST /sms/send and its like: one text to a customer, a lead or a number. Definer: only this way may messages be written.
create function private.send_message(
  organization_id uuid, customer_id uuid, to_number text, message text, purpose text, sender_id text, lead_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  recipient jsonb;
  queued jsonb;
  missing text;
  template text := coalesce(message, private.template_of(organization_id, purpose));
begin
  perform private.require_permission(organization_id, 'messages:send');
  replayed := private.replayed_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  if customer_id is not null then
    select jsonb_build_object('customer_id', c.id, 'to', c.phone, 'name', c.name, 'account_number', c.account_number,
      'arrears', private.money_text(c.arrears, c.currency)) into recipient
    from public.customers c
    where c.organization_id = send_message.organization_id and c.id = send_message.customer_id
      and c.organization_id = any (private.organizations_with('customers:read'));
    if recipient is null then
      perform private.problem(404, 'not_found', 'There is no such customer.');
    end if;
  else
    template := private.checked_template(template);
    recipient := case when lead_id is null then jsonb_build_object('to', to_number)
      else private.lead_recipient(organization_id, lead_id) end;
    missing := private.missing_variable(template, recipient ->> 'name', null, null);
    if missing is not null and lead_id is null then
      perform private.problem(422, 'missing_variable', 'The text has variables that only a customer can fill in.',
        '[{"path": "message", "message": "has variables, but the recipient is no customer"}]');
    elsif missing is not null then
      perform private.problem(422, 'missing_variable', 'The text has a variable that this lead has no value for.',
        jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'has {{' || missing || '}}, but the lead has none')));
    end if;
  end if;
  queued := private.queue_messages(organization_id, jsonb_build_array(recipient || '{"position": 0}'),
    template, purpose, null, sender_id);
  return private.remember_response(organization_id, queued -> 'first');
end
$$;

create function public.send_message(
  organization_id uuid, customer_id uuid default null, to_number text default null, message text default null,
  purpose text default 'custom', sender_id text default null, lead_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_message(organization_id, customer_id, to_number, message, purpose, sender_id, lead_id)
$$;
comment on function public.send_message is 'Queues one text. Without message, the organization''s template of the purpose.';

grant execute on function private.send_message(uuid, uuid, text, text, text, text, uuid) to authenticated;
grant execute on function public.send_message(uuid, uuid, text, text, text, text, uuid) to authenticated;
