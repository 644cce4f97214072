-- What is due and waits, with the time since when; of one organization, or with null of all that have something.
create function private.health_queues(wanted uuid)
returns table (organization_id uuid, queue text, backlog bigint, oldest timestamptz)
language sql stable set search_path = ''
as $$
  select a.organization_id, 'messages', count(*), min(m.send_after)
  from public.sms_accounts a
  join public.messages m on m.account_id = a.id and m.status = 'queued' and m.wait_reason is null
    and m.send_after <= now()
  where wanted is null or a.organization_id = wanted group by a.organization_id
  union all
  select e.organization_id, 'emails', count(*), min(e.next_attempt_at)
  from public.emails e
  where e.status = 'queued' and e.next_attempt_at <= now() and (wanted is null or e.organization_id = wanted)
  group by e.organization_id
  union all
  select i.organization_id, 'imports', count(*), min(i.created_at)
  from public.lead_imports i
  where i.status in ('queued', 'running') and (wanted is null or i.organization_id = wanted) group by i.organization_id
  union all
  select r.organization_id, 'reports', count(*), min(r.created_at)
  from public.report_runs r
  where r.finished_at is null and (wanted is null or r.organization_id = wanted)
    -- Google's quotas are no fault of ours.
    and not exists (
      select from private.report_run_work w
      where w.organization_id = r.organization_id and w.spreadsheet_id = r.spreadsheet_id and w.not_before > now())
  group by r.organization_id
  union all
  select w.organization_id, 'webhooks', sum(w.waiting)::bigint, min(w.since)
  from private.webhook_backlog(wanted) w group by w.organization_id having sum(w.waiting) > 0
$$;

create function private.health_status(check_name text, value double precision)
returns text
language sql stable set search_path = ''
as $$
  select case when value is null then 'unknown' when value >= t.down_from then 'down'
    when value >= t.degraded_from then 'degraded' else 'ok' end
  from private.health_thresholds t where t.name = check_name
$$;

-- Whichever is worst: down, degraded, ok. Unknown (has not run yet) is not bad.
create function private.worst_status(statuses text[])
returns text
language sql immutable set search_path = ''
as $$
  select case when 'down' = any (statuses) then 'down' when 'degraded' = any (statuses) then 'degraded' else 'ok' end
$$;

-- How cron jobs last ended, by pg_cron's records.
create function private.cron_runs()
returns table (name text, active boolean, last_run_at timestamptz, last_success_at timestamptz, failures integer)
language sql stable set search_path = ''
as $$
  with ends as (
    select d.jobid, max(d.start_time) as last_run_at,
      max(d.end_time) filter (where d.status = 'succeeded') as last_success_at
    from cron.job_run_details d group by d.jobid
  )
  select c.jobname::text, c.active, e.last_run_at, e.last_success_at, (
    select count(*)::integer from cron.job_run_details d
    where d.jobid = c.jobid and d.status = 'failed' and d.start_time > coalesce(e.last_success_at, '-infinity'))
  from cron.job c left join ends e on e.jobid = c.jobid
$$;

-- How each job last ended: tasks by their own records, cron jobs by pg_cron's. A job that is switched off, because it
-- has no work, is not late.
create function private.health_jobs()
returns table (name text, description text, last_run_at timestamptz, last_success_at timestamptz, failures integer,
  status text)
language sql stable set search_path = ''
as $$
  with jobs as (
    select j.name, j.description, coalesce(greatest(r.succeeded_at, r.failed_at), c.last_run_at) as last_run_at,
      coalesce(r.succeeded_at, c.last_success_at) as last_success_at, coalesce(r.failures, c.failures, 0) as failures,
      coalesce(c.active, true) as active,
      case when coalesce(p.schedule, j.schedule) ~ '^(\* |\d+ seconds?)' then 'job:minute'
        when coalesce(p.schedule, j.schedule) ~ '^\d+ \* ' then 'job:hourly' else 'job:nightly' end as kind
    from private.jobs j
    left join private.jobs p on p.name = j.task_of
    left join private.job_runs r on r.job = j.name
    left join private.cron_runs() c on c.name = j.name
  )
  select j.name, j.description, j.last_run_at, j.last_success_at, j.failures, case when j.active
    then private.worst_status(array[private.health_status('job:failures', j.failures),
      private.health_status(j.kind, extract(epoch from now() - j.last_success_at))]) else 'ok' end
  from jobs j
$$;

-- The providers of the organization's senders.
create function private.health_providers(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('name', p.provider, 'senders', p.senders, 'refused', p.refused,
    'status', private.health_status('provider', p.refused::double precision / p.senders)) order by p.provider), '[]')
  from (
    select a.provider, count(*) as senders, count(*) filter (where a.status = 'circuit_open') as refused
    from public.sms_accounts a
    where a.organization_id = health_providers.organization_id and a.status in ('active', 'circuit_open')
    group by a.provider
  ) p
$$;

-- The organization's integrations that are connected: mail servers and sheets by how long they fail, texts by their
-- senders with credentials of their own.
create function private.health_integrations(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('type', t.type, 'name', t.name, 'failing_since', i.failing_since,
      'last_success_at', i.last_success_at,
      'status', case when t.kind = 'texts' then private.health_status('provider', s.refused)
        else private.health_status('integration', coalesce(extract(epoch from now() - i.failing_since), 0)) end)
    order by t.position), '[]')
  from private.integration_types t
  left join public.integrations i
    on i.organization_id = health_integrations.organization_id and i.type = t.type
  left join lateral (
    select count(*) as senders, count(*) filter (where a.status = 'circuit_open')::double precision / count(*) as refused
    from public.sms_accounts a
    where t.kind = 'texts' and a.organization_id = health_integrations.organization_id and a.provider = t.type
      and a.credentials_secret_id is not null
    having count(*) > 0
  ) s on true
  where i.id is not null or s.senders > 0
$$;
