-- Items from first to before the end, as deliveries to those endpoints of the organization that subscribe to the event,
-- or only to one. A group has 400 ids, so that a payload stays below 20 kB. Returns how many are new.
create function private.insert_webhook_deliveries(event private.webhook_events, first integer, before integer,
  only_endpoint uuid default null)
returns integer
language plpgsql set search_path = '' set jit = off
as $$
declare
  kind private.webhook_event_types;
  made integer;
begin
  select * into kind from private.webhook_event_types t where t.type = event.type;
  with subscribers as materialized (
    select e.id, e.bulk = 'grouped' and kind.audience = 'organization' and kind.permission_by_kind is null
      and jsonb_array_length(event.items) > 100 as grouped
    from public.webhook_endpoints e
    where e.organization_id = event.organization_id and e.status = 'active' and e.created_at <= event.created_at
      and (event.type = any (e.events) or '*' = any (e.events))
      and (only_endpoint is null or e.id = only_endpoint)
  ), items as materialized (
    select i.data, i.position::integer - 1 as item
    from jsonb_array_elements(event.items) with ordinality as i (data, position)
    where i.position > first and i.position <= before
  ), parts as (
    select i.item, false as grouped, i.data ->> kind.object as object_id, i.data from items i
    where exists (select from subscribers s where not s.grouped)
    union all
    select min(i.item), true, null, jsonb_build_object('event', event.type, 'count', count(*),
      'ids', jsonb_agg(i.data -> kind.object order by i.item))
    from items i where exists (select from subscribers s where s.grouped) group by i.item / 400
  )
  insert into private.webhook_deliveries (organization_id, endpoint_id, event_id, item, grouped, object_id, data)
  select event.organization_id, s.id, event.id, p.item, p.grouped, p.object_id, p.data
  from subscribers s join parts p on p.grouped = s.grouped
  order by p.item
  on conflict on constraint webhook_deliveries_once do nothing;
  get diagnostics made = row_count;
  return made;
end
$$;

-- A part of an organization's events, in their order: at most 100 events or 2,000 items (a multiple of a group).
create function private.fan_out_events_of(organization uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  event private.webhook_events;
  budget integer := 2000;
  total integer;
  before integer;
begin
  for event in
    select * from private.webhook_events v where v.organization_id = organization and v.fanned_out_at is null
    order by v.seq limit 100
  loop
    total := jsonb_array_length(event.items);
    before := least(total, event.next_item + 2000);
    perform private.insert_webhook_deliveries(event, event.next_item, before);
    update private.webhook_events v
    set next_item = before, fanned_out_at = case when before = total then now() end
    where v.id = event.id;
    budget := budget - (before - event.next_item);
    exit when budget <= 0 or before < total;
  end loop;
end
$$;

-- Organizations with events that wait, in random order. An index skip scan.
create function private.organizations_with_webhook_events()
returns uuid[]
language sql volatile set search_path = '' set enable_seqscan = off set jit = off
as $$
  with recursive tenants as (
    (select v.organization_id from private.webhook_events v where v.fanned_out_at is null
      order by v.organization_id limit 1)
    union all
    select (
      select v.organization_id from private.webhook_events v
      where v.fanned_out_at is null and v.organization_id > t.organization_id order by v.organization_id limit 1)
    from tenants t where t.organization_id is not null
  )
  select coalesce(array_agg(t.organization_id order by random()), '{}')
  from tenants t where t.organization_id is not null
$$;

-- One sender at a time for an organization, because the order of deliveries is that of events. What cannot be turned into
-- deliveries is put aside with its error.
create function private.fan_out_webhook_events()
returns void
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
begin
  foreach organization in array private.organizations_with_webhook_events() loop
    continue when not pg_try_advisory_xact_lock(hashtextextended('webhook_fan_out|' || organization, 0));
    begin
      perform private.fan_out_events_of(organization);
    exception when others then
      raise warning 'events of organization % were not turned into deliveries: %', organization, sqlerrm;
      update private.webhook_events v set fanned_out_at = now(), error = left(sqlerrm, 500)
      where v.id = (
        select w.id from private.webhook_events w
        where w.organization_id = organization and w.fanned_out_at is null order by w.seq limit 1);
    end;
  end loop;
end
$$;
