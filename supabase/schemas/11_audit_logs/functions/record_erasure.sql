-- Records in the log itself which sealed entries an erasure has emptied, 500 in an entry: only these are taken for
-- erased when the log is verified. The record is sealed as every entry is.
create function private.record_erasure(organization_id uuid, request_id uuid, requested_by uuid, entries uuid[])
returns void
language plpgsql set search_path = ''
as $$
declare
  part uuid[];
  record_id uuid;
begin
  for place in 1 .. cardinality(entries) by 500 loop
    part := entries[place : place + 499];
    insert into public.audit_logs (organization_id, actor_id, action, resource, resource_id, after)
    values (organization_id, requested_by, 'erased', 'audit_logs', request_id,
      jsonb_build_object('entries', to_jsonb(part)))
    returning id into record_id;
    update private.audit_hashes h set erased_by = record_id where h.entry_id = any (part);
  end loop;
end
$$;

-- The first entry of these seals that was emptied without the record of a privacy request, null if there is none.
create function private.unrecorded_erasure(organization_id uuid, first_seal bigint, last_seal bigint)
returns uuid
language sql stable set search_path = ''
as $$
  with erased as materialized (
    select h.entry_id, h.erased_by from private.audit_hashes h
    join private.audit_seals f on f.organization_id = h.organization_id and f.number = first_seal
    join private.audit_seals l on l.organization_id = h.organization_id and l.number = last_seal
    where h.organization_id = unrecorded_erasure.organization_id and h.salt is null
      and h.entry_id >= private.uuid_v7_floor(f.sealed_from) and h.entry_id < private.uuid_v7_floor(l.sealed_until)
  ), recorded as materialized (
    select a.id, e.entry_id
    from (select distinct x.erased_by from erased x) b
    join public.audit_logs a on a.id = b.erased_by and a.organization_id = unrecorded_erasure.organization_id
      and a.action = 'erased' and a.resource = 'audit_logs'
    join private.privacy_requests r on r.id = a.resource_id and r.organization_id = a.organization_id
      and r.kind = 'erase'
    cross join lateral jsonb_array_elements_text(case jsonb_typeof(a.after -> 'entries')
      when 'array' then a.after -> 'entries' else '[]' end) e (entry_id)
  )
  select e.entry_id from erased e
  left join recorded r on r.id = e.erased_by and r.entry_id = e.entry_id::text
  where r.id is null order by e.entry_id limit 1
$$;
