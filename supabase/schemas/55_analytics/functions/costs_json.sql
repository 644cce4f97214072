-- Costs of messages: the prices that the provider reported, by currency; an estimate for those sent without a reported
-- price, from their numbers' segment prices (in the organization's currency); and the segments without any price.
create function private.costs_json(currency text, parts private.cost_part[])
returns jsonb
language sql stable set search_path = ''
as $$
  with parts as (
    select p.currency, p.segments, p.cost, p.currency is null
      and p.status in ('sent', 'delivered', 'undelivered') as unpriced, a.segment_price
    from unnest(parts) p left join public.sms_accounts a on a.id = p.account_id
  )
  select jsonb_build_object(
    'reported', coalesce((
      select jsonb_agg(r) from (
        select p.currency, round(sum(p.cost), 5)::text as amount from parts p
        where p.currency is not null group by 1 having sum(p.cost) <> 0 order by 1) r), '[]'),
    'estimated', (
      select jsonb_build_object('currency', costs_json.currency, 'amount',
        round(sum(p.segments * p.segment_price), 5)::text) from parts p
      where p.unpriced and p.segment_price is not null having sum(p.segments) > 0),
    'unpriced_segments', (
      select coalesce(sum(p.segments), 0) from parts p where p.unpriced and p.segment_price is null))
$$;
