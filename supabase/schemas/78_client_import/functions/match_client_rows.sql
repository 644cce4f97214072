-- The oldest client, not deleted, of each key, once among those with an external id and once among those without. All
-- at once and with a custom plan: see leads_by_contact. For security definer functions.
create function private.clients_by_key(organization_id uuid, external_ids text[], account_numbers text[],
  phones text[], emails text[], names text[])
returns table (kind text, key text, client_id uuid, has_external_id boolean)
language plpgsql stable rows 2000 set search_path = '' set plan_cache_mode = force_custom_plan
as $$
begin
  return query
    select 'external_id', lower(c.external_id), c.id, true from public.clients c
    where c.organization_id = clients_by_key.organization_id and c.deleted_at is null and c.external_id is not null
      and lower(c.external_id) = any (external_ids);
  return query
    select distinct on (lower(c.account_number), c.external_id is null) 'account_number', lower(c.account_number), c.id,
      c.external_id is not null
    from public.clients c
    where c.organization_id = clients_by_key.organization_id and c.deleted_at is null
      and c.account_number is not null and lower(c.account_number) = any (account_numbers)
    order by lower(c.account_number), c.external_id is null, c.created_at, c.id;
  return query
    select distinct on (c.phone, c.external_id is null) 'phone', c.phone, c.id, c.external_id is not null
    from public.clients c
    where c.organization_id = clients_by_key.organization_id and c.deleted_at is null and c.phone = any (phones)
    order by c.phone, c.external_id is null, c.created_at, c.id;
  return query
    select distinct on (c.email, c.external_id is null) 'email', c.email, c.id, c.external_id is not null
    from public.clients c
    where c.organization_id = clients_by_key.organization_id and c.deleted_at is null and c.email = any (emails)
    order by c.email, c.external_id is null, c.created_at, c.id;
  return query
    select distinct on (c.name, c.external_id is null) 'name', c.name, c.id, c.external_id is not null
    from public.clients c
    where c.organization_id = clients_by_key.organization_id and c.deleted_at is null and c.name = any (names)
    order by c.name, c.external_id is null, c.created_at, c.id;
end
$$;

-- The client that each row is about, and by what it was found: the external id, else account number, phone number or
-- e-mail address, and for a row without any of these the name. A row with another external id is about another client,
-- whatever else they share. given: rows with row, external_id, account_number, phone, email and name.
create function private.match_client_rows(organization_id uuid, given jsonb)
returns table ("row" integer, client_id uuid, matched_by text)
language sql stable rows 2000 set search_path = '' set enable_nestloop = off set jit = off
as $$
  with keys as materialized (
    select r."row", r.external_id, k.kind, k.key, k.place
    from private.client_import_rows(given) r
    cross join lateral (values ('external_id', lower(r.external_id), 1), ('account_number', lower(r.account_number), 2),
      ('phone', r.phone, 3), ('email', r.email, 4),
      ('name', case when coalesce(r.external_id, r.account_number, r.phone, r.email) is null then r.name end, 5)
    ) k (kind, key, place)
    where k.key is not null
  ), found as materialized (
    select f.* from private.clients_by_key(match_client_rows.organization_id,
      array(select k.key from keys k where k.kind = 'external_id'),
      array(select k.key from keys k where k.kind = 'account_number'),
      array(select k.key from keys k where k.kind = 'phone'), array(select k.key from keys k where k.kind = 'email'),
      array(select k.key from keys k where k.kind = 'name')) f
  )
  select m."row", m.client_id, m.kind from (
    select b.*, row_number() over (partition by b.client_id order by b."row") as n from (
      select distinct on (k."row") k."row", f.client_id, k.kind, k.external_id
      from keys k
      join found f on f.kind = k.kind and f.key = k.key
      where k.kind = 'external_id' or k.external_id is null or not f.has_external_id
      order by k."row", k.place, f.has_external_id, f.client_id
    ) b
  ) m
  -- A client without an external id gets that of one row; another id with the same number is another client.
  where m.kind = 'external_id' or m.external_id is null or m.n = 1
$$;

-- Which of the rows are about clients of the organization: { in_organization, rows: [20] }, for a preview. For a client
-- that the caller may not see, only that there is one. For security definer functions.
create function private.known_clients(organization_id uuid, given jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  with known as materialized (
    select m."row", m.matched_by, m.client_id from private.match_client_rows(known_clients.organization_id, given) m
  )
  select jsonb_build_object('in_organization', (select count(*) from known), 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', k."row", 'field', k.matched_by, 'in', 'organization',
      'first_row', null, 'client_id',
      case when (select private.client_in_scope(c, 'clients:read') from public.clients c where c.id = k.client_id)
        then k.client_id end) order by k."row"), '[]')
    from (select * from known order by "row" limit 20) k))
$$;
