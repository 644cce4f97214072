-- Security definer because counters may not be written by any role.
create function private.count_messages()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.message_totals
    select organization_id, status, count(*), sum(segments) from new_rows where direction = 'outbound' group by 1, 2;
  elsif tg_op = 'DELETE' then
    insert into private.message_totals
    select t.organization_id, t.status, -count(*), -sum(t.segments) from old_rows t
    where t.direction = 'outbound' and exists (select from public.organizations o where o.id = t.organization_id)
    group by 1, 2;
  else
    insert into private.message_totals
    select organization_id, status, sum(n), sum(n * segments)
    from (
      select organization_id, status, segments, 1 as n from new_rows where direction = 'outbound'
      union all
      select organization_id, status, segments, -1 from old_rows where direction = 'outbound'
    ) d
    group by 1, 2
    having sum(n) <> 0 or sum(n * segments) <> 0;
  end if;
  return null;
end
$$;
