-- Creates the partition first and attaches it afterwards: `create table … partition of` would lock the whole table
-- against reading and writing while it waits for the tables it refers to. If another transaction holds the lock for
-- longer than lock_timeout, the partition is left for the next night; partitions are created three months ahead.
create function private.create_month_partition(parent regclass, month timestamptz)
returns void
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  first_day timestamptz := date_trunc('month', month at time zone 'UTC') at time zone 'UTC';
  next_month timestamptz := (date_trunc('month', month at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  base text := (select relname from pg_catalog.pg_class where oid = parent);
  name text := base || '_' || to_char(first_day at time zone 'UTC', 'YYYY_MM');
begin
  if to_regclass(format('partitions.%I', name)) is not null then
    return;
  end if;
  -- By default a table is vacuumed when a fifth of it is new; until then counting reads every new row instead of the
  -- index.
  execute format('create table partitions.%I (like %s including all)
    with (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_scale_factor = 0.02)', name, parent);
  execute format('alter table %s attach partition partitions.%I for values from (%L) to (%L)',
    parent, name, private.uuid_v7_floor(first_day), private.uuid_v7_floor(next_month));
  -- Partitions do not inherit triggers for truncate.
  if parent = 'public.audit_logs'::regclass then
    execute format('create trigger immutable_truncate before truncate on partitions.%I
      for each statement execute function private.forbid_change()', name);
  end if;
exception when lock_not_available then
  raise warning 'partition % was not created: %', name, sqlerrm;
end
$$;
