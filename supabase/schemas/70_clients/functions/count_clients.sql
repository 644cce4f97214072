-- Security definer because people who change clients may not write the totals.
create function private.count_clients()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.client_totals
    select organization_id, segment, status, currency, count(*), sum(mrr)
    from new_rows where deleted_at is null group by 1, 2, 3, 4;
  elsif tg_op = 'DELETE' then
    insert into private.client_totals
    select t.organization_id, t.segment, t.status, t.currency, -count(*), -sum(t.mrr)
    from old_rows t
    where t.deleted_at is null and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2, 3, 4;
  else
    insert into private.client_totals
    select d.organization_id, d.segment, d.status, d.currency, sum(d.sign), sum(d.sign * d.mrr)
    from (
      select organization_id, segment, status, currency, mrr, 1 as sign from new_rows where deleted_at is null
      union all
      select organization_id, segment, status, currency, mrr, -1 from old_rows where deleted_at is null
    ) d
    group by 1, 2, 3, 4
    having sum(d.sign) <> 0 or sum(d.sign * d.mrr) <> 0;
  end if;
  return null;
end
$$;
