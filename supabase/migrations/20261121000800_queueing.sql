-- From a template and a list of recipients to queued messages: rendering, counting segments, suppression, quiet hours.

-- GSM 03.38 counted as Twilio and the GSM Association do: 160 septets in one part, 153 in each of several, an escape
-- pair never split; anything else is UCS-2 with 70 or 67 code units, a surrogate pair never split.
create function private.sms_segments(body text, out encoding text, out segments integer)
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  gsm constant text := '^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\\[~\]|€]*$';
  double constant text := '[\f^{}\\\[~\]|€]';
  wide text := double;
  part integer := 153;
  whole integer := 160;
  units integer;
  used integer := 0;
  width integer;
begin
  encoding := 'GSM-7';
  if body !~ gsm then
    encoding := 'UCS-2';
    wide := '[\U00010000-\U0010FFFF]';
    part := 67;
    whole := 70;
  end if;
  units := char_length(body);
  if body ~ wide then
    units := units + regexp_count(body, wide);
  else
    wide := null;
  end if;
  if units <= whole then
    segments := 1;
  elsif wide is null then
    segments := ceil(units::numeric / part);
  else
    segments := 1;
    for width in select case when c ~ wide then 2 else 1 end from regexp_split_to_table(body, '') c loop
      if used + width > part then
        segments := segments + 1;
        used := 0;
      end if;
      used := used + width;
    end loop;
  end if;
end
$$;
comment on function private.sms_segments is 'Encoding and number of billable parts of a text.';

create function private.money_text(amount numeric, currency text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select currency || ' ' || to_char(amount, 'FM999,999,999,990.00')
$$;

-- Normal form of a template's variables; an unknown one is refused rather than texted to people.
create function private.checked_template(body text)
returns text
language plpgsql immutable set search_path = ''
as $$
declare
  known constant text[] := array['name', 'account_number', 'arrears', 'organization'];
  unknown text := (
    select string_agg(distinct v[1], ', ') from regexp_matches(body, '\{\{\s*([^{}]*?)\s*\}\}', 'g') v
    where v[1] <> all (known)
  );
begin
  if unknown is not null then
    perform private.problem(422, 'unknown_variable', 'The text has unknown variables: ' || unknown || '.',
      jsonb_build_array(jsonb_build_object('path', 'message', 'message', 'Known are ' || array_to_string(known, ', ') || '.')));
  end if;
  return regexp_replace(body, '\{\{\s*([^{}]*?)\s*\}\}', '{{\1}}', 'g');
end
$$;

create function private.check_template()
returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.body := private.checked_template(new.body);
  return new;
end
$$;
create trigger check_body before insert or update of body on public.templates
  for each row execute function private.check_template();

-- What a value holds must not be filled in again: its braces stand aside, as a character that no text has, until the end.
create function private.rendered(body text, organization text, arrears text, account_number text, name text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select translate(replace(replace(replace(replace(body,
    '{{organization}}', translate(organization, '{', U&'\FFFF')),
    '{{arrears}}', translate(coalesce(arrears, ''), '{', U&'\FFFF')),
    '{{account_number}}', translate(coalesce(account_number, ''), '{', U&'\FFFF')),
    '{{name}}', coalesce(name, '')), U&'\FFFF', '{')
$$;

-- The moment itself, or the end of the quiet hours it falls in, as the organization's clocks show it.
create function private.next_sending_time(organization public.organizations, at timestamptz)
returns timestamptz
language plpgsql stable set search_path = ''
as $$
declare
  starts time := organization.quiet_hours_start;
  ends time := organization.quiet_hours_end;
  here timestamp := at at time zone organization.time_zone;
  quiet boolean;
begin
  if starts is null then
    return at;
  end if;
  quiet := case when starts < ends then here::time >= starts and here::time < ends
    else here::time >= starts or here::time < ends end;
  if not quiet then
    return at;
  end if;
  return (here::date + case when here::time < ends then 0 else 1 end + ends) at time zone organization.time_zone;
end
$$;

-- The first variable of a template that a recipient has no value for: a text with a hole in it is not sent.
create function private.missing_variable(body text, name text, account_number text, arrears text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when name is null and body like '%{{name}}%' then 'name'
    when account_number is null and body like '%{{account\_number}}%' then 'account_number'
    when arrears is null and body like '%{{arrears}}%' then 'arrears' end
$$;

-- Queues one text per recipient; recipients: [{ position, customer_id?, to, name?, account_number?, arrears? }].
-- Answers { message_ids, queued, suppressed: [positions], sends_at } and records sms_sent for the customers among them.
-- The caller has checked permissions and numbers.
create function private.queue_messages(
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
    insert into public.messages (organization_id, purpose, account_id, customer_id, batch_id, to_number, from_number, body,
      encoding, segments, status, provider, send_after, created_by, error_code, error_message)
    select organization.id, queue_messages.purpose, account.id, r.customer_id, queue_messages.batch_id, r."to",
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

create function private.template_of(organization_id uuid, kind text)
returns text
language plpgsql stable set search_path = ''
as $$
declare
  body text := (
    select t.body from public.templates t
    where t.organization_id = template_of.organization_id and t.kind = template_of.kind and t.kind <> 'custom'
  );
begin
  if body is null then
    perform private.problem(409, 'no_template', 'The organization has no template for this. Give a message instead.');
  end if;
  return body;
end
$$;

-- POST /sms/send and its like: one text to a customer or a number. Definer: only this way may messages be written.
create function private.send_message(
  organization_id uuid, customer_id uuid, to_number text, message text, purpose text, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  recipient jsonb;
  queued jsonb;
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
    recipient := jsonb_build_object('to', to_number);
    template := private.checked_template(template);
    if private.missing_variable(template, null, null, null) is not null then
      perform private.problem(422, 'missing_variable', 'The text has variables that only a customer can fill in.',
        '[{"path": "message", "message": "has variables, but the recipient is no customer"}]');
    end if;
  end if;
  queued := private.queue_messages(organization_id, jsonb_build_array(recipient || '{"position": 0}'),
    template, purpose, null, sender_id);
  return private.remember_response(organization_id, queued -> 'first');
end
$$;

create function public.send_message(
  organization_id uuid, customer_id uuid default null, to_number text default null, message text default null,
  purpose text default 'custom', sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_message(organization_id, customer_id, to_number, message, purpose, sender_id)
$$;
comment on function public.send_message is 'Queues one text. Without message, the organization''s template of the purpose.';

-- POST /sms/send-bulk. recipients: [{ position, to?, customer_id?, name?, account_number?, arrears? }], or null with
-- filter { status?, arrears_min?, arrears_max? } for customers. Definer: as send_message.
create function private.send_bulk(organization_id uuid, recipients jsonb, filter jsonb, message text, maximum integer, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  rows jsonb;
  invalid jsonb;
  batch uuid;
  queued jsonb;
  may_read_customers boolean;
  body text := private.checked_template(message);
begin
  perform private.require_permission(organization_id, 'messages:send');
  replayed := private.replayed_response(organization_id);
  if replayed is not null then
    return replayed;
  end if;
  may_read_customers := organization_id = any (private.organizations_with('customers:read'));
  if recipients is null then
    perform private.require_permission(organization_id, 'customers:read');
    select coalesce(jsonb_agg(jsonb_build_object('customer_id', c.id, 'position', c.position)), '[]') into recipients
    from (
      select c.id, row_number() over (order by c.id) - 1 as position from public.customers c
      where c.organization_id = send_bulk.organization_id
        and (filter ->> 'status' is null or c.status = filter ->> 'status')
        and (filter ->> 'arrears_min' is null or c.arrears >= (filter ->> 'arrears_min')::numeric)
        and (filter ->> 'arrears_max' is null or c.arrears <= (filter ->> 'arrears_max')::numeric)
      limit maximum + 1
    ) c;
    if jsonb_array_length(recipients) > maximum then
      perform private.problem(422, 'too_many_recipients', 'The filter matches more than ' || maximum || ' customers.');
    end if;
  end if;
  with r as (
    select x.position, x.customer_id, coalesce(c.phone, x."to") as "to",
      coalesce(c.name, x.name) as name, coalesce(c.account_number, x.account_number) as account_number,
      coalesce(private.money_text(c.arrears, c.currency), x.arrears) as arrears,
      x.customer_id is not null and c.id is null as missing
    from private.batch_rows(recipients) x
    left join public.customers c
      on c.organization_id = send_bulk.organization_id and c.id = x.customer_id and may_read_customers
  ), judged as (
    select r.*, case when r.missing then 'There is no such customer.'
      when private.missing_variable(body, r.name, r.account_number, r.arrears) is not null
        then 'The text needs ' || private.missing_variable(body, r.name, r.account_number, r.arrears) || '.'
      when row_number() over (partition by r."to", r.name, r.account_number, r.arrears order by r.position) > 1
        then 'The same text to this number is in the list already.' end as fault
    from r
  )
  select
    coalesce(jsonb_agg(jsonb_build_object('position', j.position, 'customer_id', j.customer_id, 'to', j."to",
      'name', j.name, 'account_number', j.account_number, 'arrears', j.arrears)) filter (where j.fault is null), '[]'),
    coalesce(jsonb_agg(jsonb_build_object('index', j.position, 'message', j.fault) order by j.position)
      filter (where j.fault is not null), '[]')
  into rows, invalid from judged j;
  insert into public.batches (organization_id, kind, send_sms, created_by)
  values (organization_id, 'sms', true, auth.uid()) returning id into batch;
  queued := private.queue_messages(organization_id, rows, message, 'custom', batch, sender_id);
  update public.batches b set counts = jsonb_build_object('messages_queued', queued -> 'queued',
    'suppressed', jsonb_array_length(queued -> 'suppressed'), 'invalid', jsonb_array_length(invalid))
  where b.id = batch;
  return private.remember_response(organization_id, jsonb_build_object('batch_id', batch, 'queued', queued -> 'queued',
    'suppressed', jsonb_array_length(queued -> 'suppressed'), 'invalid', invalid));
end
$$;

create function public.send_bulk(
  organization_id uuid, message text, recipients jsonb default null, filter jsonb default null,
  maximum integer default 10000, sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_bulk(organization_id, recipients, filter, message, maximum, sender_id)
$$;
comment on function public.send_bulk is 'Queues many texts in one transaction: { batch_id, queued, suppressed, invalid }.';

-- GET /sms/status: the message with all that is known of it, as far as the caller may see it.
create function public.message_status(organization_id uuid, message_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(m) || jsonb_build_object('events', (
    select jsonb_build_array(jsonb_build_object('status', case when m.status = 'suppressed' then m.status
        when m.direction = 'inbound' then 'received' else 'queued' end, 'at', m.created_at))
      || coalesce(jsonb_agg(jsonb_build_object('status', e.status, 'at', e.occurred_at, 'code', e.code) order by e.id), '[]')
    from public.message_events e where e.organization_id = m.organization_id and e.message_id = m.id
  ))
  from public.messages m
  where m.organization_id = message_status.organization_id and m.id = message_status.message_id
$$;

grant execute on function private.send_message(uuid, uuid, text, text, text, text),
  private.send_bulk(uuid, jsonb, jsonb, text, integer, text), private.sms_segments(text),
  private.money_text(numeric, text), private.checked_template(text)
to authenticated;
grant execute on function public.send_message(uuid, uuid, text, text, text, text),
  public.send_bulk(uuid, text, jsonb, jsonb, integer, text), public.message_status(uuid, uuid)
to authenticated;
