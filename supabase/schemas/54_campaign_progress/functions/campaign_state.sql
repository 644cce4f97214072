create function private.campaign_state(campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('campaign_id', c.id, 'status', c.status, 'status_reason', c.status_reason,
    'started_at', private.iso_time(c.started_at), 'finished_at', private.iso_time(c.finished_at), 'targets', t.targets,
    'excluded', t.excluded, 'messages', m.messages, 'segments', m.segments, 'cost', m.cost)
  from public.campaigns c
  cross join lateral (
    select jsonb_build_object('total', coalesce(sum(x.targets), 0),
        'pending', coalesce(sum(x.targets) filter (where x.status = 'pending'), 0),
        'sent', coalesce(sum(x.targets) filter (where x.status = 'sent'), 0),
        'excluded', coalesce(sum(x.targets) filter (where x.status = 'excluded'), 0),
        'canceled', coalesce(sum(x.targets) filter (where x.status = 'canceled'), 0)) as targets,
      coalesce(jsonb_object_agg(x.reason, x.targets) filter (where x.status = 'excluded' and x.targets <> 0),
        '{}') as excluded
    from (
      select d.status, d.reason, sum(d.targets) as targets from private.target_totals d
      where d.campaign_id = c.id group by 1, 2) x
  ) t
  cross join lateral (
    select coalesce(jsonb_object_agg(x.status, x.messages) filter (where x.messages <> 0), '{}') as messages,
      coalesce(sum(x.segments), 0) as segments, trim_scale(round(coalesce(sum(x.cost), 0), 5))::text as cost
    from (
      select d.status, sum(d.messages) as messages, sum(d.segments) as segments, sum(d.cost) as cost
      from private.message_outcome_totals d
      where d.campaign_id = c.id group by 1) x
  ) m
  where c.id = campaign_state.campaign_id
$$;
comment on function private.campaign_state is 'The live figures of a campaign, from the counters.';
