-- What the customers and actions functions call: each is one round trip.

-- Ids of the customers whose name, account number or phone holds the words. Definer: LIKE is not leakproof, so under row
-- level security the trigram index would not be used; it checks the permission itself.
create function private.search_customers(organization_id uuid, term text)
returns setof uuid
language sql stable security definer set search_path = ''
as $$
  select c.id from public.customers c
  where c.organization_id = search_customers.organization_id
    and c.organization_id = any (private.organizations_with('customers:read'))
    and c.search_text like '%' || replace(replace(replace(lower(term), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;

-- Conditions for the filters that are given: [column, operator, type] by the filter's name. Built as text, because one
-- statement for every combination of filters would get one plan for all of them, and that plan could use no index.
create function private.conditions(filters jsonb, allowed jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select coalesce(string_agg(
    format(' and x.%I %s ($2 ->> %L)::%s', allowed -> f.key ->> 0, allowed -> f.key ->> 1, f.key, allowed -> f.key ->> 2), ''), '')
  from jsonb_each(filters) f where allowed ? f.key
$$;

-- filters: { status?, search?, arrears_min?, arrears_max? }; sort: a column, with "-" for descending.
create function public.list_customers(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "arrears_min": ["arrears", ">=", "numeric"], "arrears_max": ["arrears", "<=", "numeric"]}');
  answer jsonb;
begin
  -- Row level security alone would answer a member who was just removed from an empty list with another empty list.
  perform private.require_permission(organization_id, 'customers:read');
  if sort_column not in ('name', 'account_number', 'phone', 'status', 'arrears', 'created_at', 'updated_at') then
    perform private.problem(422, 'invalid_field', 'Customers cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ? 'search' then
    conditions := conditions || ' and x.id = any (array(select private.search_customers($1, $2 ->> ''search'')))';
  end if;
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customers x where %1$s),
      ''rows'', coalesce((select jsonb_agg(to_jsonb(p) - ''search_text'') from (
        select x.* from public.customers x where %1$s order by x.%2$I %3$s, x.id %3$s limit $3 offset $4) p), ''[]''))',
    conditions, sort_column, direction)
  into answer using list_customers.organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;
comment on function public.list_customers is 'One page of customers and how many there are in all.';

create function public.create_customer(organization_id uuid, customer jsonb)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb := private.replayed_response(organization_id);
  created public.customers;
begin
  if answer is not null then
    return answer;
  end if;
  insert into public.customers (organization_id, name, account_number, phone, status, arrears, currency)
  select create_customer.organization_id, r.name, r.account_number, r.phone, coalesce(r.status, 'connected'), r.arrears,
    (select o.currency from public.organizations o where o.id = create_customer.organization_id)
  from jsonb_to_record(customer) as r (name text, account_number text, phone text, status text, arrears numeric)
  returning * into created;
  return private.remember_response(organization_id, to_jsonb(created) - 'search_text');
end
$$;
comment on function public.create_customer is 'Adds a customer under the caller''s permissions; repeats with the same Idempotency-Key answer alike.';

create function private.action_json(a public.customer_actions)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(a) || jsonb_build_object('performed_by_name', (select p.full_name from public.profiles p where p.id = a.performed_by))
$$;

create function public.create_action(organization_id uuid, customer_id uuid, action text, note text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb := private.replayed_response(organization_id);
  created public.customer_actions;
begin
  if answer is not null then
    return answer;
  end if;
  insert into public.customer_actions (organization_id, customer_id, action, note)
  values (organization_id, customer_id, action, note) returning * into created;
  return private.remember_response(organization_id, private.action_json(created));
exception when foreign_key_violation then
  perform private.problem(404, 'not_found', 'There is no such customer.');
  return null;
end
$$;
comment on function public.create_action is 'Records an action; the customer''s status follows in the same transaction.';

-- POST /actions/batch: actions: [{ customer_id, action, note? }]. All or, with the offending indexes, none.
-- Definer: it marks the actions as one batch's, which nobody may do directly.
create function private.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  batch uuid;
  unknown jsonb;
begin
  perform private.require_permission(organization_id, 'actions:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  select jsonb_agg(jsonb_build_object('path', 'actions.' || (a.ordinality - 1) || '.customer_id', 'message', 'There is no such customer.')
    order by a.ordinality) into unknown
  from private.batch_rows(actions) with ordinality a
  left join public.customers c
    on c.organization_id = create_actions.organization_id and c.id = a.customer_id
  where c.id is null;
  if unknown is not null then
    perform private.problem(422, 'invalid_field', 'Some customers do not exist; nothing was recorded.', unknown);
  end if;
  insert into public.batches (organization_id, kind, counts, created_by)
  values (organization_id, 'actions', jsonb_build_object('actions', jsonb_array_length(actions)), auth.uid())
  returning id into batch;
  insert into public.customer_actions (organization_id, customer_id, action, note, source, batch_id, performed_by)
  select create_actions.organization_id, a.customer_id, a.action, a.note, 'batch', batch, auth.uid()
  from private.batch_rows(actions) with ordinality a order by a.ordinality;
  return private.remember_response(organization_id,
    jsonb_build_object('batch_id', batch, 'created', jsonb_array_length(actions)));
end
$$;

create function public.create_actions(organization_id uuid, actions jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_actions(organization_id, actions)
$$;
comment on function public.create_actions is 'Records many actions as one batch, in one transaction.';

create function public.list_actions(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "customer_id": ["customer_id", "=", "uuid"], "action": ["action", "=", "text"], "batch_id": ["batch_id", "=", "uuid"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'actions:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customer_actions x where %1$s),
      ''rows'', coalesce((select jsonb_agg(private.action_json(p) order by p.id desc) from (
        select x.* from public.customer_actions x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''),
      ''customer_known'', not $2 ? ''customer_id'' or exists (
        select from public.customers c where c.organization_id = $1 and c.id = ($2 ->> ''customer_id'')::uuid))',
    conditions)
  into answer using list_actions.organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;
comment on function public.list_actions is 'One page of actions, newest first. filters: { customer_id?, action?, batch_id? }.';

-- GET /customers/dashboard/data, from totals alone but for the ten latest actions. Definer: totals are nobody's to read.
create function private.customers_dashboard(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  zone text := (select o.time_zone from public.organizations o where o.id = organization_id);
  today date := (now() at time zone zone)::date;
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'customers:read');
  with by_status as (
    select t.status, sum(t.customers) as customers, sum(t.arrears) as arrears
    from private.customer_totals t where t.organization_id = customers_dashboard.organization_id group by t.status
  ), by_day as (
    select (t.quarter_hour at time zone zone)::date as day, t.action, sum(t.actions) as actions
    from private.action_totals t
    where t.organization_id = customers_dashboard.organization_id
      and t.quarter_hour >= (today - 30)::timestamp at time zone zone -- A day early: midnight can come twice.
    group by 1, 2
  ), days as (
    select d::date as day,
      coalesce(sum(b.actions) filter (where b.action = 'connect'), 0) as connects,
      coalesce(sum(b.actions) filter (where b.action = 'disconnect'), 0) as disconnects,
      coalesce(sum(b.actions) filter (where b.action = 'warn'), 0) as warns,
      coalesce(sum(b.actions) filter (where b.action = 'sms_sent'), 0) as texts
    from generate_series(today - 29, today, interval '1 day') d
    left join by_day b on b.day = d::date
    group by d
  ), texts as (
    select t.status, sum(t.messages) as messages
    from private.message_totals t where t.organization_id = customers_dashboard.organization_id group by t.status
  )
  select jsonb_build_object(
    'total_customers', coalesce((select sum(s.customers) from by_status s), 0),
    'by_status', jsonb_build_object(
      'connected', coalesce((select s.customers from by_status s where s.status = 'connected'), 0),
      'disconnected', coalesce((select s.customers from by_status s where s.status = 'disconnected'), 0),
      'warned', coalesce((select s.customers from by_status s where s.status = 'warned'), 0)),
    'total_arrears', coalesce((select sum(s.arrears) from by_status s), 0)::numeric(20, 2)::text,
    'recent_actions', coalesce((
      select jsonb_agg(private.action_json(r.action_row) || jsonb_build_object('customer_name', r.name) order by r.id desc)
      from (
        select a.id, a as action_row, c.name from public.customer_actions a
        join public.customers c on c.organization_id = a.organization_id and c.id = a.customer_id
        where a.organization_id = customers_dashboard.organization_id order by a.id desc limit 10
      ) r), '[]'),
    'actions_today', (select d.connects + d.disconnects + d.warns + d.texts from days d where d.day = today),
    'sms', jsonb_build_object(
      'queued', coalesce((select t.messages from texts t where t.status = 'queued'), 0),
      'sending', coalesce((select t.messages from texts t where t.status = 'sending'), 0),
      'sent', coalesce((select t.messages from texts t where t.status = 'sent'), 0),
      'delivered', coalesce((select t.messages from texts t where t.status = 'delivered'), 0),
      'failed', coalesce((select sum(t.messages) from texts t where t.status in ('failed', 'undelivered')), 0),
      'suppressed', coalesce((select t.messages from texts t where t.status = 'suppressed'), 0)),
    'actions_by_day', (
      select jsonb_agg(jsonb_build_object('date', d.day, 'connect', d.connects, 'disconnect', d.disconnects, 'warn', d.warns,
        'sms_sent', d.texts) order by d.day) from days d)
  ) into answer;
  return answer;
end
$$;

create function public.customers_dashboard(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.customers_dashboard(organization_id)
$$;
comment on function public.customers_dashboard is 'The figures of the customers'' dashboard, in the organization''s own days.';

create function public.list_messages(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  conditions text := 'x.organization_id = $1' || private.conditions(filters, '{
    "status": ["status", "=", "text"], "direction": ["direction", "=", "text"], "to": ["to_number", "=", "text"],
    "batch_id": ["batch_id", "=", "uuid"], "campaign_id": ["campaign_id", "=", "uuid"],
    "customer_id": ["customer_id", "=", "uuid"], "from": ["created_at", ">=", "timestamptz"],
    "before": ["created_at", "<", "timestamptz"]}');
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'messages:read');
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.messages x where %1$s),
      ''rows'', coalesce((select jsonb_agg(to_jsonb(p)) from (
        select x.* from public.messages x where %1$s order by x.id desc limit $3 offset $4) p), ''[]''))',
    conditions)
  into answer using list_messages.organization_id, filters, page_limit, page_offset;
  return answer;
end
$$;
comment on function public.list_messages is
  'One page of messages, newest first. filters: { status?, direction?, to?, batch_id?, campaign_id?, customer_id?, from?, before? }.';

create function public.list_batches(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'uploads:read');
  return jsonb_build_object(
    'total', (
      select count(*) from public.batches b
      where b.organization_id = list_batches.organization_id and b.kind = 'upload'),
    'rows', coalesce((
      select jsonb_agg(to_jsonb(p) - 'skipped' || jsonb_build_object('created_by_name', (
        select u.full_name from public.profiles u where u.id = p.created_by)) order by p.id desc)
      from (
        select b.* from public.batches b
        where b.organization_id = list_batches.organization_id and b.kind = 'upload'
        order by b.id desc limit page_limit offset page_offset
      ) p), '[]')
  );
end
$$;
comment on function public.list_batches is 'One page of processed uploads, newest first.';

grant execute on function private.conditions(jsonb, jsonb), private.search_customers(uuid, text), private.action_json(public.customer_actions),
  private.create_actions(uuid, jsonb), private.customers_dashboard(uuid) to authenticated;
grant execute on function public.list_customers(uuid, jsonb, text, integer, integer), public.create_customer(uuid, jsonb),
  public.create_action(uuid, uuid, text, text), public.create_actions(uuid, jsonb),
  public.list_actions(uuid, jsonb, integer, integer), public.list_messages(uuid, jsonb, integer, integer),
  public.list_batches(uuid, integer, integer), public.customers_dashboard(uuid) to authenticated;
