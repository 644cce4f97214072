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

-- Queues one message per recipient; recipients: [{ position, customer_id? or lead_id?, to, name?, account_number?,
-- arrears? }]. Answers { first, queued, suppressed: [{ position, reason }], repeated: [{ position, reason }] } and records
-- sms_sent for the customers among them. repeated: the same text to the same number comes earlier in the list, and is
-- queued once. The caller has checked permissions and the form of the numbers. Texts to others than customers keep the
-- law's hours.
create function private.queue_messages(
  organization_id uuid, recipients jsonb, template text, purpose text, batch_id uuid default null, sender_id text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  organization public.organizations;
  account public.sms_accounts;
  body text := private.checked_template(template);
  allowed text;
  opens timestamptz;
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
  if account.status = 'pending' then
    perform private.problem(409, 'sender_pending', 'The sender awaits the approval of the platform.');
  end if;
  allowed := private.phone_pattern_of(organization);
  opens := private.next_sending_time(organization, now());
  with rendered as materialized (
    select x.*, private.rendered(body, organization.name, x.arrears, x.account_number, x.name) as text,
      case when x."to" = account.sender_id then 'own_number' when x."to" !~ allowed then 'country_not_allowed'
        else b.reason end as blocked,
      t.legal_hours_from, coalesce(t.send_after, opens) as send_after
    from private.batch_rows(recipients) x
    left join private.sending_times(organization, recipients) t
      on x.customer_id is null and t.phone = x."to" and t.lead_id is not distinct from x.lead_id
    left join private.blocked_numbers(organization.id,
      array(select distinct y."to" from private.batch_rows(recipients) y)) b on b.phone = x."to"
  ), numbered as materialized (
    select n.*, row_number() over (partition by private.one_spelling(n."to"), n.text order by n.position) > 1 as repeated from rendered n
  ), r as materialized (
    select n.* from numbered n where not n.repeated
  ), queued as (
    insert into public.messages (organization_id, purpose, account_id, customer_id, lead_id, batch_id, to_number, from_number, body,
      encoding, segments, status, provider, send_after, legal_hours_from, wait_reason, created_by, error_code, error_message)
    select organization.id, queue_messages.purpose, account.id, r.customer_id, r.lead_id, queue_messages.batch_id, r."to",
      account.sender_id, r.text, s.encoding, s.segments, case when r.blocked is not null then 'suppressed' else 'queued' end,
      account.provider, r.send_after, r.legal_hours_from,
      case when r.send_after > now() and r.blocked is null then 'quiet_hours' end, auth.uid(), r.blocked,
      case when r.blocked is not null then private.verdict_text(r.blocked) end
    from r cross join lateral private.sms_segments(r.text) s
    order by r.position
    returning id, customer_id, status, segments, encoding, send_after, error_code
  ), recorded as (
    insert into public.customer_actions (organization_id, customer_id, action, source, batch_id, performed_by)
    select organization.id, q.customer_id, 'sms_sent', case when queue_messages.batch_id is null then 'manual' else 'batch' end,
      queue_messages.batch_id, auth.uid()
    from queued q where q.customer_id is not null and q.status = 'queued'
  )
  select jsonb_build_object(
    'first', (select jsonb_build_object('message_id', q.id, 'status', q.status, 'segments', q.segments,
      'encoding', q.encoding, 'send_after', q.send_after, 'error_code', q.error_code) from queued q limit 1),
    'queued', (select count(*) from queued q where q.status = 'queued'),
    'suppressed', (
      select coalesce(jsonb_agg(jsonb_build_object('position', r.position, 'reason', r.blocked) order by r.position), '[]')
      from r where r.blocked is not null),
    'repeated', (
      select coalesce(jsonb_agg(jsonb_build_object('position', n.position,
        'reason', 'The same text to this number is in the list already.') order by n.position), '[]')
      from numbered n where n.repeated)
  ) into answer;
  return answer;
end
$$;
