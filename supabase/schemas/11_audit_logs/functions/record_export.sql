-- Records that data leaves in a file. A search term may be somebody's name or number, so it is masked.
create function private.audit_export(organization_id uuid, resource text, filters jsonb, resource_id uuid default null)
returns void
language sql set search_path = ''
as $$
  select private.audit_event(organization_id, 'exported', audit_export.resource, audit_export.resource_id,
    filters || case when filters ? 'search' then '{"search": "***"}'::jsonb else '{}' end)
$$;

-- For files that a function composes from a table.
-- Security definer because nobody may write the log directly.
create function private.record_export(organization_id uuid, resource text, filters jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_valid(resource = 'customers', 'resource', 'is not exported this way');
  perform private.require_permission(organization_id, resource || ':read');
  perform private.require_valid(jsonb_typeof(filters) = 'object' and pg_column_size(filters) <= 2000, 'filters',
    'must be a small object');
  perform private.audit_export(organization_id, resource, filters);
end
$$;
grant execute on function private.record_export(uuid, text, jsonb) to authenticated;

create function public.record_export(organization_id uuid, resource text, filters jsonb default '{}')
returns void
language sql set search_path = ''
as $$
  select private.record_export(organization_id, resource, filters)
$$;
comment on function public.record_export is 'Records in the audit log that the caller takes a file of customers.';
grant execute on function public.record_export(uuid, text, jsonb) to authenticated;
