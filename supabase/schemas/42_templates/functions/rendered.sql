-- What a value holds must not be filled in again: its braces stand aside, as a character that no text has, until the end.
create function private.rendered(body text, organization text, arrears text, account_number text, name text)
returns text
language sql immutable parallel safe set search_path = ''
as $$
  select translate(replace(replace(replace(replace(body,
    '{{organization}}', translate(organization, '{', U&'\FFFF')),
    '{{arrears}}', translate(coalesce(arrears, ''), '{', U&'\FFFF')),
    '{{account_number}}', translate(coalesce(account_number, ''), '{', U&'\FFFF')),
    '{{name}}', coalesce(name, '')), U&'\FFFF', '{')
$$;
