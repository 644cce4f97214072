-- Numbers of an organization change one at a time: which one is the default must stay clear.
create function private.lock_numbers(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'organization:update');
  perform pg_advisory_xact_lock(hashtextextended('numbers|' || organization_id, 0));
end
$$;
