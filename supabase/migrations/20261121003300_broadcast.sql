-- What changes is broadcast from the database to private Realtime channels, as it happens:
--   user:{id}                   the person's notifications, and leads that it holds or made
--   team:{id}:leads             the team's leads, for those whose permission reaches the team
--   organization:{id}:leads     all leads, for those whose permission reaches the organization
-- A broadcast that fails is a warning in the log, never a write that fails.

-- Whether the caller may listen to a topic. It looks at memberships alone, not at the organization that a request names:
-- a socket serves all of a person's organizations. Definer: see organizations_with.
create function private.may_listen(topic text)
returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  parts text[] := string_to_array(topic, ':');
  subject uuid;
begin
  if auth.uid() is null or parts[2] is null or parts[2] !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return false;
  end if;
  subject := parts[2]::uuid;
  if topic = 'user:' || subject then
    return subject = auth.uid();
  end if;
  return exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where m.user_id = auth.uid() and m.status = 'active' and (
      (topic = 'organization:' || subject || ':leads' and m.organization_id = subject and p.scope = 'organization')
      or (topic = 'team:' || subject || ':leads' and m.team_id = subject and p.scope in ('team', 'organization'))));
end
$$;
comment on function private.may_listen is 'Whether the caller may join the private Realtime channel.';
grant execute on function private.may_listen(text) to authenticated;

create policy "people listen to their own channel and to leads within their reach" on realtime.messages for select to authenticated
  using (extension in ('broadcast', 'presence') and (select private.may_listen((select realtime.topic()))));

create function private.broadcast_notifications()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.send(jsonb_build_object('id', n.id, 'organization_id', n.organization_id, 'kind', n.kind, 'title', n.title,
    'body', n.body, 'data', n.data, 'created_at', n.created_at), 'notification', 'user:' || n.user_id, true)
  from new_rows n;
  return null;
exception when others then
  raise warning 'notifications were not broadcast: %', sqlerrm;
  return null;
end
$$;
comment on function private.broadcast_notifications is 'Definer: what is broadcast is inserted into a table of Realtime''s.';
create trigger broadcast after insert on public.notifications referencing new table as new_rows
  for each statement execute function private.broadcast_notifications();

-- groups: [{ organization_id, team_id, assigned_to, created_by, old_team_id?, old_assigned_to?, count | lead }]; all have a
-- lead or none has. Of people only active members are told; who loses a lead hears that it is gone and nothing else of it.
create function private.broadcast_leads(groups jsonb)
returns void
language plpgsql set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform realtime.send(
    case
      when bool_or(t.lead is null) then
        jsonb_build_object('organization_id', t.organization_id, 'change', 'many', 'count', sum(t.count))
      when bool_and(t.gone) then jsonb_build_object('organization_id', t.organization_id, 'lead_id', t.lead -> 'lead_id', 'change', 'removed')
      else t.lead || jsonb_build_object('organization_id', t.organization_id) end,
    'lead', t.topic, true)
  from (
    select g.organization_id, g.lead, g.count, topics.topic, topics.gone
    from jsonb_to_recordset(groups) as g (organization_id uuid, team_id uuid, assigned_to uuid, created_by uuid,
      old_team_id uuid, old_assigned_to uuid, count integer, lead jsonb)
    cross join lateral (
      select 'organization:' || g.organization_id || ':leads', false
      union all
      select 'team:' || v.team_id || ':leads', v.gone
      from (values (g.team_id, false), (g.old_team_id, true)) as v (team_id, gone)
      where v.team_id is not null and (not v.gone or v.team_id is distinct from g.team_id)
      union all
      select 'user:' || m.user_id, m.user_id is distinct from g.assigned_to and m.user_id is distinct from g.created_by
      from public.memberships m
      where m.organization_id = g.organization_id and m.status = 'active'
        and m.user_id in (g.assigned_to, g.created_by, g.old_assigned_to)
    ) as topics (topic, gone)
  ) t
  group by t.organization_id, t.topic, t.lead;
end
$$;
comment on function private.broadcast_leads is 'Tells every channel that may know of changes to leads, one by one or by their number.';

-- More than a hundred leads of one statement are told as a number. What only moves the response clock on is not told,
-- unless the clock's status changed. No nested loops: a plan made for one row would be kept for ten thousand. No JIT: it
-- takes the price of a forbidden plan for a real one and compiles for half a second.
-- Definer: what is broadcast is inserted into a table of Realtime's.
create function private.broadcast_lead_changes()
returns trigger
language plpgsql security definer set search_path = '' set enable_nestloop = off set jit = off
as $$
declare
  most constant integer := 100;
  groups jsonb;
begin
  if tg_op = 'INSERT' then
    if (select count(*) from new_rows) <= most then
      select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'team_id', n.team_id, 'assigned_to', n.assigned_to,
        'created_by', n.created_by, 'lead', jsonb_build_object('lead_id', n.id, 'version', n.version, 'change', 'created',
          'status', n.status, 'assigned_to', n.assigned_to, 'sla_status', n.sla_status)))
      into groups from new_rows n where n.deleted_at is null;
    else
      select jsonb_agg(to_jsonb(g)) into groups from (
        select n.organization_id, n.team_id, n.assigned_to, n.created_by, count(*)
        from new_rows n where n.deleted_at is null group by 1, 2, 3, 4) g;
    end if;
  else
    if (
      select count(*) from new_rows n join old_rows o on o.id = n.id
      where n.version <> o.version or n.sla_status is distinct from o.sla_status
    ) <= most then
      select jsonb_agg(jsonb_build_object('organization_id', n.organization_id, 'team_id', n.team_id, 'assigned_to', n.assigned_to,
        'created_by', n.created_by, 'old_team_id', o.team_id, 'old_assigned_to', o.assigned_to, 'lead', jsonb_build_object(
          'lead_id', n.id, 'version', n.version, 'change', case
            when n.deleted_at is not null then 'deleted' when o.deleted_at is not null then 'created' else 'updated' end,
          'status', n.status, 'assigned_to', n.assigned_to, 'sla_status', n.sla_status)))
      into groups
      from new_rows n join old_rows o on o.id = n.id
      where (n.version <> o.version or n.sla_status is distinct from o.sla_status)
        and (n.deleted_at is null or o.deleted_at is null);
    else
      select jsonb_agg(to_jsonb(g)) into groups from (
        select n.organization_id, n.team_id, n.assigned_to, n.created_by, o.team_id as old_team_id,
          o.assigned_to as old_assigned_to, count(*)
        from new_rows n join old_rows o on o.id = n.id
        where (n.version <> o.version or n.sla_status is distinct from o.sla_status)
          and (n.deleted_at is null or o.deleted_at is null)
        group by 1, 2, 3, 4, 5, 6) g;
    end if;
  end if;
  if groups is not null then
    perform private.broadcast_leads(groups);
  end if;
  return null;
exception when others then
  raise warning 'changes of leads were not broadcast: %', sqlerrm;
  return null;
end
$$;
create trigger broadcast_insert after insert on public.leads referencing new table as new_rows
  for each statement execute function private.broadcast_lead_changes();
create trigger broadcast_update after update on public.leads referencing old table as old_rows new table as new_rows
  for each statement execute function private.broadcast_lead_changes();
