-- What a snapshot of the audience would contain: { chosen, included, excluded: { reason: n }, samples: [lead ids] }.
-- every: check each nth number only, all leads of a number together, so that repeated numbers are found. The samples
-- are the 300 recipients with the lowest hashes.
create function private.preview_audience(campaign public.campaigns, every integer)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  answer jsonb;
begin
  execute format($preview$
    with chosen as materialized (
      select x.id, x.phone from public.leads x
      where %1$s and (%2$s = 1 or (hashtextextended(coalesce(x.phone, x.id::text), 7) & 1073741823) %% %2$s = 0)
    ), numbered as materialized (
      select c.id, c.phone,
        case when c.phone is not null then row_number() over (partition by c.phone order by c.id) end as occurrence
      from chosen c
    ), eligibility as materialized (
      select e.phone, e.blocked_reason
      from private.check_marketing_eligibility($1.organization_id, array(
        select n.phone from numbered n where n.occurrence = 1 order by n.phone)) as e (phone, blocked_reason,
          consent_id)
    ), decided as materialized (
      select n.id, n.phone, case when n.phone is null then 'no_phone' when n.occurrence > 1 then 'duplicate_number'
        else nullif(e.blocked_reason, 'doubtful_reply') end as reason
      from numbered n left join eligibility e on e.phone = n.phone
    ), repeated as materialized (
      select r.id from (
        select d.id, row_number() over (partition by private.one_spelling(d.phone) order by d.id) as occurrence
        from decided d
        join private.other_spellings(array(select c.phone from chosen c where c.phone is not null)) o on o.phone = d.phone
        where d.reason is null
      ) r
      where r.occurrence > 1
    ), outcomes as materialized (
      select d.id, d.phone, coalesce(d.reason, case when r.id is not null then 'duplicate_number' end) as reason
      from decided d left join repeated r on r.id = d.id
    )
    select jsonb_build_object('chosen', (select count(*) from outcomes),
      'included', (select count(*) from outcomes o where o.reason is null),
      'excluded', coalesce((
        select jsonb_object_agg(r.reason, r.n) from (
          select o.reason, count(*) as n from outcomes o where o.reason is not null group by 1) r), '{}'),
      'samples', coalesce((
        select jsonb_agg(s.id) from (
          select o.id from outcomes o where o.reason is null
          order by hashtextextended($1.id || o.phone, 1) limit 300) s), '[]'))
    $preview$, private.audience_conditions(campaign), every)
  into answer using campaign;
  return answer;
end
$$;

-- The messages that these leads would get: how many could be rendered, how many lack a value, their average number of
-- segments, and the first five.
create function private.preview_messages(campaign public.campaigns, lead_ids jsonb, out rendered bigint,
  out missing_variable bigint, out segments numeric, out samples jsonb)
language sql stable set search_path = ''
as $$
  select count(t.body), count(*) filter (where t.body is null), avg(s.segments),
    coalesce(jsonb_agg(jsonb_build_object('lead_id', t.id, 'lead_name', t.full_name, 'phone', t.phone,
      'variant_id', t.variant_id, 'text', t.body, 'segments', s.segments, 'encoding', s.encoding) order by t.place)
      filter (where t.place_of_kind <= 5 and t.body is not null), '[]')
  from (
    select r.*, row_number() over (partition by r.body is null order by r.place) as place_of_kind
    from (
      select l.id, l.full_name, l.phone, b.variant_id, i.place,
        private.render_template_text(b.body, private.lead_variables(l, o.name)) as body
      from jsonb_array_elements_text(lead_ids) with ordinality i (id, place)
      join public.leads l on l.organization_id = campaign.organization_id and l.id = i.id::uuid
      join public.organizations o on o.id = l.organization_id
      join lateral (
        select x.variant_id from private.variant_shares(campaign) x
        where (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 >= x.low
          and (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 < x.high
      ) share on true
      join private.template_bodies b on b.organization_id = l.organization_id and b.variant_id = share.variant_id
    ) r
  ) t
  left join lateral private.sms_segments(t.body) s on t.body is not null
$$;

-- What a snapshot of the audience would contain now. Audiences of up to 200,000 leads are checked whole; larger ones by
-- every nth number, scaled and marked as not exact. Segments and cost are those of up to 300 rendered messages, scaled.
-- Security definer, as list_campaigns.
create function private.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_nestloop = off set enable_mergejoin = off set jit = off
as $$
declare
  exact_to constant integer := 200000;
  campaign constant public.campaigns := private.find_campaign(organization_id, campaign_id);
  audience bigint;
  every integer;
  figures jsonb;
  recipients bigint;
  messages record;
  segments numeric;
  price numeric;
begin
  perform private.require_permission(organization_id, 'leads:read');
  execute format('select count(*) from public.leads x where %s', private.audience_conditions(campaign)) into audience;
  every := greatest(1, ceil(audience::numeric / exact_to))::integer;
  figures := private.preview_audience(campaign, every);
  recipients := (figures ->> 'included')::bigint * every;
  select * into messages from private.preview_messages(campaign, figures -> 'samples');
  segments := recipients * coalesce(messages.segments, 0) * messages.rendered
    / greatest(1, messages.rendered + messages.missing_variable);
  price := (
    select case when bool_and(a.segment_price is not null) then avg(a.segment_price) end from private.campaign_senders a
    where a.campaign_id = campaign.id and a.status not in ('disabled', 'pending'));
  return jsonb_build_object('audience', audience, 'exact', every = 1, 'checked', figures -> 'chosen',
    'recipients', recipients,
    'excluded', (
      select coalesce(jsonb_object_agg(e.key, e.value::bigint * every), '{}')
      from jsonb_each_text(figures -> 'excluded') e),
    'rendered', messages.rendered + messages.missing_variable, 'missing_variable', messages.missing_variable,
    'segments', round(segments), 'segments_exact', recipients = messages.rendered,
    'cost', round(segments * price, 2)::text, 'samples', messages.samples, 'faults', private.campaign_faults(campaign),
    'warnings', private.campaign_warnings(campaign));
end
$$;
grant execute on function private.preview_campaign(uuid, uuid) to authenticated;

create function public.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_campaign(organization_id, campaign_id)
$$;
comment on function public.preview_campaign is
  'What a snapshot of a campaign''s audience would contain now: sizes, exclusions, segments, cost, samples.';
grant execute on function public.preview_campaign(uuid, uuid) to authenticated;
