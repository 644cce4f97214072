-- Freezes the next slice of a campaign, of any if none is named: { campaign_id, frozen, done }; campaign_id is null where
-- there is nothing to freeze or somebody else is at it. Chance decides which, and one whose audience cannot be read waits for
-- a person: no campaign keeps the others waiting. Definer: the service role may not write these tables.
create function private.snapshot_audience_batch(campaign_id uuid, size integer)
returns jsonb
language plpgsql security definer set search_path = '' set enable_nestloop = off set enable_mergejoin = off set jit = off
  -- One plan for fifty numbers and for fifty thousand will not do.
  set plan_cache_mode = force_custom_plan
as $$
declare
  campaign public.campaigns;
  first_position integer;
  frozen integer;
  last_lead uuid;
  done boolean;
begin
  select * into campaign from public.campaigns c
  where c.status = 'freezing' and (snapshot_audience_batch.campaign_id is null or c.id = snapshot_audience_batch.campaign_id)
  order by random() limit 1 for update skip locked;
  if campaign.id is null then
    return '{"campaign_id": null, "frozen": 0, "done": true}'::jsonb;
  end if;
  first_position := (
    select coalesce(max(t.position), 0) from public.campaign_targets t where t.campaign_id = campaign.id);
  execute format($slice$
    with picked as materialized (
      select x.id, x.phone from public.leads x where %1$s and x.id > %2$L and x.id < %3$L order by x.id limit %4$s
    ), numbered as materialized (
      select p.id, p.phone, row_number() over (order by p.id) as place,
        case when p.phone is not null then row_number() over (partition by p.phone collate "C" order by p.id) end as nth,
        (hashtextextended($1.id || coalesce(p.phone, p.id::text), 0) & 1073741823) / 1073741824.0 as share
      from picked p
    ), verdicts as materialized (
      select j.phone, j.blocked_reason from private.check_marketing_eligibility($1.organization_id, array(
        select n.phone from numbered n where n.nth = 1 order by n.phone)) j
      where j.blocked_reason <> 'doubtful_reply'
    ), shares as materialized (
      select * from private.variant_shares($1)
    ), judged as materialized (
      select $2 + n.place as position, n.id, n.phone,
        (select s.variant_id from shares s where n.share >= s.low and n.share < s.high) as variant_id,
        case when n.phone is null then 'no_phone' when n.nth > 1 then 'duplicate_number' else v.blocked_reason end as reason
      from numbered n left join verdicts v on v.phone = n.phone
    ), added as (
      -- The index knows the numbers of the slices before. In their order, so that other indexes only grow at their ends.
      insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status)
      select $1.organization_id, $1.id, j.position, j.id, j.phone, j.variant_id, 'pending' from judged j
      where j.reason is null order by j.position
      on conflict (campaign_id, phone) where status in ('pending', 'sent') do nothing
      returning position
    ), excluded as (
      insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, phone, variant_id, status, reason)
      select $1.organization_id, $1.id, j.position, j.id, j.phone, j.variant_id, 'excluded', coalesce(j.reason, 'duplicate_number')
      from judged j left join added a on a.position = j.position
      where a.position is null order by j.position
    )
    select count(*), (select p.id from picked p order by p.id desc limit 1) from picked $slice$,
    private.audience_conditions(campaign), coalesce(campaign.snapshot_cursor, '00000000-0000-0000-0000-000000000000'::uuid),
    private.uuid_v7_floor(campaign.started_at), size)
  into frozen, last_lead using campaign, first_position;
  done := frozen < size;
  if done then
    update public.campaigns c set status = 'running', frozen_at = now(), snapshot_cursor = null where c.id = campaign.id;
    -- The planner would take them for a handful until it has counted, and a claim would read the whole campaign for a group.
    analyze (skip_locked) public.campaign_targets;
    perform private.invoke('jobs/dispatch-messages');
  else
    update public.campaigns c set snapshot_cursor = last_lead where c.id = campaign.id;
  end if;
  return jsonb_build_object('campaign_id', campaign.id, 'frozen', frozen, 'done', done);
exception when data_exception then
  raise warning 'campaign %: its audience cannot be read: %', campaign.id, sqlerrm;
  update public.campaigns c set status = 'paused', status_reason = 'Its audience cannot be read.'
  where c.id = campaign.id and c.status = 'freezing';
  if found then
    perform private.notify_about_campaign(campaign, 'unreadable:' || extract(epoch from now()), campaign.name || ' was paused',
      'Its audience cannot be read. Cancel it and make it anew.');
  end if;
  return jsonb_build_object('campaign_id', campaign.id, 'frozen', 0, 'done', true);
end
$$;
grant execute on function private.snapshot_audience_batch(uuid, integer) to service_role;

create function public.snapshot_audience_batch(campaign_id uuid default null, size integer default 20000)
returns jsonb
language sql set search_path = ''
as $$
  select private.snapshot_audience_batch(campaign_id, size)
$$;
comment on function public.snapshot_audience_batch is 'Freezes the next leads of a campaign''s audience into its targets; one transaction a slice.';
grant execute on function public.snapshot_audience_batch(uuid, integer) to service_role;
