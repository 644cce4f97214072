-- Time-ordered ids (RFC 9562, version 7): rows of one month are one range of ids, so a table is partitioned by its own
-- primary key and a look-up by id alone still touches one partition. PostgreSQL has uuidv7() only from 18 on.
-- The 12 bits after the version hold the microseconds, so ids made one after another sort in that order.
create function private.uuid_v7(at timestamptz default clock_timestamp())
returns uuid
language plpgsql volatile parallel safe set search_path = ''
as $$
declare
  micros bigint := extract(epoch from at) * 1000000;
begin
  return encode(
    overlay(
      uuid_send(gen_random_uuid())
      placing int8send(((micros / 1000) << 16) | 28672 | ((micros % 1000) * 4096 / 1000))
      from 1 for 8
    ),
    'hex'
  )::uuid;
end
$$;
comment on function private.uuid_v7 is 'A UUID version 7 for the given moment, ordered to the microsecond.';
grant execute on function private.uuid_v7(timestamptz) to authenticated, service_role;
