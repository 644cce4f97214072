-- Whether a play is held out for a client: always the same answer, and the same share of all. With a salt that nobody can
-- read, so that nobody can compute who is held out.
create function private.is_held_out(salt uuid, client_id uuid, play_id uuid, share numeric)
returns boolean
language sql immutable set search_path = ''
as $$
  select (hashtextextended(salt::text || client_id || play_id, 7) & 1048575) < share * 1048576
$$;

-- The plays that fit clients of the next slice. A client is shown a play at most once within its days, and not while one
-- is open. A trial begins whether or not a recommendation is due that day, by the same rule in both arms, and nobody
-- changes the arm before its 90 days have passed, even where the share that is held out has changed. Generic plans: see
-- take_feature_slice; no sequential scans, because a plan made while the trials were few would be kept.
create function private.recommend_slice(run private.recommendation_runs, slice_size integer)
returns integer
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off
as $$
declare
  today date := private.local_day(run.organization_id);
  ids uuid[] := array(
    select c.id from public.clients c
    where c.organization_id = run.organization_id and (c.organization_id, c.id)
      > (run.organization_id, coalesce(run.last_client_id, '00000000-0000-0000-0000-000000000000'))
    order by c.id limit slice_size);
  made integer;
begin
  if run.last_client_id is null then
    perform private.count_trials(run.organization_id, today);
    run.effects := private.play_effects(run.organization_id);
  end if;
  with fits as materialized (
    select f.*, coalesce(t.held_out, f.by_chance) as held_out, t.proposed_on as tried_on
    from private.fitting_plays(run, ids, today) f
    left join lateral (
      select t.held_out, t.proposed_on from private.play_trials t
      where t.organization_id = run.organization_id and t.client_id = f.client_id and t.play_id = f.play_id
        and t.proposed_on > today - greatest(f.every_days, 90)
      order by t.proposed_on desc limit 1
    ) t on true
  ), trials as (
    insert into private.play_trials (organization_id, play_id, client_id, held_out, proposed_on, mrr, currency,
      segment)
    select run.organization_id, f.play_id, f.client_id, f.held_out, today, f.mrr, f.currency, f.segment
    from fits f where f.tried_on is null
    on conflict do nothing
  )
  insert into public.recommendations (organization_id, client_id, play_id, title, details, rank, score, mrr, currency,
    proposed_on, expires_on)
  select run.organization_id, f.client_id, f.play_id, f.title, f.details, f.rank, f.score, f.mrr, f.currency, today,
    today + 30
  from fits f
  where not f.held_out and not exists (
    select from public.recommendations r
    -- By the client's index, not by that of the play.
    where r.organization_id = run.organization_id and r.client_id = f.client_id and (r.play_id = f.play_id) is true
      and r.proposed_on > today - f.every_days)
  on conflict do nothing;
  get diagnostics made = row_count;
  update private.recommendation_runs r
  set effects = run.effects, last_client_id = coalesce(ids[cardinality(ids)], r.last_client_id), next_try_at = clock_timestamp(),
    finished_at = case when cardinality(ids) < slice_size then clock_timestamp() end
  where r.organization_id = run.organization_id;
  return made;
end
$$;

-- The plays that fit some clients today, ranked by risk times revenue times effect, less the cost. A play that has not been
-- measured is taken to prevent a tenth of the losses. Amounts are compared in the organization's currency; where there is
-- no rate, the least revenue and the cost of a play, which are in it, are left aside.
create function private.fitting_plays(run private.recommendation_runs, client_ids uuid[], today date)
returns table (client_id uuid, score real, mrr numeric, currency text, play_id uuid, title text, details text,
  every_days integer, rank double precision, by_chance boolean, segment text)
language sql stable rows 1000 set search_path = ''
as $$
  select c.id, x.score, c.mrr, c.currency, p.id, p.title, p.details, p.every_days,
    x.score / 100 * (c.mrr * coalesce(k.rate, 1))::float8 * coalesce((run.effects ->> p.id::text)::float8, 0.1)
      - case when k.rate is null then 0 else p.cost::float8 end,
    private.is_held_out(run.salt, c.id, p.id, s.holdout_share), c.segment
  from public.clients c
  join public.client_risks x on x.organization_id = run.organization_id and x.client_id = c.id
  join public.churn_settings s on s.organization_id = c.organization_id
  join public.organizations o on o.id = c.organization_id
  cross join lateral (select private.rate_on(o.id, c.currency, o.currency, today) as rate) k
  join public.plays p on p.organization_id = run.organization_id and p.enabled and x.band = any (p.bands)
    and (p.segments = '{}' or c.segment = any (p.segments))
    and (k.rate is null or c.mrr * k.rate >= coalesce(p.min_mrr, 0))
    and (p.contract_ends_within is null or c.contract_ends_on - today between 0 and p.contract_ends_within)
  where c.organization_id = run.organization_id and c.id = any (client_ids) and c.status = 'active'
    and c.deleted_at is null and (p.themes = '{}' or x.risk_theme = any (p.themes))
    and (p.channel <> 'text' or private.may_be_texted(c))
$$;

-- The share of losses that each play prevents, by its id: as measured against those held out, pulled to 10 % as ten clients
-- would. Only of plays with a hundred outcomes in each arm.
create function private.play_effects(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(a.play_id, case when a.held_out_left > 0
    then (a.held_out * greatest(0, 1 - a.shown_left / a.shown / (a.held_out_left / a.held_out)) + 10 * 0.1)
      / (a.held_out + 10) else 0.1 end), '{}')
  from (
    select t.play_id, sum(t.held_out)::float8 as held_out, sum(t.held_out_left)::float8 as held_out_left,
      sum(t.shown)::float8 as shown, sum(t.shown_left)::float8 as shown_left
    from private.play_totals t
    where t.organization_id = play_effects.organization_id
    group by t.play_id having sum(t.held_out) >= 100 and sum(t.shown) >= 100
  ) a
$$;

-- Whether a client has a number that has not opted out.
create function private.may_be_texted(client public.clients)
returns boolean
language sql stable set search_path = ''
as $$
  select client.phone is not null and not exists (
    select from public.suppressions s
    where s.organization_id = client.organization_id and s.phone = client.phone
      and s.lifted_at is null)
$$;
