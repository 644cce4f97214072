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
  if lead.id is null or not private.lead_in_scope(lead, 'leads:read') then
    perform private.problem(404, 'not_found', 'There is no such lead.');
  elsif lead.phone is null then
    perform private.problem(422, 'no_phone', 'The lead has no phone number.',
      '[{"path": "lead_id", "message": "has no phone number"}]');
  end if;
  return jsonb_build_object('lead_id', lead.id, 'to', lead.phone, 'name', nullif(lead.full_name, ''));
end
$$;

-- POST /sms/send and its like: one text to a customer, a lead or a number. Definer: only this way may messages be written.
create function private.send_message(
  organization_id uuid, customer_id uuid, to_number text, message text, purpose text, sender_id text, lead_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  refusal jsonb;
  recipient jsonb;
  queued jsonb;
  missing text;
  template text := coalesce(message, private.template_of(organization_id, purpose));
begin
  -- The other purposes are for messages that the system writes; some of them reach numbers that have opted out.
  perform private.require_valid(purpose in ('warning', 'disconnection', 'connection', 'custom'), 'purpose',
    'is not a purpose that people give');
  perform private.require_permission(organization_id, 'messages:send');
  replayed := private.idempotent_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  refusal := private.over_rate_limit('send');
  if refusal is not null then
    return refusal;
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
  perform private.require_phone(organization_id, recipient ->> 'to',
    case when customer_id is not null then 'customer_id' when lead_id is not null then 'lead_id' else 'to' end);
  queued := private.queue_messages(organization_id, jsonb_build_array(recipient || '{"position": 0}'),
    template, purpose, null, sender_id);
  return private.store_idempotent_response(organization_id, queued -> 'first');
end
$$;
grant execute on function private.send_message(uuid, uuid, text, text, text, text, uuid) to authenticated;

create function public.send_message(
  organization_id uuid, customer_id uuid default null, to_number text default null, message text default null,
  purpose text default 'custom', sender_id text default null, lead_id uuid default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_message(organization_id, customer_id, to_number, message, purpose, sender_id, lead_id)
$$;
comment on function public.send_message is 'Queues one text. Without message, the organization''s template of the purpose.';
grant execute on function public.send_message(uuid, uuid, text, text, text, text, uuid) to authenticated;
