-- Months before it were dropped, as far as that can be: every organization keeps at least a year (the constraint
-- organizations_audit_retention), so a later time was not written by private.maintain.
create function private.audit_dropped_until(horizon private.audit_horizon)
returns timestamptz
language sql stable set search_path = ''
as $$
  select least(horizon.kept_from, date_trunc('month', now() - interval '12 months', 'UTC'))
$$;

-- The start of the oldest month that retention keeps at present. What it dropped is in private.audit_horizon: after
-- somebody keeps the log longer, months that are gone are not kept again.
create function private.audit_kept_from()
returns timestamptz
language sql stable set search_path = ''
as $$
  select date_trunc('month', now() - make_interval(months => max(o.audit_retention_months)), 'UTC')
  from public.organizations o
$$;

-- Raises 422 for seals that there cannot be. Without the second, a number of a seal that was deleted at the end of the
-- chain would be answered as if nothing were wrong.
create function private.require_seal_range(organization_id uuid, from_seal bigint, to_seal bigint, expected_hash text)
returns void
language plpgsql stable set search_path = ''
as $$
declare
  last_seal bigint := (
    select coalesce(max(s.number), 0) from private.audit_seals s
    where s.organization_id = require_seal_range.organization_id);
begin
  perform private.require_valid(coalesce(from_seal, 1) > 0, 'from_seal', 'must be positive');
  perform private.require_valid(coalesce(from_seal, 1) <= greatest(last_seal, 1), 'from_seal',
    'is beyond the last seal, ' || last_seal);
  perform private.require_valid(coalesce(to_seal, last_seal) <= last_seal, 'to_seal',
    'is beyond the last seal, ' || last_seal);
  perform private.require_valid(coalesce(to_seal >= coalesce(from_seal, 1), true), 'to_seal', 'is before from_seal');
  perform private.require_valid(expected_hash is null or to_seal is not null and expected_hash ~ '^[0-9a-f]{64}$',
    'expected_hash', 'must be 64 hexadecimal digits, with to_seal');
end
$$;

-- How many entries of these seals were erased.
create function private.erased_entries(organization_id uuid, first_seal bigint, last_seal bigint)
returns bigint
language sql stable set search_path = ''
as $$
  select count(*) from private.audit_hashes h
  join private.audit_seals f on f.organization_id = h.organization_id and f.number = first_seal
  join private.audit_seals l on l.organization_id = h.organization_id and l.number = last_seal
  where h.organization_id = erased_entries.organization_id and h.salt is null
    and h.entry_id >= private.uuid_v7_floor(f.sealed_from) and h.entry_id < private.uuid_v7_floor(l.sealed_until)
$$;

-- Seals from one to another; next_seal says where to go on. expected_hash: what was kept of to_seal.
-- Security definer because seals and entries may not be read directly.
create function private.verify_audit_logs(organization_id uuid, from_seal bigint, to_seal bigint, expected_hash text)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  horizon private.audit_horizon;
  fault jsonb;
  checked record;
  emptied uuid;
  next_seal bigint;
  kept_hash text;
begin
  perform private.require_permission(organization_id, 'audit:read');
  perform private.require_seal_range(organization_id, from_seal, to_seal, expected_hash);
  select * into horizon from private.audit_horizon h;
  horizon.kept_from := private.audit_dropped_until(horizon);
  from_seal := coalesce(from_seal, (
    select min(s.number) from private.audit_seals s
    where s.organization_id = verify_audit_logs.organization_id and s.sealed_from >= horizon.kept_from), 1);
  select * into checked from private.verify_seals(organization_id, from_seal, to_seal, horizon.kept_from);
  fault := checked.fault;
  emptied := private.unrecorded_erasure(organization_id, checked.first, checked.last);
  if emptied is not null and (fault is null or emptied < (fault ->> 'entry_id')::uuid) then
    fault := jsonb_build_object('entry_id', emptied, 'fault', 'changed');
  end if;
  select min(s.number) into next_seal from private.audit_seals s
  where s.organization_id = verify_audit_logs.organization_id and s.number > coalesce(checked.last, from_seal - 1)
    and (to_seal is null or s.number <= to_seal);
  select encode(s.hash, 'hex') into kept_hash from private.audit_seals s
  where s.organization_id = verify_audit_logs.organization_id and s.number = to_seal;
  if fault is null and next_seal is null and to_seal is null then
    -- After the last seal nothing was sealed either, up to the horizon.
    fault := private.audit_gap_fault(organization_id,
      greatest(coalesce(checked.until, horizon.kept_from), horizon.kept_from), horizon.sealed_until);
    -- Each organization begins with an entry, its own insert.
    if fault is null and checked.first is null and exists (
      select from public.organizations o
      where o.id = verify_audit_logs.organization_id and o.created_at < horizon.sealed_until)
    then
      fault := jsonb_build_object('entry_id', null, 'fault', 'seal_deleted');
    end if;
  elsif fault is null and to_seal is not null and kept_hash is null then
    fault := jsonb_build_object('entry_id', null, 'fault', 'seal_deleted');
  elsif fault is null and expected_hash <> kept_hash then
    fault := jsonb_build_object('entry_id', null, 'fault', 'seal_changed');
  end if;
  return jsonb_build_object('status', case when fault is null then 'whole' else 'tampered' end, 'fault', fault,
    'from_seal', checked.first, 'to_seal', checked.last, 'verified_entries', checked.verified, 'next_seal',
    case when fault is null then next_seal end,
    'erased_entries', private.erased_entries(organization_id, checked.first, checked.last),
    'seal_hash', (
      select encode(s.hash, 'hex') from private.audit_seals s
      where s.organization_id = verify_audit_logs.organization_id and s.number = checked.last),
    'kept_from', horizon.kept_from, 'sealed_until', horizon.sealed_until);
end
$$;
grant execute on function private.verify_audit_logs(uuid, bigint, bigint, text) to authenticated;

create function public.verify_audit_logs(organization_id uuid, from_seal bigint default null,
  to_seal bigint default null, expected_hash text default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.verify_audit_logs(organization_id, from_seal, to_seal, expected_hash)
$$;
comment on function public.verify_audit_logs is
  'Whether all audit entries from one seal to another are as they were sealed; names the first one that is not.';
grant execute on function public.verify_audit_logs(uuid, bigint, bigint, text) to authenticated;
