-- A provider of texts as an integration: what its senders with credentials of their own say. The last success is looked
-- for among the newest texts only.
create function private.sms_integration(organization_id uuid, provider text)
returns jsonb
language sql stable set search_path = ''
as $$
  with own as materialized (
    select a.* from public.sms_accounts a
    where a.organization_id = sms_integration.organization_id and a.provider = sms_integration.provider
      and a.credentials_secret_id is not null
  ), accounts as (
    select distinct v.decrypted_secret::jsonb ->> 'account_sid' as sid
    from own join vault.decrypted_secrets v on v.id = own.credentials_secret_id
  )
  select case when exists (select from own) then jsonb_build_object(
    'status', case when exists (select from own where own.status = 'circuit_open') then 'failing' else 'connected' end,
    'config', jsonb_strip_nulls(jsonb_build_object(
      'senders', (select jsonb_agg(own.sender_id order by own.sender_id) from own),
      'account_sids', (select jsonb_agg(a.sid order by a.sid) filter (where a.sid is not null) from accounts a))),
    'last_sync', (
      select max(m.sent_at) from (
        select * from public.messages m where m.organization_id = sms_integration.organization_id
        order by m.id desc limit 1000) m
      where m.account_id in (select own.id from own)),
    'last_error', (select min(own.circuit_open_reason) from own where own.status = 'circuit_open')) end
$$;

create function private.integration_json(organization_id uuid, wanted private.integration_types)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('type', wanted.type, 'name', wanted.name, 'status', 'not_connected', 'config', '{}'::jsonb,
      'last_sync', null, 'last_error', null)
    || coalesce(case when wanted.kind = 'texts' then private.sms_integration(organization_id, wanted.type) else (
      select jsonb_build_object('status', i.status, 'config', i.config, 'last_sync', i.last_success_at,
        'last_error', i.last_error)
      from public.integrations i
      where i.organization_id = integration_json.organization_id and i.type = wanted.type) end, '{}')
$$;

-- Security definer because of the Vault and the senders.
create function private.list_integrations(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'integrations:manage');
  return (
    select jsonb_agg(private.integration_json(list_integrations.organization_id, t) order by t.position)
    from private.integration_types t);
end
$$;
grant execute on function private.list_integrations(uuid) to authenticated;

create function public.list_integrations(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_integrations(organization_id)
$$;
comment on function public.list_integrations is
  'Every type of integration, connected or not, with how it is doing; never its secrets.';
grant execute on function public.list_integrations(uuid) to authenticated;
