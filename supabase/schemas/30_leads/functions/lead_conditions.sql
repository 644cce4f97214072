-- For lists and exports: the SQL condition on leads x for a filter as far as the caller's permission reaches. 403 without it.
create function private.lead_conditions(organization_id uuid, filters jsonb, permission text default 'leads:read')
returns text
language sql stable set search_path = ''
as $$
  select private.lead_scope(organization_id, permission) || private.lead_filters(organization_id, filters)
$$;
comment on function private.lead_conditions is
  'The condition on leads x that holds for the leads of a filter within the caller''s permission; definer functions execute it.';
