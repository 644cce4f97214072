-- Ends at the first statement when an update changes no counted dimension. See count_leads for the settings. Security
-- definer because people who change leads may not write the totals.
create function private.count_lead_days()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = on set jit = off
as $$
declare
  epoch constant timestamptz := timestamptz '2000-01-01 00:00+00';
  changes private.lead_day_change[];
begin
  if tg_op = 'INSERT' then
    changes := array(
      select row(organization_id, team_id, assigned_to, created_by, date_bin('15 minutes', created_at, epoch), source,
        status, outcome, furthest_status, currency, count(*), sum(value))::private.lead_day_change
      from new_rows where deleted_at is null
      group by organization_id, team_id, assigned_to, created_by, date_bin('15 minutes', created_at, epoch), source,
        status, outcome, furthest_status, currency);
  elsif tg_op = 'DELETE' then
    changes := array(
      select row(organization_id, team_id, assigned_to, created_by, date_bin('15 minutes', created_at, epoch), source,
        status, outcome, furthest_status, currency, -count(*), -sum(value))::private.lead_day_change
      from old_rows where deleted_at is null
      group by organization_id, team_id, assigned_to, created_by, date_bin('15 minutes', created_at, epoch), source,
        status, outcome, furthest_status, currency);
  else
    changes := array(
      select row(d.organization_id, d.team_id, d.assigned_to, d.created_by,
        date_bin('15 minutes', d.created_at, epoch), d.source, d.status, d.outcome, d.furthest_status, d.currency,
        sum(d.sign), sum(d.sign * d.value))::private.lead_day_change
      from (
        select 1 as sign, n.organization_id, n.team_id, n.assigned_to, n.created_by, n.created_at, n.source, n.status,
          n.outcome, n.furthest_status, n.currency, n.value
        from new_rows n where n.deleted_at is null
        union all
        select -1, o.organization_id, o.team_id, o.assigned_to, o.created_by, o.created_at, o.source, o.status,
          o.outcome, o.furthest_status, o.currency, o.value
        from old_rows o where o.deleted_at is null
      ) d
      group by d.organization_id, d.team_id, d.assigned_to, d.created_by, date_bin('15 minutes', d.created_at, epoch),
        d.source, d.status, d.outcome, d.furthest_status, d.currency
      having sum(d.sign) <> 0 or sum(d.sign * d.value) <> 0);
  end if;
  if cardinality(changes) > 0 then
    perform private.lock_days(array(select c.organization_id from unnest(changes) c));
    perform private.record_lead_days(changes);
  end if;
  return null;
end
$$;
