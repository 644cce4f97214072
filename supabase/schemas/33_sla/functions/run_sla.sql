-- One batch of what is due: reminders, and breaches where the deadline has passed too. What another run or a person holds
-- at this moment is passed over and found again a minute later. The plan is made for the values: one for any values would
-- have to fear that half the leads are due.
create function private.run_sla_batch(at timestamptz, size integer, without uuid[])
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  touched integer;
begin
  perform set_config('signalbox.clockwork', 'on', true);
  with due as materialized (
    select l.id from public.leads l
    where l.sla_next_at <= at and l.id <> all (without)
    order by l.sla_next_at limit size for update skip locked
  )
  update public.leads l set
    sla_status = case when l.sla_deadline <= at then 'breached' else 'due_soon' end,
    sla_breached_at = case when l.sla_deadline <= at then at end,
    sla_next_at = case when l.sla_deadline > at then l.sla_deadline end
  from due where l.id = due.id;
  get diagnostics touched = row_count;
  perform set_config('signalbox.clockwork', '', true);
  return touched;
end
$$;

-- The job of each minute; gives how many clocks it touched. Reminders and breaches are recorded and told by the trigger, in
-- this very transaction: once, or not yet. After a standstill it works off 20,000 a minute. A lead that makes a batch
-- fail is passed over, with a warning, so that it keeps nobody else waiting.
create function private.run_sla(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  size integer := 1000;
  touched integer := 0;
  batch integer;
  failing uuid[] := array[]::uuid[];
begin
  loop
    begin
      batch := private.run_sla_batch(at, size, failing);
      touched := touched + batch;
      exit when batch < size or touched >= 20000;
      size := 1000;
    exception when others then
      if size = 1 then
        failing := failing || (
          select l.id from public.leads l where l.sla_next_at <= at and l.id <> all (failing) order by l.sla_next_at limit 1);
        raise warning 'The clock of lead % was passed over: %', failing[cardinality(failing)], sqlerrm;
        exit when cardinality(failing) >= 100;
      end if;
      size := greatest(1, size / 10);
    end;
  end loop;
  return touched;
end
$$;
