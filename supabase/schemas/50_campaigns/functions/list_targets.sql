-- Why a pending target is not texted yet, and until when; both null where it is due or not pending.
create function private.target_wait(campaign public.campaigns, target public.campaign_targets, out reason text,
  out until timestamptz)
language plpgsql stable set search_path = ''
as $$
declare
  organization public.organizations;
begin
  if target.status <> 'pending' then
    return;
  end if;
  select * into strict organization from public.organizations o where o.id = campaign.organization_id;
  until := private.budget_resumes_at(organization);
  if campaign.status = 'paused' then
    reason := 'paused';
    until := null;
  elsif organization.standing = 'suspended' then
    reason := 'suspended';
    until := null;
  elsif until is not null then
    reason := 'budget';
  elsif target.send_after > now() then
    reason := coalesce(target.wait_reason, 'rate');
    until := target.send_after;
  end if;
end
$$;

-- Targets by position; `after` is the last position of the page before. The total comes from the counters. Names are
-- shown to callers who may read all leads. Security definer, as list_campaigns.
create function private.list_targets(organization_id uuid, campaign_id uuid, filters jsonb, after integer,
  page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  campaign public.campaigns := private.find_campaign(organization_id, campaign_id);
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
      ''variant_id'', p.variant_id, ''send_after'', p.send_after, ''wait_reason'', w.reason,
      ''wait_until'', w.until, ''message_id'', p.message_id, ''message_status'',
      m.status, ''error_code'', m.error_code, ''updated_at'', p.updated_at) order by p.position), ''[]'')
    from page p
    cross join lateral private.target_wait($1, p) w
    left join public.leads l on l.organization_id = p.organization_id and l.id = p.lead_id and l.deleted_at is null
    left join public.messages m on m.id = p.message_id',
    conditions, coalesce(after, 0), page_limit, page_offset, named)
  into answer using campaign;
  return jsonb_build_object('rows', answer, 'total', (
    select coalesce(sum(t.targets), 0) from private.target_totals t
    where t.campaign_id = campaign.id and (not filters ? 'status' or t.status = filters ->> 'status')
      and (not filters ? 'reason' or t.status = 'excluded' and t.reason = filters ->> 'reason')));
end
$$;
grant execute on function private.list_targets(uuid, uuid, jsonb, integer, integer, integer) to authenticated;

create function public.list_targets(organization_id uuid, campaign_id uuid, filters jsonb, after integer,
  page_limit integer, page_offset integer)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_targets(organization_id, campaign_id, filters, after,
    private.page_size(page_limit), private.page_start(page_offset))
$$;
comment on function public.list_targets is
  'One page of a campaign''s targets and their total number. filters: { status?, reason? }.';
grant execute on function public.list_targets(uuid, uuid, jsonb, integer, integer, integer) to authenticated;
