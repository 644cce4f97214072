-- The events of a deleted lead no longer count; those of a restored lead count again. Security definer: see
-- count_leads.
create function private.count_sla_of_leads()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  deleted uuid[];
  restored uuid[];
begin
  if exists (select from old_rows where deleted_at is not null)
    or exists (select from new_rows where deleted_at is not null) then
    select array_agg(c.id) filter (where c.sign < 0), array_agg(c.id) filter (where c.sign > 0) into deleted, restored
    from (
      select d.id, sum(d.sign) as sign
      from (
        select n.id, 1 as sign from new_rows n where n.deleted_at is null
        union all
        select o.id, -1 from old_rows o where o.deleted_at is null
      ) d
      group by d.id
      having sum(d.sign) <> 0
    ) c;
    perform private.record_sla_events(array(
      select e from public.sla_events e
      where (e.organization_id, e.lead_id) in (select o.organization_id, o.id from old_rows o
        where o.id = any (deleted))), -1);
    perform private.record_sla_events(array(
      select e from public.sla_events e
      where (e.organization_id, e.lead_id) in (select n.organization_id, n.id from new_rows n
        where n.id = any (restored))), 1);
  end if;
  return null;
end
$$;
