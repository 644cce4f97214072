-- The rows of a slice of an import of clients as the job parsed them. A function because of its row estimate: see
-- private.batch_rows.
create function private.client_import_rows(rows jsonb)
returns table ("row" integer, name text, segment text, client_type text, region text, category text,
  external_id text, account_number text, phone text, email text, contract_ends_on date, stated_risk text, since date,
  churned_on date, churn_reason text, mrr numeric, currency text, trial boolean, custom_fields jsonb,
  contact_name text, contact_role text, contact_email text, contact_phone text, cells jsonb)
language sql immutable rows 2000 set search_path = ''
as $$
  select r."row", r.name, r.segment, r.client_type, r.region, r.category, r.external_id, r.account_number, r.phone,
    r.email, r.contract_ends_on, r.stated_risk, r.since, r.churned_on, r.churn_reason,
    round(r.mrr / case r."interval" when 'year' then 12 when 'quarter' then 3 else 1 end, 2), r.currency,
    coalesce(r.trial, false), coalesce(r.custom_fields, '{}'), r.contact_name, r.contact_role, r.contact_email,
    r.contact_phone, r.cells
  from jsonb_to_recordset(rows) as r ("row" integer, name text, segment text, client_type text, region text,
    category text, external_id text, account_number text, phone text, email text, contract_ends_on date,
    stated_risk text, since date, churned_on date, churn_reason text, mrr numeric, "interval" text, currency text,
    trial boolean, custom_fields jsonb, contact_name text, contact_role text, contact_email text, contact_phone text,
    cells jsonb)
$$;
