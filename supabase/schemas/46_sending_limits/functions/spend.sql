-- For currencies without a row in default_segment_prices. An organization may state any three letters as its currency: the
-- figure is high, so that a limit holds too early rather than never.
create function private.fallback_segment_price()
returns numeric
language sql immutable parallel safe set search_path = ''
as $$
  select 100::numeric
$$;

-- What a segment from a number is taken to cost, in the organization's currency. On the platform's account it is the default
-- at least: what an organization states would otherwise lift the limit that bounds it.
create function private.segment_price(organization public.organizations, account public.sms_accounts)
returns numeric
language sql stable set search_path = ''
as $$
  select case when account.credentials_secret_id is null then greatest(account.segment_price, d.price)
    else coalesce(account.segment_price, d.price) end
  from (
    select coalesce((
      select p.price from private.default_segment_prices p where p.currency = organization.currency),
      private.fallback_segment_price()) as price) d
$$;

-- Whether anything limits what an organization sends in a day.
create function private.has_budget(organization public.organizations)
returns boolean
language sql immutable set search_path = ''
as $$
  select organization.daily_spending_limit is not null or organization.max_segments_per_day is not null
$$;

-- Locks the day's spending of those of these organizations that have a limit, in the order of their ids.
create function private.lock_spending(organization_ids uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  limited public.organizations[] := array(
    select o from public.organizations o
    where o.id = any (organization_ids) and private.has_budget(o) order by o.id);
begin
  if cardinality(limited) > 0 then
    insert into private.daily_spending (organization_id, day)
    select o.id, (now() at time zone o.time_zone)::date from unnest(limited) o order by o.id
    on conflict on constraint daily_spending_pkey do nothing;
    perform from private.daily_spending s
    join unnest(limited) o on o.id = s.organization_id and s.day = (now() at time zone o.time_zone)::date
    order by s.organization_id for update of s;
  end if;
end
$$;

-- What an organization may still send today. Locks the day's row, so that two claims at once do not
-- both spend the rest. A step that serves several organizations has locked theirs before (lock_spending).
create function private.remaining_budget(organization public.organizations)
returns private.budget
language plpgsql set search_path = ''
as $$
declare
  today constant date := (now() at time zone organization.time_zone)::date;
  spent private.daily_spending;
begin
  if not private.has_budget(organization) then
    return null;
  end if;
  insert into private.daily_spending (organization_id, day) values (organization.id, today)
  on conflict on constraint daily_spending_pkey do nothing;
  select s.* into spent from private.daily_spending s
  where s.organization_id = organization.id and s.day = today for update;
  return (organization.daily_spending_limit - spent.amount,
    organization.max_segments_per_day - spent.platform_segments)::private.budget;
end
$$;

-- Records what was sent; `refused`: a limit held something back. The admins are notified once a day.
create function private.spend(organization public.organizations, cost private.budget, refused boolean)
returns void
language plpgsql set search_path = ''
as $$
declare
  today constant date := (now() at time zone organization.time_zone)::date;
  notified boolean;
begin
  select s.exhausted into notified from private.daily_spending s where s.organization_id = organization.id and s.day = today;
  update private.daily_spending s set amount = s.amount + (cost).amount,
    platform_segments = s.platform_segments + (cost).platform_segments, exhausted = s.exhausted or refused
  where s.organization_id = organization.id and s.day = today;
  if refused and not coalesce(notified, false) then
    perform private.notify_admins(organization.id, 'system', 'The daily spending limit is reached',
      'Today''s messages have used what '
        || concat_ws(' or ',
          'your limit of ' || organization.currency || ' ' || organization.daily_spending_limit || ' (by estimate)',
          'the platform''s limit of ' || organization.max_segments_per_day || ' segments')
        || ' allows. What is queued waits until midnight, or until the limit is raised.',
      '{"reason": "daily_spending_limit"}');
  end if;
end
$$;

-- Midnight, when an organization may spend again; null while it may.
create function private.budget_resumes_at(organization public.organizations)
returns timestamptz
language sql stable set search_path = ''
as $$
  select ((now() at time zone organization.time_zone)::date + 1)::timestamp at time zone organization.time_zone
  from private.daily_spending s
  where private.has_budget(organization) and s.organization_id = organization.id
    and s.day = (now() at time zone organization.time_zone)::date and s.exhausted
$$;
