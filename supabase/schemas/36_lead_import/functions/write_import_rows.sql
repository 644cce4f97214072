-- Keeps at least the first 50,000 rows with errors.
create function private.record_import_errors(import_id uuid, rows jsonb, validation jsonb)
returns void
language sql set search_path = ''
as $$
  insert into private.lead_import_errors (import_id, "row", kind, reason, cells)
  select record_import_errors.import_id, r."row", j.kind, j.reason, r.cells
  from jsonb_to_recordset(validation) as j ("row" integer, kind text, reason text)
  join private.import_rows(rows) r on r."row" = j."row"
  where j.reason is not null and exists (
    select from private.lead_import_runs u where u.import_id = record_import_errors.import_id
      and u.skipped + u.invalid < private.max_reported_rows())
  on conflict do nothing
$$;

-- Writes rows of which no two have the same phone number or e-mail address. When the database refuses a row, all are
-- written one by one, so that only that row fails.
create function private.write_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  counts private.import_counts := row(0, 0, 0, 0);
  row_counts private.import_counts;
  validation jsonb;
begin
  if rows = '[]' then
    return counts;
  end if;
  begin
    validation := private.validate_import_rows(import, rows, definitions);
    counts.created := private.insert_import_rows(import, rows, validation);
    if validation <> '[]' then
      counts.updated := private.update_import_rows(import, rows, validation);
      perform private.record_import_errors(import.id, rows, validation);
      select count(*) filter (where j ->> 'kind' = 'skipped'), count(*) filter (where j ->> 'kind' = 'invalid')
      into counts.skipped, counts.invalid from jsonb_array_elements(validation) j;
    end if;
  exception when data_exception or integrity_constraint_violation then
    counts := row(0, 0, 0, 0);
    if jsonb_array_length(rows) = 1 then
      perform private.record_import_errors(import.id, rows, jsonb_build_array(jsonb_build_object(
        'row', rows -> 0 -> 'row', 'kind', 'invalid', 'reason', 'A value of this row cannot be stored.')));
      counts.invalid := 1;
    else
      for i in 0 .. jsonb_array_length(rows) - 1 loop
        row_counts := private.write_import_rows(import, jsonb_build_array(rows -> i), definitions);
        counts := row(counts.created + row_counts.created, counts.updated + row_counts.updated,
          counts.skipped + row_counts.skipped, counts.invalid + row_counts.invalid);
      end loop;
    end if;
  end;
  return counts;
end
$$;
