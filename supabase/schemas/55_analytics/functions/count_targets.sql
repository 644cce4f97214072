-- Security definer because counters may not be written by any role.
create function private.count_targets()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.target_totals
    select n.organization_id, n.campaign_id, n.status, n.reason, count(*) from new_rows n group by 1, 2, 3, 4;
  elsif tg_op = 'DELETE' then
    insert into private.target_totals
    select t.organization_id, t.campaign_id, t.status, t.reason, -count(*) from old_rows t
    where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3, 4;
  else
    insert into private.target_totals
    select d.organization_id, d.campaign_id, d.status, d.reason, sum(d.n)
    from (
      select organization_id, campaign_id, status, reason, 1 as n from new_rows
      union all
      select organization_id, campaign_id, status, reason, -1 from old_rows
    ) d
    group by 1, 2, 3, 4 having sum(d.n) <> 0;
  end if;
  return null;
end
$$;
