-- Records that data leaves in a file. A search term may be somebody's name or number, so it is masked.
create function private.audit_export(organization_id uuid, resource text, filters jsonb, resource_id uuid default null)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_valid(jsonb_typeof(filters) = 'object' and pg_column_size(filters) <= 2000, 'filters',
    'must be a small object');
  perform private.audit_event(organization_id, 'exported', audit_export.resource, audit_export.resource_id,
    filters || case when filters ? 'search' then '{"search": "***"}'::jsonb else '{}' end);
end
$$;
