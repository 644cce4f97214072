create function private.money_text(amount numeric, currency text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select currency || ' ' || to_char(amount, 'FM999,999,999,990.00')
$$;
grant execute on function private.money_text(numeric, text) to authenticated;
