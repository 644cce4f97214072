-- The form of an e-mail address that browsers accept too, at most 254 characters. Source: "valid e-mail address" in
-- https://html.spec.whatwg.org/multipage/input.html#email-state-(type=email)
create function private.is_email(value text)
returns boolean
language sql immutable parallel safe set search_path = ''
as $$
  select char_length(value) <= 254 and value ~* (
    '^[a-z0-9.!#$%&''*+/=?^_`{|}~-]+@'
    '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$')
$$;
grant execute on function private.is_email(text) to authenticated, service_role;
