create function private.lock_pipeline(organization_id uuid, exclusively boolean default false)
returns void
language plpgsql set search_path = ''
as $$
declare
  key bigint := hashtextextended('pipeline|' || organization_id, 0);
begin
  if exclusively then
    perform pg_advisory_xact_lock(key);
  else
    perform pg_advisory_xact_lock_shared(key);
  end if;
end
$$;
comment on function private.lock_pipeline is
  'Taken before any row lock: shared to move leads, exclusively to replace the stages.';
