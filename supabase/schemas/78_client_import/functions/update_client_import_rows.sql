-- New clients for the rows without an existing one: [{ row, client_id }].
create function private.insert_client_import_rows(import public.lead_imports, rows jsonb, validation jsonb)
returns jsonb
language sql set search_path = ''
as $$
  with fresh as materialized (
    select private.uuid_v7() as id, r.* from private.client_import_rows(rows) r
    where not exists (select from jsonb_to_recordset(validation) as j ("row" integer) where j."row" = r."row")
  ), clients as (
    insert into public.clients (id, organization_id, name, segment, client_type, region, category, external_id,
      account_number, phone, email, contract_ends_on, stated_risk, custom_fields, currency, created_by)
    select f.id, import.organization_id, f.name, coalesce(f.segment, private.first_segment(import.organization_id)),
      f.client_type, f.region, f.category, f.external_id, f.account_number, f.phone, f.email, f.contract_ends_on,
      f.stated_risk, f.custom_fields, f.currency, import.created_by
    from fresh f
  )
  select coalesce(jsonb_agg(jsonb_build_object('row', f."row", 'client_id', f.id)), '[]') from fresh f
$$;

-- Updates existing clients: given values replace, custom fields are merged.
create function private.update_client_import_rows(import public.lead_imports, rows jsonb, known jsonb, today date)
returns void
language plpgsql set search_path = ''
as $$
declare
  moved private.client_entry[];
begin
  moved := array(
    select row(c.id, today, 'segment', '', null, null, r.segment, null, null, null)::private.client_entry
    from private.client_import_rows(rows) r
    join jsonb_to_recordset(known) as k ("row" integer, client_id uuid) on k."row" = r."row"
    join public.clients c on (c.organization_id = import.organization_id) is true and c.id = k.client_id
    where r.segment <> c.segment and c.status <> 'prospect');
  with updated as (
    select c.id, coalesce(r.name, c.name) as name, coalesce(r.segment, c.segment) as segment,
      coalesce(r.client_type, c.client_type) as client_type, coalesce(r.region, c.region) as region,
      coalesce(r.category, c.category) as category, coalesce(r.external_id, c.external_id) as external_id,
      coalesce(r.account_number, c.account_number) as account_number, coalesce(r.phone, c.phone) as phone,
      coalesce(r.email, c.email) as email, coalesce(r.contract_ends_on, c.contract_ends_on) as contract_ends_on,
      coalesce(r.stated_risk, c.stated_risk) as stated_risk, c.custom_fields || r.custom_fields as custom_fields
    from private.client_import_rows(rows) r
    join jsonb_to_recordset(known) as k ("row" integer, client_id uuid) on k."row" = r."row"
    join public.clients c on (c.organization_id = import.organization_id) is true and c.id = k.client_id
  )
  update public.clients c
  set name = u.name, segment = u.segment, client_type = u.client_type, region = u.region, category = u.category,
    external_id = u.external_id, account_number = u.account_number, phone = u.phone, email = u.email,
    contract_ends_on = u.contract_ends_on, stated_risk = u.stated_risk, custom_fields = u.custom_fields
  from updated u
  where (c.organization_id = import.organization_id) is true and c.id = u.id
    and (c.name, c.segment, c.client_type, c.region, c.category, c.external_id, c.account_number, c.phone, c.email,
        c.contract_ends_on, c.stated_risk, c.custom_fields)
      is distinct from (u.name, u.segment, u.client_type, u.region, u.category, u.external_id, u.account_number, u.phone,
        u.email, u.contract_ends_on, u.stated_risk, u.custom_fields);
  if cardinality(moved) > 0 then
    perform private.post_entries(import.organization_id, moved, '{}', 'entry');
  end if;
end
$$;

-- The contact of each row: one of the client's with this name gets what the row has, else there is a new one.
create function private.write_client_import_contacts(import public.lead_imports, rows jsonb, written jsonb)
returns void
language sql set search_path = ''
as $$
  with given as materialized (
    select w.client_id, r.contact_name, r.contact_role, r.contact_email, r.contact_phone, k.id as contact_id
    from private.client_import_rows(rows) r
    join jsonb_to_recordset(written) as w ("row" integer, client_id uuid) on w."row" = r."row"
    left join lateral (
      select k.id from public.client_contacts k
      where k.organization_id = import.organization_id and k.client_id = w.client_id
        and lower(k.name) = lower(r.contact_name)
      order by k.id limit 1
    ) k on true
    where r.contact_name is not null
  ), changed as (
    update public.client_contacts k
    set role = coalesce(g.contact_role, k.role), email = coalesce(g.contact_email, k.email),
      phone = coalesce(g.contact_phone, k.phone)
    from given g
    where k.organization_id = import.organization_id and k.id = g.contact_id
      and (k.role, k.email, k.phone) is distinct from (coalesce(g.contact_role, k.role),
        coalesce(g.contact_email, k.email), coalesce(g.contact_phone, k.phone))
  )
  insert into public.client_contacts (organization_id, client_id, name, role, email, phone, is_primary)
  select import.organization_id, g.client_id, g.contact_name, g.contact_role, g.contact_email, g.contact_phone,
    not exists (
      select from public.client_contacts k
      where k.organization_id = import.organization_id and k.client_id = g.client_id and k.is_primary)
  from given g where g.contact_id is null
$$;
