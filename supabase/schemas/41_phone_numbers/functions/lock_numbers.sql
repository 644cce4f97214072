-- Serializes changes of an organization's numbers, so that exactly one stays the default.
create function private.lock_numbers(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'organization:update');
  perform pg_advisory_xact_lock(hashtextextended('numbers|' || organization_id, 0));
end
$$;
