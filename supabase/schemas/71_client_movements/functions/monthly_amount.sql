-- The monthly amount of { amount, interval? }: yearly and quarterly amounts are divided, rounded to two decimals.
create function private.monthly_amount(details jsonb)
returns numeric
language plpgsql immutable set search_path = ''
as $$
declare
  amount numeric;
  parts integer := case coalesce(details ->> 'interval', 'month')
    when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end;
begin
  perform private.require_valid(parts is not null, 'interval', 'is not month, quarter or year');
  perform private.require_valid(details ->> 'amount' ~ '^[0-9]{1,12}(\.[0-9]{1,2})?$', 'amount',
    'is not an amount of money of at least 0');
  amount := round((details ->> 'amount')::numeric / parts, 2);
  return amount;
end
$$;
