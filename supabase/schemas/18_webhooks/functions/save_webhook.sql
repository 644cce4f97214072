-- Refuses events that are not in the catalogue. Each once, as stored.
create function private.webhook_events_of(events jsonb)
returns text[]
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(events) = 'array' and jsonb_array_length(events) between 1 and 100
    and not exists (
      select from jsonb_array_elements(events) e
      where e <> '"*"' and not exists (select from private.webhook_event_types t where to_jsonb(t.type) = e)),
    'events', 'must be a list of events from the catalogue, or of "*"');
  return array(select distinct e from jsonb_array_elements_text(events) e order by e);
end
$$;

-- What both creation and change check. Names are resolved by the functions, at saving and at each delivery.
create function private.require_webhook(webhook jsonb)
returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(webhook) = 'object' and webhook <> '{}', '', 'must have a field');
  perform private.require_valid(not webhook ? 'url' or char_length(webhook ->> 'url') <= 2000
    and webhook ->> 'url' ~ '^https?://[^\s/?#@\\]+([/?#]\S*)?$' and private.is_plain(webhook ->> 'url'),
    'url', 'must be a URL without user and password, at most 2,000 characters');
  perform private.require_valid(not webhook ? 'description' or char_length(webhook ->> 'description') <= 200
    and private.is_plain(webhook ->> 'description'), 'description', 'must be one line of at most 200 characters');
  perform private.require_valid(coalesce(webhook ->> 'bulk' in ('each', 'grouped'), not webhook ? 'bulk'), 'bulk',
    'must be each or grouped');
  perform private.require_valid(coalesce(webhook ->> 'status' in ('active', 'paused'), not webhook ? 'status'),
    'status', 'must be active or paused');
end
$$;

-- webhook: { url, events, description?, bulk?, secret? }. Only the answer to the first request has the secret.
-- Security definer because nobody may write endpoints directly.
create function private.create_webhook(organization_id uuid, webhook jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  created public.webhook_endpoints;
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  perform private.require_webhook(webhook);
  perform private.require_valid(webhook ->> 'url' is not null, 'url', 'must be given');
  perform pg_advisory_xact_lock(hashtextextended('webhooks|' || organization_id, 0));
  if (select count(*) >= 20 from public.webhook_endpoints e
    where e.organization_id = create_webhook.organization_id) then
    perform private.problem(409, 'too_many_webhooks', 'An organization has at most 20 webhooks. Delete one.');
  end if;
  insert into public.webhook_endpoints (organization_id, url, description, events, bulk, owner_id, created_by)
  values (organization_id, webhook ->> 'url', coalesce(webhook ->> 'description', ''),
    private.webhook_events_of(coalesce(webhook -> 'events', 'null')), coalesce(webhook ->> 'bulk', 'each'), auth.uid(),
    auth.uid())
  returning * into created;
  insert into private.webhook_states (endpoint_id) values (created.id);
  answer := private.webhook_json(created);
  perform private.store_idempotent_response(organization_id, answer || '{"secret": null}');
  return answer || jsonb_build_object('secret', private.add_webhook_secret(created.id, webhook ->> 'secret'));
end
$$;
grant execute on function private.create_webhook(uuid, jsonb) to authenticated;

create function public.create_webhook(organization_id uuid, webhook jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_webhook(organization_id, webhook)
$$;
comment on function public.create_webhook is
  'Subscribes an endpoint: { url, events, description?, bulk?, secret? }; only this answer has the secret.';
grant execute on function public.create_webhook(uuid, jsonb) to authenticated;

-- The endpoint, locked.
create function private.require_webhook_endpoint(organization_id uuid, webhook_id uuid)
returns public.webhook_endpoints
language plpgsql set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints;
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  select * into endpoint from public.webhook_endpoints e
  where e.organization_id = require_webhook_endpoint.organization_id and e.id = webhook_id for update;
  if endpoint.id is null then
    perform private.problem(404, 'not_found', 'There is no such webhook.');
  end if;
  return endpoint;
end
$$;

-- A person who changes an endpoint becomes its owner: otherwise they could turn another person's payloads to themselves.
-- An endpoint that is switched on again starts with a test.
-- Security definer because nobody may write endpoints directly.
create function private.update_webhook(organization_id uuid, webhook_id uuid, changes jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  old public.webhook_endpoints := private.require_webhook_endpoint(organization_id, webhook_id);
  endpoint public.webhook_endpoints;
begin
  perform private.require_webhook(changes);
  update public.webhook_endpoints e set url = coalesce(changes ->> 'url', e.url), owner_id = auth.uid(),
    description = coalesce(changes ->> 'description', e.description),
    events = case when changes ? 'events' then private.webhook_events_of(changes -> 'events') else e.events end,
    bulk = coalesce(changes ->> 'bulk', e.bulk), status = coalesce(changes ->> 'status', e.status),
    disabled_reason = case when changes ? 'status' then null else e.disabled_reason end,
    disabled_at = case when changes ? 'status' then null else e.disabled_at end
  where e.id = webhook_id returning * into endpoint;
  if endpoint.status = 'active' and old.status <> 'active' then
    update private.webhook_states s set failures = 0, failing_since = null, cooldown_until = null, last_error = null
    where s.endpoint_id = webhook_id;
    perform private.queue_webhook_test(endpoint);
  end if;
  return private.webhook_json(endpoint);
end
$$;
grant execute on function private.update_webhook(uuid, uuid, jsonb) to authenticated;

create function public.update_webhook(organization_id uuid, webhook_id uuid, changes jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_webhook(organization_id, webhook_id, changes)
$$;
comment on function public.update_webhook is
  'Changes an endpoint: { url?, events?, description?, bulk?, status? }. The caller becomes its owner.';
grant execute on function public.update_webhook(uuid, uuid, jsonb) to authenticated;

-- Security definer because nobody may write endpoints directly.
create function private.delete_webhook(organization_id uuid, webhook_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_webhook_endpoint(organization_id, webhook_id);
  delete from public.webhook_endpoints e where e.id = webhook_id;
end
$$;
grant execute on function private.delete_webhook(uuid, uuid) to authenticated;

create function public.delete_webhook(organization_id uuid, webhook_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_webhook(organization_id, webhook_id)
$$;
comment on function public.delete_webhook is 'Deletes an endpoint with its deliveries.';
grant execute on function public.delete_webhook(uuid, uuid) to authenticated;

-- Both secrets sign until the grace (seconds) is over. An earlier one ends at once: two are enough.
-- Security definer because nobody may write secrets directly.
create function private.rotate_webhook_secret(organization_id uuid, webhook_id uuid, grace_seconds integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  endpoint public.webhook_endpoints := private.require_webhook_endpoint(organization_id, webhook_id);
  secret text;
begin
  perform private.require_valid(grace_seconds between 0 and 604800, 'grace_seconds', 'must be 0 to 604,800');
  delete from private.webhook_secrets s
  where s.endpoint_id = webhook_id and (s.ends_at is not null or grace_seconds = 0);
  update private.webhook_secrets s set ends_at = now() + make_interval(secs => grace_seconds)
  where s.endpoint_id = webhook_id;
  update public.webhook_endpoints e set owner_id = auth.uid() where e.id = webhook_id returning * into endpoint;
  secret := private.add_webhook_secret(webhook_id);
  perform private.audit_event(organization_id, 'rotated', 'webhook_endpoints', webhook_id,
    jsonb_build_object('grace_seconds', grace_seconds));
  return private.webhook_json(endpoint) || jsonb_build_object('secret', secret);
end
$$;
grant execute on function private.rotate_webhook_secret(uuid, uuid, integer) to authenticated;

create function public.rotate_webhook_secret(organization_id uuid, webhook_id uuid,
  grace_seconds integer default 86400)
returns jsonb
language sql set search_path = ''
as $$
  select private.rotate_webhook_secret(organization_id, webhook_id, grace_seconds)
$$;
comment on function public.rotate_webhook_secret is
  'Gives an endpoint a new secret, which only this answer has; the one before signs too until the grace is over.';
grant execute on function public.rotate_webhook_secret(uuid, uuid, integer) to authenticated;
