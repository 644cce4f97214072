-- A service text with its variables filled in. Braces in values are replaced with a character that no text has until
-- the end, so that values are never read as templates.
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
