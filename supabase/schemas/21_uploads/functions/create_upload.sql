-- Deletes the caller's waiting uploads beyond the last nine; 409 when the organization has too many all the same.
create function private.make_room_for_customer_upload(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  -- One upload of an organization at a time, so that the limits hold.
  perform pg_advisory_xact_lock(hashtextextended('uploads|' || organization_id, 0));
  delete from public.uploads u
  where u.processed_at is null and u.id in (
    select w.id from public.uploads w
    where w.organization_id = make_room_for_customer_upload.organization_id and w.created_by = auth.uid()
      and w.processed_at is null and w.expires_at > now()
    order by w.id desc offset 9);
  if (select count(*) from public.uploads u
      where u.organization_id = make_room_for_customer_upload.organization_id and u.processed_at is null
        and u.expires_at > now()) >= 40 then
    perform private.problem(409, 'too_many_uploads', 'Too many uploads of the organization wait to be processed. '
      || 'Process or delete some of them: GET and DELETE /upload/uploads.');
  end if;
end
$$;

-- Refuses rows that POST /upload/excel would not have read, and names the first (from 0). A control character anywhere is
-- looked for once, because a call for each of 75,000 names takes as long as all the rest.
create function private.require_upload_rows(rows jsonb)
returns void
language plpgsql immutable set search_path = ''
as $$
declare
  wrong bigint;
  names text;
begin
  perform private.require_valid(jsonb_typeof(rows) = 'array', 'rows', 'must be a list');
  perform private.require_valid(jsonb_array_length(rows) <= 75000, 'rows', 'has more than 75000 rows');
  select min(e.ordinality) filter (where not coalesce(
      e.value - array['row', 'name', 'account_number', 'phone', 'arrears', 'status'] = '{}' and r."row" > 0
      and char_length(r.name) between 1 and 255 and r.name = btrim(r.name)
      and r.account_number ~ '^[^\s{}[:cntrl:]]([^{}[:cntrl:]]{0,48}[^\s{}[:cntrl:]])?$'
      and r.phone ~ '^\+[1-9][0-9]{6,14}$' and r.arrears ~ '^-?[0-9]{1,12}(\.[0-9]{1,2})?$'
      and coalesce(r.status in ('connected', 'disconnected', 'warned'), true), false)),
    string_agg(r.name, '')
  into wrong, names
  from jsonb_array_elements(rows) with ordinality e
  cross join lateral jsonb_to_record(e.value)
    r ("row" integer, name text, account_number text, phone text, arrears text, status text);
  perform private.require_valid(wrong is null, 'rows.' || wrong - 1, 'is not a row of customers');
  perform private.require_valid(coalesce(private.is_plain(names), true), 'rows', 'has names with control characters');
end
$$;

-- rows: [{ row, name, account_number, phone, arrears, status }]; summary: the answer of POST /upload/excel without the
-- id. Security definer because callers may not write uploads directly.
create function private.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'uploads:write');
  -- POST /upload/excel has taken the token before it read the file: a file that cannot be read costs as much.
  answer := coalesce(private.idempotent_response(organization_id), case
    when (private.request_origin()).via is distinct from 'function' then private.over_rate_limit('upload') end);
  if answer is not null then
    return answer;
  end if;
  perform private.require_upload_rows(rows);
  perform private.require_valid(jsonb_typeof(summary) = 'object' and octet_length(summary::text) <= 2000000
    and private.has_multiline_texts(summary, 2000), 'summary', 'must be a small object without control characters');
  perform private.make_room_for_customer_upload(organization_id);
  insert into public.uploads (organization_id, file_name, rows, summary, created_by)
  values (organization_id, file_name, rows, summary, auth.uid()) returning id into upload;
  return private.store_idempotent_response(organization_id, summary || jsonb_build_object('upload_id', upload));
end
$$;
grant execute on function private.create_upload(uuid, text, jsonb, jsonb) to authenticated;

create function public.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_upload(organization_id, file_name, rows, summary)
$$;
comment on function public.create_upload is
  'Keeps the valid rows of a file for 24 hours; returns the summary with upload_id.';
grant execute on function public.create_upload(uuid, text, jsonb, jsonb) to authenticated;
