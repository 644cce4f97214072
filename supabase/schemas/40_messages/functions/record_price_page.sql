-- One page of a number's price list: reports in the form of record_lookups' candidates; next_page null ends the day.
-- Skips what was recorded before, so that reading a page twice changes nothing. Security definer because the service
-- role may not write messages.
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
  -- Locks in the order of ids, as record_lookups does.
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
    due_at = case when next_page is null then (c.day + 2)::timestamp at time zone 'UTC' + interval '3 hours'
      else now() end
  where c.account_id = record_price_page.account_id and c.day = record_price_page.day;
  return priced + cardinality(unfinished);
end
$$;
grant execute on function private.record_price_page(uuid, date, jsonb, text) to service_role;

create function public.record_price_page(account_id uuid, day date, reports jsonb, next_page text default null)
returns integer
language sql set search_path = ''
as $$
  select private.record_price_page(account_id, day, reports, next_page)
$$;
comment on function public.record_price_page is
  'Records prices and final statuses from one page of a number''s list; returns how many messages it changed.';
grant execute on function public.record_price_page(uuid, date, jsonb, text) to service_role;
