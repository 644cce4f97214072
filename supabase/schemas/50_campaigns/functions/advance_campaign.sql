-- Pauses a campaign that cannot continue until a person has fixed something.
create function private.pause_with_error(campaign public.campaigns, event text, title text, reason text)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.campaigns c set status = 'paused', status_reason = reason where c.id = campaign.id;
  perform private.notify_about_campaign(campaign, event, title, reason
    || ' Fix this, then resume the campaign if it should still be sent.');
end
$$;

-- Moves queued messages of a campaign whose number has been disabled to another of the campaign's numbers.
create function private.reassign_sender(campaign public.campaigns)
returns void
language plpgsql set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  update public.messages m
  set account_id = other.id, from_number = other.sender_id, provider = other.provider, updated_at = now()
  from public.sms_accounts gone, (
    select a.id, a.sender_id, a.provider from private.campaign_senders a
    where a.campaign_id = campaign.id and a.status not in ('disabled', 'pending') order by a.status, a.id limit 1
  ) other
  where gone.organization_id = campaign.organization_id and gone.status = 'disabled'
    and m.account_id = gone.id and m.status = 'queued' and m.campaign_id = campaign.id;
end
$$;

-- Whether every target has an outcome and no message is queued or being sent, except messages held for a person's
-- decision.
create function private.is_campaign_done(campaign public.campaigns)
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return not exists (select from public.campaign_targets t where t.campaign_id = campaign.id and t.status = 'pending')
    -- The counters usually spare reading a million messages.
    and not (coalesce((
      select sum(t.messages) from private.message_outcome_totals t
      where t.campaign_id = campaign.id and t.status in ('queued', 'sending')), 0) > 0 and exists (
      select from public.messages m
      where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id
        and m.status in ('queued', 'sending') and m.held_at is null));
end
$$;

-- Whether recipients in North America would get it from a sender that they cannot answer, because the default sender
-- was changed since the start.
create function private.texts_one_way_in_north_america(campaign public.campaigns)
returns boolean
language sql stable set search_path = ''
as $$
  select private.one_way_senders(campaign.id) is not null and exists (
    select from public.campaign_targets t
    where t.campaign_id = campaign.id and t.phone >= '+1' and t.phone < '+2' and t.status = 'pending')
$$;

-- One campaign's part of the minute's run. A schedule missed by too much, because nothing was running, is left to a
-- person. A campaign whose audience cannot be read is paused and does not keep the others from their turn.
create function private.advance_campaign(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults jsonb;
begin
  if campaign.status = 'scheduled'
    and campaign.scheduled_at < now() - make_interval(mins => campaign.late_after_minutes) then
    update public.campaigns c set status = 'paused',
      status_reason = 'Its scheduled time had passed before it could start.'
    where c.id = campaign.id;
    perform private.notify_about_campaign(campaign, 'missed:' || extract(epoch from campaign.scheduled_at),
      campaign.name || ' missed its schedule',
      'It was scheduled for ' || campaign.scheduled_at || '. Resume it if it should still be sent.');
  elsif campaign.status = 'scheduled' then
    faults := private.campaign_faults(campaign);
    if faults = '[]' then
      perform private.start_audience_snapshot(campaign, campaign.started_by);
    else
      -- For instance a number that was disabled since: a snapshot taken now would be useless.
      perform private.pause_with_error(campaign, 'faulty:' || extract(epoch from campaign.scheduled_at),
        campaign.name || ' could not start',
        (select string_agg(f.value ->> 'message', ' ') from jsonb_array_elements(faults) f));
    end if;
  elsif campaign.status = 'freezing' then
    perform private.invoke('jobs/snapshot-audiences');
  elsif private.check_campaign_failures(campaign.id) then
    return;
  elsif private.is_campaign_done(campaign) then
    update public.campaigns c set status = 'completed', finished_at = now() where c.id = campaign.id;
    perform private.notify_about_campaign(campaign, 'completed', campaign.name || ' is completed',
      'Every recipient has an outcome.');
  elsif not exists (select from private.campaign_senders a where a.campaign_id = campaign.id
    and a.status not in ('disabled', 'pending')) then
    perform private.pause_with_error(campaign, 'stuck:' || extract(epoch from now()), campaign.name || ' was paused',
      'There is no active number to send from.');
  elsif private.texts_one_way_in_north_america(campaign) then
    perform private.pause_with_error(campaign, 'one_way:' || extract(epoch from now()), campaign.name || ' was paused',
      'Its sender cannot receive replies, and it texts North America.');
  else
    perform private.reassign_sender(campaign);
  end if;
exception when data_exception then
  raise warning 'campaign %: its audience cannot be read: %', campaign.id, sqlerrm;
  perform private.pause_with_error(campaign, 'unreadable:' || extract(epoch from now()), campaign.name || ' was paused',
    'Its audience cannot be read.');
end
$$;
