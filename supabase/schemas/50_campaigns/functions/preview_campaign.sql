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
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
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
      select j.phone, j.blocked_reason from private.check_marketing_eligibility($1.organization_id, array(
        select n.phone from numbered n where n.nth = 1 order by n.phone)) j
    ), outcomes as materialized (
      select n.id, n.phone, case when n.phone is null then 'no_phone' when n.nth > 1 then 'duplicate_number'
        else nullif(v.blocked_reason, 'doubtful_reply') end as reason
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
      select l.id, l.full_name, l.phone, w.variant_id, i.place, private.render_template_text(w.body, private.lead_variables(l, organization.name)) as body
      from jsonb_array_elements_text(figures -> 'samples') with ordinality i (id, place)
      join public.leads l on l.organization_id = preview_campaign.organization_id and l.id = i.id::uuid
      join lateral (
        select x.variant_id from private.variant_shares(campaign) x
        where (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 >= x.low
          and (hashtextextended(campaign.id || l.phone, 0) & 1073741823) / 1073741824.0 < x.high
      ) share on true
      join private.template_bodies w on w.organization_id = l.organization_id and w.variant_id = share.variant_id
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
grant execute on function private.preview_campaign(uuid, uuid) to authenticated;

create function public.preview_campaign(organization_id uuid, campaign_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_campaign(organization_id, campaign_id)
$$;
comment on function public.preview_campaign is 'What freezing would make of a campaign''s audience now: sizes, exclusions, segments, cost, samples.';
grant execute on function public.preview_campaign(uuid, uuid) to authenticated;
