-- Time-ordered ids (RFC 9562, version 7): the rows of one month are one range of ids, so a table can be partitioned by
-- its primary key and a look-up by id touches one partition. PostgreSQL has uuidv7() from version 18 on only.
-- The 12 bits after the version hold the microseconds, so ids created one after another sort in that order.
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
