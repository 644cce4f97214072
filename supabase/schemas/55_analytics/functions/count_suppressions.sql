-- Security definer because counters may not be written by any role.
create function private.count_suppressions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.suppression_totals
    select n.organization_id, n.source, private.quarter_hour(n.created_at), count(*) from new_rows n group by 1, 2, 3;
  else
    insert into private.suppression_totals
    select t.organization_id, t.source, private.quarter_hour(t.created_at), -count(*) from old_rows t
    where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3;
  end if;
  return null;
end
$$;
