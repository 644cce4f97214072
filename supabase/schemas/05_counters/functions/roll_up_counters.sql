-- Adds up a counter's deltas in one statement, so that readers see the same sums before and after. One run at a time:
-- two would lock the same rows in different orders. Deltas of an organization that is being deleted are locked and
-- skipped.
create function private.roll_up_counter(name text, measures text[])
returns void
language plpgsql set search_path = '' set jit = off
as $$
declare
  keys text[] := array(
    select a.attname from pg_catalog.pg_attribute a
    where a.attrelid = ('private.' || name)::regclass and a.attnum > 0 and not a.attisdropped
      and a.attname <> all (measures || 'rolled_up'::text));
begin
  if not pg_try_advisory_xact_lock(hashtextextended('roll_up|' || name, 0)) then
    return;
  end if;
  execute format(
    'with taken as (
      delete from private.%1$I t
      where t.ctid = any (
        array(select d.ctid from private.%1$I d where not d.rolled_up for update skip locked))
      returning t.*
    )
    insert into private.%1$I as t (%2$s, %3$s, rolled_up)
    select %2$s, %4$s, true from taken group by %2$s having %5$s
    on conflict (%2$s) where rolled_up do update set %6$s',
    name,
    (select string_agg(format('%I', k), ', ') from unnest(keys) k),
    (select string_agg(format('%I', m), ', ') from unnest(measures) m),
    (select string_agg(format('sum(%I)', m), ', ') from unnest(measures) m),
    (select string_agg(format('sum(%I) <> 0', m), ' or ') from unnest(measures) m),
    (select string_agg(format('%1$I = t.%1$I + excluded.%1$I', m), ', ') from unnest(measures) m));
end
$$;

-- Every minute. A counter that cannot be rolled up now waits for the next run and does not stop the others.
create function private.roll_up_counters()
returns void
language plpgsql set search_path = ''
as $$
declare
  counter private.counters;
begin
  for counter in select * from private.counters c order by c.name loop
    begin
      perform private.roll_up_counter(counter.name, counter.measures);
    exception when others then
      raise warning 'the counter % was not rolled up: %', counter.name, sqlerrm;
    end;
  end loop;
end
$$;
