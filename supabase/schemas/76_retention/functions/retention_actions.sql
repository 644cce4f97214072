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
-- held out, whatever was done with what was shown. Comparing done with not done would measure whom people choose. Of the
-- trials nothing is shown before there are outcomes enough in both arms.
create function private.play_figures(play public.plays, range private.churn_range)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('play_id', play.id, 'key', play.key, 'title', play.title, 'enabled', play.enabled)
    || to_jsonb(s) || '{"held_out": null, "shown": null, "not_shown": null, "measured": false, "effect": null,
      "saved_mrr": null, "currency": null}' || coalesce(private.trial_figures(play, range), '{}')
  from (
    select count(*) as proposed, count(*) filter (where r.state in ('accepted', 'done', 'not_done')
        or r.state = 'expired' and r.decided_at is not null) as accepted,
      count(*) filter (where r.state = 'declined') as declined, count(*) filter (where r.state = 'expired') as expired,
      count(*) filter (where r.state = 'done') as done, count(*) filter (where r.state = 'not_done') as not_done,
      count(*) filter (where r.state = 'proposed') as waiting
    from public.recommendations r where r.organization_id = play.organization_id and r.play_id = play.id
      and r.proposed_on >= coalesce(range.from_day, '1900-01-01') and r.proposed_on < range.to_day
      and r.currency = coalesce(range.currency, r.currency) and (range.segment is null or exists (
        select from public.clients c
        where c.organization_id = r.organization_id and c.id = r.client_id and c.segment = range.segment))
  ) s
$$;

-- The figures of the trials of a play that are in the totals (see count_trials). Null below a hundred in an arm. Groups of
-- several months and segments are in the figures of all months only.
create function private.trial_figures(play public.plays, range private.churn_range)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('held_out', a.held_out, 'shown', jsonb_build_object('retained', a.shown - a.shown_left,
      'left', a.shown_left), 'not_shown', jsonb_build_object('retained', a.held_out - a.held_left, 'left', a.held_left),
    'measured', true, 'effect', private.share_difference(a.shown_left, a.shown, a.held_left, a.held_out),
    'saved_mrr', round(a.shown_mrr * (a.held_left::numeric / a.held_out - a.shown_left::numeric / a.shown), 2)::text,
    'currency', a.currency)
  from (
    select sum(t.held_out)::integer as held_out, sum(t.shown)::integer as shown, sum(t.shown_left)::integer as shown_left,
      sum(t.held_out_left)::integer as held_left,
      case when count(*) = count(t.currency) and count(distinct t.currency) = 1 then min(t.currency) end as currency,
      case when count(*) = count(t.currency) and count(distinct t.currency) = 1 then sum(t.shown_mrr) end as shown_mrr
    from private.play_totals t
    where t.organization_id = play.organization_id and t.play_id = play.id
      and (t.month >= coalesce(range.from_day, '1900-01-01') and t.month < range.to_day
        or t.month is null and range.from_day is null and range.to_day > range.today)
      and (range.currency is null or t.currency = range.currency)
      and (range.segment is null or t.segment = range.segment)
  ) a
  where a.held_out >= 100 and a.shown >= 100
$$;

-- GET /reports/retention-actions: { from?, to?, segment?, currency? }, whole months, by default all of them. The segment
-- is that on the day of the proposal for trials, and the client's of today for what was recommended. Security definer
-- because trials may not be read by anybody.
create function private.retention_actions(organization_id uuid, options jsonb)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  range private.churn_range := private.churn_range(organization_id, options - '{as_of,period}'::text[]);
begin
  range.from_day := case when options ->> 'from' is not null then range.from_day end;
  return private.churn_head(range) - 'period' || jsonb_build_object('currency', range.currency, 'data', (
    select coalesce(jsonb_agg(private.play_figures(p, range) order by p.id), '[]') from public.plays p
    where p.organization_id = retention_actions.organization_id), 'holdout_share', (
    select s.holdout_share from public.churn_settings s where s.organization_id = retention_actions.organization_id));
end
$$;
grant execute on function private.retention_actions(uuid, jsonb) to authenticated;

create function public.retention_actions(organization_id uuid, options jsonb default '{}')
returns jsonb
language sql stable set search_path = ''
as $$
  select private.retention_actions(organization_id, coalesce(options, '{}'))
$$;
comment on function public.retention_actions is
  'What became of each play, and what it does against those held out: { from?, to?, segment?, currency? }.';
grant execute on function public.retention_actions(uuid, jsonb) to authenticated;
