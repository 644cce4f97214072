create function private.uuid_v7_time(id uuid)
returns timestamptz
language sql immutable parallel safe set search_path = ''
as $$
  select to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
$$;
grant execute on function private.uuid_v7_time(uuid) to authenticated, service_role;
