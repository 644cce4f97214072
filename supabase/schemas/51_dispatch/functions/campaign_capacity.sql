-- How many messages each number of a campaign may send now, and the tokens taken for them: what is not used is released.
-- A number that is probed may send one.
create function private.campaign_capacity(
  campaign public.campaigns, organization public.organizations, batch_size integer, half_open uuid[])
returns private.campaign_capacity
language plpgsql set search_path = '' set jit = off
as $$
declare
  capacity private.campaign_capacity;
  limits private.send_rate_limit[];
  affordable integer := batch_size;
begin
  capacity.account_ids := array(
    select a.id from private.campaign_senders a
    where a.campaign_id = campaign.id and (a.status = 'active' or a.id = any (half_open))
      and (a.cooldown_until is null or a.cooldown_until <= now())
      and (organization.standing = 'approved' or organization.standing = 'sandbox' and a.credentials_secret_id is not null)
    order by a.id);
  capacity.total := 0;
  capacity.bucket_ids := '{}';
  capacity.granted := '{}';
  if cardinality(capacity.account_ids) = 0 then
    return capacity;
  end if;
  if private.has_budget(organization) then
    affordable := private.affordable_messages(organization, capacity.account_ids);
    if affordable < 1 then
      perform private.spend(organization, (0, 0)::private.budget, true);
      return capacity;
    end if;
  end if;
  limits := array(
    select row(campaign.id, campaign.messages_per_minute / 60.0, null, null, batch_size)::private.send_rate_limit
    where campaign.messages_per_minute is not null
    union all
    select row(organization.id, organization.messages_per_second, null, null, batch_size)::private.send_rate_limit
    where organization.messages_per_second is not null
    union all
    select row(a.id, a.per_second, a.daily_cap, a.cap_zone, batch_size)::private.send_rate_limit
    from public.sms_accounts a
    where a.id = any (capacity.account_ids) and (a.per_second is not null or a.daily_cap is not null));
  if cardinality(limits) > 0 then
    select array_agg(t.id), array_agg(t.granted) into capacity.bucket_ids, capacity.granted
    from private.acquire_tokens(limits) t;
  end if;
  select array_agg(
      least(coalesce(t.granted, batch_size), case when p.id = any (half_open) then 1 else batch_size end) order by p.n)
  into capacity.capacities
  from unnest(capacity.account_ids) with ordinality as p (id, n)
  left join unnest(capacity.bucket_ids, capacity.granted) as t (id, granted) on t.id = p.id;
  capacity.total := least(batch_size, affordable, (select sum(c) from unnest(capacity.capacities) c), (
    select min(t.granted) from unnest(capacity.bucket_ids, capacity.granted) as t (id, granted)
    where t.id in (campaign.id, organization.id)));
  return capacity;
end
$$;

-- How many messages of one segment an organization's budget still covers today: no more of its targets need to be looked
-- at. What longer ones cost is known once they are rendered (affordable_choices).
create function private.affordable_messages(organization public.organizations, account_ids uuid[])
returns integer
language plpgsql set search_path = ''
as $$
declare
  price numeric;
  has_own boolean;
  remaining private.budget := private.remaining_budget(organization);
begin
  select max(private.segment_price(organization, a)), bool_or(a.credentials_secret_id is not null) into price, has_own
  from public.sms_accounts a where a.id = any (account_ids);
  return greatest(0, least(floor(remaining.amount / nullif(price, 0)),
    case when not has_own then remaining.platform_segments end, 2147483647));
end
$$;
