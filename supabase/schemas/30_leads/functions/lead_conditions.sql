-- For lists and exports: the SQL condition on leads x for a filter within the scope of the caller's permission. 403
-- without the permission. Security definer functions execute it.
create function private.lead_conditions(organization_id uuid, filters jsonb, permission text default 'leads:read')
returns text
language sql stable set search_path = ''
as $$
  select private.lead_scope(organization_id, permission) || private.lead_filters(organization_id, filters)
$$;
comment on function private.lead_conditions is
  'The SQL condition on leads x for a filter within the scope of the caller''s permission.';
