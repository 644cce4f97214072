-- Reminders go to the assignee; breaches also to the creator and to those in the lead's team who may assign. Admins
-- are notified instead where there is no such team or nobody in it. Reminders of leads that nobody holds go to those who
-- may assign, and so do those of leads whose assignee is suspended or gone.
create function private.notify_of_sla_events(events uuid[])
returns void
language plpgsql set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform private.notify((
    with events_to_notify as materialized (
      select e.id, e.organization_id, e.lead_id, e.event = 'breach' as breach, h.user_id as holder, e.team_id, l.created_by,
        e.deadline, coalesce(nullif(l.full_name, ''), l.email, l.phone) as lead_name,
          coalesce(nullif(p.full_name, ''), p.email) as assignee_name,
            to_char(e.deadline at time zone o.time_zone, 'FMDay, FMDD FMMonth YYYY, HH24:MI') || ' (' || o.time_zone
          || ')' as local_deadline
      from public.sla_events e
      join public.leads l on l.id = e.lead_id
      join public.organizations o on o.id = e.organization_id
      left join public.profiles p on p.id = e.assigned_to
      left join public.memberships h on h.organization_id = e.organization_id and h.user_id = e.assigned_to
        and h.status = 'active'
      where e.id = any (events)
    ), teams as materialized (
      select distinct t.organization_id, t.team_id from events_to_notify t where t.breach or t.holder is null
    ), leaders as materialized (
      select t.organization_id, t.team_id, m.user_id
      from teams t
      join public.memberships m on m.organization_id = t.organization_id and m.team_id = t.team_id
        and m.status = 'active' and not m.is_service
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:assign'
    ), assigners as materialized (
      select l.organization_id, l.team_id, l.user_id from leaders l
      union all
      select t.organization_id, t.team_id, m.user_id
      from teams t
      join public.memberships m on m.organization_id = t.organization_id and m.status = 'active'
      join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
      where not exists (select from leaders l where l.organization_id = t.organization_id and l.team_id = t.team_id)
    ), people as (
      select t.id, t.holder as user_id from events_to_notify t where t.holder is not null
      union
      select t.id, t.created_by from events_to_notify t where t.breach and t.created_by is not null
      union
      select t.id, c.user_id
      from events_to_notify t
      join assigners c on c.organization_id = t.organization_id and c.team_id is not distinct from t.team_id
      where t.breach or t.holder is null
    )
    select array_agg(row(t.organization_id, p.user_id,
      case when t.breach then 'sla_breach' else 'sla_reminder' end,
      case when t.breach then 'sla_breach:' else 'sla_reminder:' end || t.lead_id || ':'
        || extract(epoch from t.deadline),
      case when t.breach then t.lead_name || ' was not answered in time' else t.lead_name
        || ' must be answered soon' end,
      case when t.breach then format('%s, %s, should have been answered by %s.', t.lead_name,
          coalesce('assigned to ' || t.assignee_name, 'assigned to nobody'), t.local_deadline)
        else format('%s must be answered by %s.', t.lead_name, t.local_deadline) end,
      jsonb_build_object('lead_id', t.lead_id, 'lead_name', t.lead_name, 'deadline', t.deadline,
      'deadline_text', t.local_deadline, 'assigned_to_name', t.assignee_name), t.lead_id)::private.notification)
    from events_to_notify t join people p using (id)));
end
$$;
