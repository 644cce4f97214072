-- The first variable of a service text that the recipient has no value for: such a message is not sent.
create function private.missing_variable(body text, name text, account_number text, arrears text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when name is null and body like '%{{name}}%' then 'name'
    when account_number is null and body like '%{{account\_number}}%' then 'account_number'
    when arrears is null and body like '%{{arrears}}%' then 'arrears' end
$$;
