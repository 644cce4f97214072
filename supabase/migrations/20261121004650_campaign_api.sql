-- What the API reads and writes of campaigns. Figures come from the totals, never from counting targets or messages.

-- A campaign as functions answer it. Definer functions call it.
create function private.campaign_json(campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(c) - array['organization_id', 'frozen_until', 'deleted_at', 'audience']
    || jsonb_build_object(
      'audience', case when c.audience ? 'lead_ids' and jsonb_array_length(c.audience -> 'lead_ids') > 1000
        then jsonb_build_object('leads', jsonb_array_length(c.audience -> 'lead_ids')) else c.audience end,
      'templates', coalesce((
        select jsonb_agg(jsonb_build_object('template_id', t.template_id, 'name', n.name, 'weight', t.weight) order by t.template_id)
        from public.campaign_templates t
        left join public.templates n on n.organization_id = t.organization_id and n.id = t.template_id
        where t.organization_id = c.organization_id and t.campaign_id = c.id), '[]'),
      'numbers', coalesce((
        select jsonb_agg(n.account_id order by n.account_id) from public.campaign_numbers n
        where n.organization_id = c.organization_id and n.campaign_id = c.id), '[]'),
      'targets', (
        select jsonb_build_object('total', coalesce(sum(t.targets), 0),
          'pending', coalesce(sum(t.targets) filter (where t.status = 'pending'), 0),
          'sent', coalesce(sum(t.targets) filter (where t.status = 'sent'), 0),
          'excluded', coalesce(sum(t.targets) filter (where t.status = 'excluded'), 0),
          'canceled', coalesce(sum(t.targets) filter (where t.status = 'canceled'), 0))
        from private.target_totals t where t.campaign_id = c.id),
      'excluded', coalesce((
        select jsonb_object_agg(e.reason, e.targets) from (
          select t.reason, sum(t.targets) as targets from private.target_totals t
          where t.campaign_id = c.id and t.status = 'excluded' group by 1 having sum(t.targets) <> 0) e), '{}'),
      'messages', coalesce((
        select jsonb_object_agg(e.status, e.messages) from (
          select t.status, sum(t.messages) as messages from private.text_totals t
          where t.campaign_id = c.id group by 1 having sum(t.messages) <> 0) e), '{}'),
      'segments', (select coalesce(sum(t.segments), 0) from private.text_totals t where t.campaign_id = c.id),
      'started_by_name', (select p.full_name from public.profiles p where p.id = c.started_by),
      'created_by_name', (select p.full_name from public.profiles p where p.id = c.created_by))
  from public.campaigns c where c.id = campaign_json.campaign_id
$$;
comment on function private.campaign_json is 'A campaign with its templates, numbers and the figures of its targets and texts.';

-- The campaign to read. 404 for what is not there or another organization's. Definer functions call it.
create function private.known_campaign(organization_id uuid, campaign_id uuid)
returns public.campaigns
language plpgsql stable set search_path = ''
as $$
declare
  campaign public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  select * into campaign from public.campaigns c
  where c.organization_id = known_campaign.organization_id and c.id = campaign_id and c.deleted_at is null;
  if campaign.id is null then
    perform private.problem(404, 'not_found', 'There is no such campaign.');
  end if;
  return campaign;
end
$$;

-- The audience as it is kept: `me` is who says it, and leads are those of the organization.
create function private.checked_audience(organization_id uuid, audience jsonb)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  unknown bigint;
begin
  if audience ? 'lead_ids' then
    select count(*) into unknown
    from (select distinct i.id::uuid as id from jsonb_array_elements_text(audience -> 'lead_ids') i (id)) i
    left join public.leads l on l.organization_id = checked_audience.organization_id and l.id = i.id and l.deleted_at is null
    where l.id is null;
    if unknown > 0 then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.', jsonb_build_array(jsonb_build_object(
        'path', 'audience.lead_ids', 'message', 'has ' || unknown || ' that are no leads of the organization')));
    end if;
    return audience;
  end if;
  if audience -> 'filter' ->> 'team_id' is not null and not exists (
      select from public.teams t
      where t.organization_id = checked_audience.organization_id and t.id = (audience -> 'filter' ->> 'team_id')::uuid) then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "audience.filter.team_id", "message": "is not a team of the organization"}]');
  end if;
  if audience -> 'filter' ->> 'assigned_to' = 'me' then
    return jsonb_set(audience, '{filter,assigned_to}', to_jsonb(auth.uid()));
  end if;
  return audience;
end
$$;

-- Replaces what a campaign rotates and sends from, as far as `given` names it.
create function private.set_campaign_parts(campaign public.campaigns, given jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  faults jsonb;
begin
  if given ? 'templates' then
    -- Share locks: none of them goes or changes its category until the campaign that uses it is there to forbid it.
    perform from public.templates x
    where x.organization_id = campaign.organization_id
      and x.id in (select t.template_id from jsonb_to_recordset(given -> 'templates') t (template_id uuid))
    order by x.id for share;
    select jsonb_agg(jsonb_build_object('path', 'templates.' || t.place - 1 || '.template_id', 'message',
        case when x.id is null then 'is no template of the organization' else 'is not for marketing' end) order by t.place)
    into faults
    from rows from (jsonb_to_recordset(given -> 'templates') as (template_id uuid)) with ordinality t (template_id, place)
    left join public.templates x on x.organization_id = campaign.organization_id and x.id = t.template_id
    where x.category is distinct from 'marketing';
    if faults is not null then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.', faults);
    end if;
    delete from public.campaign_templates t
    where t.organization_id = campaign.organization_id and t.campaign_id = campaign.id;
    insert into public.campaign_templates (organization_id, campaign_id, template_id, weight)
    select campaign.organization_id, campaign.id, t.template_id, coalesce(t.weight, 1)
    from jsonb_to_recordset(given -> 'templates') t (template_id uuid, weight integer);
  end if;
  if given ? 'numbers' then
    if exists (
      select from jsonb_array_elements_text(given -> 'numbers') n (id)
      where not exists (
        select from public.sms_accounts a where a.organization_id = campaign.organization_id and a.id = n.id::uuid)) then
      perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
        '[{"path": "numbers", "message": "names one that is no number of the organization"}]');
    end if;
    delete from public.campaign_numbers n
    where n.organization_id = campaign.organization_id and n.campaign_id = campaign.id;
    insert into public.campaign_numbers (organization_id, campaign_id, account_id)
    select distinct campaign.organization_id, campaign.id, n.id::uuid from jsonb_array_elements_text(given -> 'numbers') n (id);
  end if;
end
$$;

-- POST /campaigns. Definer: campaigns are written by functions only.
create function private.create_campaign(organization_id uuid, campaign jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  wanted public.campaigns;
begin
  perform private.require_permission(organization_id, 'campaigns:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  wanted := jsonb_populate_record(null::public.campaigns, campaign);
  insert into public.campaigns (organization_id, name, audience, scheduled_at, late_after_minutes, messages_per_minute,
    pause_error_rate, pause_filtered_rate, pause_after, created_by)
  values (organization_id, wanted.name, private.checked_audience(organization_id, wanted.audience), wanted.scheduled_at,
    coalesce(wanted.late_after_minutes, 60), wanted.messages_per_minute, coalesce(wanted.pause_error_rate, 0.2),
    coalesce(wanted.pause_filtered_rate, 0.05), coalesce(wanted.pause_after, 100), auth.uid())
  returning * into wanted;
  perform private.set_campaign_parts(wanted, campaign);
  return private.remember_response(organization_id, private.campaign_json(wanted.id));
end
$$;

-- PATCH /campaigns/{id}: { campaign }, or { stale } with the campaign as it is when the expected version has passed. Before
-- it has begun everything can change; later only its name, its numbers, its rate and when it pauses itself. Definer: see create_campaign.
create function private.update_campaign(organization_id uuid, campaign_id uuid, change jsonb, expected_version integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  held public.campaigns := private.locked_campaign(organization_id, campaign_id);
  wanted public.campaigns;
begin
  if held.version <> expected_version then
    return jsonb_build_object('stale', private.campaign_json(campaign_id));
  end if;
  if held.started_at is not null and change ?| array['audience', 'templates', 'scheduled_at', 'late_after_minutes']
    or held.status in ('completed', 'canceled') then
    perform private.refuse_campaign_state(held, 'changed so');
  end if;
  if change ? 'audience' then
    change := change || jsonb_build_object('audience', private.checked_audience(organization_id, change -> 'audience'));
  end if;
  wanted := jsonb_populate_record(held, change);
  if held.status = 'scheduled' and wanted.scheduled_at is null then
    perform private.problem(422, 'invalid_field', 'Some fields are invalid.',
      '[{"path": "scheduled_at", "message": "is needed while the campaign waits for it: pause or cancel it instead"}]');
  end if;
  perform private.set_campaign_parts(held, change);
  update public.campaigns c
  set name = wanted.name, audience = wanted.audience, scheduled_at = wanted.scheduled_at,
    late_after_minutes = wanted.late_after_minutes, messages_per_minute = wanted.messages_per_minute,
    pause_error_rate = wanted.pause_error_rate, pause_filtered_rate = wanted.pause_filtered_rate, pause_after = wanted.pause_after
  where c.id = held.id returning * into wanted;
  if held.status in ('scheduled', 'freezing', 'running') and change ?| array['audience', 'templates', 'numbers', 'scheduled_at'] then
    perform private.refuse_faults(wanted);
  end if;
  return jsonb_build_object('campaign', private.campaign_json(campaign_id));
end
$$;

-- DELETE /campaigns/{id}: out of the lists; what was sent stays on record. Definer: see create_campaign.
create function private.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  held public.campaigns := private.locked_campaign(organization_id, campaign_id);
begin
  if held.status not in ('draft', 'completed', 'canceled') then
    perform private.refuse_campaign_state(held, 'deleted');
  end if;
  update public.campaigns c set deleted_at = now() where c.id = held.id;
end
$$;

-- GET /campaigns. Definer: figures and names lie where callers do not reach.
create function private.list_campaigns(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  term text := '%' || replace(replace(replace(filters ->> 'search', '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
  perform private.require_permission(organization_id, 'campaigns:read');
  return (
    with found as materialized (
      select c.id, c.created_at from public.campaigns c
      where c.organization_id = list_campaigns.organization_id and c.deleted_at is null
        and (filters ->> 'status' is null or c.status = filters ->> 'status')
        and (term is null or c.name ilike term)
    ), page as (
      select f.* from found f order by f.created_at desc, f.id desc limit page_limit offset page_offset
    )
    select jsonb_build_object('total', (select count(*) from found), 'rows', coalesce((
      select jsonb_agg(private.campaign_json(p.id) order by p.created_at desc, p.id desc) from page p), '[]')));
end
$$;

-- GET /campaigns/{id}. Definer: see list_campaigns.
create function private.get_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.known_campaign(organization_id, campaign_id);
begin
  return private.campaign_json(campaign.id);
end
$$;

create function public.create_campaign(organization_id uuid, campaign jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_campaign(organization_id, campaign)
$$;
comment on function public.create_campaign is 'Adds a campaign as a draft; repeats with the same Idempotency-Key answer alike.';

create function public.update_campaign(organization_id uuid, campaign_id uuid, change jsonb, expected_version integer default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.update_campaign(organization_id, campaign_id, change, expected_version)
$$;
comment on function public.update_campaign is 'Changes a campaign if it still has the expected version: { campaign }, else { stale } with the campaign as it is.';

create function public.delete_campaign(organization_id uuid, campaign_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.delete_campaign(organization_id, campaign_id)
$$;
comment on function public.delete_campaign is 'Takes a campaign that is not under way out of every list.';

create function public.list_campaigns(organization_id uuid, filters jsonb, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_campaigns(organization_id, filters, page_limit, page_offset)
$$;
comment on function public.list_campaigns is 'One page of campaigns and how many there are in all. filters: { status?, search? }.';

create function public.get_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.get_campaign(organization_id, campaign_id)
$$;
comment on function public.get_campaign is 'A campaign with its figures.';

grant execute on function private.create_campaign(uuid, jsonb), private.update_campaign(uuid, uuid, jsonb, integer),
  private.delete_campaign(uuid, uuid), private.list_campaigns(uuid, jsonb, integer, integer), private.get_campaign(uuid, uuid)
to authenticated;
grant execute on function public.create_campaign(uuid, jsonb), public.update_campaign(uuid, uuid, jsonb, integer),
  public.delete_campaign(uuid, uuid), public.list_campaigns(uuid, jsonb, integer, integer), public.get_campaign(uuid, uuid)
to authenticated;
