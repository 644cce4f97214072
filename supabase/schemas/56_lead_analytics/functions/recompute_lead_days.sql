-- When an organization changes its time zone, its days are counted again: under the locks of the roll-ups, which move
-- deltas, and after all writers that saw the old zone have ended. Security definer because counters may not be written
-- by any role.
create function private.recompute_lead_days()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  epoch constant timestamptz := timestamptz '2000-01-01 00:00+00';
begin
  perform pg_advisory_xact_lock(hashtextextended('roll_up|' || c.name, 0))
  from unnest(array['holder_day_totals', 'interaction_day_totals', 'lead_day_totals']) c (name);
  perform pg_advisory_xact_lock(hashtextextended('days|' || new.id, 0));
  delete from private.lead_day_totals t where t.organization_id = new.id;
  delete from private.holder_day_totals t where t.organization_id = new.id;
  delete from private.interaction_day_totals t where t.organization_id = new.id;
  perform private.record_lead_days(array(
    select row(l.organization_id, l.team_id, l.assigned_to, l.created_by, date_bin('15 minutes', l.created_at, epoch),
      l.source, l.status, l.outcome, l.furthest_status, l.currency, count(*), sum(l.value))::private.lead_day_change
    from public.leads l where l.organization_id = new.id and l.deleted_at is null
    group by l.organization_id, l.team_id, l.assigned_to, l.created_by, date_bin('15 minutes', l.created_at, epoch),
      l.source, l.status, l.outcome, l.furthest_status, l.currency));
  insert into private.interaction_day_totals
  select i.organization_id, i.created_by, (i.occurred_at at time zone new.time_zone)::date, count(*)
  from public.interactions i where i.organization_id = new.id and i.created_by is not null
  group by 1, 2, 3;
  return null;
end
$$;
