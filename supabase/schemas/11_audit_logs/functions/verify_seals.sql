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

-- The entries of one seal: null if they are whole, or what is wrong. gap_from: the end of the seal before it; what lies
-- between them was sealed without an entry, so there must be none.
create function private.audit_seal_fault(seal private.audit_seals, gap_from timestamptz)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
  live record;
  fault jsonb;
begin
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

-- Whether the first seal of an organization lacks its beginning, the organization's own insert: then an earlier chain
-- was dropped. An hour is more than any transaction that makes an organization takes.
create function private.begins_late(seal private.audit_seals)
returns boolean
language sql stable set search_path = ''
as $$
  select seal.number = 1 and exists (
    select from public.organizations o
    where o.id = seal.organization_id and o.created_at < seal.sealed_from - interval '1 hour')
$$;

-- Verifies seals in their order, at most 500 of them or 20,000 entries: { fault, first, last, verified }. Of those of
-- months that retention dropped only the chain is left to verify.
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
    if seal.number <> coalesce(previous.number, 0) + 1 or private.begins_late(seal) then
      fault := jsonb_build_object('entry_id', null, 'fault', 'seal_deleted');
    elsif seal.hash <> private.audit_seal_hash(coalesce(previous.hash, ''::bytea), seal) then
      fault := jsonb_build_object('entry_id', null, 'fault', 'seal_changed');
    elsif seal.sealed_from >= kept_from then
      fault := private.audit_seal_fault(seal, greatest(coalesce(previous.sealed_until, '1970-01-02'), kept_from));
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
