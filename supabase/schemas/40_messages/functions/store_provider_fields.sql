-- facts: { price?, currency?, segments?, reported?: { field: text } }. Writes only what is new, so that most callbacks
-- need no second update.
create function private.store_provider_fields(message_id uuid, facts jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  counted constant integer := nullif((facts ->> 'segments')::integer, 0);
  cost constant numeric := abs((facts ->> 'price')::numeric);
begin
  update public.messages m set
    segments = coalesce(counted, m.segments),
    price = coalesce(cost, m.price),
    price_currency = case when cost is null then m.price_currency
      else coalesce(facts ->> 'currency', m.price_currency) end,
    reported = nullif(coalesce(m.reported, '{}') || coalesce(facts -> 'reported', '{}'), '{}'),
    updated_at = now()
  where m.id = message_id and (
    m.segments <> counted or m.price is distinct from coalesce(round(cost, 5), m.price)
    or not coalesce(m.reported, '{}') @> coalesce(facts -> 'reported', '{}'));
end
$$;
