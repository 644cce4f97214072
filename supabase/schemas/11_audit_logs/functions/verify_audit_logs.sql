-- The first entry of a seal's time that is not as it was sealed: { entry_id, fault }, null if all are.
create function private.audit_fault(organization_id uuid, range_from timestamptz, range_until timestamptz)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  execute format('
    select jsonb_build_object(''entry_id'', coalesce(x.id, h.entry_id), ''fault'', case
      when h.entry_id is null then ''inserted'' when x.id is null then ''deleted'' else ''changed'' end)
    from (select * from public.audit_logs x where x.id >= %2$L and x.id < %3$L and x.organization_id = %1$L) x
    full join (
      select * from private.audit_hashes h where h.entry_id >= %2$L and h.entry_id < %3$L and h.organization_id = %1$L
    ) h on h.entry_id = x.id
    where h.entry_id is null or x.id is null or private.audit_live_hash(x, h) is distinct from h.hash
    order by coalesce(x.id, h.entry_id) limit 1',
    organization_id, private.uuid_v7_floor(range_from), private.uuid_v7_floor(range_until)) into fault;
  return fault;
end
$$;

-- The first entry of a time that no seal covers, in which there must be none.
create function private.audit_gap_fault(organization_id uuid, range_from timestamptz, range_until timestamptz)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  fault jsonb;
begin
  execute format('
    select jsonb_build_object(''entry_id'', x.id, ''fault'', case
      when exists (select from private.audit_hashes h where h.entry_id = x.id) then ''seal_deleted''
      else ''inserted'' end)
    from public.audit_logs x where x.id >= %L and x.id < %L and x.organization_id = %L order by x.id limit 1',
    private.uuid_v7_floor(range_from), private.uuid_v7_floor(range_until), organization_id) into fault;
  return fault;
end
$$;

-- The hash of an entry as it is now. Of an erased one (no salt, no values) the sealed hash of the values counts.
create function private.audit_live_hash(entry public.audit_logs, sealed private.audit_hashes)
returns bytea
language sql immutable set search_path = ''
as $$
  select private.audit_entry_hash(entry, case
    when sealed.salt is not null then private.audit_values_hash(entry, sealed.salt)
    when entry.before is null and entry.after is null then sealed.values_hash end)
$$;

-- One seal: null if it is whole, or what is wrong. gap_from: the end of the seal before it; what lies between them was
-- sealed without an entry, so there must be none.
create function private.audit_seal_fault(seal private.audit_seals, previous_hash bytea, gap_from timestamptz)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  live record;
  fault jsonb;
begin
  if seal.hash <> private.audit_seal_hash(previous_hash, seal) then
    return jsonb_build_object('entry_id', null, 'fault', 'seal_changed');
  end if;
  fault := private.audit_gap_fault(seal.organization_id, gap_from, seal.sealed_from);
  if fault is not null then
    return fault;
  end if;
  execute format('
    select count(*)::integer as entries,
      sha256(string_agg(private.audit_live_hash(x, h), '''' order by x.id)) as content
    from public.audit_logs x left join private.audit_hashes h on h.entry_id = x.id
    where x.id >= %L and x.id < %L and x.organization_id = %L',
    private.uuid_v7_floor(seal.sealed_from), private.uuid_v7_floor(seal.sealed_until), seal.organization_id)
  into live;
  if live.entries = seal.entries and live.content = seal.content_hash then
    return null;
  end if;
  return coalesce(private.audit_fault(seal.organization_id, seal.sealed_from, seal.sealed_until),
    jsonb_build_object('entry_id', null, 'fault', 'seal_changed'));
end
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

-- Verifies seals in their order, at most 500 of them or 20,000 entries: { fault, first, last, verified }. Those of
-- months that retention dropped are only counted.
create function private.verify_seals(organization_id uuid, from_seal bigint, to_seal bigint, kept_from timestamptz)
returns table (fault jsonb, first bigint, last bigint, verified bigint, until timestamptz)
language plpgsql stable set search_path = ''
as $$
declare
  seal private.audit_seals;
  previous private.audit_seals;
begin
  verified := 0;
  select * into previous from private.audit_seals s
  where s.organization_id = verify_seals.organization_id and s.number = from_seal - 1;
  for seal in
    select * from private.audit_seals s
    where s.organization_id = verify_seals.organization_id and s.number >= from_seal
      and (to_seal is null or s.number <= to_seal)
    order by s.number limit 500
  loop
    exit when verified > 0 and verified + seal.entries > 20000;
    if seal.number <> coalesce(previous.number, 0) + 1 then
      fault := jsonb_build_object('entry_id', null, 'fault', 'seal_deleted');
    elsif seal.sealed_from >= kept_from then
      fault := private.audit_seal_fault(seal, coalesce(previous.hash, ''::bytea),
        greatest(coalesce(previous.sealed_until, '1970-01-02'), kept_from));
      verified := verified + seal.entries;
    end if;
    first := coalesce(first, seal.number);
    last := seal.number;
    exit when fault is not null;
    previous := seal;
  end loop;
  until := previous.sealed_until;
  return next;
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
  next_seal bigint;
  kept_hash text;
begin
  perform private.require_permission(organization_id, 'audit:read');
  perform private.require_seal_range(organization_id, from_seal, to_seal, expected_hash);
  select * into horizon from private.audit_horizon h;
  from_seal := coalesce(from_seal, (
    select min(s.number) from private.audit_seals s
    where s.organization_id = verify_audit_logs.organization_id and s.sealed_from >= horizon.kept_from), 1);
  select * into checked from private.verify_seals(organization_id, from_seal, to_seal, horizon.kept_from);
  fault := checked.fault;
  select min(s.number) into next_seal from private.audit_seals s
  where s.organization_id = verify_audit_logs.organization_id and s.number > coalesce(checked.last, from_seal - 1)
    and (to_seal is null or s.number <= to_seal);
  select encode(s.hash, 'hex') into kept_hash from private.audit_seals s
  where s.organization_id = verify_audit_logs.organization_id and s.number = to_seal;
  if fault is null and next_seal is null and to_seal is null then
    -- After the last seal nothing was sealed either, up to the horizon.
    fault := private.audit_gap_fault(organization_id,
      greatest(coalesce(checked.until, horizon.kept_from), horizon.kept_from), horizon.sealed_until);
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
    'sealed_until', horizon.sealed_until);
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
