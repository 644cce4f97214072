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

-- filters: { status?, search?, arrears_min?, arrears_max? }; sort: a column, with "-" for descending.
create function public.list_customers(organization_id uuid, filters jsonb, sort text, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  sort_column text := ltrim(sort, '-');
  direction text := case when sort like '-%' then 'desc' else 'asc' end;
  conditions text := 'c.organization_id = $1';
  answer jsonb;
begin
  if sort_column not in ('name', 'account_number', 'phone', 'status', 'arrears', 'created_at', 'updated_at') then
    perform private.problem(422, 'invalid_field', 'Customers cannot be sorted by this.',
      '[{"path": "sort", "message": "is not a sortable field"}]');
  end if;
  if filters ? 'status' then
    conditions := conditions || ' and c.status = $2 ->> ''status''';
  end if;
  if filters ? 'arrears_min' then
    conditions := conditions || ' and c.arrears >= ($2 ->> ''arrears_min'')::numeric';
  end if;
  if filters ? 'arrears_max' then
    conditions := conditions || ' and c.arrears <= ($2 ->> ''arrears_max'')::numeric';
  end if;
  if filters ? 'search' then
    conditions := conditions || ' and c.id = any (array(select private.search_customers($1, $2 ->> ''search'')))';
  end if;
  execute format(
    'select jsonb_build_object(
      ''total'', (select count(*) from public.customers c where %1$s),
      ''rows'', coalesce((select jsonb_agg(to_jsonb(p) - ''search_text'') from (
        select c.* from public.customers c where %1$s order by c.%2$I %3$s, c.id %3$s limit $3 offset $4) p), ''[]''))',
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
  select jsonb_agg(jsonb_build_object('path', 'actions.' || (a.position - 1) || '.customer_id', 'message', 'There is no such customer.')
    order by a.position) into unknown
  from jsonb_array_elements(actions) with ordinality a (value, position)
  left join public.customers c
    on c.organization_id = create_actions.organization_id and c.id = (a.value ->> 'customer_id')::uuid
  where c.id is null;
  if unknown is not null then
    perform private.problem(422, 'invalid_field', 'Some customers do not exist; nothing was recorded.', unknown);
  end if;
  insert into public.batches (organization_id, kind, counts, created_by)
  values (organization_id, 'actions', jsonb_build_object('actions', jsonb_array_length(actions)), auth.uid())
  returning id into batch;
  insert into public.customer_actions (organization_id, customer_id, action, note, source, batch_id, performed_by)
  select create_actions.organization_id, (a.value ->> 'customer_id')::uuid, a.value ->> 'action', a.value ->> 'note',
    'batch', batch, auth.uid()
  from jsonb_array_elements(actions) with ordinality a (value, position) order by a.position;
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
language sql stable set search_path = ''
as $$
  with matching as (
    select a.* from public.customer_actions a
    where a.organization_id = list_actions.organization_id
      and (filters ->> 'customer_id' is null or a.customer_id = (filters ->> 'customer_id')::uuid)
      and (filters ->> 'action' is null or a.action = filters ->> 'action')
      and (filters ->> 'batch_id' is null or a.batch_id = (filters ->> 'batch_id')::uuid)
  )
  select jsonb_build_object(
    'total', (select count(*) from matching),
    'rows', coalesce((
      select jsonb_agg(private.action_json(p) order by p.id desc)
      from (select * from matching m order by m.id desc limit page_limit offset page_offset) p
    ), '[]'),
    'customer_known', filters ->> 'customer_id' is null or exists (
      select from public.customers c
      where c.organization_id = list_actions.organization_id and c.id = (filters ->> 'customer_id')::uuid)
  )
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

grant execute on function private.search_customers(uuid, text), private.action_json(public.customer_actions),
  private.create_actions(uuid, jsonb), private.customers_dashboard(uuid) to authenticated;
grant execute on function public.list_customers(uuid, jsonb, text, integer, integer), public.create_customer(uuid, jsonb),
  public.create_action(uuid, uuid, text, text), public.create_actions(uuid, jsonb),
  public.list_actions(uuid, jsonb, integer, integer), public.customers_dashboard(uuid) to authenticated;
