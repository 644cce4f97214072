-- POST /sms/send-bulk. recipients: [{ position, to?, customer_id?, name?, account_number?, arrears? }], or null with
-- filter { status?, arrears_min?, arrears_max? } for customers. Definer: as send_message.
create function private.send_bulk(organization_id uuid, recipients jsonb, filter jsonb, message text, maximum integer, sender_id text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  replayed jsonb;
  refusal jsonb;
  rows jsonb;
  invalid jsonb;
  batch uuid;
  queued jsonb;
  may_read_customers boolean;
  organization public.organizations;
  body text := private.checked_template(message);
begin
  maximum := least(coalesce(maximum, 10000), 10000);
  perform private.require_permission(organization_id, 'messages:send');
  replayed := private.idempotent_response(organization_id);
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
  if jsonb_typeof(recipients) is distinct from 'array' or jsonb_array_length(recipients) not between 1 and maximum then
    perform private.problem(422, 'too_many_recipients', 'Give between 1 and ' || maximum || ' recipients.',
      '[{"path": "recipients", "message": "must have between 1 and 10,000 items"}]');
  end if;
  -- A hundred recipients cost as much as one message.
  refusal := private.over_rate_limit('send', ceil(jsonb_array_length(recipients) / 100.0)::integer);
  if refusal is not null then
    return refusal;
  end if;
  select * into strict organization from public.organizations o where o.id = send_bulk.organization_id;
  with allowed as materialized (
    select private.phone_pattern_of(organization) as pattern
  ), r as (
    select x.position, x.customer_id, coalesce(c.phone, x."to") as "to",
      coalesce(c.name, x.name) as name, coalesce(c.account_number, x.account_number) as account_number,
      coalesce(private.money_text(c.arrears, c.currency), x.arrears) as arrears,
      x.customer_id is not null and c.id is null as missing
    from private.batch_rows(recipients) x
    left join public.customers c
      on c.organization_id = send_bulk.organization_id and c.id = x.customer_id and may_read_customers
  ), checked as (
    select r.*, case when r.missing then 'There is no such customer.'
      when r."to" is null or r."to" !~ '^\+[1-9][0-9]{6,14}$' then 'This is not a phone number in E.164 form.'
      when r."to" !~ (select a.pattern from allowed a) then 'The organization does not text numbers of this country.'
      when private.missing_variable(body, r.name, r.account_number, r.arrears) is not null
        then 'The text needs ' || private.missing_variable(body, r.name, r.account_number, r.arrears) || '.' end as fault
    from r
  )
  select
    coalesce(jsonb_agg(jsonb_build_object('position', j.position, 'customer_id', j.customer_id, 'to', j."to",
      'name', j.name, 'account_number', j.account_number, 'arrears', j.arrears)) filter (where j.fault is null), '[]'),
    coalesce(jsonb_agg(jsonb_build_object('index', j.position, 'message', j.fault) order by j.position)
      filter (where j.fault is not null), '[]')
  into rows, invalid from checked j;
  insert into public.batches (organization_id, kind, send_sms, created_by)
  values (organization_id, 'sms', true, auth.uid()) returning id into batch;
  queued := private.queue_messages(organization_id, rows, message, 'custom', batch, sender_id);
  select coalesce(jsonb_agg(f.fault order by (f.fault ->> 'index')::integer), '[]') into invalid
  from (
    select jsonb_array_elements(invalid) as fault
    union all
    select jsonb_build_object('index', p.value -> 'position', 'message', p.value -> 'reason')
    from jsonb_array_elements(queued -> 'repeated') p
  ) f;
  update public.batches b set counts = jsonb_build_object('messages_queued', queued -> 'queued',
    'suppressed', jsonb_array_length(queued -> 'suppressed'), 'invalid', jsonb_array_length(invalid))
  where b.id = batch;
  return private.store_idempotent_response(organization_id, jsonb_build_object('batch_id', batch, 'queued', queued -> 'queued',
    'suppressed', jsonb_array_length(queued -> 'suppressed'), 'invalid', invalid));
end
$$;
grant execute on function private.send_bulk(uuid, jsonb, jsonb, text, integer, text) to authenticated;

create function public.send_bulk(
  organization_id uuid, message text, recipients jsonb default null, filter jsonb default null,
  maximum integer default 10000, sender_id text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.send_bulk(organization_id, recipients, filter, message, maximum, sender_id)
$$;
comment on function public.send_bulk is 'Queues many texts in one transaction: { batch_id, queued, suppressed, invalid }.';
grant execute on function public.send_bulk(uuid, text, jsonb, jsonb, integer, text) to authenticated;
