-- Ends at the first statement when an update changes no counted dimension. Arrivals count for recent leads only;
-- older leads are all of one kind. enable_nestloop is switched on, because a caller that switched it off
-- (private.audit, the SLA triggers) would give these statements a cost at which PostgreSQL compiles the plan, a fifth
-- of a second for one lead. Security definer because people who change leads may not write the totals.
create function private.count_leads()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  recent timestamptz := now() - interval '3 days';
  epoch constant timestamptz := timestamptz '2000-01-01 00:00+00';
  changes private.lead_change[];
begin
  if tg_op = 'INSERT' then
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, count(*), sum(value)
      from new_rows where deleted_at is null
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) t;
  elsif tg_op = 'DELETE' then
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, -count(*), -sum(value)
      from old_rows where deleted_at is null
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) t;
  else
    select array_agg(row(t.*)::private.lead_change) into changes
    from (
      select organization_id, team_id, assigned_to, created_by, status, outcome, source, sla_status,
        case when created_at > recent then date_bin('15 minutes', created_at, epoch) end, sum(sign), sum(sign * value)
      from (
        select 1 as sign, n.organization_id, n.team_id, n.assigned_to, n.created_by, n.status, n.outcome, n.source,
          n.sla_status, n.created_at, n.value
        from new_rows n where n.deleted_at is null
        union all
        select -1, o.organization_id, o.team_id, o.assigned_to, o.created_by, o.status, o.outcome, o.source,
          o.sla_status, o.created_at, o.value
        from old_rows o where o.deleted_at is null
      ) d
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9
      having sum(sign) <> 0 or sum(sign * value) <> 0
    ) t;
  end if;
  if changes is not null then
    perform private.record_lead_changes(changes);
  end if;
  return null;
end
$$;
