-- A statement that changes more than a hundred leads is broadcast as a count per channel. A change that only moves the
-- response deadline is not broadcast, unless the SLA status changed.
-- No nested loops: a plan made for one row would be kept for ten thousand. No JIT: it takes the cost of a disabled plan
-- for a real one and compiles for half a second.
-- Security definer because nobody may insert into Realtime's tables directly.
create function private.broadcast_lead_changes()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  max_events constant integer := 100;
  groups jsonb;
begin
  if tg_op = 'INSERT' then
    if (select count(*) from new_rows) <= max_events then
      select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'team_id', n.team_id,
        'assigned_to', n.assigned_to, 'created_by', n.created_by, 'lead', jsonb_build_object(
          'lead_id', n.id, 'version', n.version, 'change', 'created', 'status', n.status,
          'assigned_to', n.assigned_to, 'sla_status', n.sla_status)))
      into groups from new_rows n where n.deleted_at is null;
    else
      select jsonb_agg(to_jsonb(g)) into groups from (
        select n.organization_id, n.team_id, n.assigned_to, n.created_by, count(*)
        from new_rows n where n.deleted_at is null group by 1, 2, 3, 4) g;
    end if;
  else
    if (
      select count(*) from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version or n.sla_status is distinct from o.sla_status
    ) <= max_events then
      select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'team_id', n.team_id,
        'assigned_to', n.assigned_to, 'created_by', n.created_by, 'old_team_id', o.team_id,
        'old_assigned_to', o.assigned_to, 'lead', jsonb_build_object(
          'lead_id', n.id, 'version', n.version, 'change', case
            when n.deleted_at is not null then 'deleted'
            when o.deleted_at is not null then 'created'
            else 'updated' end,
          'status', n.status, 'assigned_to', n.assigned_to, 'sla_status', n.sla_status)))
      into groups
      from new_rows n join old_rows o on o.id = n.id
      where (n.version <> o.version or n.sla_status is distinct from o.sla_status)
        and (n.deleted_at is null or o.deleted_at is null);
    else
      select jsonb_agg(to_jsonb(g)) into groups from (
        select n.organization_id, n.team_id, n.assigned_to, n.created_by, o.team_id as old_team_id,
          o.assigned_to as old_assigned_to, count(*)
        from new_rows n join old_rows o on o.id = n.id
        where (n.version <> o.version or n.sla_status is distinct from o.sla_status)
          and (n.deleted_at is null or o.deleted_at is null)
        group by 1, 2, 3, 4, 5, 6) g;
    end if;
  end if;
  if groups is not null then
    perform private.broadcast_leads(groups);
  end if;
  return null;
exception when others then
  raise warning 'changes of leads were not broadcast: %', sqlerrm;
  return null;
end
$$;
