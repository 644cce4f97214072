-- The rows of a slice as the job parsed them. A function because of its row estimate: see private.batch_rows.
create function private.import_rows(rows jsonb)
returns table ("row" integer, first_name text, last_name text, email text, phone text, source text, status text,
  value numeric, tags text[], time_zone text, country text, region text, custom_fields jsonb, consented boolean,
  consent_at timestamptz, cells jsonb, warning text)
language sql immutable rows 2000 set search_path = ''
as $$
  select * from jsonb_to_recordset(rows) as r ("row" integer, first_name text, last_name text, email text, phone text,
    source text, status text, value numeric, tags text[], time_zone text, country text, region text,
    custom_fields jsonb, consented boolean, consent_at timestamptz, cells jsonb, warning text)
$$;
