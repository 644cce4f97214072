-- What looks after campaigns that are under way: their failures, their end, what keeps them from going on.

-- How many of a campaign's texts have a known outcome, and which.
create function private.campaign_failures(campaign_id uuid)
returns table (known bigint, failed bigint, filtered bigint)
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.messages), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.text_totals t
  where t.campaign_id = campaign_failures.campaign_id and t.status in ('delivered', 'failed', 'undelivered')
$$;

-- A campaign pauses itself when too many of its texts fail or are filtered, judged by those whose outcome became known
-- since a person last looked (see campaign_watches), once they are `pause_after`. Waits for nobody: whoever is changing the
-- campaign right now knows better.
create function private.watch_campaign(campaign_id uuid)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
  figures record;
  reason text;
begin
  select * into campaign from public.campaigns c
  where c.id = watch_campaign.campaign_id and c.status = 'running' for no key update skip locked;
  if campaign.id is null then
    return false;
  end if;
  select f.known - coalesce(w.known, 0) as known, f.failed - coalesce(w.failed, 0) as failed,
    f.filtered - coalesce(w.filtered, 0) as filtered
  into figures
  from private.campaign_failures(campaign.id) f
  left join private.campaign_watches w on w.campaign_id = campaign.id;
  reason := case when figures.known < campaign.pause_after then null
    when figures.filtered > campaign.pause_filtered_rate * figures.known then
      'Carriers filter ' || round(100.0 * figures.filtered / figures.known, 1) || ' % of the texts.'
    when figures.failed > campaign.pause_error_rate * figures.known then
      round(100.0 * figures.failed / figures.known, 1) || ' % of the texts fail.' end;
  if reason is null then
    return false;
  end if;
  update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id;
  perform private.tell_about_campaign(campaign, 'paused:' || extract(epoch from now()), campaign.name || ' was paused', reason);
  return true;
end
$$;

-- From claims: each campaign at most every two seconds, by one dispatcher.
create function private.watch_campaigns(campaign_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  watched uuid;
begin
  for watched in
    select w.campaign_id from private.campaign_watches w
    where w.campaign_id = any (campaign_ids) and w.watched_at < clock_timestamp() - interval '2 seconds'
    order by w.campaign_id for update skip locked
  loop
    update private.campaign_watches w set watched_at = clock_timestamp() where w.campaign_id = watched;
    perform private.watch_campaign(watched);
  end loop;
end
$$;

-- Whoever started the campaign, whoever made it, and the admins.
create function private.tell_about_campaign(campaign public.campaigns, event text, title text, body text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.notify(array(
    select row(campaign.organization_id, p.user_id, 'campaign', 'campaign:' || campaign.id || ':' || event, title, body,
      jsonb_build_object('campaign_id', campaign.id, 'campaign_name', campaign.name), null)::private.notice
    from (
      select campaign.started_by as user_id union select campaign.created_by union
      select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
      where m.organization_id = campaign.organization_id and m.status = 'active' and r.organization_id is null and r.key = 'admin'
    ) p where p.user_id is not null));
end
$$;

-- A campaign is done when every target has its outcome and no text waits or is under way, those apart that a person decides
-- about.
create function private.is_done(campaign public.campaigns)
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return not exists (select from public.campaign_targets t where t.campaign_id = campaign.id and t.status = 'pending')
    -- The totals spare a look at a million messages, most of the time.
    and not (coalesce((
      select sum(t.messages) from private.text_totals t
      where t.campaign_id = campaign.id and t.status in ('queued', 'sending')), 0) > 0 and exists (
      select from public.messages m
      where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id
        and m.status in ('queued', 'sending') and m.held_at is null));
end
$$;

-- Texts that were refused once, and whose number has been disabled since, go out from another one of the campaign's.
create function private.rehouse_texts(campaign public.campaigns)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update public.messages m
  set account_id = other.id, from_number = other.sender_id, provider = other.provider, updated_at = now()
  from public.sms_accounts gone, (
    select a.id, a.sender_id, a.provider from private.campaign_senders a
    where a.campaign_id = campaign.id and a.status <> 'disabled' order by a.status, a.id limit 1
  ) other
  where gone.organization_id = campaign.organization_id and gone.status = 'disabled'
    and m.account_id = gone.id and m.status = 'queued' and m.campaign_id = campaign.id;
end
$$;

-- A campaign that cannot go on waits for a person.
create function private.stop_faulty(campaign public.campaigns, event text, title text, reason text)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id;
  perform private.tell_about_campaign(campaign, event, title, reason || ' Mend it, then resume it if it should still go out.');
end
$$;

-- What the minute's look finds to do for a campaign. A schedule missed by too much, because nothing ran meanwhile, asks a
-- person before it sends. One whose audience cannot be read keeps no other from its turn.
create function private.tend_campaign(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults jsonb;
begin
  if campaign.status = 'scheduled' and campaign.scheduled_at < now() - make_interval(mins => campaign.late_after_minutes) then
    update public.campaigns c set status = 'paused', status_reason = 'Its time had passed before it could start.' where c.id = campaign.id;
    perform private.tell_about_campaign(campaign, 'missed:' || extract(epoch from campaign.scheduled_at),
      campaign.name || ' missed its time', 'It was to start at ' || campaign.scheduled_at || '. Resume it if it should still go out.');
  elsif campaign.status = 'scheduled' then
    faults := private.campaign_faults(campaign);
    if faults = '[]' then
      perform private.begin_freezing(campaign, campaign.started_by);
    else
      -- A number was disabled since, or a template emptied: an audience frozen now would be lost.
      perform private.stop_faulty(campaign, 'faulty:' || extract(epoch from campaign.scheduled_at), campaign.name || ' could not start', (
        select string_agg(f.value ->> 'message', ' ') from jsonb_array_elements(faults) f));
    end if;
  elsif campaign.status = 'freezing' then
    perform private.invoke('jobs/freeze-campaigns');
  elsif private.watch_campaign(campaign.id) then
    return;
  elsif private.is_done(campaign) then
    update public.campaigns c set status = 'completed', finished_at = now() where c.id = campaign.id;
    perform private.tell_about_campaign(campaign, 'completed', campaign.name || ' is done', 'Every recipient has an outcome.');
  elsif not exists (select from private.campaign_senders a where a.campaign_id = campaign.id and a.status <> 'disabled') then
    perform private.stop_faulty(campaign, 'stuck:' || extract(epoch from now()), campaign.name || ' was paused',
      'There is no active number to send from.');
  else
    perform private.rehouse_texts(campaign);
  end if;
exception when data_exception then
  raise warning 'campaign %: its audience cannot be read: %', campaign.id, sqlerrm;
  perform private.stop_faulty(campaign, 'unreadable:' || extract(epoch from now()), campaign.name || ' was paused',
    'Its audience cannot be read.');
end
$$;

-- Every minute: schedules that are due, campaigns that are done or stuck.
create function private.tend_campaigns()
returns void
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  for campaign in
    select * from public.campaigns c
    where c.status in ('scheduled', 'freezing', 'running') and (c.status <> 'scheduled' or c.scheduled_at <= now())
    order by c.id for no key update skip locked
  loop
    perform private.tend_campaign(campaign);
  end loop;
  if exists (select from private.half_canceled()) then
    perform private.invoke('jobs/freeze-campaigns');
  end if;
end
$$;

select cron.schedule('tend-campaigns', '* * * * *', $$select private.tend_campaigns()$$);
