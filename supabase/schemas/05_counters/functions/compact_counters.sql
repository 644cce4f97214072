-- Nightly: removes sums that have become zero, such as those of a status that no row has any more.
create function private.compact_counters()
returns void
language plpgsql set search_path = ''
as $$
declare
  counter private.counters;
begin
  for counter in select * from private.counters c order by c.name loop
    execute format('delete from private.%I t where t.rolled_up and %s', counter.name,
      (select string_agg(format('t.%I = 0', m), ' and ') from unnest(counter.measures) m));
  end loop;
  delete from private.message_day_totals d
  where (d.messages, d.segments, d.cost, d.replied, d.opted_out, d.answers, d.received) = (0, 0, 0, 0, 0, 0, 0);
end
$$;
