-- Keeps at least the first 50,000 rows with errors.
create function private.record_import_errors(import_id uuid, rows jsonb, validation jsonb)
returns void
language sql set search_path = ''
as $$
  insert into private.lead_import_errors (import_id, "row", kind, reason, cells)
  select record_import_errors.import_id, r."row", j.kind, j.reason, r.cells
  from jsonb_to_recordset(validation) as j ("row" integer, kind text, reason text)
  join jsonb_to_recordset(rows) as r ("row" integer, cells jsonb) on r."row" = j."row"
  where j.reason is not null and exists (
    select from private.lead_import_runs u where u.import_id = record_import_errors.import_id
      and u.skipped + u.invalid < private.max_reported_rows())
  on conflict do nothing
$$;

-- Writes rows of which no two are about the same lead or client. When the database refuses a row, the halves are written
-- separately and so on, so that only that row fails.
create function private.write_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns private.import_counts
language plpgsql set search_path = ''
as $$
declare
  size integer := jsonb_array_length(rows);
  counts private.import_counts := row(0, 0, 0, 0);
  half_counts private.import_counts;
  validation jsonb;
begin
  if rows = '[]' then
    return counts;
  end if;
  begin
    if import.kind = 'clients' then
      return private.write_client_import_rows(import, rows);
    end if;
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
    if size = 1 then
      perform private.record_import_errors(import.id, rows, jsonb_build_array(jsonb_build_object(
        'row', rows -> 0 -> 'row', 'kind', 'invalid', 'reason', 'A value of this row cannot be stored.')));
      counts.invalid := 1;
    else
      for half_counts in
        select w.* from (
          select jsonb_agg(r.value order by r.n) as half from jsonb_array_elements(rows) with ordinality r (value, n)
          group by r.n > size / 2 order by r.n > size / 2
        ) h cross join lateral private.write_import_rows(import, h.half, definitions) w
      loop
        counts := row(counts.created + half_counts.created, counts.updated + half_counts.updated,
          counts.skipped + half_counts.skipped, counts.invalid + half_counts.invalid);
      end loop;
    end if;
  end;
  return counts;
end
$$;
