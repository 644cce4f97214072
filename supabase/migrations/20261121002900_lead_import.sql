-- Leads from files, and leads into files. An upload is kept as text in pieces that end at a row's end, so that an import
-- works piece by piece: one statement's transaction writes a piece's leads, its faults and the cursor. Whoever is killed
-- loses the piece in hand and nothing else, and no row is there twice.

create table private.lead_uploads (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  file_name text not null,
  delimiter text,
  header_row integer,
  columns jsonb,
  total_rows integer,
  size bigint not null default 0,
  sealed boolean not null default false,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '24 hours'
);
comment on table private.lead_uploads is 'A file of leads as it waits for its import, at most 24 hours. sealed: all of it is here.';
create index lead_uploads_organization on private.lead_uploads (organization_id);
create index lead_uploads_created_by on private.lead_uploads (created_by);
create index lead_uploads_expiry on private.lead_uploads (expires_at);

create table private.lead_upload_pieces (
  upload_id uuid not null references private.lead_uploads (id) on delete cascade,
  "position" integer not null,
  first_row integer not null,
  content text not null,
  primary key (upload_id, "position")
);
comment on table private.lead_upload_pieces is
  'The file''s text, cut where rows end. first_row: the number that a spreadsheet program shows for its first row.';

create table public.lead_imports (
  id uuid primary key default private.uuid_v7(),
  organization_id uuid not null references public.organizations (id) on delete cascade,
  upload_id uuid not null,
  file_name text not null constraint lead_imports_file_name_length check (char_length(file_name) between 1 and 255),
  status text not null default 'queued' constraint lead_imports_status check (status in ('queued', 'running', 'done', 'failed', 'canceled')),
  mapping jsonb not null,
  columns jsonb not null,
  on_duplicate text not null constraint lead_imports_on_duplicate check (on_duplicate in ('skip', 'update')),
  consent jsonb,
  source text not null constraint lead_imports_source_form check (source = lower(btrim(source)) and char_length(source) between 1 and 100),
  assigned_to uuid references public.profiles (id) on delete set null,
  total_rows integer not null,
  counts jsonb not null default '{"processed": 0, "created": 0, "updated": 0, "skipped": 0, "invalid": 0}',
  error text,
  created_by uuid references public.profiles (id) on delete set null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint lead_imports_organization_key unique (organization_id, id),
  constraint lead_imports_upload_once unique (organization_id, upload_id)
);
comment on table public.lead_imports is 'Imports of leads: what was asked for and what came of it. How far a running one is: private.lead_import_runs.';
comment on column public.lead_imports.mapping is 'Which column (its index from 0) fills which field.';
create index lead_imports_listing on public.lead_imports (organization_id, created_at desc);
create index lead_imports_created_by on public.lead_imports (created_by);
create index lead_imports_assigned_to on public.lead_imports (assigned_to) where assigned_to is not null;

alter table public.leads add constraint leads_imported foreign key (organization_id, import_id)
  references public.lead_imports (organization_id, id) on delete set null (import_id);

create table private.lead_import_runs (
  import_id uuid primary key references public.lead_imports (id) on delete cascade,
  delimiter text not null,
  header_row integer not null,
  next_position integer not null default 0,
  pieces integer not null,
  processed integer not null default 0,
  created integer not null default 0,
  updated integer not null default 0,
  skipped integer not null default 0,
  invalid integer not null default 0,
  runner uuid,
  leased_until timestamptz,
  attempts integer not null default 0,
  last_step_at timestamptz
);
comment on table private.lead_import_runs is
  'Imports that are queued or running: the piece that comes next, and who works on it. Gone when the import has ended.';
comment on column private.lead_import_runs.attempts is 'Runs that took the import up without finishing a piece since.';

create table private.lead_import_rows (
  import_id uuid not null references public.lead_imports (id) on delete cascade,
  lead_id uuid not null,
  "row" integer not null,
  primary key (import_id, lead_id)
);
comment on table private.lead_import_rows is 'Which row of the running import made or changed which lead: a later row of the same lead is a duplicate in the file.';

create table private.lead_import_faults (
  import_id uuid not null references public.lead_imports (id) on delete cascade,
  "row" integer not null,
  kind text not null constraint lead_import_faults_kind check (kind in ('invalid', 'skipped')),
  reason text not null,
  cells jsonb not null,
  primary key (import_id, "row")
);
comment on table private.lead_import_faults is 'Rows that were not imported, as the file has them and why: the first 50,000, for 30 days.';

create trigger touch before update on public.lead_imports
  for each row execute function private.touch_updated_at();
select private.audit_table('public.lead_imports');

alter table public.lead_imports enable row level security;
create policy "those who import leads read their organization's imports" on public.lead_imports for select to authenticated
  using (organization_id = any ((select private.organizations_with('leads:import'))::uuid[]));
revoke all on public.lead_imports from public, anon, authenticated, service_role;
grant select on public.lead_imports to authenticated, service_role;

-- What a file's cells are understood with: the organization's stages and fields.
create function private.lead_import_terms(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('fields', private.lead_field_definitions(organization_id), 'stages', (
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'label', s.label) order by s.position), '[]')
    from public.pipeline_stages s where s.organization_id = lead_import_terms.organization_id))
$$;

-- A new upload: { upload_id, fields, stages }, or { replayed } when the request was answered before. Files that wait are
-- bounded, since nobody may fill the database by uploading. Definer: uploads are nobody's to write.
create function private.begin_lead_upload(organization_id uuid, file_name text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload uuid;
begin
  perform private.require_permission(organization_id, 'leads:import');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  if (select count(*) >= 40 or coalesce(sum(u.size), 0) > 500000000 from private.lead_uploads u
      where u.organization_id = begin_lead_upload.organization_id and u.expires_at > now()) then
    perform private.problem(409, 'too_many_uploads', 'Too many files wait to be imported. Import some of them, or wait until they expire.');
  end if;
  insert into private.lead_uploads (organization_id, file_name, created_by)
  values (organization_id, left(file_name, 255), auth.uid()) returning id into upload;
  return jsonb_build_object('upload_id', upload) || private.lead_import_terms(organization_id);
end
$$;

create function private.require_lead_upload(organization_id uuid, upload_id uuid, sealed boolean)
returns private.lead_uploads
language plpgsql set search_path = ''
as $$
declare
  upload private.lead_uploads;
begin
  perform private.require_permission(organization_id, 'leads:import');
  select * into upload from private.lead_uploads u
  where u.organization_id = require_lead_upload.organization_id and u.id = require_lead_upload.upload_id
    and u.sealed = require_lead_upload.sealed and u.expires_at > now()
  for update;
  if upload.id is null then
    perform private.problem(404, 'not_found', 'There is no such upload.');
  end if;
  return upload;
end
$$;

-- pieces: [{ position, first_row, content }]. Definer: uploads are nobody's to write.
create function private.add_lead_upload_pieces(organization_id uuid, upload_id uuid, pieces jsonb)
returns void
language plpgsql security definer set search_path = ''
as $$
declare
  upload private.lead_uploads := private.require_lead_upload(organization_id, upload_id, false);
begin
  insert into private.lead_upload_pieces (upload_id, "position", first_row, content)
  select upload.id, p."position", p.first_row, p.content
  from jsonb_to_recordset(pieces) as p ("position" integer, first_row integer, content text);
  update private.lead_uploads u
  set size = u.size + (select coalesce(sum(octet_length(p ->> 'content')), 0) from jsonb_array_elements(pieces) p)
  where u.id = upload.id
  returning * into upload;
  if upload.size > 160000000 then
    perform private.problem(413, 'too_large', 'The file is too large.');
  end if;
end
$$;

-- The oldest living lead of each phone number and each e-mail address. All of them at once and planned anew each time: for
-- an organization that the statistics do not know yet, every index that begins with it looks as good as the one with the
-- number, and looking each of two thousand up in the wrong one takes minutes. The caller is a definer function.
create function private.leads_by_contact(organization_id uuid, phones text[], emails text[])
returns table (contact text, lead_id uuid, status text)
language plpgsql stable rows 2000 set search_path = '' set plan_cache_mode = force_custom_plan
as $$
begin
  return query
    select distinct on (l.phone) l.phone, l.id, l.status from public.leads l
    where l.organization_id = leads_by_contact.organization_id and l.deleted_at is null and l.phone = any (phones)
    order by l.phone, l.created_at, l.id;
  return query
    select distinct on (l.email) l.email, l.id, l.status from public.leads l
    where l.organization_id = leads_by_contact.organization_id and l.deleted_at is null and l.email = any (emails)
    order by l.email, l.created_at, l.id;
end
$$;

-- Which of the contacts [{ row, phone, email }] the organization has already: { in_organization, rows: [20] }. A lead
-- that the caller may not see is only said to exist. The caller is a definer function.
create function private.known_contacts(organization_id uuid, contacts jsonb)
returns jsonb
language sql stable set search_path = '' set enable_nestloop = off set jit = off
as $$
  with given as (
    select c."row", c.phone, c.email from jsonb_to_recordset(contacts) as c ("row" integer, phone text, email text)
  ), found as materialized (
    select f.* from private.leads_by_contact(known_contacts.organization_id,
      array(select g.phone from given g where g.phone is not null), array(select g.email from given g where g.email is not null)) f
  ), known as (
    select g."row", case when p.lead_id is not null then 'phone' else 'email' end as field, coalesce(p.lead_id, e.lead_id) as lead_id
    from given g
    left join found p on p.contact = g.phone
    left join found e on e.contact = g.email
    where coalesce(p.lead_id, e.lead_id) is not null
  )
  select jsonb_build_object('in_organization', (select count(*) from known), 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', k."row", 'field', k.field, 'in', 'organization', 'first_row', null,
      'lead_id', case when (select private.reaches(l, 'leads:read') from public.leads l where l.id = k.lead_id) then k.lead_id end)
      order by k."row"), '[]')
    from (select * from known order by "row" limit 20) k))
$$;

-- Ends the uploading of a file, or looks at one again that is here (file null): { known: see known_contacts }, and what
-- the request answers is kept for a repeat. Definer: uploads are nobody's to write.
create function private.preview_lead_upload(organization_id uuid, upload_id uuid, file jsonb, contacts jsonb, answer jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  upload private.lead_uploads := private.require_lead_upload(organization_id, upload_id, file is null);
  known jsonb := private.known_contacts(organization_id, contacts);
begin
  if file is not null then
    update private.lead_uploads u
    set sealed = true, delimiter = file ->> 'delimiter', header_row = (file ->> 'header_row')::integer,
      columns = file -> 'columns', total_rows = (file ->> 'total_rows')::integer
    where u.id = upload.id;
  end if;
  return private.remember_response(organization_id, answer || jsonb_build_object('duplicates',
    answer -> 'duplicates' || jsonb_build_object('in_organization', known -> 'in_organization',
      'rows', answer -> 'duplicates' -> 'rows' || (known -> 'rows'))));
end
$$;

-- A file that is here, its first piece, and the terms of the organization. Definer: uploads are nobody's to read.
create function private.read_lead_upload(organization_id uuid, upload_id uuid, with_piece boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb := private.replayed_response(organization_id);
  upload private.lead_uploads;
begin
  if answer is not null then
    return jsonb_build_object('replayed', answer);
  end if;
  if exists (select from public.lead_imports i
    where i.organization_id = read_lead_upload.organization_id and i.upload_id = read_lead_upload.upload_id) then
    perform private.require_permission(organization_id, 'leads:import');
    perform private.problem(409, 'upload_executed', 'This upload was imported already.', jsonb_build_object('import_id', (
      select i.id from public.lead_imports i
      where i.organization_id = read_lead_upload.organization_id and i.upload_id = read_lead_upload.upload_id)));
  end if;
  upload := private.require_lead_upload(organization_id, upload_id, true);
  return jsonb_build_object('file_name', upload.file_name, 'delimiter', upload.delimiter, 'header_row', upload.header_row,
      'columns', upload.columns, 'total_rows', upload.total_rows, 'pieces', case when with_piece then (
        select jsonb_agg(jsonb_build_object('first_row', p.first_row, 'content', p.content))
        from private.lead_upload_pieces p where p.upload_id = upload.id and p."position" = 0) end)
    || private.lead_import_terms(organization_id);
end
$$;

-- Throws a file away that could not be read to its end. Definer: uploads are nobody's to write.
create function private.discard_lead_upload(organization_id uuid, upload_id uuid)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:import');
  delete from private.lead_uploads u
  where u.organization_id = discard_lead_upload.organization_id and u.id = discard_lead_upload.upload_id
    and u.created_by = auth.uid() and not u.sealed;
end
$$;

-- POST /leads/import/execute. settings: { mapping, on_duplicate, consent, source, assigned_to }. Definer: imports are
-- written by functions only.
create function private.execute_lead_import(organization_id uuid, upload_id uuid, settings jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  answer jsonb;
  upload private.lead_uploads;
  holder uuid := (settings ->> 'assigned_to')::uuid;
  import uuid;
begin
  perform private.require_permission(organization_id, 'leads:import');
  answer := private.replayed_response(organization_id);
  if answer is not null then
    return answer;
  end if;
  -- The lock first: of two that execute one upload the second is told of the import, not that there is no upload.
  perform from private.lead_uploads u where u.id = execute_lead_import.upload_id for update;
  select jsonb_build_object('import_id', i.id) into answer from public.lead_imports i
  where i.organization_id = execute_lead_import.organization_id and i.upload_id = execute_lead_import.upload_id;
  if answer is not null then
    perform private.problem(409, 'upload_executed', 'This upload was imported already.', answer);
  end if;
  upload := private.require_lead_upload(organization_id, upload_id, true);
  if holder is not null then
    perform private.require_holders(organization_id, array[holder], array['assigned_to']);
  end if;
  insert into public.lead_imports
    (organization_id, upload_id, file_name, mapping, columns, on_duplicate, consent, source, assigned_to, total_rows, created_by)
  values (organization_id, upload.id, upload.file_name, settings -> 'mapping', upload.columns, settings ->> 'on_duplicate',
    nullif(settings -> 'consent', 'null'), settings ->> 'source', holder, upload.total_rows, auth.uid())
  returning id into import;
  insert into private.lead_import_runs (import_id, delimiter, header_row, pieces)
  values (import, upload.delimiter, upload.header_row, (
    select count(*) from private.lead_upload_pieces p where p.upload_id = upload.id));
  update private.lead_uploads u set expires_at = 'infinity' where u.id = upload.id;
  perform private.invoke('jobs/import-leads');
  return private.remember_response(organization_id, jsonb_build_object('import_id', import));
end
$$;

-- An import as the API tells of it; of a running one, as far as it has come.
create function private.lead_import_json(import public.lead_imports)
returns jsonb
language sql stable set search_path = ''
as $$
  select to_jsonb(import) - array['organization_id', 'counts', 'columns', 'consent', 'mapping']
    || coalesce((select jsonb_build_object('processed', r.processed, 'created', r.created, 'updated', r.updated,
      'skipped', r.skipped, 'invalid', r.invalid) from private.lead_import_runs r where r.import_id = import.id), import.counts)
    || jsonb_build_object('created_by_name', (select p.full_name from public.profiles p where p.id = import.created_by),
      'assigned_to_name', (select p.full_name from public.profiles p where p.id = import.assigned_to))
$$;

create function private.require_lead_import(organization_id uuid, import_id uuid, locked boolean default false)
returns public.lead_imports
language plpgsql set search_path = ''
as $$
declare
  import public.lead_imports;
begin
  perform private.require_permission(organization_id, 'leads:import');
  if locked then
    -- In the order in which a run takes them.
    perform from private.lead_import_runs r
    join public.lead_imports i on i.id = r.import_id and i.organization_id = require_lead_import.organization_id
    where r.import_id = require_lead_import.import_id for update of r;
  end if;
  select * into import from public.lead_imports i
  where i.organization_id = require_lead_import.organization_id and i.id = require_lead_import.import_id;
  if import.id is null then
    perform private.problem(404, 'not_found', 'There is no such import.');
  end if;
  return import;
end
$$;

-- Definer: tells how far the run has come, and names people.
create function private.list_lead_imports(organization_id uuid, page_limit integer, page_offset integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_permission(organization_id, 'leads:import');
  return jsonb_build_object('total', (
    select count(*) from public.lead_imports i where i.organization_id = list_lead_imports.organization_id
  ), 'rows', (
    select coalesce(jsonb_agg(private.lead_import_json(p) order by p.created_at desc, p.id desc), '[]')
    from (
      select i.* from public.lead_imports i where i.organization_id = list_lead_imports.organization_id
      order by i.created_at desc, i.id desc limit page_limit offset page_offset
    ) p
  ));
end
$$;

-- Definer: see list_lead_imports.
create function private.get_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
begin
  return private.lead_import_json(private.require_lead_import(organization_id, import_id));
end
$$;

-- The next faulty rows after a row: { columns, rows: [{ row, kind, reason, cells }] }. Definer: see list_lead_imports.
create function private.list_lead_import_faults(organization_id uuid, import_id uuid, after_row integer, page_limit integer)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  import public.lead_imports := private.require_lead_import(organization_id, import_id);
begin
  return jsonb_build_object('columns', import.columns, 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', f."row", 'kind', f.kind, 'reason', f.reason, 'cells', f.cells) order by f."row"), '[]')
    from (
      select * from private.lead_import_faults f
      where f.import_id = import.id and f."row" > after_row order by f."row" limit page_limit
    ) f));
end
$$;

-- The end of an import, whichever: its counts are kept, its file goes, its creator is told. Definer functions call it.
create function private.end_lead_import(import_id uuid, status text, error text default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  told text;
  held bigint;
  given public.leads;
begin
  delete from private.lead_import_runs r where r.import_id = end_lead_import.import_id returning * into run;
  update public.lead_imports i
  set status = end_lead_import.status, error = end_lead_import.error, finished_at = now(),
    counts = jsonb_build_object('processed', run.processed, 'created', run.created, 'updated', run.updated,
      'skipped', run.skipped, 'invalid', run.invalid)
  where i.id = end_lead_import.import_id
  returning * into import;
  delete from private.lead_import_rows r where r.import_id = import.id;
  delete from private.lead_uploads u where u.id = import.upload_id;
  select count(*) into held from public.leads l
  where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  -- One alone is told like any other, by its name.
  if held = 1 then
    select * into given from public.leads l
    where l.organization_id = import.organization_id and l.import_id = import.id and l.assigned_to = import.assigned_to;
  end if;
  told := format('%s leads added, %s changed, %s rows skipped, %s faulty', run.created, run.updated, run.skipped, run.invalid);
  perform private.notify(array_agg(n.notice)) from (
    select row(import.organization_id, import.created_by, 'import_finished', 'import:' || import.id,
      case when import.status = 'done' then format('The import of %s is finished', import.file_name)
        else format('The import of %s did not come to its end', import.file_name) end,
      concat_ws('. ', error, told || '.'),
      import.counts || jsonb_build_object('import_id', import.id, 'file_name', import.file_name, 'status', import.status,
        'error', import.error),
      null)::private.notice as notice
    -- Who cancels an import knows of its end; who got leads until then does not.
    where import.created_by is not null and import.status <> 'canceled'
    union all
    select row(import.organization_id, import.assigned_to, 'assignment', 'import-assigned:' || import.id,
      case held when 1 then 'A lead was assigned to you' else format('%s leads were assigned to you', held) end,
      format(case held when 1 then 'It comes from the file %s.' else 'They come from the file %s.' end, import.file_name),
      jsonb_build_object('import_id', import.id, 'lead_id', given.id, 'leads', held,
        'lead_name', case held when 1 then private.lead_label(given) else format('%s leads from %s', held, import.file_name) end,
        'assigned_by_name', (select p.full_name from public.profiles p where p.id = import.created_by)), given.id)::private.notice
    where import.assigned_to is distinct from import.created_by and held > 0
  ) n
  having count(*) > 0;
end
$$;

-- POST /leads/import/{id}/cancel. What is imported stays. Definer: imports are written by functions only.
create function private.cancel_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  import public.lead_imports := private.require_lead_import(organization_id, import_id, true);
begin
  if import.status not in ('queued', 'running') then
    perform private.problem(409, 'import_ended', 'This import has ended already.');
  end if;
  perform private.end_lead_import(import.id, 'canceled');
  return private.get_lead_import(organization_id, import.id);
end
$$;

-- The rows of a slice as the job read them. A function for its row estimate: see private.batch_rows.
create function private.import_rows(rows jsonb)
returns table ("row" integer, first_name text, last_name text, email text, phone text, source text, status text, value numeric,
  tags text[], time_zone text, country text, region text, custom_fields jsonb, consented boolean, consent_at timestamptz,
  cells jsonb)
language sql immutable rows 2000 set search_path = ''
as $$
  select * from jsonb_to_recordset(rows) as r ("row" integer, first_name text, last_name text, email text, phone text,
    source text, status text, value numeric, tags text[], time_zone text, country text, region text, custom_fields jsonb,
    consented boolean, consent_at timestamptz, cells jsonb)
$$;

-- What the organization has already of these rows, and what speaks against them: [{ row, lead_id, kind, reason }] for the
-- rows of which there is something to say. Rows of one call name no phone number and no e-mail address twice.
create function private.judge_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns jsonb
language sql set search_path = '' set enable_nestloop = off set jit = off
as $$
  with found as materialized (
    select f.* from private.leads_by_contact(import.organization_id,
      array(select r.phone from private.import_rows(rows) r where r.phone is not null),
      array(select r.email from private.import_rows(rows) r where r.email is not null)) f
  ), given as materialized (
    select r.*, p.lead_id as by_phone, e.lead_id as by_email, coalesce(p.status, e.status) as from_status
    from private.import_rows(rows) r
    left join found p on p.contact = r.phone
    left join found e on e.contact = r.email
    where p.lead_id is not null or e.lead_id is not null or definitions <> '[]'
  ), matched as (
    select g.*, coalesce(g.by_phone, g.by_email) as lead_id,
      coalesce((
        select min(t."row") from private.lead_import_rows t
        where t.import_id = import.id and t.lead_id in (g.by_phone, g.by_email)
      ), nullif(min(g."row") over (partition by coalesce(g.by_phone, g.by_email)), g."row")) as first_row
    from given g
  ), judged as (
    select m."row", m.lead_id, case
      when m.lead_id is not null and m.first_row is not null
        then jsonb_build_array('skipped', format('The phone number or e-mail address is already in row %s.', m.first_row))
      when m.lead_id is not null and import.on_duplicate = 'skip'
        then jsonb_build_array('skipped', format('There is a lead with this %s already.',
          case when m.by_phone is not null then 'phone number' else 'e-mail address' end))
      when m.by_phone <> m.by_email
        then jsonb_build_array('skipped', 'The phone number belongs to one lead and the e-mail address to another.')
      when definitions <> '[]' and f.faults <> '[]'
        then jsonb_build_array('invalid', (
          select string_agg(concat_ws(' ', x.fault ->> 'path', x.fault ->> 'message'), '; ') || '.'
          from jsonb_array_elements(f.faults) x (fault)))
      when m.lead_id is not null and m.status <> m.from_status and exists (
          select from public.pipeline_stages s
          where s.organization_id = import.organization_id and s.key = m.from_status and m.status <> all (s.next_stages))
        then jsonb_build_array('skipped', format('A lead in the stage %s may not move to %s.', m.from_status, m.status))
      end as fault
    from matched m
    cross join lateral (
      select case when definitions <> '[]' then private.custom_field_faults(
        case when m.lead_id is null then definitions
          -- What a known lead lacks is not this row's fault.
          else (select jsonb_agg(d - 'required') from jsonb_array_elements(definitions) d) end,
        coalesce(m.custom_fields, '{}')) end as faults
    ) f
  )
  select coalesce(jsonb_agg(jsonb_build_object('row', j."row", 'lead_id', j.lead_id, 'kind', j.fault ->> 0, 'reason', j.fault ->> 1)), '[]')
  from judged j where j.lead_id is not null or j.fault is not null
$$;

-- New leads of the rows that nothing is said of, given to the import's holder as far as it may hold more. How many.
create function private.insert_import_rows(import public.lead_imports, rows jsonb, judged jsonb)
returns integer
language plpgsql set search_path = ''
as $$
declare
  stage text := private.first_stage(import.organization_id);
  money text := (select o.currency from public.organizations o where o.id = import.organization_id);
  team uuid := (select m.team_id from public.memberships m
    where m.organization_id = import.organization_id and m.user_id = import.created_by);
  room bigint := 0;
  written integer;
begin
  if import.assigned_to = any (private.lock_holders(import.organization_id, array[import.assigned_to])) then
    select coalesce(h.capacity - h.open, 2147483647) into room
    from private.holder_loads(import.organization_id, array[import.assigned_to]) h;
  end if;
  with given as materialized (
    select private.uuid_v7() as id, case when row_number() over (order by r."row") <= room then import.assigned_to end as holder, r.*
    from private.import_rows(rows) r
    where not exists (select from jsonb_to_recordset(judged) as j ("row" integer) where j."row" = r."row")
  ), leads as (
    insert into public.leads (id, organization_id, first_name, last_name, email, phone, source, status, value, currency, tags,
      time_zone, country, region, custom_fields, assigned_to, team_id, created_by, import_id)
    select g.id, import.organization_id, coalesce(g.first_name, ''), coalesce(g.last_name, ''), g.email, g.phone,
      coalesce(g.source, import.source), coalesce(g.status, stage), coalesce(g.value, 0), money, coalesce(g.tags, '{}'),
      g.time_zone, g.country, g.region, coalesce(g.custom_fields, '{}'), g.holder, team, import.created_by, import.id
    from given g
  ), traces as (
    insert into private.lead_import_rows (import_id, lead_id, "row") select import.id, g.id, g."row" from given g
  ), holders as (
    insert into public.lead_assignments (organization_id, lead_id, to_user, method, assigned_by)
    select import.organization_id, g.id, g.holder, 'import', import.created_by
    from given g where g.holder is not null
  ), agreed as (
    insert into public.consents (organization_id, lead_id, event, phone, scope, source, disclosure, disclosure_version, act,
      occurred_at, recorded_by)
    select import.organization_id, g.id, 'granted', g.phone, import.consent ->> 'scope', import.consent ->> 'source',
      import.consent ->> 'disclosure', import.consent ->> 'disclosure_version', import.consent ->> 'act',
      coalesce(g.consent_at, (import.consent ->> 'occurred_at')::timestamptz), import.created_by
    from given g where import.consent is not null and g.consented and g.phone is not null
  )
  select count(*) into written from given;
  return written;
end
$$;

-- Known leads get what the rows say: what is given replaces, tags and custom fields are merged. How many. They are found
-- by their id alone, see leads_by_contact; `is not distinct from` is what no index answers.
create function private.update_import_rows(import public.lead_imports, rows jsonb, judged jsonb)
returns integer
language plpgsql set search_path = ''
as $$
declare
  written integer;
begin
  with given as materialized (
    select j.lead_id, l.status as from_status, l.status_since, r.*
    from private.import_rows(rows) r
    join jsonb_to_recordset(judged) as j ("row" integer, lead_id uuid, reason text) on j."row" = r."row"
    cross join lateral (
      select l.status, l.status_since from public.leads l
      where l.id = j.lead_id and l.organization_id is not distinct from import.organization_id for update) l
    where j.lead_id is not null and j.reason is null
  ), leads as (
    update public.leads l
    set first_name = coalesce(g.first_name, l.first_name), last_name = coalesce(g.last_name, l.last_name),
      email = coalesce(g.email, l.email), phone = coalesce(g.phone, l.phone), source = coalesce(g.source, l.source),
      status = coalesce(g.status, l.status), value = coalesce(g.value, l.value),
      tags = l.tags || array(select t from unnest(g.tags) t where t <> all (l.tags)),
      time_zone = coalesce(g.time_zone, l.time_zone), country = coalesce(g.country, l.country),
      region = coalesce(g.region, l.region), custom_fields = l.custom_fields || coalesce(g.custom_fields, '{}')
    from given g
    where l.id = g.lead_id and l.organization_id is not distinct from import.organization_id
  ), history as (
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note, changed_by)
    select import.organization_id, g.lead_id, g.from_status, g.status, extract(epoch from now() - g.status_since)::bigint,
      'Imported from ' || import.file_name, import.created_by
    from given g where g.status <> g.from_status
  ), traces as (
    insert into private.lead_import_rows (import_id, lead_id, "row") select import.id, g.lead_id, g."row" from given g
  ), agreed as (
    insert into public.consents (organization_id, lead_id, event, phone, scope, source, disclosure, disclosure_version, act,
      occurred_at, recorded_by)
    select import.organization_id, g.lead_id, 'granted', g.phone, import.consent ->> 'scope', import.consent ->> 'source',
      import.consent ->> 'disclosure', import.consent ->> 'disclosure_version', import.consent ->> 'act',
      coalesce(g.consent_at, (import.consent ->> 'occurred_at')::timestamptz), import.created_by
    from given g where import.consent is not null and g.consented and g.phone is not null
  )
  select count(*) into written from given;
  return written;
end
$$;

create type private.import_counts as (created integer, updated integer, skipped integer, invalid integer);

-- The first 50,000 of an import are kept, or a few more.
create function private.keep_import_faults(import_id uuid, rows jsonb, judged jsonb)
returns void
language sql set search_path = ''
as $$
  insert into private.lead_import_faults (import_id, "row", kind, reason, cells)
  select keep_import_faults.import_id, r."row", j.kind, j.reason, r.cells
  from jsonb_to_recordset(judged) as j ("row" integer, kind text, reason text)
  join private.import_rows(rows) r on r."row" = j."row"
  where j.reason is not null and exists (
    select from private.lead_import_runs u where u.import_id = keep_import_faults.import_id and u.skipped + u.invalid < 50000)
  on conflict do nothing
$$;

-- Writes rows of which no two name the same phone number or e-mail address. A row that the database refuses spoils no
-- other: then they are written one by one, and that row is faulty.
create function private.write_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  counts private.import_counts := row(0, 0, 0, 0);
  one private.import_counts;
  judged jsonb;
begin
  if rows = '[]' then
    return counts;
  end if;
  begin
    judged := private.judge_import_rows(import, rows, definitions);
    counts.created := private.insert_import_rows(import, rows, judged);
    if judged <> '[]' then
      counts.updated := private.update_import_rows(import, rows, judged);
      perform private.keep_import_faults(import.id, rows, judged);
      select count(*) filter (where j ->> 'kind' = 'skipped'), count(*) filter (where j ->> 'kind' = 'invalid')
      into counts.skipped, counts.invalid from jsonb_array_elements(judged) j;
    end if;
  exception when data_exception or integrity_constraint_violation then
    counts := row(0, 0, 0, 0);
    if jsonb_array_length(rows) = 1 then
      perform private.keep_import_faults(import.id, rows, jsonb_build_array(jsonb_build_object(
        'row', rows -> 0 -> 'row', 'kind', 'invalid', 'reason', 'A value of this row cannot be stored.')));
      counts.invalid := 1;
    else
      for i in 0 .. jsonb_array_length(rows) - 1 loop
        one := private.write_import_rows(import, jsonb_build_array(rows -> i), definitions);
        counts := row(counts.created + one.created, counts.updated + one.updated, counts.skipped + one.skipped, counts.invalid + one.invalid);
      end loop;
    end if;
  end;
  return counts;
end
$$;

-- The piece that a run reads next.
create function private.next_import_piece(run private.lead_import_runs)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('position', p."position", 'first_row', p.first_row, 'content', p.content)
  from private.lead_upload_pieces p
  join public.lead_imports i on i.upload_id = p.upload_id
  where i.id = run.import_id and p."position" = run.next_position
$$;

-- How long a run may be silent before another takes its import over. A slice in hand holds the run's row.
create function private.import_lease()
returns interval
language sql immutable set search_path = ''
as $$
  select interval '30 seconds'
$$;

-- The import that waited longest, for this runner: { import, piece } or null. One runner works on an import at a time.
-- One that five runners left without finishing a piece is given up. Definer: the tables are nobody's to write.
create function private.claim_lead_import(runner uuid)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
begin
  loop
    update private.lead_import_runs r
    set runner = claim_lead_import.runner, leased_until = now() + private.import_lease(), attempts = r.attempts + 1
    where r.import_id = (
      select w.import_id from private.lead_import_runs w
      where w.leased_until is null or w.leased_until < now()
      order by w.last_step_at nulls first, w.import_id limit 1 for update skip locked)
    returning * into run;
    if run.import_id is null then
      return null;
    end if;
    exit when run.attempts <= 5;
    perform private.end_lead_import(run.import_id, 'failed', 'The import was interrupted too often at the same place');
  end loop;
  update public.lead_imports i set status = 'running', started_at = coalesce(i.started_at, now())
  where i.id = run.import_id and i.status = 'queued';
  select * into import from public.lead_imports i where i.id = run.import_id;
  return jsonb_build_object(
    'id', import.id, 'mapping', import.mapping, 'consent', import.consent,
    'delimiter', run.delimiter, 'header_row', run.header_row, 'width', jsonb_array_length(import.columns),
    'country', (select o.country from public.organizations o where o.id = import.organization_id),
    'currency', (select o.currency from public.organizations o where o.id = import.organization_id),
    'time_zone', (select o.time_zone from public.organizations o where o.id = import.organization_id),
    'piece', private.next_import_piece(run)) || private.lead_import_terms(import.organization_id);
end
$$;

-- One piece of an import, whole: rows (see import_rows, and twins: earlier rows of the slice with the same number or
-- address), faults [{ row, reason, cells }] that the job found, and the cursor from one piece to the next, which only
-- moves if it stands where this runner thinks: { state: running | done | moved_on | failed, piece }. With hand_over the
-- import is let go and a new run started. Definer: the tables are nobody's to write.
create function private.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, faults jsonb, hand_over boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  definitions jsonb;
  counts private.import_counts;
  one private.import_counts;
  twin jsonb;
begin
  select * into run from private.lead_import_runs r where r.import_id = import_lead_slice.import_id for update;
  if run.import_id is null or run.runner is distinct from import_lead_slice.runner or run.next_position <> from_position then
    return jsonb_build_object('state', 'moved_on');
  end if;
  select * into import from public.lead_imports i where i.id = run.import_id;
  if not exists (
    select from public.memberships m join public.role_permissions p on p.role_id = m.role_id and p.permission = 'leads:import'
    where m.organization_id = import.organization_id and m.user_id = import.created_by and m.status = 'active') then
    perform private.end_lead_import(import.id, 'failed', 'Whoever started the import may not import leads any more');
    return jsonb_build_object('state', 'failed');
  end if;
  -- The audit log names who imports, although a job does the work.
  perform set_config('request.jwt.claims', jsonb_build_object('sub', import.created_by, 'role', 'service_role')::text, true);
  -- In the order in which everybody takes them: the organization's contacts, its fields and stages, the holder, then leads.
  perform pg_advisory_xact_lock(hashtextextended('lead_import|' || import.organization_id, 0));
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || import.organization_id, 0));
  perform private.lock_pipeline(import.organization_id);
  if import.assigned_to is not null then
    perform private.lock_holders(import.organization_id, array[import.assigned_to]);
  end if;
  definitions := private.lead_field_definitions(import.organization_id);

  counts := private.write_import_rows(import, (
    select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(rows) r where not r ? 'twins'), definitions);
  -- After the others and one by one: whether a row repeats an earlier one depends on what became of that.
  for twin in select r from jsonb_array_elements(rows) r where r ? 'twins' order by (r ->> 'row')::integer loop
    one := private.write_import_rows(import, jsonb_build_array(twin), definitions);
    counts := row(counts.created + one.created, counts.updated + one.updated, counts.skipped + one.skipped, counts.invalid + one.invalid);
  end loop;
  if run.skipped + run.invalid < 50000 then
    insert into private.lead_import_faults (import_id, "row", kind, reason, cells)
    select import.id, f."row", 'invalid', f.reason, f.cells
    from jsonb_to_recordset(faults) as f ("row" integer, reason text, cells jsonb)
    on conflict do nothing;
  end if;

  update private.lead_import_runs r
  set next_position = r.next_position + 1, attempts = 0, last_step_at = now(),
    leased_until = case when not hand_over then now() + private.import_lease() end,
    processed = r.processed + jsonb_array_length(rows) + jsonb_array_length(faults),
    created = r.created + counts.created, updated = r.updated + counts.updated, skipped = r.skipped + counts.skipped,
    invalid = r.invalid + counts.invalid + jsonb_array_length(faults)
  where r.import_id = import.id
  returning * into run;
  if run.next_position >= run.pieces then
    perform private.end_lead_import(import.id, 'done');
    return jsonb_build_object('state', 'done');
  end if;
  if hand_over then
    perform private.invoke('jobs/import-leads');
    return jsonb_build_object('state', 'handed_over');
  end if;
  return jsonb_build_object('state', 'running', 'piece', private.next_import_piece(run));
end
$$;

-- Ends an import that its runner cannot go on with. Definer: the tables are nobody's to write.
create function private.fail_lead_import(import_id uuid, runner uuid, reason text)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform from private.lead_import_runs r
  where r.import_id = fail_lead_import.import_id and r.runner = fail_lead_import.runner for update;
  if found then
    perform private.end_lead_import(import_id, 'failed', reason);
  end if;
end
$$;

create function public.begin_lead_upload(organization_id uuid, file_name text)
returns jsonb
language sql set search_path = ''
as $$
  select private.begin_lead_upload(organization_id, file_name)
$$;
comment on function public.begin_lead_upload is 'Opens an upload of leads, and tells the stages and fields that its cells may name.';

create function public.add_lead_upload_pieces(organization_id uuid, upload_id uuid, pieces jsonb)
returns void
language sql set search_path = ''
as $$
  select private.add_lead_upload_pieces(organization_id, upload_id, pieces)
$$;
comment on function public.add_lead_upload_pieces is 'Keeps further pieces of an open upload.';

create function public.preview_lead_upload(organization_id uuid, upload_id uuid, file jsonb, contacts jsonb, answer jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_lead_upload(organization_id, upload_id, file, contacts, answer)
$$;
comment on function public.preview_lead_upload is 'Closes an upload (file not null) and adds to the answer which contacts the organization has already.';

create function public.read_lead_upload(organization_id uuid, upload_id uuid, with_piece boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.read_lead_upload(organization_id, upload_id, with_piece)
$$;
comment on function public.read_lead_upload is 'An upload''s columns and, if asked, its beginning.';

create function public.discard_lead_upload(organization_id uuid, upload_id uuid)
returns void
language sql set search_path = ''
as $$
  select private.discard_lead_upload(organization_id, upload_id)
$$;
comment on function public.discard_lead_upload is 'Throws away an open upload of one''s own.';

create function public.execute_lead_import(organization_id uuid, upload_id uuid, settings jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.execute_lead_import(organization_id, upload_id, settings)
$$;
comment on function public.execute_lead_import is 'Starts the import of an upload.';

create function public.list_lead_imports(organization_id uuid, page_limit integer default 50, page_offset integer default 0)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.list_lead_imports(organization_id, page_limit, page_offset)
$$;
comment on function public.list_lead_imports is 'The organization''s imports, newest first.';

create function public.get_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.get_lead_import(organization_id, import_id)
$$;
comment on function public.get_lead_import is 'An import and how far it has come.';

create function public.list_lead_import_faults(organization_id uuid, import_id uuid, after_row integer default 0, page_limit integer default 1000)
returns jsonb
language sql set search_path = ''
as $$
  select private.list_lead_import_faults(organization_id, import_id, after_row, page_limit)
$$;
comment on function public.list_lead_import_faults is 'Rows that an import left out, and why.';

create function public.cancel_lead_import(organization_id uuid, import_id uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.cancel_lead_import(organization_id, import_id)
$$;
comment on function public.cancel_lead_import is 'Stops an import; what it has done stays.';

create function public.claim_lead_import(runner uuid)
returns jsonb
language sql set search_path = ''
as $$
  select private.claim_lead_import(runner)
$$;
comment on function public.claim_lead_import is 'An import that waits, leased to this runner, and its next piece.';

create function public.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, faults jsonb,
  hand_over boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_lead_slice(import_id, runner, from_position, rows, faults, hand_over)
$$;
comment on function public.import_lead_slice is 'Writes one piece of an import, all of it or nothing, and gives the next.';

create function public.fail_lead_import(import_id uuid, runner uuid, reason text)
returns void
language sql set search_path = ''
as $$
  select private.fail_lead_import(import_id, runner, reason)
$$;
comment on function public.fail_lead_import is 'Ends an import that cannot go on.';

-- A moment as the API writes it.
create function private.utc_text(at timestamptz)
returns text
language sql stable set search_path = ''
as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- The next leads after an id, for files: { columns, rows: [[text]], last, matching }. matching: how many there are in
-- all, counted no further than count_to. Definer: the reach of leads:export may differ from that of leads:read, and
-- people are named.
create function private.export_leads(organization_id uuid, filters jsonb, after_id uuid, page_limit integer, count_to integer)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  conditions text := private.lead_conditions(organization_id, filters, 'leads:export');
  definitions jsonb := private.lead_field_definitions(organization_id);
  answer jsonb;
  matching integer;
begin
  if count_to is not null then
    execute format('select count(*) from (select from public.leads x where %s limit %s) c', conditions, count_to) into matching;
  end if;
  execute format($query$
    select jsonb_build_object('rows', coalesce(jsonb_agg(jsonb_build_array(
        x.id, x.first_name, x.last_name, x.email, x.phone, x.source, x.status, x.outcome, x.value::text, x.currency,
        array_to_string(x.tags, '; '), x.time_zone, x.country, x.region, a.full_name, c.full_name, x.sla_status,
        private.utc_text(x.sla_deadline), private.utc_text(x.created_at), private.utc_text(x.updated_at))
        || coalesce((
          select jsonb_agg(case jsonb_typeof(x.custom_fields -> (d.value ->> 'key'))
            when 'array' then (select string_agg(e, '; ') from jsonb_array_elements_text(x.custom_fields -> (d.value ->> 'key')) e)
            else x.custom_fields ->> (d.value ->> 'key') end order by d.ordinality)
          from jsonb_array_elements($1) with ordinality d), '[]') order by x.id), '[]'),
      'last', (array_agg(x.id order by x.id desc))[1])
    from (select x.* from public.leads x where %s %s order by x.id limit %s) x
    left join public.profiles a on a.id = x.assigned_to
    left join public.profiles c on c.id = x.created_by
  $query$, conditions, case when after_id is not null then format('and x.id > %L', after_id) end, page_limit)
  into answer using definitions;
  return answer || jsonb_build_object('matching', matching, 'columns',
    jsonb_build_array('id', 'first_name', 'last_name', 'email', 'phone', 'source', 'status', 'outcome', 'value', 'currency',
      'tags', 'time_zone', 'country', 'region', 'assigned_to', 'created_by', 'sla_status', 'sla_deadline', 'created_at',
      'updated_at') || coalesce((select jsonb_agg(d -> 'key') from jsonb_array_elements(definitions) d), '[]'));
end
$$;

create function public.export_leads(organization_id uuid, filters jsonb default '{}', after_id uuid default null,
  page_limit integer default 1000, count_to integer default null)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.export_leads(organization_id, filters, after_id, page_limit, count_to)
$$;
comment on function public.export_leads is 'The next leads after an id that the caller may export, as texts in columns.';

-- What has expired: files that were not imported, and the error rows of imports that ended long ago.
create function private.expire_lead_imports()
returns void
language sql set search_path = ''
as $$
  delete from private.lead_uploads where expires_at < now();
  delete from private.lead_import_faults f using public.lead_imports i
  where i.id = f.import_id and i.finished_at < now() - interval '30 days';
$$;

-- Nightly: partitions ahead of time, retention, and what has expired.
create or replace function private.maintain()
returns void
language plpgsql set search_path = ''
as $$
declare
  parent regclass;
  partition record;
begin
  foreach parent in array array['public.audit_logs', 'public.messages', 'public.message_events']::regclass[] loop
    for months in 0..3 loop
      perform private.create_month_partition(parent, now() + make_interval(months => months));
    end loop;
  end loop;

  -- Through delete, not drop: the totals follow. An organization that keeps messages less long loses them first.
  delete from public.messages m using public.organizations o
  where o.id = m.organization_id
    and m.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  delete from public.message_events e using public.organizations o
  where o.id = e.organization_id
    and e.id < private.uuid_v7_floor(now() - make_interval(months => o.message_retention_months));
  -- The audit log only ever goes by whole months, when no organization keeps them any longer.
  for partition in
    select c.oid::regclass as name from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.audit_logs'::regclass
      and right(c.relname, 7) < to_char(
        now() - make_interval(months => (select max(o.audit_retention_months) from public.organizations o)), 'YYYY_MM')
  loop
    execute format('drop table %s', partition.name);
  end loop;

  delete from private.idempotency_keys where created_at < now() - interval '24 hours';
  delete from private.rate_buckets where updated_at < now() - interval '1 day';
  update public.uploads set rows = '[]' where processed_at is null and expires_at < now() and rows <> '[]';
  perform private.expire_lead_imports();
  delete from cron.job_run_details where end_time < now() - interval '7 days';
end
$$;

select cron.schedule('import-leads', '* * * * *',
  $$select private.invoke('jobs/import-leads') where exists (select from private.lead_import_runs)$$);

grant execute on function private.begin_lead_upload(uuid, text), private.add_lead_upload_pieces(uuid, uuid, jsonb),
  private.preview_lead_upload(uuid, uuid, jsonb, jsonb, jsonb), private.read_lead_upload(uuid, uuid, boolean),
  private.discard_lead_upload(uuid, uuid), private.execute_lead_import(uuid, uuid, jsonb),
  private.list_lead_imports(uuid, integer, integer), private.get_lead_import(uuid, uuid),
  private.list_lead_import_faults(uuid, uuid, integer, integer), private.cancel_lead_import(uuid, uuid),
  private.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;
grant execute on function public.begin_lead_upload(uuid, text), public.add_lead_upload_pieces(uuid, uuid, jsonb),
  public.preview_lead_upload(uuid, uuid, jsonb, jsonb, jsonb), public.read_lead_upload(uuid, uuid, boolean),
  public.discard_lead_upload(uuid, uuid), public.execute_lead_import(uuid, uuid, jsonb),
  public.list_lead_imports(uuid, integer, integer), public.get_lead_import(uuid, uuid),
  public.list_lead_import_faults(uuid, uuid, integer, integer), public.cancel_lead_import(uuid, uuid),
  public.export_leads(uuid, jsonb, uuid, integer, integer) to authenticated;
grant execute on function private.claim_lead_import(uuid), private.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean),
  private.fail_lead_import(uuid, uuid, text) to service_role;
grant execute on function public.claim_lead_import(uuid), public.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean),
  public.fail_lead_import(uuid, uuid, text) to service_role;
