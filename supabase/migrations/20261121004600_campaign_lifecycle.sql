-- What people and the clock do with campaigns: start, pause, resume, cancel; schedules, completion, automatic pauses.
-- draft → scheduled → freezing → running ⇄ paused → completed | canceled.

-- The campaign, locked. Callers are definer functions.
create function private.locked_campaign(organization_id uuid, campaign_id uuid)
returns public.campaigns
language plpgsql set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:write');
  select * into campaign from public.campaigns c
  where c.organization_id = locked_campaign.organization_id and c.id = campaign_id and c.deleted_at is null for update;
  if campaign.id is null then
    perform private.problem(404, 'not_found', 'There is no such campaign.');
  end if;
  return campaign;
end
$$;

create function private.refuse_campaign_state(campaign public.campaigns, wanted text)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.problem(409, 'campaign_state', 'A campaign that is ' || campaign.status || ' cannot be ' || wanted || '.',
    jsonb_build_object('campaign_status', campaign.status));
end
$$;

-- Whether somebody of a campaign's audience has a number of North America. The index of numbers answers where nobody has.
create function private.texts_north_america(campaign public.campaigns)
returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  answer boolean;
begin
  execute format('select exists (select from public.leads x where x.phone >= ''+1'' and x.phone < ''+2'' and %s)',
    private.audience_conditions(campaign)) into answer;
  return answer;
end
$$;

-- What keeps a campaign from starting, as faulty fields. North American carriers want the answer to HELP to name a toll-free
-- number, an e-mail address or a page (CTIA Short Code Monitoring Handbook).
create function private.campaign_faults(campaign public.campaigns)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(f.fault), '[]') from (
    select jsonb_build_object('path', 'templates', 'message', 'Give at least one template with a wording to send.') as fault
    where not exists (select from private.wording_shares(campaign))
    union all
    select jsonb_build_object('path', 'templates', 'message', 'The template ' || t.name || ' is not for marketing.')
    from public.campaign_templates c
    join public.templates t on t.organization_id = c.organization_id and t.id = c.template_id and t.category <> 'marketing'
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id
    union all
    select jsonb_build_object('path', 'numbers', 'message', 'There is no active number to send from.')
    where not exists (
      select from private.campaign_senders a where a.campaign_id = campaign.id and a.status <> 'disabled')
    union all
    select jsonb_build_object('path', 'contact_details', 'message',
      'Set the organization''s contact details first: in North America HELP must be answered with a telephone number or an address.')
    from public.organizations o
    where o.id = campaign.organization_id and o.contact_details is null and private.texts_north_america(campaign)
  ) f
$$;

-- Whoever could not start a campaign cannot let it go on before it has begun either, and none goes on without a number.
create function private.refuse_faults(campaign public.campaigns)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults constant jsonb := private.campaign_faults(campaign);
begin
  if campaign.started_at is null then
    -- Whom it texts is the whole organization's affair.
    perform private.require_permission(campaign.organization_id, 'leads:read');
  end if;
  if faults <> '[]' then
    perform private.problem(422, 'campaign_incomplete', 'The campaign cannot ' || case when campaign.started_at is null then 'start' else 'go on' end || ' yet.', faults);
  end if;
end
$$;

-- Who was texted must still get an answer to HELP. Definer: an admin need not see campaigns.
create function private.keep_contact_details()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (
    select from public.campaigns c
    where c.organization_id = old.id and (c.status in ('freezing', 'running') or c.status = 'paused' and c.started_at is not null))
  then
    perform private.problem(409, 'campaign_under_way', 'The contact details stay while a campaign is under way: HELP must name them.');
  end if;
  return new;
end
$$;
create trigger keep_contact_details before update of contact_details on public.organizations
  for each row when (old.contact_details is not null and new.contact_details is null)
  execute function private.keep_contact_details();

-- Whoever is changing a template of the campaign comes first, or finds that it is in use: a wording that went while
-- recipients were given it would leave them without a text.
create function private.begin_freezing(campaign public.campaigns, starter uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform from public.templates t
  where t.organization_id = campaign.organization_id and t.id in (
    select c.template_id from public.campaign_templates c
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id)
  order by t.id for share;
  update public.campaigns c set status = 'freezing', status_reason = null, started_at = now(), started_by = starter
  where c.id = campaign.id;
  insert into private.campaign_watches (campaign_id) values (campaign.id)
  on conflict on constraint campaign_watches_pkey do nothing;
  perform private.invoke('jobs/freeze-campaigns');
end
$$;

-- POST /campaigns/{id}/start. With scheduled_at in the future the campaign waits for it. Definer: campaigns are
-- written by functions only.
create function private.start_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.locked_campaign(organization_id, campaign_id);
begin
  if campaign.status <> 'draft' then
    perform private.refuse_campaign_state(campaign, 'started');
  end if;
  perform private.refuse_faults(campaign);
  if campaign.scheduled_at > now() then
    update public.campaigns c set status = 'scheduled', status_reason = null, started_by = auth.uid() where c.id = campaign.id;
  else
    perform private.begin_freezing(campaign, auth.uid());
  end if;
  return private.campaign_json(campaign_id);
end
$$;

-- After it has answered nothing more is claimed: the lock waits for the claims under way. Definer: as start_campaign.
create function private.pause_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.locked_campaign(organization_id, campaign_id);
begin
  if campaign.status not in ('running', 'scheduled', 'freezing') then
    perform private.refuse_campaign_state(campaign, 'paused');
  end if;
  update public.campaigns c set status = 'paused', status_reason = 'Paused by a person.' where c.id = campaign.id;
  return private.campaign_json(campaign_id);
end
$$;

-- A campaign goes on where it was: waiting for its schedule, freezing its audience, or sending. Definer: as
-- start_campaign.
create function private.resume_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.locked_campaign(organization_id, campaign_id);
  seen record;
begin
  if campaign.status <> 'paused' then
    perform private.refuse_campaign_state(campaign, 'resumed');
  end if;
  perform private.refuse_faults(campaign);
  if campaign.started_at is null and campaign.scheduled_at > now() then
    update public.campaigns c set status = 'scheduled', status_reason = null where c.id = campaign.id;
  elsif campaign.started_at is null then
    perform private.begin_freezing(campaign, auth.uid());
  elsif campaign.frozen_at is null then
    update public.campaigns c set status = 'freezing', status_reason = null where c.id = campaign.id;
    perform private.invoke('jobs/freeze-campaigns');
  else
    -- What was counted before the pause must not pause it again at once.
    select * into seen from private.campaign_failures(campaign.id);
    insert into private.campaign_watches as w (campaign_id, known, failed, filtered)
    values (campaign.id, seen.known, seen.failed, seen.filtered)
    on conflict on constraint campaign_watches_pkey do update
      set known = excluded.known, failed = excluded.failed, filtered = excluded.filtered, watched_at = now();
    update public.campaigns c set status = 'running', status_reason = null where c.id = campaign.id;
    perform private.invoke('jobs/dispatch-messages');
  end if;
  return private.campaign_json(campaign_id);
end
$$;

-- Definer: as start_campaign.
create function private.cancel_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.locked_campaign(organization_id, campaign_id);
begin
  if campaign.status in ('completed', 'canceled') then
    perform private.refuse_campaign_state(campaign, 'canceled');
  end if;
  update public.campaigns c set status = 'canceled', status_reason = 'Canceled by a person.', finished_at = now()
  where c.id = campaign.id;
  update public.campaign_targets t set status = 'canceled', updated_at = now()
  where t.campaign_id = campaign.id and t.status = 'pending';
  update public.messages m set status = 'canceled', error_code = 'campaign_canceled', error_message = 'Its campaign was canceled.',
    updated_at = now()
  where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id and m.status = 'queued';
  return private.campaign_json(campaign_id);
end
$$;

-- How many of a campaign's texts have a known outcome, and which.
create function private.campaign_failures(campaign_id uuid)
returns table (known bigint, failed bigint, filtered bigint)
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.messages), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.status in ('failed', 'undelivered')), 0)::bigint,
    coalesce(sum(t.messages) filter (where t.error_code = '30007'), 0)::bigint
  from private.campaign_totals t
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
      select sum(t.messages) from private.campaign_totals t
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

-- A campaign that cannot go on waits for a person: a number was disabled, or a template emptied.
create function private.stop_faulty(campaign public.campaigns, event text, title text)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.campaigns c set status = 'paused', status_reason = (
    select string_agg(f.value ->> 'message', ' ') from jsonb_array_elements(private.campaign_faults(campaign)) f) where c.id = campaign.id;
  perform private.tell_about_campaign(campaign, event, title, 'Mend it, then resume it if it should still go out.');
end
$$;

-- Every minute: schedules that are due, campaigns that are done or stuck. A schedule missed by too much, because nothing
-- ran meanwhile, asks a person before it sends.
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
    if campaign.status = 'scheduled' and campaign.scheduled_at < now() - make_interval(mins => campaign.late_after_minutes) then
      update public.campaigns c set status = 'paused', status_reason = 'Its time had passed before it could start.' where c.id = campaign.id;
      perform private.tell_about_campaign(campaign, 'missed:' || extract(epoch from campaign.scheduled_at),
        campaign.name || ' missed its time', 'It was to start at ' || campaign.scheduled_at || '. Resume it if it should still go out.');
    elsif campaign.status = 'scheduled' and private.campaign_faults(campaign) <> '[]' then
      -- An audience frozen now would be lost.
      perform private.stop_faulty(campaign, 'faulty:' || extract(epoch from campaign.scheduled_at), campaign.name || ' could not start');
    elsif campaign.status = 'scheduled' then
      perform private.begin_freezing(campaign, campaign.started_by);
    elsif campaign.status = 'freezing' then
      perform private.invoke('jobs/freeze-campaigns');
    elsif private.watch_campaign(campaign.id) then
      continue;
    elsif private.is_done(campaign) then
      update public.campaigns c set status = 'completed', finished_at = now() where c.id = campaign.id;
      perform private.tell_about_campaign(campaign, 'completed', campaign.name || ' is done', 'Every recipient has an outcome.');
    elsif private.campaign_faults(campaign) <> '[]' then
      perform private.stop_faulty(campaign, 'stuck:' || extract(epoch from now()), campaign.name || ' was paused');
    else
      perform private.rehouse_texts(campaign);
    end if;
  end loop;
end
$$;
select cron.schedule('tend-campaigns', '* * * * *', $$select private.tend_campaigns()$$);
