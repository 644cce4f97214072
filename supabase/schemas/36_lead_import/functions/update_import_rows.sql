-- Updates existing leads from the rows: given values replace, tags and custom fields are merged. Returns their
-- number. Leads are found by id alone (see leads_by_contact); no index answers `is not distinct from`.
create function private.update_import_rows(import public.lead_imports, rows jsonb, validation jsonb)
returns integer
language plpgsql set search_path = ''
as $$
declare
  updated integer;
begin
  with new_rows as materialized (
    select j.lead_id, l.status as from_status, l.status_since, r.*
    from private.import_rows(rows) r
    join jsonb_to_recordset(validation) as j ("row" integer, lead_id uuid, reason text) on j."row" = r."row"
    cross join lateral (
      select l.status, l.status_since from public.leads l
      where l.id = j.lead_id and l.organization_id is not distinct from import.organization_id for update) l
    where j.lead_id is not null and j.reason is null
  ), leads as (
    update public.leads l
    set first_name = coalesce(g.first_name, l.first_name), last_name = coalesce(g.last_name, l.last_name),
      email = coalesce(g.email, l.email), phone = coalesce(g.phone, l.phone), source = coalesce(g.source, l.source),
        status = coalesce(g.status, l.status), value = coalesce(g.value, l.value), tags = l.tags
        || array(select t from unnest(g.tags) t where t <> all (l.tags)),
      time_zone = coalesce(g.time_zone, l.time_zone), country = coalesce(g.country, l.country),
      region = coalesce(g.region, l.region), custom_fields = l.custom_fields || coalesce(g.custom_fields, '{}')
    from new_rows g
    where l.id = g.lead_id and l.organization_id is not distinct from import.organization_id
  ), history as (
    insert into public.lead_history (organization_id, lead_id, from_status, to_status, seconds_in_stage, note,
      changed_by)
    select import.organization_id, g.lead_id, g.from_status, g.status,
      extract(epoch from now() - g.status_since)::bigint,
      'Imported from ' || import.file_name, import.created_by
    from new_rows g where g.status <> g.from_status
  ), row_links as (
    insert into private.lead_import_rows (import_id, record_id, "row") select import.id, g.lead_id, g."row"
      from new_rows g
  ), granted as (
    insert into public.consents (organization_id, lead_id, event, phone, scope, source, disclosure, disclosure_version,
      act, occurred_at, recorded_by)
    select import.organization_id, g.lead_id, 'granted', g.phone, import.consent ->> 'scope',
      import.consent ->> 'source', import.consent ->> 'disclosure', import.consent ->> 'disclosure_version',
        import.consent ->> 'act', coalesce(g.consent_at, (import.consent ->> 'occurred_at')::timestamptz),
          import.created_by
    from new_rows g where import.consent is not null and g.consented and g.phone is not null
  )
  select count(*) into updated from new_rows;
  return updated;
end
$$;
