-- Every night, for about four seconds: of snapshots older than half a year the rows of clients that left later stay,
-- and of the others those of a tenth of the clients, always the same ones. Also makes the partitions of the months
-- ahead.
create function private.thin_client_features()
returns void
language plpgsql set search_path = ''
as $$
declare
  thinned date;
  began timestamptz := clock_timestamp();
  removed integer;
begin
  for months in 0..3 loop
    perform private.create_feature_partition((date_trunc('month', now()) + make_interval(months => months))::date);
  end loop;
  insert into private.feature_thinning (month)
  select distinct date_trunc('month', r.snapshot_day)::date from private.feature_runs r
  where r.snapshot_day < (date_trunc('month', now()) - interval '6 months')::date
  on conflict do nothing;
  loop
    select min(t.month) into thinned from private.feature_thinning t where t.finished_at is null;
    exit when thinned is null;
    delete from private.client_features f
    where (f.organization_id, f.snapshot_day, f.client_id) in (
      select x.organization_id, x.snapshot_day, x.client_id from private.client_features x
      where x.snapshot_day >= thinned and x.snapshot_day < (thinned + interval '1 month')::date
        and hashtextextended(x.client_id::text, 0) % 10 <> 0
        and not exists (
          select from public.client_spells s
          where s.organization_id = x.organization_id and s.client_id = x.client_id and s.ends_on > x.snapshot_day)
      limit 20000);
    get diagnostics removed = row_count;
    if removed = 0 then
      update private.feature_thinning t set finished_at = now() where t.month = thinned;
    end if;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
end
$$;
