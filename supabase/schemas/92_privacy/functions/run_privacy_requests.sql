-- Before anything is erased, and again when more rows of the person have come: the numbers are suppressed, so that
-- nothing goes out to them in the meantime; the leads are deleted, so that nobody is reminded of them; mails about them
-- and files of reports that may show them are withdrawn.
create function private.begin_erasure(request private.privacy_requests, person private.person)
returns void
language plpgsql set search_path = ''
as $$
begin
  insert into public.suppressions (organization_id, phone, scope, source, reason, created_by)
  select person.organization_id, f, 'all', 'erased', 'The data of this number was erased on request.',
    request.requested_by
  from unnest(person.phones) f
  on conflict (organization_id, phone, scope) where lifted_at is null do nothing;
  update public.leads l set deleted_at = now(), deleted_by = request.requested_by
  where l.organization_id = person.organization_id and l.id = any (person.lead_ids) and l.deleted_at is null;
  update public.emails e set status = 'canceled'
  where e.organization_id = person.organization_id and e.status = 'queued'
    and (e.lead_id = any (person.lead_ids) or e.to_address = any (person.emails) or private.is_about(e.data, person));
  perform private.withdraw_report_files(person.organization_id);
end
$$;

-- Files cannot be searched: all that were made so far are withdrawn at once and deleted by the job.
create function private.withdraw_report_files(organization_id uuid)
returns void
language plpgsql set search_path = ''
as $$
begin
  update public.report_runs r set file_withdrawn_at = now()
  where r.organization_id = withdraw_report_files.organization_id and r.file_deleted_at is null
    and r.file_withdrawn_at is null and r.status not in ('queued', 'refused', 'failed', 'missed');
  if found then
    -- A run that waits for Google ends at its next step; nothing is erased before that.
    update private.report_run_work w set not_before = null
    where w.organization_id = withdraw_report_files.organization_id and w.not_before > now();
    perform private.invoke('report-jobs/run-reports');
    perform private.invoke('report-jobs/delete-report-files');
  end if;
end
$$;

-- Whether a report is being written that may have read the person before.
create function private.reports_under_way(organization_id uuid)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.report_runs r where r.organization_id = reports_under_way.organization_id
      and r.finished_at is null and r.file_withdrawn_at is not null)
$$;

-- The end: what the requests themselves say of the person is replaced, in earlier ones too.
create function private.finish_erasure(request private.privacy_requests, person private.person)
returns void
language plpgsql set search_path = ''
as $$
declare
  pseudonyms text[] := array(select private.pseudonym_phone(f) from unnest(person.phones) f);
begin
  update private.privacy_requests r
  set subject = private.redacted_json(r.subject, person.mentions), person = '{}'
  where r.organization_id = request.organization_id and (r.status = 'failed' or r.status = 'done' and r.kind = 'export')
    and (concat(r.subject, r.person) ~* person.mentions or concat(r.subject, r.person) ~ person.ids_pattern);
  update private.privacy_requests r set
    subject = case when r.subject ? 'phone'
      then jsonb_build_object('phone', private.pseudonym_phone(r.subject ->> 'phone'))
      else private.redacted_json(r.subject, person.mentions) end,
    person = jsonb_build_object('phones', pseudonyms, 'unclear_phones', array(
        select private.pseudonym_phone(f) from unnest(person.unclear_phones) f),
      'lead_ids', person.lead_ids, 'customer_ids', person.customer_ids,
      'client_ids', person.client_ids, 'contact_ids', person.contact_ids)
  where r.id = request.id;
  perform private.audit_event(request.organization_id, 'erased', 'privacy_requests', request.id, null,
    request.requested_by);
end
$$;

-- One slice: some four megabytes of a table, and where to go on. Answers whether the request is done.
create function private.privacy_slice(request private.privacy_requests, person private.person)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  at record;
  blocks bigint;
  slice bigint;
  found bigint;
begin
  select p.* into at from private.privacy_places() p
  where request.place is null or p.place collate "C" >= request.place order by p.place collate "C" limit 1;
  if at.place is null then
    return private.end_privacy_pass(request, person);
  end if;
  if at.place is distinct from request.place then
    request.block := 0;
  end if;
  blocks := pg_catalog.pg_relation_size(at.place::regclass) / 8192;
  slice := greatest(1, 500 * blocks / greatest(1, pg_catalog.pg_table_size(at.place::regclass) / 8192));
  found := case request.kind
    when 'erase' then private.erase_slice(request, person, at.place, at.relation, request.block,
      request.block + slice)
    else private.export_slice(request.id, person, at.place, at.relation, request.block, request.block + slice) end;
  update private.privacy_requests r set status = 'running', attempts = 0, error = null,
    -- The character after the name's last one: the next table comes after this one.
    place = case when request.block + slice < blocks then at.place else at.place || ' ' end,
    block = case when request.block + slice < blocks then request.block + slice else 0 end,
    pass_changes = r.pass_changes + found,
    records = case when found = 0 then r.records else r.records || jsonb_build_object(at.relation,
      coalesce((r.records ->> at.relation)::bigint, 0) + found) end
  where r.id = request.id;
  return false;
end
$$;

-- An erasure goes through all tables until it finds nothing more, five times at most: rows may have moved, been written
-- or come back meanwhile. Rows of the person that have come since are looked for as long as it takes.
create function private.end_privacy_pass(request private.privacy_requests, person private.person)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  late boolean := request.kind = 'erase' and private.add_late_rows(request, person);
  done boolean := request.kind = 'export' or not late
    and request.pass >= 2 and (request.pass_changes = 0 or request.pass >= 5)
    and not private.reports_under_way(request.organization_id);
begin
  if done and request.kind = 'erase' then
    perform private.withdraw_report_files(request.organization_id);
    perform private.finish_erasure(request, person);
  end if;
  update private.privacy_requests r set place = null, block = 0, pass = r.pass + 1, pass_changes = 0,
    status = case when done then 'done' else 'running' end, finished_at = case when done then clock_timestamp() end
  where r.id = request.id;
  return done;
end
$$;

-- Adds what has come of the person since they were looked for, such as rows of an import or another number. Whether
-- there was any.
create function private.add_late_rows(request private.privacy_requests, person private.person)
returns boolean
language plpgsql set search_path = ''
as $$
declare
  now_found private.person := private.with_late_rows(person);
begin
  if now_found is not distinct from person then
    return false;
  end if;
  update private.privacy_requests r set person = to_jsonb(now_found) where r.id = request.id;
  perform private.begin_erasure(request, now_found);
  return true;
end
$$;

-- Works on a request for some time.
create function private.run_privacy_request(request_id uuid, seconds double precision)
returns void
language plpgsql set search_path = ''
as $$
declare
  until timestamptz := clock_timestamp() + make_interval(secs => seconds);
  request private.privacy_requests;
  person private.person;
begin
  select * into strict request from private.privacy_requests r where r.id = request_id;
  person := jsonb_populate_record(null::private.person, request.person);
  if request.kind = 'erase' and request.place is null and request.pass = 1 then
    perform private.begin_erasure(request, person);
    perform private.add_late_rows(request, person);
    select * into strict request from private.privacy_requests r where r.id = request_id;
    person := jsonb_populate_record(null::private.person, request.person);
  end if;
  while not private.privacy_slice(request, person) and clock_timestamp() < until loop
    select * into strict request from private.privacy_requests r where r.id = request_id;
    person := jsonb_populate_record(null::private.person, request.person);
    -- A report under way is waited for until the next minute.
    exit when request.pass > 2 and request.place is null and private.reports_under_way(request.organization_id);
  end loop;
end
$$;

-- The requests whose turn it is: the oldest open one of each of the five organizations that have waited longest, so
-- that many requests of one delay nobody else's. Requests of an organization are done in their order.
create function private.privacy_turns()
returns uuid[]
language sql set search_path = ''
as $$
  select coalesce(array_agg(t.id), '{}') from (
    select r.id from private.privacy_requests r
    where r.id in (
      select distinct on (o.organization_id) o.id from private.privacy_requests o
      where o.status in ('queued', 'running') order by o.organization_id, o.id)
    order by (
      select max(w.worked_at) from private.privacy_requests w where w.organization_id = r.organization_id
    ) nulls first, r.id
    limit 5 for update skip locked) t
$$;

-- The task: five seconds a minute, each request apart. What fails five times in a row is given up.
create function private.run_privacy_requests()
returns void
language plpgsql set search_path = ''
as $$
declare
  next uuid;
  due uuid[] := private.privacy_turns();
begin
  update private.privacy_requests r set worked_at = clock_timestamp() where r.id = any (due);
  foreach next in array due loop
    begin
      perform private.run_privacy_request(next, 5.0 / cardinality(due));
    exception when others then
      update private.privacy_requests r set attempts = r.attempts + 1, error = sqlstate,
        status = case when r.attempts >= 4 then 'failed' else r.status end,
        finished_at = case when r.attempts >= 4 then now() end
      where r.id = next;
      raise warning 'privacy request % failed: %', next, sqlstate;
    end;
  end loop;
end
$$;

-- Nightly: the rows of an export go after seven days, and with them who was meant.
create function private.purge_privacy_exports()
returns void
language plpgsql set search_path = ''
as $$
begin
  delete from private.privacy_rows w using private.privacy_requests r
  where r.id = w.request_id and r.finished_at < now() - private.privacy_export_lifetime();
  update private.privacy_requests r set person = '{}', subject = private.redacted_json(r.subject, null)
  where r.kind = 'export' and r.finished_at < now() - private.privacy_export_lifetime() and r.person <> '{}';
end
$$;
