-- Upserts the customers of a batch: { created, updated, unchanged }. A row's status, or the one that the batch's action
-- leads to, is written at once; without either a new customer is connected and a known one stays as it is.
create function private.upsert_customers(organization_id uuid, rows jsonb, status text)
returns jsonb
language plpgsql set search_path = ''
as $$
#variable_conflict use_column
declare
  money text := (select o.currency from public.organizations o where o.id = upsert_customers.organization_id);
  created integer := 0;
  updated integer := 0;
  some_created integer;
  some_updated integer;
  with_status boolean;
begin
  -- Batches of one organization come one after the other: two over the same accounts could deadlock.
  perform pg_advisory_xact_lock(hashtextextended('upsert_customers|' || organization_id, 0));
  foreach with_status in array array[true, false] loop
    with written as (
      insert into public.customers as c (organization_id, name, account_number, phone, status, arrears, currency, created_by)
      select upsert_customers.organization_id, r.name, r.account_number, r.phone,
        coalesce(upsert_customers.status, r.status, 'connected'), r.arrears, money, auth.uid()
      from jsonb_to_recordset(rows) as r (name text, account_number text, phone text, arrears numeric, status text)
      where (coalesce(upsert_customers.status, r.status) is not null) = with_status
      on conflict (organization_id, lower(account_number)) do update
        set name = excluded.name, phone = excluded.phone, arrears = excluded.arrears,
          status = case when with_status then excluded.status else c.status end
        where (c.name, c.phone, c.arrears) is distinct from (excluded.name, excluded.phone, excluded.arrears)
          or (with_status and c.status <> excluded.status)
      returning c.xmax = 0 as is_new
    )
    select count(*) filter (where is_new), count(*) filter (where not is_new) into some_created, some_updated from written;
    created := created + some_created;
    updated := updated + some_updated;
  end loop;
  return jsonb_build_object('created', created, 'updated', updated,
    'unchanged', jsonb_array_length(rows) - created - updated);
exception when cardinality_violation then
  -- Validation compares account numbers too, but its lower case need not be the database's in every script.
  perform private.problem(422, 'account_repeated', 'Two rows have the same account number; nothing was stored.');
  return null;
end
$$;
