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
          select t.status, sum(t.messages) as messages from private.campaign_totals t
          where t.campaign_id = c.id group by 1 having sum(t.messages) <> 0) e), '{}'),
      'segments', (select coalesce(sum(t.segments), 0) from private.campaign_totals t where t.campaign_id = c.id),
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

-- GET /campaigns/{id}/targets, in the order of their positions; after: the position to go on behind. How many there are in
-- all comes from the totals. Names go to those who see all leads. Definer: see list_campaigns.
create function private.list_targets(organization_id uuid, campaign_id uuid, filters jsonb, after integer, page_limit integer,
  page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.known_campaign(organization_id, campaign_id);
  named boolean := organization_id = any (private.organizations_with('leads:read'));
  conditions text := format('t.organization_id = %L and t.campaign_id = %L', organization_id, campaign_id);
  answer jsonb;
begin
  if filters ? 'status' then
    conditions := conditions || format(' and t.status = %L', filters ->> 'status');
  end if;
  if filters ? 'reason' then
    conditions := conditions || format(' and t.status = ''excluded'' and t.reason = %L', filters ->> 'reason');
  end if;
  execute format(
    'with page as materialized (
      select t.* from public.campaign_targets t where %s and t.position > %s order by t.position limit %s offset %s)
    select coalesce(jsonb_agg(jsonb_build_object(''position'', p.position, ''lead_id'', p.lead_id,
      ''lead_name'', case when %L then l.full_name end, ''phone'', p.phone, ''status'', p.status, ''reason'', p.reason,
      ''variant_id'', p.variant_id, ''send_after'', p.send_after, ''message_id'', p.message_id, ''message_status'', m.status,
      ''error_code'', m.error_code, ''updated_at'', p.updated_at) order by p.position), ''[]'')
    from page p
    left join public.leads l on l.organization_id = p.organization_id and l.id = p.lead_id and l.deleted_at is null
    left join public.messages m on m.id = p.message_id',
    conditions, coalesce(after, 0), page_limit, page_offset, named)
  into answer;
  return jsonb_build_object('rows', answer, 'total', (
    select coalesce(sum(t.targets), 0) from private.target_totals t
    where t.campaign_id = campaign.id and (not filters ? 'status' or t.status = filters ->> 'status')
      and (not filters ? 'reason' or t.status = 'excluded' and t.reason = filters ->> 'reason')));
end
$$;

-- POST /campaigns/{id}/preview: what freezing would make of the audience now. Judged whole up to 200,000 leads; beyond
-- that by every nth number (all leads of a number together, so that repetitions count), and said so. Segments and cost
-- are those of up to 300 renderings, scaled. Definer: see list_campaigns.
create function private.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_nestloop = off set enable_mergejoin = off set jit = off
as $$
declare
  exact_to constant integer := 200000;
  campaign public.campaigns := private.known_campaign(organization_id, campaign_id);
  organization public.organizations;
  audience bigint;
  every integer;
  figures jsonb;
  rendered record;
  price numeric;
  included bigint;
begin
  perform private.require_permission(organization_id, 'leads:read');
  select * into strict organization from public.organizations o where o.id = preview_campaign.organization_id;
  execute format('select count(*) from public.leads x where %s', private.audience_conditions(campaign)) into audience;
  every := greatest(1, ceil(audience::numeric / exact_to))::integer;
  -- Of those that may be texted, every one whose number's hash is among the lowest is rendered.
  execute format($preview$
    with chosen as materialized (
      select x.id, x.phone from public.leads x
      where %1$s and (%2$s = 1 or (hashtextextended(coalesce(x.phone, x.id::text), 7) & 1073741823) %% %2$s = 0)
    ), numbered as materialized (
      select c.id, c.phone, case when c.phone is not null then row_number() over (partition by c.phone order by c.id) end as nth
      from chosen c
    ), verdicts as materialized (
      select j.phone, j.obstacle from private.judge_numbers($1.organization_id, array(
        select n.phone from numbered n where n.nth = 1 order by n.phone)) j
    ), outcomes as materialized (
      select n.id, n.phone, case when n.phone is null then 'no_phone' when n.nth > 1 then 'duplicate_number'
        else nullif(v.obstacle, 'doubtful_reply') end as reason
      from numbered n left join verdicts v on v.phone = n.phone
    )
    select jsonb_build_object('chosen', (select count(*) from outcomes),
      'included', (select count(*) from outcomes o where o.reason is null),
      'excluded', coalesce((
        select jsonb_object_agg(r.reason, r.n) from (
          select o.reason, count(*) as n from outcomes o where o.reason is not null group by 1) r), '{}'),
      'samples', coalesce((
        select jsonb_agg(s.id) from (
          select o.id from outcomes o where o.reason is null order by hashtextextended($1.id || o.phone, 1) limit 300) s), '[]'))
    $preview$, private.audience_conditions(campaign), every)
  into figures using campaign;
  included := (figures ->> 'included')::bigint * every;

  select count(*) filter (where t.body is null) as holes, avg(s.segments) as segments, count(t.body) as texts,
    coalesce(jsonb_agg(jsonb_build_object('lead_id', t.id, 'lead_name', t.full_name, 'phone', t.phone, 'variant_id', t.variant_id,
      'text', t.body, 'segments', s.segments, 'encoding', s.encoding) order by t.place)
      filter (where t.shown <= 5 and t.body is not null), '[]') as samples
  into rendered
  from (
    select r.*, row_number() over (partition by r.body is null order by r.place) as shown
    from (
      select l.id, l.full_name, l.phone, w.variant_id, i.place, private.filled(w.body, private.lead_variables(l, organization.name)) as body
      from jsonb_array_elements_text(figures -> 'samples') with ordinality i (id, place)
      join public.leads l on l.organization_id = preview_campaign.organization_id and l.id = i.id::uuid
      join lateral (
        select x.variant_id from private.wording_shares(campaign) x
        where (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 >= x.low
          and (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 < x.high
      ) share on true
      join private.template_wordings w on w.organization_id = l.organization_id and w.variant_id = share.variant_id
    ) r
  ) t
  left join lateral private.sms_segments(t.body) s on t.body is not null;
  price := (
    select case when bool_and(a.segment_price is not null) then avg(a.segment_price) end from private.campaign_senders a
    where a.campaign_id = campaign.id and a.status <> 'disabled');
  return jsonb_build_object('audience', audience, 'exact', every = 1, 'judged', figures -> 'chosen', 'recipients', included,
    'excluded', (select coalesce(jsonb_object_agg(e.key, e.value::bigint * every), '{}') from jsonb_each_text(figures -> 'excluded') e),
    'rendered', rendered.texts + rendered.holes, 'missing_variable', rendered.holes,
    'segments', round(included * coalesce(rendered.segments, 0) * rendered.texts / greatest(1, rendered.texts + rendered.holes)),
    'segments_exact', included = rendered.texts,
    'cost', round(included * coalesce(rendered.segments, 0) * rendered.texts / greatest(1, rendered.texts + rendered.holes) * price, 2)::text,
    'samples', rendered.samples, 'faults', private.campaign_faults(campaign));
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

create function public.list_targets(organization_id uuid, campaign_id uuid, filters jsonb, after integer, page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_targets(organization_id, campaign_id, filters, after, page_limit, page_offset)
$$;
comment on function public.list_targets is 'One page of a campaign''s targets and how many there are in all. filters: { status?, reason? }.';

create function public.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_campaign(organization_id, campaign_id)
$$;
comment on function public.preview_campaign is 'What freezing would make of a campaign''s audience now: sizes, exclusions, segments, cost, samples.';

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

grant execute on function private.create_campaign(uuid, jsonb), private.update_campaign(uuid, uuid, jsonb, integer), private.delete_campaign(uuid, uuid),
  private.list_campaigns(uuid, jsonb, integer, integer), private.get_campaign(uuid, uuid), private.list_targets(uuid, uuid, jsonb, integer, integer, integer),
  private.preview_campaign(uuid, uuid), private.start_campaign(uuid, uuid), private.pause_campaign(uuid, uuid),
  private.resume_campaign(uuid, uuid), private.cancel_campaign(uuid, uuid)
to authenticated;
grant execute on function public.create_campaign(uuid, jsonb), public.update_campaign(uuid, uuid, jsonb, integer), public.delete_campaign(uuid, uuid),
  public.list_campaigns(uuid, jsonb, integer, integer), public.get_campaign(uuid, uuid), public.list_targets(uuid, uuid, jsonb, integer, integer, integer),
  public.preview_campaign(uuid, uuid), public.start_campaign(uuid, uuid), public.pause_campaign(uuid, uuid),
  public.resume_campaign(uuid, uuid), public.cancel_campaign(uuid, uuid)
to authenticated;
