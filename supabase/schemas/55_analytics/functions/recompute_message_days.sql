-- When an organization changes its time zone, its days are computed again from the rolled-up sums, under the lock of the
-- roll-up. Security definer because counters may not be written by any role.
create function private.recompute_message_days()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('roll_up|message_outcome_totals', 0));
  delete from private.message_day_totals d where d.organization_id = new.id;
  insert into private.message_day_totals
  select f.organization_id, (f.quarter_hour at time zone new.time_zone)::date, f.campaign_id, f.account_id, f.status,
    f.error_code, f.currency, sum(f.messages), sum(f.segments), sum(f.cost), sum(f.replied), sum(f.opted_out),
    sum(f.answers), sum(f.received)
  from private.message_outcome_totals f where f.organization_id = new.id and f.rolled_up group by 1, 2, 3, 4, 5, 6, 7;
  return null;
end
$$;
