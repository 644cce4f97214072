-- The rows of an upload, locked: of two people who process the same upload one succeeds and the other gets 409.
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

-- Checks that the caller may do all parts of the batch and that texts have a message or a template.
create function private.require_batch(organization_id uuid, action text, send_sms boolean, message text)
returns void
language plpgsql stable set search_path = ''
as $$
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
end
$$;

-- Queues a text to each customer of the rows: what queue_messages returns. Without a message the action's template.
create function private.queue_batch_texts(organization_id uuid, rows jsonb, batch uuid, action text, message text)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  purpose text := case action when 'warn' then 'warning' when 'disconnect' then 'disconnection'
    when 'connect' then 'connection' else 'custom' end;
begin
  return private.queue_messages(organization_id, (
    select coalesce(jsonb_agg(jsonb_build_object('position', r.row, 'customer_id', c.id, 'to', c.phone, 'name', c.name,
      'account_number', c.account_number, 'arrears', private.money_text(c.arrears, c.currency))), '[]')
    from private.batch_rows(rows) r
    join public.customers c on c.organization_id = queue_batch_texts.organization_id
      and lower(c.account_number) = lower(r.account_number)
  ), coalesce(message, private.template_of(organization_id, purpose)), purpose, batch);
end
$$;

-- POST /upload/process-batch in one transaction. rows come from the upload or from the request (`row` is the position
-- there); skipped: rows that the validation of the request refused. Security definer because callers may not write
-- batches, batch actions and messages directly.
create function private.process_batch(organization_id uuid, upload_id uuid, customers jsonb, skipped jsonb, action text,
  send_sms boolean, message text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  refusal jsonb;
  rows jsonb;
  batch uuid;
  summary jsonb;
  actions_recorded integer := 0;
  queued jsonb := '{"queued": 0, "suppressed": [], "repeated": []}'::jsonb;
begin
  perform private.require_batch(organization_id, action, send_sms, message);
  answer := private.idempotent_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  if upload_id is null then
    perform private.require_upload_rows(customers);
  end if;
  rows := case when upload_id is null then customers else private.take_upload(organization_id, upload_id) end;
  if send_sms then
    -- As in send_bulk. A batch that is larger than the whole bucket takes all of it.
    select private.over_rate_limit('send', least(l.quota, ceil(jsonb_array_length(rows) / 100.0))::integer) into refusal
    from private.rate_limits l where l.kind = 'send';
    if refusal is not null then
      return refusal;
    end if;
  end if;
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
    get diagnostics actions_recorded = row_count;
  end if;
  if send_sms then
    queued := private.queue_batch_texts(organization_id, rows, batch, action, message);
  end if;

  skipped := skipped || (
    select coalesce(jsonb_agg(jsonb_build_object('row', p.position, 'reason',
      rtrim(p.reason, '.') || ': no text was queued.') order by p.position), '[]')
    from (
      select (s.value ->> 'position')::integer as position, private.verdict_text(s.value ->> 'reason') as reason
      from jsonb_array_elements(queued -> 'suppressed') s
      union all
      select (s.value ->> 'position')::integer, s.value ->> 'reason' from jsonb_array_elements(queued -> 'repeated') s
    ) p
  );
  summary := summary || jsonb_build_object('actions', actions_recorded, 'messages_queued', queued -> 'queued');
  update public.batches b set counts = summary, skipped = process_batch.skipped where b.id = batch;
  update public.uploads u set processed_at = now(), batch_id = batch, rows = '[]' where u.id = process_batch.upload_id;
  return private.store_idempotent_response(organization_id,
    summary || jsonb_build_object('batch_id', batch, 'skipped', skipped));
end
$$;
grant execute on function private.process_batch(uuid, uuid, jsonb, jsonb, text, boolean, text) to authenticated;

-- On a busy machine ten thousand customers take longer than the usual limit; the Data API applies this setting.
create function public.process_batch(organization_id uuid, upload_id uuid default null, customers jsonb default null,
  skipped jsonb default '[]', action text default null, send_sms boolean default false, message text default null)
returns jsonb
language sql set search_path = '' set statement_timeout = '55s'
as $$
  select private.process_batch(organization_id, upload_id, customers, skipped, action, send_sms, message)
$$;
comment on function public.process_batch is 'Upserts customers, records actions and queues texts in one transaction.';
grant execute on function public.process_batch(uuid, uuid, jsonb, jsonb, text, boolean, text) to authenticated;
