-- One batch of due clocks: reminders, and breaches where the deadline has passed. Rows locked by another run or a
-- person are skipped and found again a minute later. As text, so that it is planned for this moment: a generic plan would
-- expect half of all leads to be due, and plan_cache_mode would hold for the triggers' statements as well.
create function private.run_sla_batch(at timestamptz, batch_size integer, excluded uuid[])
returns integer
language plpgsql set search_path = ''
as $$
declare
  processed integer;
begin
  perform set_config('signalbox.clockwork', 'on', true);
  execute $query$
    with due as materialized (
      select l.id from public.leads l
      where l.sla_next_at <= $1 and l.id <> all ($3)
      order by l.sla_next_at limit $2 for update skip locked
    )
    update public.leads l set
      sla_status = case when l.sla_deadline <= $1 then 'breached' else 'due_soon' end,
      sla_breached_at = case when l.sla_deadline <= $1 then $1 end,
      sla_next_at = case when l.sla_deadline > $1 then l.sla_deadline end
    from due where l.id = due.id
  $query$ using at, batch_size, excluded;
  get diagnostics processed = row_count;
  perform set_config('signalbox.clockwork', '', true);
  return processed;
end
$$;

-- The job of each minute; returns the number of processed clocks. The trigger records and notifies reminders and
-- breaches in the same transaction, so exactly once. After a downtime it processes 20,000 a minute. A lead that makes
-- a batch fail is skipped with a warning, so that it does not block others.
create function private.run_sla(at timestamptz default now())
returns integer
language plpgsql set search_path = ''
as $$
declare
  batch_size integer := 1000;
  processed integer := 0;
  batch_count integer;
  failing uuid[] := array[]::uuid[];
begin
  loop
    begin
      batch_count := private.run_sla_batch(at, batch_size, failing);
      processed := processed + batch_count;
      exit when batch_count < batch_size or processed >= 20000;
      batch_size := 1000;
    exception when others then
      if batch_size = 1 then
        failing := failing || (
          select l.id from public.leads l where l.sla_next_at <= at and l.id <> all (failing) order by l.sla_next_at
            limit 1);
        raise warning 'The clock of lead % was skipped: %', failing[cardinality(failing)], sqlerrm;
        exit when cardinality(failing) >= 100;
      end if;
      batch_size := greatest(1, batch_size / 10);
    end;
  end loop;
  return processed;
end
$$;
