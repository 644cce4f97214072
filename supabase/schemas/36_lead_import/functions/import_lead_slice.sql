-- One piece of an import, whole: rows (see import_rows, and twins: earlier rows of the slice with the same number or
-- address), faults [{ row, reason, cells }] that the job found, and the cursor from one piece to the next, which only
-- moves if it stands where this runner thinks: { state: running | done | moved_on | failed, piece }. With reassign_open_work the
-- import is let go and a new run started. Definer: the tables are nobody's to write.
create function private.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, faults jsonb, reassign_open_work boolean)
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
    leased_until = case when not reassign_open_work then now() + private.import_lease() end,
    processed = r.processed + jsonb_array_length(rows) + jsonb_array_length(faults),
    created = r.created + counts.created, updated = r.updated + counts.updated, skipped = r.skipped + counts.skipped,
    invalid = r.invalid + counts.invalid + jsonb_array_length(faults)
  where r.import_id = import.id
  returning * into run;
  if run.next_position >= run.pieces then
    perform private.end_lead_import(import.id, 'done');
    return jsonb_build_object('state', 'done');
  end if;
  if reassign_open_work then
    perform private.invoke('jobs/import-leads');
    return jsonb_build_object('state', 'handed_over');
  end if;
  return jsonb_build_object('state', 'running', 'piece', private.next_import_piece(run));
end
$$;
grant execute on function private.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean) to service_role;

create function public.import_lead_slice(import_id uuid, runner uuid, from_position integer, rows jsonb, faults jsonb,
  reassign_open_work boolean default false)
returns jsonb
language sql set search_path = ''
as $$
  select private.import_lead_slice(import_id, runner, from_position, rows, faults, reassign_open_work)
$$;
comment on function public.import_lead_slice is 'Writes one piece of an import, all of it or nothing, and gives the next.';
grant execute on function public.import_lead_slice(uuid, uuid, integer, jsonb, jsonb, boolean) to service_role;
