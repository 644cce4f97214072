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
