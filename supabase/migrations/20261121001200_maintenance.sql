-- Housekeeping and the timetable. Every job is safe to run twice at once and to be killed at any line.

-- Folds deltas into one row per key. Readers see the same sums before and after: it is one statement.
create function private.fold_totals()
returns void
language plpgsql set search_path = ''
as $$
begin
  with taken as (
    delete from private.customer_totals where ctid in (select ctid from private.customer_totals for update skip locked)
    returning *
  )
  insert into private.customer_totals
  select organization_id, status, sum(customers), sum(arrears) from taken group by 1, 2
  having sum(customers) <> 0 or sum(arrears) <> 0;
  with taken as (
    delete from private.message_totals where ctid in (select ctid from private.message_totals for update skip locked)
    returning *
  )
  insert into private.message_totals
  select organization_id, status, sum(messages), sum(segments) from taken group by 1, 2
  having sum(messages) <> 0 or sum(segments) <> 0;
  -- Old quarter hours are folded already; only those that still receive deltas are rewritten.
  with taken as (
    delete from private.action_totals where ctid in (
      select t.ctid from private.action_totals t
      where (t.organization_id, t.quarter_hour, t.action) in (
        select d.organization_id, d.quarter_hour, d.action from private.action_totals d group by 1, 2, 3 having count(*) > 1)
      for update skip locked)
    returning *
  )
  insert into private.action_totals
  select organization_id, quarter_hour, action, sum(actions) from taken group by 1, 2, 3 having sum(actions) <> 0;
end
$$;

-- Nightly: partitions ahead of time, retention, and what has expired.
create function private.maintain()
returns void
language plpgsql set search_path = ''
as $$
declare
  parent regclass;
  partition record;
begin
  foreach parent in array array['public.audit_logs', 'public.messages', 'public.message_events']::regclass[] loop
    for months in 0..3 loop
      perform private.create_month_partition(parent, now() + make_interval(months => months));
    end loop;
  end loop;

  -- Through delete, not drop: the totals follow. An organization that keeps messages less long loses them first.
  delete from public.messages m using public.organizations o
  where o.id = m.organization_id
    and m.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  delete from public.message_events e using public.organizations o
  where o.id = e.organization_id
    and e.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  -- The audit log only ever goes by whole months, when no organization keeps them any longer.
  for partition in
    select c.oid::regclass as name from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_logs'::regclass
      and right(c.relname, 7) < to_char(
        now() - make_interval(months => (select max(o.audit_retention_months) from public.organizations o)), 'YYYY_MM')
  loop
    execute format('drop table %s', partition.name);
  end loop;

  delete from private.idempotency_keys where created_at < now() - interval '24 hours';
  delete from private.rate_buckets where updated_at < now() - interval '1 day';
  update public.uploads set rows = '[]' where processed_at is null and expires_at < now() and rows <> '[]';
  delete from cron.job_run_details where end_time < now() - interval '7 days';
end
$$;

select cron.schedule('dispatch-messages', '* * * * *', $$select private.invoke('jobs/dispatch-messages')$$);
select cron.schedule('settle-messages', '* * * * *', $$select private.invoke('jobs/settle-messages')$$);
select cron.schedule('fold-totals', '* * * * *', $$select private.fold_totals()$$);
select cron.schedule('maintain', '17 2 * * *', $$select private.maintain()$$);
