-- Whether the audience has numbers of North America. Where there are none, the index on numbers answers.
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

-- The active senders of a campaign that people cannot answer; null without any.
create function private.one_way_senders(campaign_id uuid)
returns text
language sql stable set search_path = ''
as $$
  select string_agg(distinct a.sender_id, ', ') from public.sms_accounts a
  where not private.can_receive(a) and a.status not in ('disabled', 'pending') and a.id in (
    select s.id from private.campaign_senders s where s.campaign_id = one_way_senders.campaign_id)
$$;

-- What may be wrong with a campaign that can start: [{ path, code, message }].
create function private.campaign_warnings(campaign public.campaigns)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(distinct w.value || jsonb_build_object('path', 'templates')), '[]')
  from private.one_way_senders(campaign.id) s (names),
    private.variant_shares(campaign) v
    join private.template_bodies b on b.organization_id = campaign.organization_id and b.variant_id = v.variant_id,
    jsonb_array_elements(private.text_warnings(b.body, 'marketing',
      case when s.names is not null then array[s.names] else '{}' end)) w
$$;

-- What keeps a campaign from starting: [{ path, message }]. North American carriers require the answer to HELP to name
-- a toll-free number, an e-mail address or a web page (CTIA Short Code Monitoring Handbook).
create function private.campaign_faults(campaign public.campaigns)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(f.fault), '[]') from (
    select jsonb_build_object('path', 'templates', 'message',
      'Give at least one template with a body or variant of weight above 0.') as fault
    where not exists (select from private.variant_shares(campaign))
    union all
    select jsonb_build_object('path', 'templates', 'message', 'The template ' || t.name || ' is not for marketing.')
    from public.campaign_templates c
    join public.templates t on t.organization_id = c.organization_id and t.id = c.template_id
      and t.category <> 'marketing'
    where c.organization_id = campaign.organization_id and c.campaign_id = campaign.id
    union all
    select jsonb_build_object('path', 'numbers', 'message', 'There is no active number to send from.')
    where not exists (
      select from private.campaign_senders a where a.campaign_id = campaign.id and a.status not in ('disabled', 'pending'))
    union all
    select jsonb_build_object('path', 'numbers', 'message', s.names || ' cannot receive replies: in North America '
      || 'recipients must be able to opt out by a reply (47 CFR 64.1200(a)(10)), and carriers deliver no names.')
    from private.one_way_senders(campaign.id) s (names)
    where s.names is not null and private.texts_north_america(campaign)
    union all
    select jsonb_build_object('path', 'scheduled_at', 'message',
      'The time lies in the past by more than late_after_minutes. Give a later one, or none to start at once.')
    where campaign.status in ('draft', 'scheduled')
      and campaign.scheduled_at < now() - make_interval(mins => campaign.late_after_minutes)
    union all
    select jsonb_build_object('path', 'contact_details', 'message',
      'Set the organization''s contact details first: in North America HELP is answered with a number or an address.')
    from public.organizations o
    where o.id = campaign.organization_id and o.contact_details is null and private.texts_north_america(campaign)
  ) f
$$;
