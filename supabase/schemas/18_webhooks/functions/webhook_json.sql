-- An endpoint as the API shows it, never its secrets.
create function private.webhook_json(endpoint public.webhook_endpoints)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', endpoint.id, 'url', endpoint.url, 'endpoint_url', endpoint.url,
    'description', endpoint.description, 'events', to_jsonb(endpoint.events), 'bulk', endpoint.bulk, 'status', endpoint.status,
    'disabled_reason', endpoint.disabled_reason, 'disabled_at', endpoint.disabled_at,
    'silent_reason', private.webhook_silence(endpoint.organization_id, endpoint.owner_id),
    'owner_id', endpoint.owner_id, 'owner_name', p.full_name, 'created_by', endpoint.created_by,
    'failing_since', s.failing_since, 'last_success_at', s.last_success_at, 'last_error', s.last_error,
    'pending', (select count(*) from private.webhook_deliveries d
      where d.endpoint_id = endpoint.id and d.status in ('pending', 'sending')),
    'previous_secret_ends_at', (select max(w.ends_at) from private.webhook_secrets w
      where w.endpoint_id = endpoint.id and w.ends_at > now()),
    'created_at', endpoint.created_at, 'updated_at', endpoint.updated_at)
  from (select) one
  left join private.webhook_states s on s.endpoint_id = endpoint.id
  left join public.profiles p on p.id = endpoint.owner_id
$$;

-- Security definer because states and deliveries may not be read directly.
create function private.list_webhooks(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  return jsonb_build_object(
    'total', (select count(*) from public.webhook_endpoints e where e.organization_id = list_webhooks.organization_id),
    'rows', coalesce((
      select jsonb_agg(private.webhook_json(e) order by e.created_at desc, e.id desc)
      from (
        select * from public.webhook_endpoints e where e.organization_id = list_webhooks.organization_id
        order by e.created_at desc, e.id desc limit page_limit offset page_offset
      ) e), '[]'));
end
$$;
grant execute on function private.list_webhooks(uuid, integer, integer) to authenticated;

create function public.list_webhooks(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_webhooks(organization_id, private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_webhooks is 'One page of webhook endpoints, newest first, without their secrets.';
grant execute on function public.list_webhooks(uuid, integer, integer) to authenticated;

-- The catalogue, for people who may subscribe.
-- Security definer because the catalogue may not be read directly.
create function private.list_webhook_events(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'webhooks:manage');
  return (
    select jsonb_agg(jsonb_build_object('type', t.type, 'description', t.description, 'permission', t.permission,
      'permission_by_kind', t.permission_by_kind, 'schema', t.schema, 'example', t.example) order by t.position)
    from private.webhook_event_types t);
end
$$;
grant execute on function private.list_webhook_events(uuid) to authenticated;

create function public.list_webhook_events(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_webhook_events(organization_id)
$$;
comment on function public.list_webhook_events is 'The events that endpoints may subscribe to.';
grant execute on function public.list_webhook_events(uuid) to authenticated;
