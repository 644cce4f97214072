-- Security definer because people who change customers may not write the totals.
create function private.count_customers()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.customer_totals
    select organization_id, status, count(*), sum(arrears) from new_rows group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into private.customer_totals
    select t.organization_id, t.status, -count(*), -sum(t.arrears)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2;
  else
    insert into private.customer_totals
    select organization_id, status, sum(n), sum(amount)
    from (
      select organization_id, status, 1 as n, arrears as amount from new_rows
      union all
      select organization_id, status, -1, -arrears from old_rows
    ) d
    group by 1, 2
    having sum(n) <> 0 or sum(amount) <> 0;
  end if;
  return null;
end
$$;
