-- The hash of an entry's values, with its salt: without the salt nobody can find out by guessing what was erased.
create function private.audit_values_hash(entry public.audit_logs, salt bytea)
returns bytea
language sql immutable set search_path = ''
as $$
  select sha256(salt || convert_to(concat(entry.before::text, E'\x1f', entry.after::text), 'UTF8'))
$$;

-- The hash of everything that an entry says.
create function private.audit_entry_hash(entry public.audit_logs, values_hash bytea)
returns bytea
language sql immutable set search_path = ''
as $$
  select sha256(values_hash || convert_to(jsonb_build_array(entry.id, entry.organization_id, entry.actor_id,
    entry.impersonator_id, entry.action, entry.resource, entry.resource_id, to_jsonb(entry.changed), entry.via,
    entry.request_id, entry.ip, extract(epoch from entry.created_at))::text, 'UTF8'))
$$;

create function private.audit_seal_hash(previous bytea, seal private.audit_seals)
returns bytea
language sql immutable set search_path = ''
as $$
  select sha256(previous || seal.content_hash || convert_to(jsonb_build_array(seal.organization_id, seal.number,
    extract(epoch from seal.sealed_from), extract(epoch from seal.sealed_until), seal.entries)::text, 'UTF8'))
$$;

-- Until when no entry can be added any more. An entry's id is made in its transaction, so it is no older than the
-- transaction; all that are still open may add entries from their start on. The minute is for clocks that are set back.
-- Where the start of other sessions is hidden from the job's role, an hour.
create function private.audit_sealable_until()
returns timestamptz
language sql stable set search_path = ''
as $$
  select least(
    now() - case when bool_or(a.query = '<insufficient privilege>') then interval '1 hour' else interval '1 minute' end,
    min(a.xact_start) - interval '1 second',
    (select min(p.prepared) - interval '1 second' from pg_catalog.pg_prepared_xacts p))
  from pg_catalog.pg_stat_activity a
  where a.datname = current_database() and a.pid <> pg_backend_pid()
    and a.backend_type in ('client backend', 'background worker', 'parallel worker')
$$;

-- Hashes the entries of a time, all organizations together, and adds a seal to the chain of each.
create function private.seal_audit_range(range_from timestamptz, range_until timestamptz)
returns integer
language plpgsql set search_path = '' set jit = off
as $$
declare
  sealed integer;
begin
  execute format('
    insert into private.audit_hashes (entry_id, organization_id, salt, values_hash, hash)
    select s.entry_id, s.organization_id, s.salt, s.values_hash, private.audit_entry_hash(s.entry, s.values_hash)
    from (
      select x.id as entry_id, x.organization_id, x as entry, r.salt,
        private.audit_values_hash(x, r.salt) as values_hash
      from public.audit_logs x
      cross join lateral (select extensions.gen_random_bytes(16) as salt, x.id) r
      where x.id >= %L and x.id < %L and x.organization_id is not null
      offset 0
    ) s', private.uuid_v7_floor(range_from), private.uuid_v7_floor(range_until));
  get diagnostics sealed = row_count;
  insert into private.audit_seals (organization_id, number, sealed_from, sealed_until, entries, content_hash, hash)
  select c.organization_id, c.number, range_from, range_until, c.entries, c.content_hash,
    private.audit_seal_hash(c.previous, row(c.organization_id, c.number, range_from, range_until, c.entries,
      c.content_hash, null, null)::private.audit_seals)
  from (
    select h.organization_id, count(*)::integer as entries,
      sha256(string_agg(h.hash, '' order by h.entry_id)) as content_hash,
      coalesce(l.number, 0) + 1 as number, coalesce(l.hash, ''::bytea) as previous
    from private.audit_hashes h
    left join lateral (
      select s.number, s.hash from private.audit_seals s
      where s.organization_id = h.organization_id order by s.number desc limit 1
    ) l on true
    where h.entry_id >= private.uuid_v7_floor(range_from) and h.entry_id < private.uuid_v7_floor(range_until)
    group by h.organization_id, l.number, l.hash
  ) c;
  return sealed;
end
$$;

-- The task: seals what is complete, at most 20,000 entries a run, in the order of time. It only reads the log, so
-- nothing that writes entries waits for it.
create function private.seal_audit_logs()
returns integer
language plpgsql set search_path = ''
as $$
declare
  since timestamptz;
  until timestamptz := date_trunc('milliseconds', private.audit_sealable_until());
  beyond uuid;
begin
  select h.sealed_until into since from private.audit_horizon h where h.singleton for update skip locked;
  if since is null or until <= since then
    return 0;
  end if;
  execute format('
    select x.id from public.audit_logs x where x.id >= %L and x.id < %L order by x.id offset 20000 limit 1',
    private.uuid_v7_floor(since), private.uuid_v7_floor(until)) into beyond;
  if beyond is not null then
    until := greatest(private.uuid_v7_time(beyond), since + interval '1 millisecond');
  end if;
  update private.audit_horizon h set sealed_until = until where h.singleton;
  return private.seal_audit_range(since, until);
end
$$;
