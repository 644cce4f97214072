-- Whether the creator of an import may still import such files.
create function private.may_continue_import(import public.lead_imports)
returns boolean
language sql stable set search_path = ''
as $$
  select exists (
    select from public.memberships m
    join public.role_permissions p on p.role_id = m.role_id and p.permission = private.import_permission(import.kind)
    where m.organization_id = import.organization_id and m.user_id = import.created_by and private.is_in_force(m))
$$;

-- Takes the locks of a slice in the common order: the organization's contacts, its fields and stages, the assignee.
-- Leads follow. For clients: the organization's clients, its segments. The clients themselves follow.
create function private.lock_import(import public.lead_imports)
returns void
language plpgsql set search_path = ''
as $$
begin
  if import.kind = 'clients' then
    perform pg_advisory_xact_lock(hashtextextended('client_import|' || import.organization_id, 0));
    perform from public.client_segments s where s.organization_id = import.organization_id order by s.key for key share;
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('lead_import|' || import.organization_id, 0));
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_fields|' || import.organization_id, 0));
  perform private.lock_pipeline(import.organization_id);
  if import.assigned_to is not null then
    perform private.lock_holders(import.organization_id, array[import.assigned_to]);
  end if;
end
$$;

-- Keeps the warnings of rows that were imported; returns their number.
create function private.record_import_warnings(import_id uuid, rows jsonb)
returns integer
language sql set search_path = ''
as $$
  with warned as materialized (
    select r."row", r.warning, r.cells
    from jsonb_to_recordset(rows) as r ("row" integer, warning text, cells jsonb)
    join private.lead_import_rows i on i.import_id = record_import_warnings.import_id and i."row" = r."row"
    where r.warning is not null
  ), kept as (
    insert into private.lead_import_errors (import_id, "row", kind, reason, cells)
    select record_import_warnings.import_id, w."row", 'warning', w.warning, w.cells from warned w
    where exists (
      select from private.lead_import_runs u
      where u.import_id = record_import_warnings.import_id
        and u.skipped + u.invalid + u.warned < private.max_reported_rows())
    on conflict do nothing
  )
  select count(*)::integer from warned
$$;

-- Writes the rows of a slice, and among the first 50,000 the errors that the job found.
create function private.write_import_slice(import public.lead_imports, rows jsonb, errors jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  definitions jsonb := private.lead_field_definitions(import.organization_id);
  counts private.import_counts;
  row_counts private.import_counts;
  batch jsonb;
begin
  counts := private.write_import_rows(import, (
    select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(rows) r where not r ? 'repeats'), definitions);
  -- After the others, because the result depends on whether the earlier row was imported: leads one by one, of clients
  -- all first repeats, then all second ones.
  for batch in
    select jsonb_agg(r) from jsonb_array_elements(rows) r where r ? 'repeats'
    group by coalesce(r -> 'round', r -> 'row') order by coalesce(r -> 'round', r -> 'row')
  loop
    row_counts := private.write_import_rows(import, batch, definitions);
    counts := row(counts.created + row_counts.created, counts.updated + row_counts.updated,
      counts.skipped + row_counts.skipped, counts.invalid + row_counts.invalid);
  end loop;
  insert into private.lead_import_errors (import_id, "row", kind, reason, cells)
  select import.id, e."row", 'invalid', e.reason, e.cells
  from jsonb_to_recordset(errors) as e ("row" integer, reason text, cells jsonb)
  where exists (
    select from private.lead_import_runs u
    where u.import_id = import.id and u.skipped + u.invalid < private.max_reported_rows())
  on conflict do nothing;
  counts.invalid := counts.invalid + jsonb_array_length(errors);
  return counts;
end
$$;

-- Writes one piece of an import: rows (see import_rows; repeats: an earlier row of the slice has the same number or
-- address), errors [{ row, reason, cells }] found by the job, and the cursor, which moves only from the position that
-- this runner expects: { state: running | done | moved_on | failed | handed_over, piece }. With hand_over the lease
-- is released and a new run started. Security definer because the service role may not write these tables directly.
create function private.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, errors jsonb,
  hand_over boolean)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  run private.lead_import_runs;
  import public.lead_imports;
  counts private.import_counts;
  rows_warned integer;
begin
  select * into run from private.lead_import_runs r where r.import_id = import_lead_slice.import_id for update;
  if run.import_id is null or run.runner is distinct from import_lead_slice.runner
    or run.next_position <> from_position then
    return jsonb_build_object('state', 'moved_on');
  end if;
  select * into import from public.lead_imports i where i.id = run.import_id;
  if not private.may_continue_import(import) then
    perform private.end_lead_import(import.id, 'failed',
      format('The person who started the import may no longer import %s', import.kind));
    return jsonb_build_object('state', 'failed');
  end if;
  -- The audit log names the person who imports, although a job does the work.
  perform set_config('request.jwt.claims', jsonb_build_object('sub', import.created_by, 'role', 'service_role')::text,
    true);
  perform private.lock_import(import);
  counts := private.write_import_slice(import, rows, errors);
  rows_warned := private.record_import_warnings(import.id, rows);
  update private.lead_import_runs r
  set next_position = r.next_position + 1, attempts = 0, last_step_at = now(),
    leased_until = case when not hand_over then now() + private.import_lease() end,
    processed = r.processed + jsonb_array_length(rows) + jsonb_array_length(errors),
    created = r.created + counts.created, updated = r.updated + counts.updated,
    skipped = r.skipped + counts.skipped, invalid = r.invalid + counts.invalid,
    warned = r.warned + rows_warned
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
grant execute on function private.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean) to service_role;

-- On a busy machine 2,000 leads take longer than the usual limit; the Data API applies this setting. It is less than the
-- lease.
create function public.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, errors jsonb,
  hand_over boolean default false)
returns jsonb
language sql set search_path = '' set statement_timeout = '25s'
as $$
  select private.import_lead_slice(import_id, runner, from_position, rows, errors, hand_over)
$$;
comment on function public.import_lead_slice is
  'Writes one piece of an import in one transaction and returns the next.';
grant execute on function public.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean) to service_role;
