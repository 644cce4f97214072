-- Changes of clients on the channel organization:{id}:clients: what people edited, and the derived status and revenue.
-- A statement that changes more than a hundred clients is broadcast as their number. No nested loops, and no JIT: see
-- broadcast_lead_changes. Security definer because nobody may insert into Realtime's tables directly.
create function private.broadcast_clients()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  max_events constant integer := 100;
  changes jsonb;
begin
  if tg_op = 'INSERT' then
    select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'client_id', n.id, 'version', n.version,
      'change', 'created', 'status', n.status))
    into changes from (select * from new_rows limit max_events + 1) n;
  else
    select jsonb_agg(jsonb_build_object('organization_id', c.organization_id, 'client_id', c.id, 'version', c.version,
      'change', c.change, 'status', c.status))
    into changes from (
      select n.organization_id, n.id, n.version, n.status, case
        when n.deleted_at is not null then 'deleted'
        when o.deleted_at is not null then 'created'
        else 'updated' end as change
      from new_rows n join old_rows o on o.id = n.id
      where (n.version <> o.version or (n.status, n.mrr) is distinct from (o.status, o.mrr))
        and (n.deleted_at is null or o.deleted_at is null)
      limit max_events + 1
    ) c;
  end if;
  if jsonb_array_length(changes) > max_events then
    perform realtime.send(jsonb_build_object('organization_id', n.organization_id, 'change', 'many', 'count', count(*)),
      'client', 'organization:' || n.organization_id || ':clients', true)
    from new_rows n group by n.organization_id;
  else
    perform realtime.send(c, 'client', 'organization:' || (c ->> 'organization_id') || ':clients', true)
    from jsonb_array_elements(changes) c;
  end if;
  return null;
exception when others then
  raise warning 'changes of clients were not broadcast: %', sqlerrm;
  return null;
end
$$;
