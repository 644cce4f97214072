-- The type, if the caller may manage integrations.
create function private.require_integration_type(organization_id uuid, integration_type text)
returns private.integration_types
language plpgsql stable set search_path = ''
as $$
declare
  found private.integration_types;
begin
  perform private.require_permission(organization_id, 'integrations:manage');
  select * into found from private.integration_types t where t.type = integration_type;
  if found.type is null then
    perform private.problem(404, 'not_found', 'There is no such integration.');
  end if;
  return found;
end
$$;

-- Two mail servers would leave open which one sends.
create function private.require_only_mail_server(organization_id uuid, integration_type text)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  other text;
begin
  select t.name into other
  from public.integrations i join private.integration_types t on t.type = i.type and t.kind = 'mail'
  where i.organization_id = require_only_mail_server.organization_id and i.type <> integration_type;
  if other is not null then
    perform private.problem(409, 'other_mail_server',
      'The organization''s mail goes out through another integration. Disconnect it first.',
      jsonb_build_object('connected', other));
  end if;
end
$$;

-- Before the credentials are tried: whether they may be, and whom a mail server's test is sent to. Takes a token, so
-- that nobody tries passwords or hosts through this service.
-- Security definer because limits and people of others may not be read directly.
create function private.begin_integration_check(organization_id uuid, integration_type text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  wanted private.integration_types := private.require_integration_type(organization_id, integration_type);
  refusal jsonb;
begin
  if wanted.kind = 'mail' then
    perform private.require_only_mail_server(organization_id, integration_type);
  end if;
  refusal := private.rate_limit_refusal(array['connect_integration', 'connect_integration_organization'],
    array[auth.uid()::text, organization_id::text]);
  return coalesce(refusal, (
    select jsonb_build_object('to', p.email, 'name', p.full_name, 'organization', jsonb_build_object(
      'name', o.name, 'locale', o.locale, 'country', o.country, 'time_zone', o.time_zone))
    from public.profiles p cross join public.organizations o
    where p.id = auth.uid() and o.id = begin_integration_check.organization_id));
end
$$;
grant execute on function private.begin_integration_check(uuid, text) to authenticated;

create function public.begin_integration_check(organization_id uuid, integration_type text)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_integration_check(organization_id, integration_type)
$$;
comment on function public.begin_integration_check is
  'Whether credentials may be tried now, and the recipient of a mail server''s test.';
grant execute on function public.begin_integration_check(uuid, text) to authenticated;

-- Replaces what is connected. The row is new, and so is its id: what went out with the old account is not tried again
-- with the new one.
create function private.store_integration(organization_id uuid, integration_type text, credentials jsonb, config jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  checked jsonb := private.checked_integration(integration_type, credentials, config);
  integration_id uuid := private.uuid_v7();
begin
  perform pg_advisory_xact_lock(hashtextextended('integrations|' || organization_id, 0));
  if integration_type in ('smtp', 'resend') then
    perform private.require_only_mail_server(organization_id, integration_type);
  end if;
  delete from public.integrations i
  where i.organization_id = store_integration.organization_id and i.type = integration_type;
  -- The credentials were tried a moment ago, and that succeeded.
  insert into public.integrations (id, organization_id, type, config, secret_id, last_success_at, connected_by)
  values (integration_id, organization_id, integration_type, checked -> 'config',
    vault.create_secret((checked -> 'secret')::text, 'integration_' || integration_id), now(), auth.uid());
  perform private.audit_event(organization_id, 'connected', 'integrations', integration_id,
    jsonb_build_object('type', integration_type, 'config', checked -> 'config'));
end
$$;

-- Security definer because of the Vault.
create function private.connect_integration(organization_id uuid, integration_type text, credentials jsonb, config jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  wanted private.integration_types := private.require_integration_type(organization_id, integration_type);
begin
  if wanted.kind = 'texts' then
    perform private.connect_senders(organization_id, integration_type, credentials, config);
  else
    perform private.store_integration(organization_id, integration_type, credentials, config);
  end if;
  return private.integration_json(organization_id, wanted);
end
$$;
grant execute on function private.connect_integration(uuid, text, jsonb, jsonb) to authenticated;

create function public.connect_integration(organization_id uuid, integration_type text, credentials jsonb,
  config jsonb default '{}')
returns jsonb
language sql set search_path = ''
as $$
  select private.connect_integration(organization_id, integration_type, credentials, config)
$$;
comment on function public.connect_integration is
  'Stores the credentials of a service in Vault, in place of those before. They should have been tried.';
grant execute on function public.connect_integration(uuid, text, jsonb, jsonb) to authenticated;

-- Security definer because of the Vault.
create function private.disconnect_integration(organization_id uuid, integration_type text)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  wanted private.integration_types := private.require_integration_type(organization_id, integration_type);
  integration_id uuid;
  done boolean;
begin
  if wanted.kind = 'texts' then
    done := private.disconnect_senders(organization_id, integration_type);
  else
    delete from public.integrations i
    where i.organization_id = disconnect_integration.organization_id and i.type = integration_type
    returning i.id into integration_id;
    done := found;
  end if;
  if not done then
    perform private.problem(404, 'not_connected', 'This integration is not connected.');
  end if;
  perform private.audit_event(organization_id, 'disconnected', 'integrations', integration_id,
    jsonb_build_object('type', integration_type));
end
$$;
grant execute on function private.disconnect_integration(uuid, text) to authenticated;

create function public.disconnect_integration(organization_id uuid, integration_type text)
returns void
language sql set search_path = ''
as $$
  select private.disconnect_integration(organization_id, integration_type)
$$;
comment on function public.disconnect_integration is 'Disconnects a service and deletes its credentials.';
grant execute on function public.disconnect_integration(uuid, text) to authenticated;

-- Security definer because of the Vault.
create function private.delete_integration_secret()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from vault.secrets s where s.id = old.secret_id;
  return null;
end
$$;
