-- Leases numbers whose list is due. Returns { lists: [{ account_id, from, day, page }], credentials }. Security definer
-- because the service role may not read credentials or write cursors.
create function private.claim_price_lists(batch_size integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
begin
  insert into private.price_cursors (account_id, organization_id, day, due_at)
  select a.id, a.organization_id, d.day, (d.day + 1)::timestamp at time zone 'UTC' + interval '3 hours'
  from public.sms_accounts a
  cross join lateral (select greatest(a.created_at::date, current_date - 1) as day) d
  where a.provider = 'twilio'
    and not exists (select from private.price_cursors c where c.account_id = a.id)
  on conflict on constraint price_cursors_pkey do nothing;
  with picked as materialized (
    select c.account_id from private.price_cursors c
    where c.due_at <= now()
      and not exists (select from private.lookup_pauses p where p.account_id = c.account_id and p.until > now())
    order by c.due_at limit batch_size for update skip locked
  ), leased as (
    -- A stored page address may have expired: after three failures the day is read from its first page.
    update private.price_cursors c set
      due_at = now() + interval '2 minutes',
      page = case when coalesce((select p.failures from private.lookup_pauses p where p.account_id = c.account_id),
        0) < 3
        then c.page end
    from picked p where c.account_id = p.account_id returning c.*
  )
  select coalesce(jsonb_agg(jsonb_build_object('account_id', l.account_id, 'from', a.sender_id, 'day', l.day, 'page',
    l.page)), '[]')
  into answer from leased l join public.sms_accounts a on a.id = l.account_id;
  return jsonb_build_object('lists', answer, 'credentials', private.account_credentials(array(
    select (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;
grant execute on function private.claim_price_lists(integer) to service_role;

create function public.claim_price_lists(batch_size integer default 5)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_price_lists(batch_size)
$$;
comment on function public.claim_price_lists is 'Leases Twilio numbers whose daily list is due to be read for prices.';
grant execute on function public.claim_price_lists(integer) to service_role;
