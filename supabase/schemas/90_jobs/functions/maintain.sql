-- Nightly: creates partitions ahead of time, applies retention, removes what has expired.
create function private.maintain()
returns void
language plpgsql set search_path = ''
as $$
declare
  parent regclass;
  partition record;
  kept_from timestamptz;
begin
  foreach parent in array array['public.audit_logs', 'public.messages', 'public.message_events']::regclass[] loop
    for months in 0..3 loop
      perform private.create_month_partition(parent, now() + make_interval(months => months));
    end loop;
  end loop;

  -- Deleted, not dropped, so that triggers keep the counters right and each organization has its own retention.
  delete from public.messages m using public.organizations o
  where o.id = m.organization_id
    and m.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  delete from public.message_events e using public.organizations o
  where o.id = e.organization_id
    and e.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  -- The audit log is dropped by whole months, once no organization keeps them any longer.
  update private.audit_horizon h set kept_from = greatest(h.kept_from, private.audit_kept_from()) where h.singleton
  returning h.kept_from into kept_from;
  for partition in
    select c.oid::regclass as name from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_logs'::regclass
      and right(c.relname, 7) < to_char(kept_from at time zone 'UTC', 'YYYY_MM')
  loop
    execute format('drop table %s', partition.name);
  end loop;

  delete from private.audit_hashes h where h.entry_id < private.uuid_v7_floor(kept_from);

  delete from private.lead_arrivals where quarter_hour < now() - interval '4 days';
  delete from private.idempotency_keys where created_at < now() - private.idempotency_lifetime();
  delete from private.exports_begun where begun_at < now() - private.export_continuation_time();
  delete from private.rate_buckets where updated_at < now() - interval '1 day';
  delete from private.sign_in_places where last_sign_in_at < now() - interval '90 days';
  update public.uploads set rows = '[]' where processed_at is null and expires_at < now() and rows <> '[]';
  perform private.expire_lead_imports();
  delete from cron.job_run_details where end_time < now() - interval '7 days';
end
$$;
