-- Open leads of the caller's scope without a response whose clock has this state, newest first, at most twenty.
create function private.leads_at_risk(organization_id uuid, sla_status text)
returns jsonb[]
language plpgsql stable set search_path = ''
as $$
declare
  alerts jsonb[];
begin
  execute format(
    'select array_agg(jsonb_build_object(''lead_id'', r.id, ''name'', coalesce(nullif(r.full_name, ''''), r.email, r.phone),
      ''deadline'', r.sla_deadline, ''breached_at'', r.sla_breached_at))
    from (
      select x.id, x.full_name, x.email, x.phone, x.sla_deadline, x.sla_breached_at from public.leads x
      where %s and x.sla_status = %L and x.outcome is null and x.sla_responded_at is null
      order by x.created_at desc limit 20
    ) r', private.lead_scope(organization_id, 'leads:read'), sla_status)
  into alerts;
  return coalesce(alerts, '{}');
end
$$;

-- Alerts about leads and tasks.
create function private.risk_alerts(organization_id uuid)
returns jsonb[]
language plpgsql stable set search_path = ''
as $$
declare
  alerts jsonb[] := '{}'::jsonb[];
  unassigned bigint;
  tasks integer;
begin
  if private.has_permission(organization_id, 'leads:read', 'own') then
    alerts := alerts || array(
      select jsonb_build_object('type', 'lead_overdue', 'severity', 'critical', 'title', 'Response overdue',
        'description', format('%s has had no response by the deadline.', l ->> 'name'),
        'link', '/leads/' || (l ->> 'lead_id'), 'created_at', coalesce(l -> 'breached_at', l -> 'deadline'))
      from unnest(private.leads_at_risk(organization_id, 'breached')) l);
    alerts := alerts || array(
      select jsonb_build_object('type', 'lead_due_soon', 'severity', 'warning', 'title', 'Response due soon',
        'description', format('%s is waiting for a response.', l ->> 'name'),
        'link', '/leads/' || (l ->> 'lead_id'), 'created_at', l -> 'deadline')
      from unnest(private.leads_at_risk(organization_id, 'due_soon')) l);
  end if;
  unassigned := (
    select coalesce(sum(f.leads), 0) from private.lead_figures(organization_id, 'dashboard:read') f
    where not f.assigned and f.outcome is null);
  if unassigned > 0 then
    alerts := alerts || jsonb_build_object('type', 'leads_unassigned', 'severity', 'warning', 'title',
      'Leads without an assignee', 'description', format('Open leads that nobody holds: %s.', unassigned),
      'link', '/leads?assigned_to=none', 'created_at', null);
  end if;
  tasks := (
    select count(*) from (
      select from public.tasks t
      where t.organization_id = risk_alerts.organization_id and t.assigned_to = auth.uid()
        and t.status in ('open', 'in_progress') and t.due_at < now() and not t.lead_deleted
      -- So that an index is read in its order and no further.
      order by t.due_at limit 100) t);
  if tasks > 0 then
    alerts := alerts || jsonb_build_object('type', 'tasks_overdue', 'severity', 'warning', 'title', 'Overdue tasks',
      'description', format('Your tasks that are overdue: %s.', case when tasks = 100 then '100 or more'
        else tasks::text end), 'link', '/tasks?overdue=true&assigned_to=me', 'created_at', null);
  end if;
  return alerts;
end
$$;

-- Alerts about campaigns, numbers, imports and scheduled reports, for those who may see them.
create function private.system_alerts(organization_id uuid)
returns jsonb[]
language plpgsql stable set search_path = ''
as $$
declare
  alerts jsonb[] := '{}'::jsonb[];
  kinds text[] := array(
    select k from unnest('{leads,clients}'::text[]) k
    where private.has_permission(organization_id, k || ':import', 'organization'));
begin
  if private.has_permission(organization_id, 'campaigns:read', 'organization') then
    alerts := alerts || array(
      select jsonb_build_object('type', 'campaign_' || a.kind, 'severity', 'critical', 'title', case a.kind
        when 'opt_out_rate' then 'Many opt-outs' else 'Many failures' end,
        'description', format('Campaign %s: %s of %s messages.', c.name, a.cases, a.sample),
        'link', '/campaigns/' || c.id, 'created_at', a.opened_at)
      from public.campaign_alerts a
      join public.campaigns c on c.organization_id = a.organization_id and c.id = a.campaign_id
      where a.organization_id = system_alerts.organization_id and a.resolved_at is null
      order by a.opened_at desc limit 20);
    alerts := alerts || array(
      select jsonb_build_object('type', 'number_failing', 'severity', 'critical', 'title', 'A number fails',
        'description', format('%s sends nothing for a while, because its last messages failed.',
          coalesce(n.label, n.sender_id)), 'link', '/phone-numbers/' || n.id, 'created_at', null)
      from public.sms_accounts n
      where n.organization_id = system_alerts.organization_id and n.status = 'circuit_open' order by n.id limit 20);
  end if;
  if kinds <> '{}' then
    alerts := alerts || array(
      select jsonb_build_object('type', 'import_failed', 'severity', 'warning', 'title', 'An import has stopped',
        'description', format('The import of %s has stopped.', i.file_name), 'link',
          format('/%s/import/%s', i.kind, i.id),
        'created_at', i.finished_at)
      from (
        select * from public.lead_imports i
        where i.organization_id = system_alerts.organization_id and i.kind = any (kinds)
          and i.created_at > now() - interval '7 days' order by i.created_at desc limit 50
      ) i
      where i.status = 'failed');
  end if;
  alerts := alerts || array(
    select jsonb_build_object('type', 'report_paused', 'severity', 'warning', 'title', 'A scheduled report is paused',
      'description', format('%s does not run: %s.', r.name, s.pause_reason), 'link', '/reports/scheduled',
      'created_at', s.updated_at)
    from public.report_schedules s
    join public.reports r on r.id = s.report_id
    where s.organization_id = system_alerts.organization_id and s.status = 'paused'
      and s.pause_reason not in ('by_person', 'report_deleted')
      and (s.owner_id = auth.uid() or private.has_permission(s.organization_id, 'reports:write', 'organization'))
    order by s.updated_at desc limit 20);
  return alerts;
end
$$;

-- Alerts about webhooks and API keys, for those who manage them.
create function private.integration_alerts(organization_id uuid)
returns jsonb[]
language plpgsql stable set search_path = ''
as $$
declare
  alerts jsonb[] := '{}'::jsonb[];
begin
  if private.has_permission(organization_id, 'webhooks:manage', 'organization') then
    alerts := alerts || array(
      select jsonb_build_object('type', 'webhook_disabled', 'severity', 'critical', 'title', 'A webhook is disabled',
        'description', format('Nothing is delivered to %s: it %s.', w.url, case w.disabled_reason
          when 'gone' then 'said that it is gone' else 'failed too often' end),
        'link', '/integrations/webhooks/' || w.id, 'created_at', w.disabled_at)
      from public.webhook_endpoints w
      where w.organization_id = integration_alerts.organization_id and w.status = 'disabled'
      order by w.disabled_at desc limit 20);
  end if;
  if private.has_permission(organization_id, 'keys:manage', 'organization') then
    alerts := alerts || array(
      select jsonb_build_object('type', 'api_key_expiring', 'severity', case when k.expires_at < now() + interval '3 days'
          then 'critical' else 'warning' end, 'title', 'An API key expires soon',
        'description', format('"%s" stops working on %s (UTC).', k.name,
          to_char(k.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')),
        'link', '/integrations/api-keys/' || k.id, 'created_at', k.expires_at - interval '14 days')
      from public.api_keys k
      where k.organization_id = integration_alerts.organization_id and k.revoked_at is null and k.expires_at > now()
        and k.expires_at < now() + interval '14 days'
      order by k.expires_at limit 20);
  end if;
  return alerts;
end
$$;

-- GET /analytics/alerts. Security definer because nobody may read the totals; each kind applies its own permission.
create function private.lead_alerts(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = '' set jit = off
as $$
begin
  perform private.require_scope(organization_id, 'dashboard:read');
  return (
    select coalesce(jsonb_agg(a order by array_position(array['critical', 'warning', 'info'], a ->> 'severity'),
      a ->> 'created_at' desc nulls last, a ->> 'type', a ->> 'link'), '[]')
    from unnest(private.risk_alerts(organization_id) || private.system_alerts(organization_id)
      || private.integration_alerts(organization_id)) a);
end
$$;
grant execute on function private.lead_alerts(uuid) to authenticated;

create function public.lead_alerts(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_alerts(organization_id)
$$;
comment on function public.lead_alerts is
  'What needs attention now within the caller''s scope, the most severe first.';
grant execute on function public.lead_alerts(uuid) to authenticated;
