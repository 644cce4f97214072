-- What is wrong with a row for a client that is known, or null: [kind, reason]. first_row: the earlier row of the import
-- that is about the same client. spell: the time of service that the row's would overlap or repeat. contracts: whether
-- the client has contracts that an amount without a contract would be added to.
create function private.client_row_error(import public.lead_imports, r jsonb, client public.clients, matched_by text,
  first_row integer, spell public.client_spells, contracts boolean)
returns jsonb
language sql immutable set search_path = ''
as $$
  select case
    when first_row is not null and since is null and churned_on is null
      then jsonb_build_array('skipped', format('The client is already in row %s.', first_row))
    when first_row is null and import.on_duplicate = 'skip'
      then jsonb_build_array('skipped', format('There is a client with this %s already.',
        replace(matched_by, '_', ' ')))
    when spell.starts_on <> since
      then jsonb_build_array('invalid', format('since: The client is known to have been in service from %s to %s.',
        spell.starts_on, coalesce(spell.ends_on::text, 'today')))
    when spell.ends_on is not null and spell.ends_on is distinct from churned_on
      then jsonb_build_array('invalid', format('churned_on: The client is known to have left on %s.', spell.ends_on))
    when since is null and churned_on is not null and spell.id is null
      then jsonb_build_array('invalid', 'since: The first day of service is missing.')
    when since is null and churned_on is null and (r ->> 'mrr') is not null and client.status = 'churned'
      then jsonb_build_array('invalid', 'since: The client has left; a return needs its first day.')
    when (r ->> 'mrr') is not null and contracts
      then jsonb_build_array('invalid', 'mrr: The client has several contracts: enter what it pays by contract.')
    when (select count(*) from jsonb_object_keys(client.custom_fields || coalesce(r -> 'custom_fields', '{}'))) > 50
      then jsonb_build_array('invalid', 'custom_fields: A client has at most 50.')
    end
  from (select (r ->> 'since')::date as since, (r ->> 'churned_on')::date as churned_on) d
$$;

-- The contracts in force before each day of a list of clients. All at once: see private.clients_by_key.
create function private.contracts_before(client_ids uuid[], days date[])
returns table (client_id uuid, contract text)
language sql stable rows 2000 set search_path = '' set jit = off
as $$
  select l.client_id, l.contract from (
    select distinct on (m.client_id, m.contract) m.client_id, m.contract, m.entry
    from private.effective_movements(client_ids) m
    join unnest(client_ids, days) as d (client_id, day) on d.client_id = m.client_id and m.day < d.day
    where m.entry in ('amount', 'end')
    order by m.client_id, m.contract, m.day desc, m.place desc
  ) l
  where l.entry = 'amount'
$$;

-- Known clients and errors of the rows: [{ row, client_id, kind, reason }], for rows that have either. No two rows of
-- one call are about the same client, as far as the file tells; of those that turn out to be, the first counts.
create function private.validate_client_import_rows(import public.lead_imports, rows jsonb, today date)
returns jsonb
language sql set search_path = '' set jit = off
as $$
  with matched as materialized (
    select m.*, min(m."row") over (partition by m.client_id) as first_here
    from private.match_client_rows(import.organization_id, rows) m
  ), given as materialized (
    select j.value as r, g."row", g.since, g.churned_on, g.trial, m.client_id, m.matched_by, m.first_here
    from private.client_import_rows(rows) g
    join jsonb_array_elements(rows) j (value) on (j.value ->> 'row')::integer = g."row"
    left join matched m on m."row" = g."row"
  ), paid as materialized (
    select distinct b.client_id from private.contracts_before(array(select m.client_id from matched m),
      array(select today + 1 from matched m)) b where b.contract <> ''
  ), known as materialized (
    select c.id, c as client from public.clients c
    where c.organization_id = import.organization_id and c.id = any (array(select m.client_id from matched m))
  ), first_rows as materialized (
    select t.record_id, t."row" from private.lead_import_rows t
    where t.import_id = import.id and t.record_id = any (array(select m.client_id from matched m))
  ), spells as materialized (
    select s.client_id, s.starts_on, s.ends_on, s as spell from public.client_spells s
    where s.organization_id = import.organization_id and s.client_id = any (array(select m.client_id from matched m))
  ), clashes as materialized (
    select distinct on (g."row") g."row", s.spell
    from given g join spells s on s.client_id = g.client_id
    where case when g.since is not null then daterange(s.starts_on, s.ends_on) && daterange(g.since, g.churned_on)
      else g.churned_on > s.starts_on and g.churned_on <= coalesce(s.ends_on, 'infinity') end
    order by g."row", s.starts_on <> g.since, s.starts_on
  ), checked as (
    select g."row", g.client_id, case
      when greatest(g.since, g.churned_on) > today + 3660
        then jsonb_build_array('invalid', 'The day is more than ten years ahead.')
      when g.trial and g.since > today then jsonb_build_array('invalid', 'since: A trial that begins later is not entered.')
      when g.client_id is null and g.churned_on is not null and g.since is null
        then jsonb_build_array('invalid', 'since: The first day of service is missing.')
      when g.client_id is not null and g.first_here <> g."row"
        then jsonb_build_array('skipped', format('The client is already in row %s.', g.first_here))
      when g.client_id is not null
        then private.client_row_error(import, g.r, c.client, g.matched_by, t."row", k.spell, p.client_id is not null)
      end as error
    from given g
    left join known c on c.id = g.client_id
    left join first_rows t on t.record_id = g.client_id
    left join clashes k on k."row" = g."row"
    left join paid p on p.client_id = g.client_id
  )
  select coalesce(jsonb_agg(jsonb_build_object('row', j."row", 'client_id', j.client_id, 'kind', j.error ->> 0,
    'reason', j.error ->> 1)), '[]')
  from checked j where j.client_id is not null or j.error is not null
$$;
