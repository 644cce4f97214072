-- Actions on each of the last 30 days in the organization's time zone.
create function private.actions_by_day(organization_id uuid)
returns table (day date, is_today boolean, connects numeric, disconnects numeric, warns numeric, texts numeric)
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  zone text := (select o.time_zone from public.organizations o where o.id = actions_by_day.organization_id);
  today date := (now() at time zone zone)::date;
begin
  return query
    with counted as (
      select (t.quarter_hour at time zone zone)::date as day, t.action, sum(t.actions) as actions
      from private.action_totals t
      where t.organization_id = actions_by_day.organization_id
        -- A day early, because a local midnight can occur twice.
        and t.quarter_hour >= (today - 30)::timestamp at time zone zone
      group by 1, 2
    )
    select d::date, d::date = today,
      coalesce(sum(c.actions) filter (where c.action = 'connect'), 0),
      coalesce(sum(c.actions) filter (where c.action = 'disconnect'), 0),
      coalesce(sum(c.actions) filter (where c.action = 'warn'), 0),
      coalesce(sum(c.actions) filter (where c.action = 'sms_sent'), 0)
    from generate_series(today - 29, today, interval '1 day') d
    left join counted c on c.day = d::date
    group by d;
end
$$;

-- GET /customers/dashboard/data, from the totals except for the ten latest actions. Security definer because nobody
-- may read the totals.
create function private.customers_dashboard(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  perform private.require_permission(organization_id, 'customers:read');
  with by_status as (
    select t.status, sum(t.customers) as customers, sum(t.arrears) as arrears
    from private.customer_totals t where t.organization_id = customers_dashboard.organization_id group by t.status
  ), days as (
    select * from private.actions_by_day(customers_dashboard.organization_id)
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
      select jsonb_agg(private.action_json(r.action_row) || jsonb_build_object('customer_name', r.name)
        order by r.id desc)
      from (
        select a.id, a as action_row, c.name from public.customer_actions a
        join public.customers c on c.organization_id = a.organization_id and c.id = a.customer_id
        where a.organization_id = customers_dashboard.organization_id order by a.id desc limit 10
      ) r), '[]'),
    'actions_today', (select d.connects + d.disconnects + d.warns + d.texts from days d where d.is_today),
    'sms', jsonb_build_object(
      'queued', coalesce((select t.messages from texts t where t.status = 'queued'), 0),
      'sending', coalesce((select t.messages from texts t where t.status = 'sending'), 0),
      'sent', coalesce((select t.messages from texts t where t.status = 'sent'), 0),
      'delivered', coalesce((select t.messages from texts t where t.status = 'delivered'), 0),
      'failed', coalesce((select sum(t.messages) from texts t where t.status in ('failed', 'undelivered')), 0),
      'suppressed', coalesce((select t.messages from texts t where t.status = 'suppressed'), 0)),
    'actions_by_day', (
      select jsonb_agg(jsonb_build_object('date', d.day, 'connect', d.connects, 'disconnect', d.disconnects, 'warn',
        d.warns,
        'sms_sent', d.texts) order by d.day) from days d)
  ) into answer;
  return answer;
end
$$;
grant execute on function private.customers_dashboard(uuid) to authenticated;

create function public.customers_dashboard(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.customers_dashboard(organization_id)
$$;
comment on function public.customers_dashboard is
  'The figures of the customers'' dashboard, in the organization''s own days.';
grant execute on function public.customers_dashboard(uuid) to authenticated;
