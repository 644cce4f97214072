-- The rows of a batch. A function, and not jsonb_to_recordset in place, so that the planner expects 10,000 rows of it.
create function private.batch_rows(rows jsonb)
returns table ("row" integer, "position" integer, customer_id uuid, lead_id uuid, "to" text, name text,
  account_number text, phone text, arrears text, status text, action text, note text)
language sql immutable rows 10000 set search_path = ''
as $$
  select * from jsonb_to_recordset(rows) as r ("row" integer, "position" integer, customer_id uuid, lead_id uuid,
    "to" text, name text, account_number text, phone text, arrears text, status text, action text, note text)
$$;
