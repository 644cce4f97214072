-- groups: [{ organization_id, team_id, assigned_to, created_by, old_team_id?, old_assigned_to?, count | lead }]; either
-- all have a lead or none has. Only active members get broadcasts on their own channel. A channel that loses a lead
-- gets 'removed' and nothing else about the lead.
create function private.broadcast_leads(groups jsonb)
returns void
language plpgsql set search_path = '' set enable_nestloop = on set jit = off
as $$
begin
  perform realtime.send(
    case
      when bool_or(t.lead is null) then
        jsonb_build_object('organization_id', t.organization_id, 'change', 'many', 'count', sum(t.count))
      when bool_and(t.removed) then jsonb_build_object(
        'organization_id', t.organization_id, 'lead_id', t.lead -> 'lead_id', 'change', 'removed')
      else t.lead || jsonb_build_object('organization_id', t.organization_id) end,
    'lead', t.topic, true)
  from (
    select g.organization_id, g.lead, g.count, topics.topic, topics.removed
    from jsonb_to_recordset(groups) as g (organization_id uuid, team_id uuid, assigned_to uuid, created_by uuid,
      old_team_id uuid, old_assigned_to uuid, count integer, lead jsonb)
    cross join lateral (
      select 'organization:' || g.organization_id || ':leads', false
      union all
      select 'team:' || v.team_id || ':leads', v.removed
      from (values (g.team_id, false), (g.old_team_id, true)) as v (team_id, removed)
      where v.team_id is not null and (not v.removed or v.team_id is distinct from g.team_id)
      union all
      select 'user:' || m.user_id, m.user_id is distinct from g.assigned_to and m.user_id is distinct from g.created_by
      from public.memberships m
      where m.organization_id = g.organization_id and m.status = 'active'
        and m.user_id in (g.assigned_to, g.created_by, g.old_assigned_to)
    ) as topics (topic, removed)
  ) t
  group by t.organization_id, t.topic, t.lead;
end
$$;
comment on function private.broadcast_leads is
  'Broadcasts changes of leads to all channels whose listeners may see them, one by one or as a count.';
