-- Conditions on customers x. filters: { status?, arrears_min?, arrears_max? }.
create function private.customer_filters(organization_id uuid, filters jsonb)
returns text
language sql immutable set search_path = ''
as $$
  select format('x.organization_id = %L', organization_id) || private.conditions(filters, '{
    "status": ["status", "=", "text"], "arrears_min": ["arrears", ">=", "numeric"],
    "arrears_max": ["arrears", "<=", "numeric"]}')
$$;
