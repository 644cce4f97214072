-- Adds the deltas up, in one statement a table, so that readers see the same sums before and after. One run at a time: two
-- would lock the same rows in different orders.
create function private.fold_lead_totals()
returns void
language plpgsql set search_path = ''
as $$
begin
  if not pg_try_advisory_xact_lock(hashtextextended('fold_lead_totals', 0)) then
    return;
  end if;
  with taken as (delete from private.lead_total_deltas returning *)
  insert into private.lead_totals as t
  select organization_id, person_id, team_id, status, outcome, source, sla_status, assigned, sum(leads), sum(value)
  from taken group by 1, 2, 3, 4, 5, 6, 7, 8
  having sum(leads) <> 0 or sum(value) <> 0
  on conflict on constraint lead_totals_once do update set leads = t.leads + excluded.leads, value = t.value + excluded.value;

  with taken as (delete from private.holder_total_deltas returning *)
  insert into private.holder_totals as t
  select organization_id, holder_id, creator_id, team_id, outcome, sla_status, sum(leads)
  from taken group by 1, 2, 3, 4, 5, 6
  having sum(leads) <> 0
  on conflict on constraint holder_totals_once do update set leads = t.leads + excluded.leads;

  with taken as (delete from private.lead_arrival_deltas returning *)
  insert into private.lead_arrivals as t
  select organization_id, person_id, team_id, quarter_hour, sum(leads)
  from taken group by 1, 2, 3, 4
  having sum(leads) <> 0
  on conflict on constraint lead_arrivals_once do update set leads = t.leads + excluded.leads;

  with taken as (delete from private.sla_total_deltas returning *)
  insert into private.sla_totals as t
  select organization_id, person_id, team_id, outcome, response_minutes, sum(events)
  from taken group by 1, 2, 3, 4, 5
  having sum(events) <> 0
  on conflict on constraint sla_totals_once do update set events = t.events + excluded.events;
end
$$;
comment on function private.fold_lead_totals is 'Adds up the deltas of the leads'' figures.';
