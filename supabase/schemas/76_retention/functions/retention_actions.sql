-- The difference of two shares with its interval of 95 %: method 10 of R. G. Newcombe, Statistics in Medicine 17 (1998)
-- 873-890, of two Wilson intervals. Negative: fewer left in the first group.
create function private.share_difference(cases integer, sample integer, other_cases integer, other_sample integer)
returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object('difference', round((a.p - b.p)::numeric, 6),
    'low', round((a.p - b.p - sqrt((a.p - a.low) ^ 2 + (b.high - b.p) ^ 2))::numeric, 6),
    'high', round((a.p - b.p + sqrt((a.high - a.p) ^ 2 + (b.p - b.low) ^ 2))::numeric, 6))
  from (
    select (w ->> 'rate')::float8 as p, (w ->> 'low')::float8 as low, (w ->> 'high')::float8 as high
    from private.wilson_interval(cases, sample) w) a,
  (
    select (w ->> 'rate')::float8 as p, (w ->> 'low')::float8 as low, (w ->> 'high')::float8 as high
    from private.wilson_interval(other_cases, other_sample) w) b
  where sample > 0 and other_sample > 0
$$;

-- What became of a play: counts by state, and of the trials whose 90 days have passed those that left, shown against
-- held out, whatever was done with what was shown. Comparing done with not done would measure whom people choose.
create function private.play_figures(play public.plays)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('play_id', play.id, 'key', play.key, 'title', play.title, 'enabled', play.enabled)
    || to_jsonb(s) || jsonb_build_object('held_out', a.held_out, 'shown', jsonb_build_object('retained',
      a.shown_retained, 'left', a.shown_left), 'not_shown', jsonb_build_object('retained', a.held_retained, 'left',
      a.held_left), 'measured', m.is_measured,
    'effect', case when m.is_measured then private.share_difference(a.shown_left, a.shown_left + a.shown_retained,
      a.held_left, a.held_left + a.held_retained) end,
    'saved_mrr', case when m.is_measured then round((a.shown_mrr * (a.held_left::numeric / (a.held_left + a.held_retained)
      - a.shown_left::numeric / (a.shown_left + a.shown_retained))), 2)::text end, 'currency', a.currency)
  from (
    select count(*) as proposed, count(*) filter (where r.state in ('accepted', 'done', 'not_done')) as accepted,
      count(*) filter (where r.state = 'declined') as declined, count(*) filter (where r.state = 'expired') as expired,
      count(*) filter (where r.state = 'done') as done, count(*) filter (where r.state = 'not_done') as not_done,
      count(*) filter (where r.state = 'proposed') as waiting
    from public.recommendations r where r.organization_id = play.organization_id and r.play_id = play.id
  ) s
  cross join (
    select count(*) filter (where t.held_out) as held_out,
      count(*) filter (where not t.held_out and t.outcome = 'retained')::integer as shown_retained,
      count(*) filter (where not t.held_out and t.outcome = 'left')::integer as shown_left,
      count(*) filter (where t.held_out and t.outcome = 'retained')::integer as held_retained,
      count(*) filter (where t.held_out and t.outcome = 'left')::integer as held_left,
      case when count(distinct t.currency) = 1 then min(t.currency) end as currency,
      case when count(distinct t.currency) = 1
        then sum(t.mrr) filter (where not t.held_out and t.outcome is not null) end as shown_mrr
    from private.play_trials t where t.organization_id = play.organization_id and t.play_id = play.id
  ) a
  cross join lateral (
    select a.shown_left + a.shown_retained >= 100 and a.held_left + a.held_retained >= 100 as is_measured) m
$$;

-- GET /reports/retention-actions. Security definer because trials may not be read by anybody.
create function private.retention_actions(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'churn:read');
  return jsonb_build_object('data', (
    select coalesce(jsonb_agg(private.play_figures(p) order by p.id), '[]') from public.plays p
    where p.organization_id = retention_actions.organization_id), 'holdout_share', (
    select s.holdout_share from public.churn_settings s where s.organization_id = retention_actions.organization_id));
end
$$;
grant execute on function private.retention_actions(uuid) to authenticated;

create function public.retention_actions(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.retention_actions(organization_id)
$$;
comment on function public.retention_actions is 'What became of each play, and what it does against those held out.';
grant execute on function public.retention_actions(uuid) to authenticated;
