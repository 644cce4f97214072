-- Prices. Twilio names them in no callback, and in a text's resource only some time after it was sent; so the day after, each
-- number's list of the day is read, a thousand texts at a time. A final status that it shows is taken over as well.
create table private.price_cursors (
  account_id uuid primary key,
  organization_id uuid not null,
  day date not null,
  page text,
  due_at timestamptz not null,
  constraint price_cursors_account foreign key (organization_id, account_id)
    references public.sms_accounts (organization_id, id) on delete cascade
);
comment on table private.price_cursors is
  'How far each Twilio number''s lists are read: the day, where its list goes on, and when it is read or who reads it is late.';
create index price_cursors_organization on private.price_cursors (organization_id, account_id);
create index price_cursors_due on private.price_cursors (due_at);

-- Leases numbers whose list is due. Answers { lists: [{ account_id, from, day, page }], credentials }. Definer: as
-- dispatch_step.
create function private.claim_price_lists(want integer)
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
    order by c.due_at limit want for update skip locked
  ), leased as (
    -- A page's address may be too old to be understood: after some failures the day is begun anew.
    update private.price_cursors c set
      due_at = now() + interval '2 minutes',
      page = case when coalesce((select p.failures from private.lookup_pauses p where p.account_id = c.account_id), 0) < 3
        then c.page end
    from picked p where c.account_id = p.account_id returning c.*
  )
  select coalesce(jsonb_agg(jsonb_build_object('account_id', l.account_id, 'from', a.sender_id, 'day', l.day, 'page', l.page)), '[]')
  into answer from leased l join public.sms_accounts a on a.id = l.account_id;
  return jsonb_build_object('lists', answer, 'credentials', private.account_credentials(array(
    select (c ->> 'account_id')::uuid from jsonb_array_elements(answer) c)));
end
$$;

create function public.claim_price_lists(want integer default 5)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_price_lists(want)
$$;
comment on function public.claim_price_lists is 'Leases Twilio numbers whose list of a day is to be read for prices.';

-- One page of a number's list: reports as in record_lookups' candidates; next_page null ends the day. What was recorded
-- already is left alone, so that a page read twice changes nothing. Definer: as dispatch_step.
create function private.record_price_page(account_id uuid, day date, reports jsonb, next_page text)
returns integer
language plpgsql security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
  account public.sms_accounts;
  message public.messages;
  unfinished uuid[];
  priced integer;
begin
  select * into account from public.sms_accounts a where a.id = record_price_page.account_id;
  -- In the order of ids, as record_lookups.
  perform from public.messages m
  where m.organization_id = account.organization_id and m.provider = account.provider
    and m.provider_message_id in (select r ->> 'provider_message_id' from jsonb_array_elements(reports) r)
  order by m.id for update;
  unfinished := array(
    select m.id from jsonb_array_elements(reports) r
    join public.messages m on m.provider_message_id = r ->> 'provider_message_id' and m.provider = account.provider
      and m.organization_id = account.organization_id
    where m.status = 'sent' and private.status_rank(r ->> 'status') > private.status_rank('sent')
      and r ->> 'status' not in ('queued', 'sending')
    order by m.id);
  for message in select * from public.messages m where m.id = any (unfinished) order by m.id loop
    perform private.apply_report(message, r) from jsonb_array_elements(reports) r
    where r ->> 'provider_message_id' = message.provider_message_id;
  end loop;
  update public.messages m set
    price = abs((r -> 'facts' ->> 'price')::numeric),
    price_currency = r -> 'facts' ->> 'currency',
    segments = coalesce((r -> 'facts' ->> 'segments')::integer, m.segments),
    updated_at = now()
  from jsonb_array_elements(reports) r
  where m.provider_message_id = r ->> 'provider_message_id' and m.provider = account.provider
    and m.organization_id = account.organization_id and r -> 'facts' ->> 'price' is not null and m.price is null;
  get diagnostics priced = row_count;
  update private.price_cursors c set
    page = next_page,
    day = case when next_page is null then c.day + 1 else c.day end,
    due_at = case when next_page is null then (c.day + 2)::timestamp at time zone 'UTC' + interval '3 hours' else now() end
  where c.account_id = record_price_page.account_id and c.day = record_price_page.day;
  return priced + cardinality(unfinished);
end
$$;

create function public.record_price_page(account_id uuid, day date, reports jsonb, next_page text default null)
returns integer
language sql set search_path = ''
as $$
  select private.record_price_page(account_id, day, reports, next_page)
$$;
comment on function public.record_price_page is 'Takes over prices and final statuses from one page of a number''s list; answers how many.';
