-- The smallest id of a moment: the bound of a partition, and the start of a time range.
create function private.uuid_v7_floor(at timestamptz)
returns uuid
language sql immutable parallel safe set search_path = ''
as $$
  select (encode(substring(int8send((extract(epoch from at) * 1000)::bigint) from 3), 'hex') || repeat('0', 20))::uuid
$$;
grant execute on function private.uuid_v7_floor(timestamptz) to authenticated, service_role;
