-- As create_month_partition, for a table that is partitioned by date.
create function private.create_feature_partition(month date)
returns void
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  name text := 'client_features_' || to_char(month, 'YYYY_MM');
begin
  if to_regclass(format('partitions.%I', name)) is not null then
    return;
  end if;
  execute format('create table partitions.%I (like private.client_features including all)', name);
  execute format('alter table private.client_features attach partition partitions.%I for values from (%L) to (%L)',
    name, date_trunc('month', month)::date, (date_trunc('month', month) + interval '1 month')::date);
exception when lock_not_available then
  raise warning 'partition % was not created: %', name, sqlerrm;
end
$$;
