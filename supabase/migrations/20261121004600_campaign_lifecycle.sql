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

-- Marks so many of a campaign's targets canceled, and says how many there were. A million at once would take longer than a
-- request may, so a large campaign's are marked by slices of the job: nobody claims them meanwhile.
create function private.cancel_targets(campaign_id uuid, size integer)
returns integer
language plpgsql set search_path = '' set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off
as $$
declare
  marked integer;
begin
  update public.campaign_targets t set status = 'canceled', updated_at = now()
  from (
    select x.position from public.campaign_targets x
    where x.campaign_id = cancel_targets.campaign_id and x.status = 'pending' limit size for update skip locked
  ) p
  where t.campaign_id = cancel_targets.campaign_id and t.position = p.position;
  get diagnostics marked = row_count;
  return marked;
end
$$;

-- Campaigns that were canceled and have targets that do not say so yet.
create function private.half_canceled()
returns setof uuid
language plpgsql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
begin
  return query select c.id from public.campaigns c
  cross join lateral (
    select from public.campaign_targets t where t.campaign_id = c.id and t.status = 'pending' limit 1
  ) waiting
  where c.status = 'canceled' and c.finished_at > now() - interval '7 days';
end
$$;

-- The next slice of them; 0: there is none. Definer: the service role may not write these tables.
create function private.cancel_slice(size integer)
returns integer
language plpgsql security definer set search_path = ''
as $$
begin
  return (select coalesce(sum(private.cancel_targets(h, size)), 0) from (select h from private.half_canceled() h limit 1) x);
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
  if private.cancel_targets(campaign.id, 10000) = 10000 then
    perform private.invoke('jobs/freeze-campaigns');
  end if;
  update public.messages m set status = 'canceled', error_code = 'campaign_canceled', error_message = 'Its campaign was canceled.',
    updated_at = now()
  where m.organization_id = campaign.organization_id and m.campaign_id = campaign.id and m.status = 'queued';
  return private.campaign_json(campaign_id);
end
$$;

create function public.cancel_slice(size integer default 10000)
returns integer
language sql set search_path = ''
as $$
  select private.cancel_slice(size)
$$;
comment on function public.cancel_slice is 'Marks the next targets of a campaign that was canceled; one transaction a slice.';
grant execute on function private.cancel_slice(integer) to service_role;
grant execute on function public.cancel_slice(integer) to service_role;

create function public.start_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.start_campaign(organization_id, campaign_id)
$$;
comment on function public.start_campaign is 'Starts a draft, now or at its time.';

create function public.pause_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.pause_campaign(organization_id, campaign_id)
$$;
comment on function public.pause_campaign is 'Stops a campaign; resume_campaign goes on where it was.';

create function public.resume_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.resume_campaign(organization_id, campaign_id)
$$;
comment on function public.resume_campaign is 'Goes on with a paused campaign.';

create function public.cancel_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.cancel_campaign(organization_id, campaign_id)
$$;
comment on function public.cancel_campaign is 'Ends a campaign: whoever was not texted will not be.';

grant execute on function private.start_campaign(uuid, uuid), private.pause_campaign(uuid, uuid), private.resume_campaign(uuid, uuid),
  private.cancel_campaign(uuid, uuid)
to authenticated;
grant execute on function public.start_campaign(uuid, uuid), public.pause_campaign(uuid, uuid), public.resume_campaign(uuid, uuid),
  public.cancel_campaign(uuid, uuid)
to authenticated;
