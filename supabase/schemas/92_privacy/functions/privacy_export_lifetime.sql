-- How long the rows of an export are kept.
create function private.privacy_export_lifetime()
returns interval
language sql immutable parallel safe set search_path = ''
as $$
  select interval '7 days'
$$;
