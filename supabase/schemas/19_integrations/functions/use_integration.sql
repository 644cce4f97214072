-- What a worker needs to use an integration: its settings and secrets together, with its id; null if it is not
-- connected. Security definer because of the Vault.
create function private.integration_credentials(organization_id uuid, integration_type text)
returns jsonb
language sql stable security definer set search_path = ''
as $$
  select i.config || v.decrypted_secret::jsonb || jsonb_build_object('id', i.id)
  from public.integrations i join vault.decrypted_secrets v on v.id = i.secret_id
  where i.organization_id = integration_credentials.organization_id and i.type = integration_type
$$;
grant execute on function private.integration_credentials(uuid, text) to service_role;

create function public.integration_credentials(organization_id uuid, integration_type text)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.integration_credentials(organization_id, integration_type)
$$;
comment on function public.integration_credentials is
  'Settings and secrets of a connected integration, for workers; null if it is not connected.';
grant execute on function public.integration_credentials(uuid, text) to service_role;

-- What came of a use: null, or why it failed (a sentence for the admins, without secrets). The admins are notified once
-- for each outage. Security definer because nobody may write integrations directly.
create function private.record_integration_result(organization_id uuid, integration_type text, error text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  integration public.integrations;
  reason text := left(regexp_replace(error,
    '[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+', ' ', 'g'), 500);
begin
  if error is null then
    -- Not at every use: a row that all workers write would make them wait for each other.
    update public.integrations i set status = 'connected', last_success_at = now(), last_error = null,
      failing_since = null, failures = 0, retry_at = null
    where i.organization_id = record_integration_result.organization_id and i.type = integration_type
      and (i.status = 'failing' or i.last_success_at is null or i.last_success_at < now() - interval '1 minute');
    return;
  end if;
  update public.integrations i set status = 'failing', failing_since = coalesce(i.failing_since, now()),
    last_error = reason, failures = i.failures + 1,
    retry_at = now() + least(600, 15 * 2 ^ least(i.failures, 10)) * interval '1 second'
  where i.organization_id = record_integration_result.organization_id and i.type = integration_type
  returning * into integration;
  if integration.admins_notified_at < integration.failing_since and integration.admins_notified_at < now() - interval '1 hour'
    or integration.id is not null and integration.admins_notified_at is null
  then
    update public.integrations i set admins_notified_at = now() where i.id = integration.id;
    perform private.notify_of_failing_integration(integration);
  end if;
end
$$;
grant execute on function private.record_integration_result(uuid, text, text) to service_role;

create function private.notify_of_failing_integration(integration public.integrations)
returns void
language sql set search_path = ''
as $$
  select private.notify_admins(integration.organization_id, 'integration_failing', t.name || ' does not work',
    'It answered: ' || integration.last_error || case when t.kind = 'mail'
      then ' Until it works again, e-mails go out through the platform''s mail server.'
      else ' It is tried again without anybody''s help.' end,
    jsonb_build_object('type', integration.type))
  from private.integration_types t where t.type = integration.type
$$;

create function public.record_integration_result(organization_id uuid, integration_type text, error text)
returns void
language sql set search_path = ''
as $$
  select private.record_integration_result(organization_id, integration_type, error)
$$;
comment on function public.record_integration_result is
  'Records that a use of an integration succeeded (null) or why it failed; the admins are notified once for each outage.';
grant execute on function public.record_integration_result(uuid, text, text) to service_role;
