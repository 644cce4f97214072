-- Every minute, for about four seconds: makes recommendations for the clients of scoring runs that have finished, 500
-- clients at a time, organizations in turn, and settles what has expired or whose 90 days have passed. Recommendations
-- and cursor are one transaction: killed at any line, the next run goes on from there.
create function private.run_recommendations(slice_size integer default 500)
returns integer
language plpgsql set search_path = ''
as $$
declare
  run private.recommendation_runs;
  began timestamptz := clock_timestamp();
  made integer := 0;
begin
  perform private.settle_recommendations();
  insert into private.recommendation_runs as r (organization_id, run_id)
  select s.organization_id, private.latest_scoring_run(s.organization_id, '1900-01-01', '2200-01-01')
  from private.churn_model_state s where s.active_model_id is not null
  on conflict on constraint recommendation_runs_pkey do update
    set run_id = excluded.run_id, last_client_id = null, finished_at = null
    where r.finished_at is not null and r.run_id is distinct from excluded.run_id or r.run_id is null;
  loop
    select r.* into run from private.recommendation_runs r
    where r.finished_at is null and r.run_id is not null and r.next_try_at <= clock_timestamp()
    order by r.next_try_at limit 1 for update skip locked;
    exit when run.organization_id is null;
    begin
      made := made + private.recommend_slice(run, slice_size);
    exception when others then
      raise warning 'the recommendations of % failed: %', run.organization_id, sqlerrm;
      update private.recommendation_runs r set next_try_at = clock_timestamp() + private.failed_item_pause()
      where r.organization_id = run.organization_id;
    end;
    exit when clock_timestamp() > began + private.run_budget();
  end loop;
  return made;
end
$$;

-- Proposals that nobody has decided within 30 days expire, and so does what was accepted and not finished within 90, so
-- that the play may come again. 90 days after it began a trial has its outcome. The trial is locked before the
-- movements are read, and a transaction that enters movements writes the trial after them (forget_outcomes), so no
-- outcome misses a movement that is entered at the same time.
create function private.settle_recommendations()
returns void
language sql set search_path = ''
as $$
  update public.recommendations r set state = 'expired'
  where r.state = 'proposed' and r.id in (
    select e.id from public.recommendations e
    where e.state = 'proposed' and e.expires_on <= current_date + 1
      and e.expires_on <= private.local_day(e.organization_id)
    limit 2000);
  update public.recommendations r set state = 'expired'
  where r.state = 'accepted' and r.id in (
    select e.id from public.recommendations e
    where e.state = 'accepted' and e.decided_at < now() - interval '90 days' limit 2000);
  update private.play_trials t
  set outcome = case when private.had_left_before(t.organization_id, x.stands_for, t.proposed_on) then 'absent'
    when private.has_left_within(t.organization_id, x.stands_for, t.proposed_on) then 'left' else 'retained' end
  from (
    select x.organization_id, x.client_id, x.play_id, x.proposed_on, k.id as stands_for
    from private.play_trials x
    join public.clients c on c.organization_id = x.organization_id and c.id = x.client_id
    join public.clients k on k.organization_id = x.organization_id and k.id = coalesce(c.merged_into, c.id)
      and k.deleted_at is null
    where x.outcome is null and x.proposed_on < current_date - 91
    limit 2000 for update of x skip locked
  ) x
  where (t.organization_id, t.client_id, t.play_id, t.proposed_on)
    = (x.organization_id, x.client_id, x.play_id, x.proposed_on)
$$;

-- Whether a client gave notice or left on a day or within 90 days after it. Volatile, so that it sees what was
-- committed until the trial was locked.
create function private.has_left_within(organization_id uuid, client_id uuid, day date)
returns boolean
language sql volatile set search_path = ''
as $$
  select exists (
    select from public.client_spells s
    where s.organization_id = has_left_within.organization_id and s.client_id = has_left_within.client_id
      and s.ends_on between has_left_within.day and has_left_within.day + 90
  ) or exists (
    select from public.client_movements m
    where m.organization_id = has_left_within.organization_id and m.client_id = has_left_within.client_id
      and m.entry = 'notice' and m.kind <> 'correction'
      and m.day between has_left_within.day and has_left_within.day + 90 and not exists (
        select from public.client_movements r where r.reverses = m.id))
$$;

-- Whether a client had left or given notice before a day and had not come back by its end, as was entered later: see
-- private.absent_on.
create function private.had_left_before(organization_id uuid, client_id uuid, day date)
returns boolean
language sql volatile set search_path = ''
as $$
  select exists (
    select from public.client_movements m
    where m.organization_id = had_left_before.organization_id and m.client_id = had_left_before.client_id
      and m.day < had_left_before.day and (m.kind = 'churn' or m.entry = 'notice') and not exists (
        select from public.client_movements r where r.reverses = m.id)
  ) and not exists (
    select from unnest(array[had_left_before.day - 1, had_left_before.day]) d
    cross join lateral private.client_state_on(had_left_before.client_id, d) s where s.status = 'active')
$$;

-- What is entered late, corrected, merged, deleted or restored may change an outcome: it is found again. A trial of a
-- client that was merged into another goes by that one's movements. Trials without an outcome are written too: one may be
-- found at this moment.
create function private.forget_outcomes(organization_id uuid, client_ids uuid[])
returns void
language sql set search_path = ''
as $$
  update private.play_trials t set outcome = null
  from public.clients c
  where c.organization_id = forget_outcomes.organization_id
    and (c.id = any (client_ids) or c.merged_into = any (client_ids))
    and t.organization_id = c.organization_id and t.client_id = c.id
$$;
