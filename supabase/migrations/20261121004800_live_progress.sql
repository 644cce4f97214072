-- Live progress of campaigns. One state of a campaign (private.campaign_progress) goes out three ways: broadcast to the
-- private Realtime channel campaign:{id}, and read by the SSE and WebSocket streams of the function campaigns.
-- Whoever changes a campaign's figures only leaves word that it did (campaign_stirs), at most once in a minute and without
-- a lock that somebody could wait for. A sweep makes a new state of what is awake every second and broadcasts it if it
-- differs from the last one: so there is at most one a second, and the last one follows the last change, also when the
-- process that made it is gone.

create table private.campaign_stirs (
  campaign_id uuid not null,
  awake_until timestamptz not null
);
comment on table private.campaign_stirs is
  'Until when a campaign''s figures are looked at every second. Rows are only added, and deleted once they have passed. No foreign key: it would lock the campaign.';
create index campaign_stirs_campaign on private.campaign_stirs (campaign_id, awake_until);

create table private.campaign_progress (
  campaign_id uuid primary key references public.campaigns (id) on delete cascade,
  version bigint not null default 1,
  state jsonb not null,
  changed_at timestamptz not null default now(),
  looked_at timestamptz not null default '-infinity'
);
comment on table private.campaign_progress is
  'The state of a campaign that was told last, its number, and when it was last compared with the figures.';
-- A time as the API writes it: broadcasts come from here, and must look like what functions answer.
create function private.iso_time(moment timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What a campaign has come to, from the totals.
create function private.campaign_state(campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('campaign_id', c.id, 'status', c.status, 'status_reason', c.status_reason,
    'started_at', private.iso_time(c.started_at), 'finished_at', private.iso_time(c.finished_at), 'targets', t.targets, 'excluded', t.excluded,
    'messages', m.messages, 'segments', m.segments, 'cost', m.cost)
  from public.campaigns c
  cross join lateral (
    select jsonb_build_object('total', coalesce(sum(x.targets), 0),
        'pending', coalesce(sum(x.targets) filter (where x.status = 'pending'), 0),
        'sent', coalesce(sum(x.targets) filter (where x.status = 'sent'), 0),
        'excluded', coalesce(sum(x.targets) filter (where x.status = 'excluded'), 0),
        'canceled', coalesce(sum(x.targets) filter (where x.status = 'canceled'), 0)) as targets,
      coalesce(jsonb_object_agg(x.reason, x.targets) filter (where x.status = 'excluded' and x.targets <> 0), '{}') as excluded
    from (
      select d.status, d.reason, sum(d.targets) as targets from private.target_totals d
      where d.campaign_id = c.id group by 1, 2) x
  ) t
  cross join lateral (
    select coalesce(jsonb_object_agg(x.status, x.messages) filter (where x.messages <> 0), '{}') as messages,
      coalesce(sum(x.segments), 0) as segments, trim_scale(round(coalesce(sum(x.cost), 0), 5))::text as cost
    from (
      select d.status, sum(d.messages) as messages, sum(d.segments) as segments, sum(d.cost) as cost from private.text_totals d
      where d.campaign_id = c.id group by 1) x
  ) m
  where c.id = campaign_state.campaign_id
$$;
comment on function private.campaign_state is 'What a campaign has come to, from the totals: its live counters.';

insert into private.campaign_progress (campaign_id, state) select c.id, private.campaign_state(c.id) from public.campaigns c;

-- With the campaign, so that nobody ever has to wait for somebody else who adds it. Definer: see stir_campaigns.
create function private.begin_progress()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_progress (campaign_id, state) values (new.id, private.campaign_state(new.id));
  return null;
end
$$;
create trigger begin_progress after insert on public.campaigns for each row execute function private.begin_progress();

-- Compares a campaign's figures with what was told last; a difference becomes the next version and is broadcast. Not when
-- that was done less than `apart` ago, nor while somebody else is at it: whoever that is sees what has committed before.
-- The state is made after the row is locked and the lock is held to the end, so versions follow the order of commits.
create function private.tell_progress(campaign_id uuid, apart interval)
returns void
language plpgsql set search_path = ''
as $$
declare
  told private.campaign_progress;
  found_state jsonb;
begin
  select * into told from private.campaign_progress p
  where p.campaign_id = tell_progress.campaign_id and p.looked_at <= clock_timestamp() - apart for update skip locked;
  if told.campaign_id is null then
    return;
  end if;
  found_state := private.campaign_state(campaign_id);
  if found_state = told.state then
    update private.campaign_progress p set looked_at = clock_timestamp() where p.campaign_id = told.campaign_id;
    return;
  end if;
  update private.campaign_progress p
  set version = p.version + 1, state = found_state, changed_at = clock_timestamp(), looked_at = clock_timestamp()
  where p.campaign_id = told.campaign_id
  returning * into told;
  perform realtime.send(private.progress_json(told), 'progress', 'campaign:' || told.campaign_id, true);
exception when others then
  raise warning 'the progress of campaign % was not told: %', tell_progress.campaign_id, sqlerrm;
end
$$;
comment on function private.tell_progress is 'Makes a campaign''s next state and broadcasts it, if its figures have changed.';

-- The one shape in which progress goes out.
create function private.progress_json(progress private.campaign_progress)
returns jsonb
language sql stable set search_path = ''
as $$
  select progress.state || jsonb_build_object('version', progress.version, 'changed_at', private.iso_time(progress.changed_at))
$$;

-- Keeps campaigns awake for the next minute and a half. Who finds one awake for half a minute longer adds nothing: its own
-- transaction commits before that. Several at once add a row each and wait for nobody.
create function private.stir_campaigns()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_stirs (campaign_id, awake_until)
  select d.campaign_id, clock_timestamp() + interval '90 seconds'
  from (select distinct n.campaign_id from new_rows n where n.campaign_id is not null and not n.folded) d
  where not exists (
    select from private.campaign_stirs s
    where s.campaign_id = d.campaign_id and s.awake_until > clock_timestamp() + interval '30 seconds');
  return null;
exception when others then
  raise warning 'the progress of campaigns was not stirred: %', sqlerrm;
  return null;
end
$$;
comment on function private.stir_campaigns is 'Definer: those who count may not write this table.';
create trigger stir after insert on private.text_totals referencing new table as new_rows
  for each statement execute function private.stir_campaigns();
create trigger stir after insert on private.target_totals referencing new table as new_rows
  for each statement execute function private.stir_campaigns();

-- A status shows at once, however recent the last broadcast is. At the end of the transaction, so that the figures it
-- goes out with are those that the change leaves behind. Definer: as stir_campaigns.
create function private.tell_status()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.campaign_stirs (campaign_id, awake_until) values (new.id, clock_timestamp() + interval '90 seconds');
  perform private.tell_progress(new.id, interval '0');
  return null;
exception when others then
  raise warning 'the status of campaign % was not told: %', new.id, sqlerrm;
  return null;
end
$$;
create constraint trigger tell_status after update of status, status_reason on public.campaigns
  deferrable initially deferred for each row
  when (old.status <> new.status or old.status_reason is distinct from new.status_reason)
  execute function private.tell_status();

-- Every second: new states of what is awake. A row goes when its campaign was looked at after the row's time, however long
-- nothing ran meanwhile. A clock that ticks a moment early waits for the second to be full, or it would tell nothing every
-- other time.
create function private.tell_campaigns()
returns integer
language plpgsql set search_path = ''
as $$
declare
  awake uuid[] := array(select distinct s.campaign_id from private.campaign_stirs s order by 1);
  campaign_id uuid;
begin
  perform pg_sleep_until(max(p.looked_at) + interval '1 second') from private.campaign_progress p
  where p.campaign_id = any (awake) and p.looked_at < clock_timestamp() - interval '800 milliseconds';
  foreach campaign_id in array awake loop
    perform private.tell_progress(campaign_id, interval '1 second');
  end loop;
  delete from private.campaign_stirs s
  where s.campaign_id = any (awake) and not exists (
    select from private.campaign_progress p where p.campaign_id = s.campaign_id and p.looked_at < s.awake_until);
  return cardinality(awake);
end
$$;

-- pg_cron before 1.5 knows no seconds: there the sweep comes every minute, and in between whoever watches a campaign's
-- stream moves it on.
do $$
begin
  perform cron.schedule('tell-campaigns', '1 second', 'select private.tell_campaigns()');
exception when invalid_parameter_value then
  perform cron.schedule('tell-campaigns', '* * * * *', 'select private.tell_campaigns()');
end
$$;

-- A job of every second writes 86,400 rows a day of having run.
create function private.tidy_ticks()
returns void
language sql set search_path = ''
as $$
  delete from cron.job_run_details d using cron.job j
  where j.jobid = d.jobid and j.jobname = 'tell-campaigns' and d.status = 'succeeded' and d.end_time < now() - interval '5 minutes'
$$;
select cron.schedule('tidy-ticks', '*/10 * * * *', $$select private.tidy_ticks()$$);

-- What the streams read once a second. It looks at the figures itself if nobody did for a second, so that what a client
-- sees never depends on the clock above. Definer: figures lie where callers do not reach.
create function private.campaign_progress(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.known_campaign(organization_id, campaign_id);
begin
  perform private.tell_progress(campaign.id, interval '1 second');
  return (select private.progress_json(p) from private.campaign_progress p where p.campaign_id = campaign.id);
end
$$;

create function public.campaign_progress(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.campaign_progress(organization_id, campaign_id)
$$;
comment on function public.campaign_progress is
  'A campaign''s live counters, as they are broadcast to campaign:{id}; a higher version is a later state.';

grant execute on function private.campaign_progress(uuid, uuid) to authenticated;
grant execute on function public.campaign_progress(uuid, uuid) to authenticated;

-- As shipped, and campaign:{id} for those who may read the organization's campaigns. Definer: see organizations_with.
create or replace function private.may_listen(topic text)
returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  parts text[] := string_to_array(topic, ':');
  subject uuid;
begin
  if auth.uid() is null or parts[2] is null or parts[2] !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return false;
  end if;
  subject := parts[2]::uuid;
  if topic = 'user:' || subject then
    return subject = auth.uid();
  end if;
  if topic = 'campaign:' || subject then
    return exists (
      select from public.campaigns c
      join public.memberships m on m.organization_id = c.organization_id and m.user_id = auth.uid() and m.status = 'active'
      join public.role_permissions p on p.role_id = m.role_id and p.permission = 'campaigns:read' and p.scope = 'organization'
      where c.id = subject and c.deleted_at is null);
  end if;
  return exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:read'
    where m.user_id = auth.uid() and m.status = 'active' and (
      (topic = 'organization:' || subject || ':leads' and m.organization_id = subject and p.scope = 'organization')
      or (topic = 'team:' || subject || ':leads' and m.team_id = subject and p.scope in ('team', 'organization'))));
end
$$;
