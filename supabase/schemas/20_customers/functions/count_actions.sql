-- Security definer because people who record actions may not write the totals.
create function private.count_actions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.action_totals
    select organization_id, private.quarter_hour(created_at), action, count(*) from new_rows group by 1, 2, 3;
  else
    insert into private.action_totals
    select t.organization_id, private.quarter_hour(t.created_at), t.action, -count(*)
    from old_rows t where exists (select from public.organizations o where o.id = t.organization_id) group by 1, 2, 3;
  end if;
  return null;
end
$$;
