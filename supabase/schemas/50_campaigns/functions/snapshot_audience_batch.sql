-- Writes the next `size` leads of a campaign's audience to its targets: how many there were, and the last of them. The
-- unique index on numbers finds those of earlier batches. Inserted in the order of positions, so that indexes grow at
-- their ends.
create function private.snapshot_leads(campaign public.campaigns, size integer, out leads integer, out last_lead uuid)
language plpgsql set search_path = ''
as $$
declare
  last_position constant integer := (
    select coalesce(max(t.position), 0) from public.campaign_targets t where t.campaign_id = campaign.id);
begin
  execute format($batch$
    with picked as materialized (
      select x.id, x.phone from public.leads x where %1$s and x.id > %2$L and x.created_at < %3$L
      order by x.id limit %4$s
    ), numbered as materialized (
      select p.id, p.phone, row_number() over (order by p.id) as place,
        case when p.phone is not null
          then row_number() over (partition by p.phone collate "C" order by p.id) end as occurrence,
        (hashtextextended($1.id || coalesce(p.phone, p.id::text), 0) & 1073741823) / 1073741824.0 as share
      from picked p
    ), eligibility as materialized (
      select e.phone, e.blocked_reason
      from private.check_marketing_eligibility($1.organization_id, array(
        select n.phone from numbered n where n.occurrence = 1 order by n.phone)) as e (phone, blocked_reason,
          consent_id)
      where e.blocked_reason <> 'doubtful_reply'
    ), shares as materialized (
      select * from private.variant_shares($1)
    ), decided as materialized (
      select $2 + n.place as position, n.id, n.phone,
        (select s.variant_id from shares s where n.share >= s.low and n.share < s.high) as variant_id,
        case when n.phone is null then 'no_phone' when n.occurrence > 1 then 'duplicate_number'
          else e.blocked_reason end as reason
      from numbered n left join eligibility e on e.phone = n.phone
    ), repeated as materialized (
      -- Of a number in two spellings the first that may be texted.
      select r.position from (
        select d.position, o.spelling,
          row_number() over (partition by private.one_spelling(d.phone) order by d.position) as occurrence
        from decided d
        join private.other_spellings(array(select p.phone from picked p where p.phone is not null)) o on o.phone = d.phone
        where d.reason is null
      ) r
      where r.occurrence > 1 or exists (
        select from public.campaign_targets t
        where t.campaign_id = $1.id and t.phone = r.spelling and t.status in ('pending', 'sent'))
    ), pending as (
      insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status)
      select $1.organization_id, $1.id, d.position, d.id, d.phone, d.variant_id, 'pending' from decided d
      where d.reason is null and not exists (select from repeated r where r.position = d.position)
      order by d.position
      on conflict (campaign_id, phone) where status in ('pending', 'sent') do nothing
      returning position
    ), excluded as (
      insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status,
        reason)
      select $1.organization_id, $1.id, d.position, d.id, d.phone, d.variant_id, 'excluded',
        coalesce(d.reason, 'duplicate_number')
      from decided d left join pending p on p.position = d.position
      where p.position is null order by d.position
    )
    select count(*), (select p.id from picked p order by p.id desc limit 1) from picked $batch$,
    private.audience_conditions(campaign),
    coalesce(campaign.snapshot_cursor, '00000000-0000-0000-0000-000000000000'::uuid),
    campaign.started_at, size)
  into leads, last_lead using campaign, last_position;
end
$$;

-- Pauses a campaign whose audience snapshot cannot be taken, and tells its people.
create function private.pause_snapshot(campaign public.campaigns, reason text, advice text)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.campaigns c set status = 'paused', status_reason = reason
  where c.id = campaign.id and c.status = 'freezing';
  if not found then
    return;
  end if;
  update private.campaign_failure_checks w set snapshot_failures = 0, snapshot_retry_at = null
  where w.campaign_id = campaign.id;
  begin
    perform private.notify_about_campaign(campaign, 'unreadable:' || extract(epoch from now()),
      campaign.name || ' was paused', reason || ' ' || advice);
  exception when others then
    raise warning 'the admins were not notified that campaign % was paused: %', campaign.id, sqlerrm;
  end;
end
$$;

-- After a batch that failed: the campaign waits, longer each time, and the others go on. Of five failures in a row, or
-- of one that a repeat would not change, it is paused.
create function private.record_snapshot_failure(campaign public.campaigns, error text, is_final boolean)
returns void
language plpgsql set search_path = ''
as $$
declare
  failures integer;
begin
  raise warning 'campaign %: its audience cannot be read: %', campaign.id, error;
  insert into private.campaign_failure_checks as w (campaign_id, snapshot_failures, snapshot_retry_at)
  values (campaign.id, 1, clock_timestamp() + interval '20 seconds')
  on conflict on constraint campaign_failure_checks_pkey do update set
    snapshot_failures = w.snapshot_failures + 1,
    snapshot_retry_at = clock_timestamp() + interval '20 seconds' * 2 ^ least(w.snapshot_failures, 8)
  returning w.snapshot_failures into failures;
  if failures < 5 and not is_final then
    return;
  end if;
  begin
    if is_final then
      perform private.pause_snapshot(campaign, 'Its audience cannot be read.', 'Cancel it and create it again.');
    else
      perform private.pause_snapshot(campaign, 'Its audience could not be read in five attempts.',
        'Resume it later, or cancel it and create it again.');
    end if;
  exception when others then
    raise warning 'campaign % was not paused: %', campaign.id, sqlerrm;
  end;
end
$$;

-- Continues the audience snapshot of a campaign, of any if none is named: { campaign_id, leads, done }. campaign_id is
-- null where there is no snapshot to take or others are taking them. Campaigns are chosen at random, and one that fails
-- waits and is paused in the end, so that no campaign blocks the others; its next batches are smaller, in case it ran
-- out of time. What may be over soon (a deadlock, a full disk) is thrown. Security definer because the service role may
-- not write these tables.
create function private.snapshot_audience_batch(campaign_id uuid, size integer)
returns jsonb
language plpgsql security definer set search_path = ''
  set enable_nestloop = off set enable_mergejoin = off set jit = off
  -- Batches of fifty and of fifty thousand numbers need different plans.
  set plan_cache_mode = force_custom_plan
as $$
declare
  campaign public.campaigns;
  failures integer;
  batch_size integer;
  batch record;
  done boolean;
begin
  select * into campaign from public.campaigns c
  where c.status = 'freezing'
    and (c.id = snapshot_audience_batch.campaign_id
      or snapshot_audience_batch.campaign_id is null and not exists (
        select from private.campaign_failure_checks w
        where w.campaign_id = c.id and w.snapshot_retry_at > clock_timestamp()))
  order by random() limit 1 for update skip locked;
  if campaign.id is null then
    return '{"campaign_id": null, "leads": 0, "done": true}'::jsonb;
  end if;
  failures := coalesce((
    select w.snapshot_failures from private.campaign_failure_checks w where w.campaign_id = campaign.id), 0);
  batch_size := greatest(size >> 2 * least(failures, 5), least(size, 100));
  select * into batch from private.snapshot_leads(campaign, batch_size);
  done := batch.leads < batch_size;
  if failures > 0 then
    update private.campaign_failure_checks w set snapshot_failures = 0, snapshot_retry_at = null
    where w.campaign_id = campaign.id;
  end if;
  if done then
    update public.campaigns c set status = 'running', frozen_at = now(), snapshot_cursor = null
    where c.id = campaign.id;
    -- Until the new targets, and leads that came just before, are in the statistics, the planner would read all of them for
    -- each claim.
    analyze (skip_locked) public.campaign_targets;
    perform private.analyze_grown_leads(false);
    perform private.invoke('jobs/dispatch-messages');
  else
    update public.campaigns c set snapshot_cursor = batch.last_lead where c.id = campaign.id;
  end if;
  return jsonb_build_object('campaign_id', campaign.id, 'leads', batch.leads, 'done', done);
exception
  when transaction_rollback or insufficient_resources or object_not_in_prerequisite_state then raise;
  -- Others do not include a statement that takes too long.
  when query_canceled or others then
    if campaign.id is null then
      raise;
    end if;
    perform private.record_snapshot_failure(campaign, sqlerrm, sqlstate like '22%');
    return jsonb_build_object('campaign_id', campaign.id, 'leads', 0, 'done', true);
end
$$;
grant execute on function private.snapshot_audience_batch(uuid, integer) to service_role;

create function public.snapshot_audience_batch(campaign_id uuid default null, size integer default 20000)
returns jsonb
language sql set search_path = ''
as $$
  select private.snapshot_audience_batch(campaign_id, size)
$$;
comment on function public.snapshot_audience_batch is
  'Writes the next leads of a campaign''s audience to its targets, one batch a transaction.';
grant execute on function public.snapshot_audience_batch(uuid, integer) to service_role;
