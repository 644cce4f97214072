-- The queues of the organization, the jobs of the platform (without their errors, which may be about others), the
-- providers and the integrations. Security definer because jobs and queues may not be read directly.
create function private.organization_health(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  jobs jsonb;
  queues jsonb;
  providers jsonb;
  integrations jsonb;
begin
  perform private.require_permission(organization_id, 'health:read');
  select jsonb_agg(to_jsonb(j) order by j.name) into jobs from private.health_jobs() j;
  select jsonb_agg(jsonb_build_object('name', n.name, 'backlog', coalesce(q.backlog, 0), 'oldest_waiting_at', q.oldest,
    'lag_seconds', coalesce(round(extract(epoch from now() - q.oldest)), 0),
    'status', private.health_status('queue:' || n.name, coalesce(extract(epoch from now() - q.oldest), 0)))
    order by n.name)
  into queues
  from unnest(array['messages', 'emails', 'imports', 'reports', 'webhooks']) n (name)
  left join private.health_queues(organization_id) q on q.queue = n.name;
  providers := private.health_providers(organization_id);
  integrations := private.health_integrations(organization_id);
  return jsonb_build_object('jobs', jobs, 'queues', queues, 'providers', providers, 'integrations', integrations,
    'status', private.worst_status(array(
      select x ->> 'status' from jsonb_array_elements(jobs || queues || providers || integrations) x)),
    'thresholds', (
      select jsonb_agg(to_jsonb(t) order by t.name) from private.health_thresholds t),
    'checked_at', now());
end
$$;
grant execute on function private.organization_health(uuid) to authenticated;

create function public.organization_health(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.organization_health(organization_id)
$$;
comment on function public.organization_health is
  'How the organization''s queues and providers and the platform''s jobs are doing, by the thresholds.';
grant execute on function public.organization_health(uuid) to authenticated;
