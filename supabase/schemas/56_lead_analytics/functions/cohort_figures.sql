-- The leads of the caller's scope that were created on the days of a period, with these filters, not yet summed up.
-- Each scope is a query of its own, of which one or two run (see lead_figures). For security definer functions.
create function private.cohort_figures(organization_id uuid, first_day date, last_day date, source text, status text)
returns setof private.cohort_figure
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, 'dashboard:read');
  me uuid := auth.uid();
begin
  return query
    select t.day, t.source, t.status, t.outcome, t.furthest_status, t.currency, t.leads, t.value
    from (
      select * from private.lead_day_totals o
      where o.organization_id = cohort_figures.organization_id and o.person_id is null and o.team_id is null
        and o.day between first_day and last_day and access.scope = 'organization'
      union all
      select * from private.lead_day_totals o
      where o.organization_id = cohort_figures.organization_id and o.person_id is null and o.team_id = access.team
        and o.day between first_day and last_day and access.scope = 'team'
      union all
      select * from private.lead_day_totals o
      where o.organization_id = cohort_figures.organization_id and o.person_id = me
        and o.day between first_day and last_day and access.scope <> 'organization'
        and (access.scope = 'own' or o.team_id is distinct from access.team)
    ) t
    where (cohort_figures.source is null or t.source = cohort_figures.source)
      and (cohort_figures.status is null or t.status = cohort_figures.status);
end
$$;

-- The same by assignee; with a holder, of that person alone.
create function private.held_figures(organization_id uuid, first_day date, last_day date, source text, status text,
  holder uuid)
returns table (holder_id uuid, figure private.cohort_figure)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  access record := private.totals_scope(organization_id, 'dashboard:read');
  me uuid := auth.uid();
begin
  return query
    select t.holder_id, row(t.day, t.source, t.status, t.outcome, null, t.currency, t.leads, t.value)
      ::private.cohort_figure
    from (
      select * from private.holder_day_totals o
      where o.organization_id = held_figures.organization_id and o.creator_id is null and o.holder_id = holder
        and o.day between first_day and last_day
        and (access.scope = 'organization' or o.holder_id = me or access.scope = 'team' and o.team_id = access.team)
      union all
      select * from private.holder_day_totals o
      where o.organization_id = held_figures.organization_id and o.creator_id is null and holder is null
        and o.day between first_day and last_day
        and (access.scope = 'organization' or o.holder_id = me or access.scope = 'team' and o.team_id = access.team)
      union all
      select * from private.holder_day_totals o
      where o.organization_id = held_figures.organization_id and o.creator_id = me
        and o.day between first_day and last_day and (holder is null or o.holder_id = holder)
        and (access.scope = 'own' or access.scope = 'team' and o.team_id is distinct from access.team)
    ) t
    where (held_figures.source is null or t.source = held_figures.source)
      and (held_figures.status is null or t.status = held_figures.status);
end
$$;

-- The days of a period of figures of leads: by default the last thirty of the organization, at most two years.
create function private.cohort_period(organization_id uuid, inout first_day date, inout last_day date, out today date)
language plpgsql stable set search_path = ''
as $$
begin
  today := (select (now() at time zone o.time_zone)::date from public.organizations o
    where o.id = cohort_period.organization_id);
  select p.* into first_day, last_day from private.checked_period(today, first_day, last_day, 732) p;
end
$$;
