-- Every night, each organization once in four weeks: compares the scores of 91 days ago, whose time has passed, with who
-- gave notice or left since. Where fifty or more left and the expected number is off by more than a quarter, those who
-- configure churn are notified and a new model is learned.
create function private.watch_churn_scores()
returns integer
language plpgsql set search_path = ''
as $$
declare
  state private.churn_model_state;
  watched jsonb;
  checked integer := 0;
begin
  for state in
    select s.* from private.churn_model_state s
    where s.active_model_id is not null and (s.watched_on is null or s.watched_on <= current_date - 28)
    order by s.watched_on nulls first, s.organization_id limit 100 for update skip locked
  loop
    begin
      watched := private.score_outcomes(state.organization_id, private.local_day(state.organization_id) - 91);
      update private.churn_model_state s
      set watched_on = current_date, watch = watched,
        phase = case when (watched ->> 'drifted')::boolean then coalesce(s.phase, 'requested') else s.phase end,
        requested_at = case when (watched ->> 'drifted')::boolean then coalesce(s.requested_at, clock_timestamp())
          else s.requested_at end,
        next_try_at = clock_timestamp()
      where s.organization_id = state.organization_id;
      if (watched ->> 'drifted')::boolean then
        perform private.notify_admins_of_drift(state.organization_id, watched);
      end if;
      checked := checked + 1;
    exception when others then
      raise warning 'the scores of % were not compared: %', state.organization_id, sqlerrm;
    end;
  end loop;
  return checked;
end
$$;

-- { day, clients, expected, observed, ratio, drifted } of the scores in force on a day, by who left on it or within the 90
-- days after it. Null where there were none.
create function private.score_outcomes(organization_id uuid, day date)
returns jsonb
language sql stable set search_path = '' set enable_nestloop = off set jit = off
as $$
  with s as (
    select distinct on (h.client_id) h.client_id, h.score from private.client_scores h
    where h.organization_id = score_outcomes.organization_id and h.day <= score_outcomes.day
    order by h.client_id, h.day desc
  ), o as (
    select s.client_id, s.score / 100.0 as p, d.client_id is not null as is_gone
    from s
    left join (
      select distinct x.client_id from private.departures(score_outcomes.organization_id) x
      where x.day between score_outcomes.day and score_outcomes.day + 90
    ) d on d.client_id = s.client_id
    where s.score is not null
      and s.client_id not in (
        select a.client_id from private.absent_on(score_outcomes.organization_id, score_outcomes.day) a (client_id))
  ), t as (
    select count(*) as clients, sum(o.p)::float8 as expected, count(*) filter (where o.is_gone) as observed from o
  )
  select jsonb_build_object('day', score_outcomes.day, 'clients', t.clients, 'expected', t.expected, 'observed',
    t.observed, 'ratio', t.expected / nullif(t.observed, 0), 'drifted',
    t.observed >= 50 and t.expected / nullif(t.observed, 0) not between 0.8 and 1.25)
  from t where t.clients > 0
$$;

create function private.notify_admins_of_drift(organization_id uuid, watched jsonb)
returns void
language sql set search_path = ''
as $$
  select private.notify(array_agg(row(m.organization_id, m.user_id, 'system', 'churn_drift:' || (watched ->> 'day'),
    'Churn scores have become inaccurate', format('Of the scores of %s, %s clients were expected to leave within 90 days '
      || 'and %s did. A new model is being learned.', watched ->> 'day', round((watched ->> 'expected')::numeric),
      watched ->> 'observed'), watched, null)::private.notification))
  from public.memberships m
  join public.role_permissions p on p.role_id = m.role_id and p.permission = 'churn:configure'
  where m.organization_id = notify_admins_of_drift.organization_id and m.status = 'active'
  having count(*) > 0
$$;
