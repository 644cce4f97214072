-- Upserts the customers of a batch: { created, updated, unchanged }. status, or else a row's own status, is written
-- at once; without either a new customer is connected and an existing one keeps its status.
create function private.upsert_customers(organization_id uuid, rows jsonb, status text)
returns jsonb
language plpgsql set search_path = ''
as $$
#variable_conflict use_column
declare
  organization_currency text := (select o.currency from public.organizations o
    where o.id = upsert_customers.organization_id);
  created integer := 0;
  updated integer := 0;
  inserted integer;
  changed integer;
  with_status boolean;
begin
  -- One batch of an organization at a time: two over the same accounts could deadlock.
  perform pg_advisory_xact_lock(hashtextextended('upsert_customers|' || organization_id, 0));
  -- Validation compares account numbers too, but its lower-casing may differ from the database's in some scripts, and
  -- callers of the Data API may skip it. Each of the rows would get its action and its text.
  if exists (select from private.batch_rows(rows) r group by lower(r.account_number) having count(*) > 1) then
    perform private.problem(422, 'account_repeated', 'Two rows have the same account number; nothing was stored.');
  end if;
  foreach with_status in array array[true, false] loop
    with written as (
      insert into public.customers as c (organization_id, name, account_number, phone, status, arrears, currency,
        created_by)
      select upsert_customers.organization_id, r.name, r.account_number, r.phone,
        coalesce(upsert_customers.status, r.status, 'connected'), r.arrears, organization_currency, auth.uid()
      from jsonb_to_recordset(rows) as r (name text, account_number text, phone text, arrears numeric, status text)
      where (coalesce(upsert_customers.status, r.status) is not null) = with_status
      on conflict (organization_id, lower(account_number)) do update
        set name = excluded.name, phone = excluded.phone, arrears = excluded.arrears,
          status = case when with_status then excluded.status else c.status end
        where (c.name, c.phone, c.arrears) is distinct from (excluded.name, excluded.phone, excluded.arrears)
          or (with_status and c.status <> excluded.status)
      returning c.xmax = 0 as is_new
    )
    select count(*) filter (where is_new), count(*) filter (where not is_new) into inserted, changed from written;
    created := created + inserted;
    updated := updated + changed;
  end loop;
  return jsonb_build_object('created', created, 'updated', updated,
    'unchanged', jsonb_array_length(rows) - created - updated);
end
$$;
