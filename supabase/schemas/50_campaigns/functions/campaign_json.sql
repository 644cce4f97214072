-- A campaign as functions return it. Called by security definer functions only.
create function private.campaign_json(campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(c) - array['organization_id', 'snapshot_cursor', 'deleted_at', 'audience']
    || jsonb_build_object(
      'audience', case when c.audience ? 'lead_ids' and jsonb_array_length(c.audience -> 'lead_ids') > 1000
        then jsonb_build_object('leads', jsonb_array_length(c.audience -> 'lead_ids')) else c.audience end,
      'templates', coalesce((
        select jsonb_agg(jsonb_build_object('template_id', t.template_id, 'name', n.name, 'weight', t.weight)
          order by t.template_id)
        from public.campaign_templates t
        left join public.templates n on n.organization_id = t.organization_id and n.id = t.template_id
        where t.organization_id = c.organization_id and t.campaign_id = c.id), '[]'),
      'numbers', coalesce((
        select jsonb_agg(n.account_id order by n.account_id) from public.campaign_numbers n
        where n.organization_id = c.organization_id and n.campaign_id = c.id), '[]'),
      'targets', (
        select jsonb_build_object('total', coalesce(sum(t.targets), 0),
          'pending', coalesce(sum(t.targets) filter (where t.status = 'pending'), 0),
          'sent', coalesce(sum(t.targets) filter (where t.status = 'sent'), 0),
          'excluded', coalesce(sum(t.targets) filter (where t.status = 'excluded'), 0),
          'canceled', coalesce(sum(t.targets) filter (where t.status = 'canceled'), 0))
        from private.target_totals t where t.campaign_id = c.id),
      'excluded', coalesce((
        select jsonb_object_agg(e.reason, e.targets) from (
          select t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = c.id and t.status = 'excluded' group by 1 having sum(t.targets) <> 0) e), '{}'),
      'messages', coalesce((
        select jsonb_object_agg(e.status, e.messages) from (
          select t.status, sum(t.messages) as messages from private.message_outcome_totals t
          where t.campaign_id = c.id group by 1 having sum(t.messages) <> 0) e), '{}'),
      'segments', (select coalesce(sum(t.segments), 0) from private.message_outcome_totals t
        where t.campaign_id = c.id),
      'started_by_name', (select p.full_name from public.profiles p where p.id = c.started_by),
      'created_by_name', (select p.full_name from public.profiles p where p.id = c.created_by))
  from public.campaigns c where c.id = campaign_json.campaign_id
$$;
comment on function private.campaign_json is
  'A campaign with its templates, numbers and the figures of its targets and messages.';
