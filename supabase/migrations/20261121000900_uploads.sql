-- A spreadsheet of customers in two steps: the upload keeps what was read for 24 hours, processing turns it into
-- customers, actions and texts in one transaction.

create table public.uploads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  file_name text not null constraint uploads_file_name_length check (char_length(file_name) between 1 and 255),
  rows jsonb not null,
  summary jsonb not null,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours',
  processed_at timestamptz,
  batch_id uuid,
  constraint uploads_organization_key unique (organization_id, id),
  constraint uploads_batch foreign key (organization_id, batch_id)
    references public.batches (organization_id, id) on delete set null (batch_id)
);
comment on table public.uploads is 'A file as it was read: its valid rows wait here until they are processed or expire.';
create index uploads_created_by on public.uploads (created_by);
create index uploads_batch on public.uploads (organization_id, batch_id) where batch_id is not null;
create index uploads_expiry on public.uploads (expires_at) where processed_at is null;

alter table public.batches add constraint batches_upload foreign key (organization_id, upload_id)
  references public.uploads (organization_id, id) on delete set null (upload_id);
create index batches_upload on public.batches (organization_id, upload_id) where upload_id is not null;

select private.audit_table('public.uploads', 'rows', 'summary');
select private.grant_permission('uploads:read', 'See uploads and batches', array['admin', 'operator', 'viewer']);
select private.grant_permission('uploads:write', 'Upload and process files of customers', array['admin', 'operator']);

alter table public.uploads enable row level security;
create policy "those who may read uploads read their organization's" on public.uploads for select to authenticated
  using (organization_id = any ((select private.organizations_with('uploads:read'))::uuid[]));
revoke all on public.uploads from public, anon, authenticated, service_role;
grant select on public.uploads to authenticated, service_role;

-- rows: [{ row, name, account_number, phone, arrears, status }]; summary: what POST /upload/excel answers, without the id.
-- Definer: uploads are written only as a whole.
create function private.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'uploads:write');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  insert into public.uploads (organization_id, file_name, rows, summary, created_by)
  values (organization_id, file_name, rows, summary, auth.uid()) returning id into upload;
  return private.remember_response(organization_id, summary || jsonb_build_object('upload_id', upload));
end
$$;

create function public.create_upload(organization_id uuid, file_name text, rows jsonb, summary jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.create_upload(organization_id, file_name, rows, summary)
$$;
comment on function public.create_upload is 'Keeps a file''s valid rows for 24 hours; answers the summary with upload_id.';

-- The upload's rows, locked so that of two people who process it one wins and the other is told so.
create function private.take_upload(organization_id uuid, upload_id uuid)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  upload public.uploads;
begin
  select * into upload from public.uploads u
  where u.organization_id = take_upload.organization_id and u.id = take_upload.upload_id
  for update;
  if upload is null then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
  if upload.processed_at is not null then
    perform private.problem(409, 'upload_processed', 'This upload was processed already.');
  end if;
  if upload.expires_at <= now() then
    perform private.problem(409, 'upload_expired', 'This upload is more than 24 hours old. Upload the file again.');
  end if;
  return upload.rows;
end
$$;

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

-- POST /upload/process-batch, whole and in one transaction. rows come from the upload, or from the request (position is
-- the row then); skipped: rows that the request's own validation refused. Definer: it writes batches, actions marked as
-- a batch's, and messages, which nobody may write directly.
create function private.process_batch(organization_id uuid, upload_id uuid, customers jsonb, skipped jsonb, action text,
  send_sms boolean, message text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  rows jsonb;
  batch uuid;
  purpose text := case action when 'warn' then 'warning' when 'disconnect' then 'disconnection'
    when 'connect' then 'connection' else 'custom' end;
  summary jsonb;
  acted integer := 0;
  queued jsonb := '{"queued": 0, "suppressed": []}'::jsonb;
begin
  perform private.require_permission(organization_id, 'uploads:write');
  perform private.require_permission(organization_id, 'customers:write');
  if action is not null then
    perform private.require_permission(organization_id, 'actions:write');
  end if;
  if send_sms then
    perform private.require_permission(organization_id, 'messages:send');
    if action is null and message is null then
      perform private.problem(422, 'message_required', 'Give a message, or an action whose template is to be sent.',
        '[{"path": "message", "message": "is required when texts are sent without an action"}]');
    end if;
  end if;
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;

  rows := case when upload_id is null then customers else private.take_upload(organization_id, upload_id) end;
  insert into public.batches (organization_id, kind, upload_id, file_name, action, send_sms, created_by)
  values (organization_id, 'upload', upload_id, (
    select u.file_name from public.uploads u where u.id = process_batch.upload_id
  ), action, send_sms, auth.uid())
  returning id into batch;

  summary := private.upsert_customers(organization_id, rows, private.status_after(action));
  if action is not null then
    insert into public.customer_actions (organization_id, customer_id, action, source, batch_id, performed_by)
    select process_batch.organization_id, c.id, process_batch.action, 'batch', batch, auth.uid()
    from private.batch_rows(rows) r
    join public.customers c on c.organization_id = process_batch.organization_id
      and lower(c.account_number) = lower(r.account_number);
    get diagnostics acted = row_count;
  end if;
  if send_sms then
    queued := private.queue_messages(organization_id, (
      select coalesce(jsonb_agg(jsonb_build_object('position', r.row, 'customer_id', c.id, 'to', c.phone, 'name', c.name,
        'account_number', c.account_number, 'arrears', private.money_text(c.arrears, c.currency))), '[]')
      from private.batch_rows(rows) r
      join public.customers c on c.organization_id = process_batch.organization_id
        and lower(c.account_number) = lower(r.account_number)
    ), coalesce(message, private.template_of(organization_id, purpose)), purpose, batch);
  end if;

  skipped := skipped || (
    select coalesce(jsonb_agg(jsonb_build_object('row', p.value, 'reason', 'The number has opted out: no text was queued.')), '[]')
    from jsonb_array_elements(queued -> 'suppressed') p
  );
  summary := summary || jsonb_build_object('actions', acted, 'messages_queued', queued -> 'queued');
  update public.batches b set counts = summary, skipped = process_batch.skipped where b.id = batch;
  update public.uploads u set processed_at = now(), batch_id = batch, rows = '[]' where u.id = process_batch.upload_id;
  return private.remember_response(organization_id,
    summary || jsonb_build_object('batch_id', batch, 'skipped', skipped));
end
$$;

create function public.process_batch(organization_id uuid, upload_id uuid default null, customers jsonb default null,
  skipped jsonb default '[]', action text default null, send_sms boolean default false, message text default null)
returns jsonb
language sql set search_path = ''
as $$
  select private.process_batch(organization_id, upload_id, customers, skipped, action, send_sms, message)
$$;
comment on function public.process_batch is 'Upserts customers, records actions and queues texts: all of it or nothing.';

-- A batch and how far its texts have come.
create function public.batch_detail(organization_id uuid, batch_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(b) || jsonb_build_object('delivery', (
    select coalesce(jsonb_object_agg(d.status, d.messages), '{}')
    from (
      select m.status, count(*) as messages from public.messages m
      where m.organization_id = b.organization_id and m.batch_id = b.id group by m.status
    ) d
  ), 'created_by_name', (select p.full_name from public.profiles p where p.id = b.created_by))
  from public.batches b
  where b.organization_id = batch_detail.organization_id and b.id = batch_detail.batch_id and b.kind = 'upload'
$$;

grant execute on function private.create_upload(uuid, text, jsonb, jsonb),
  private.process_batch(uuid, uuid, jsonb, jsonb, text, boolean, text) to authenticated;
grant execute on function public.create_upload(uuid, text, jsonb, jsonb),
  public.process_batch(uuid, uuid, jsonb, jsonb, text, boolean, text), public.batch_detail(uuid, uuid) to authenticated;
