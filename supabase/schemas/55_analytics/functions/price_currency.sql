-- Twilio bills in US dollars where it names no currency.
create function private.price_currency(price numeric, currency text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case when price is not null then coalesce(currency, 'USD') end
$$;
