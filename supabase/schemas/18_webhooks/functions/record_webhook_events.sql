-- The columns that differ, but for those that follow from others.
create function private.changed_columns(before jsonb, after jsonb)
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_agg(a.key order by a.key), '[]')
  from jsonb_each(after) a
  where a.value is distinct from before -> a.key and a.key not in ('updated_at', 'version', 'search_text')
$$;

-- One row for each organization and type that is subscribed to. The catalogue's expressions become SQL text; they are
-- rows that are code, and nothing of a caller is in them.
-- Security definer because nobody may write events directly.
create function private.record_webhook_events()
returns trigger
language plpgsql security definer set search_path = '' set jit = off
as $$
declare
  event private.webhook_event_sources;
begin
  -- What an old service's history tells is no event of today.
  if coalesce(current_setting('signalbox.legacy_import', true), '') <> '' then
    return null;
  end if;
  for event in
    select e.* from private.webhook_event_sources e join private.webhook_event_types t on t.type = e.type
    where e.source = tg_table_name and e.operation = tg_op
      and exists (select from private.webhook_subscriptions s where s.type = e.type)
    order by t.position
  loop
    execute format('insert into private.webhook_events (organization_id, type, items)
      select n.organization_id, %1$L, jsonb_agg(%2$s) from new_rows n %3$s
      where n.organization_id in (select s.organization_id from private.webhook_subscriptions s where s.type = %1$L)
        and (%4$s)
      group by n.organization_id', event.type, event.data,
      case when tg_op = 'UPDATE' then 'join old_rows o on o.id = n.id' else '' end, event.condition);
  end loop;
  return null;
end
$$;

-- The types of an organization's endpoints. Those that the job has disabled count for 30 days, so that their owners can
-- have what they missed.
create function private.sync_webhook_subscriptions()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  organization uuid := case when tg_op = 'DELETE' then old.organization_id else new.organization_id end;
begin
  perform private.refresh_webhook_subscriptions(organization);
  return null;
end
$$;

create function private.refresh_webhook_subscriptions(organization uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  wanted text[] := (
    select coalesce(array_agg(distinct t.type), '{}')
    from public.webhook_endpoints e
    join private.webhook_event_types t on t.type = any (e.events) or '*' = any (e.events)
    where e.organization_id = organization
      and (e.status = 'active' or e.status = 'disabled' and e.disabled_at > now() - interval '30 days'));
begin
  delete from private.webhook_subscriptions s where s.organization_id = organization and s.type <> all (wanted);
  insert into private.webhook_subscriptions (organization_id, type)
  select organization, w from unnest(wanted) w on conflict do nothing;
end
$$;

-- Starts the sender when the transaction commits.
-- Security definer because private.invoke is granted to the service role only.
create function private.start_webhook_delivery()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.invoke('jobs/deliver-webhooks');
  return null;
end
$$;
