-- Inserts new leads for the rows without validation result, assigned to the import's assignee within the capacity.
-- Returns their number.
create function private.insert_import_rows(import public.lead_imports, rows jsonb, validation jsonb)
returns integer
language plpgsql set search_path = ''
as $$
declare
  stage text := private.first_stage(import.organization_id);
  organization_currency text := (select o.currency from public.organizations o where o.id = import.organization_id);
  team uuid := (select m.team_id from public.memberships m
    where m.organization_id = import.organization_id and m.user_id = import.created_by);
  free_capacity bigint := 0;
  inserted integer;
begin
  if import.assigned_to = any (private.lock_holders(import.organization_id, array[import.assigned_to])) then
    select coalesce(h.capacity - h.open, 2147483647) into free_capacity
    from private.holder_loads(import.organization_id, array[import.assigned_to]) h;
  end if;
  with new_rows as materialized (
    select private.uuid_v7() as id, case when row_number() over (order by r."row") <= free_capacity
      then import.assigned_to end as assignee, r.*
    from private.import_rows(rows) r
    where not exists (select from jsonb_to_recordset(validation) as j ("row" integer) where j."row" = r."row")
  ), leads as (
    insert into public.leads (id, organization_id, first_name, last_name, email, phone, source, status, value,
      currency, tags, time_zone, country, region, custom_fields, assigned_to, team_id, created_by, import_id)
    select g.id, import.organization_id, coalesce(g.first_name, ''), coalesce(g.last_name, ''), g.email, g.phone,
      coalesce(g.source, import.source), coalesce(g.status, stage), coalesce(g.value, 0), organization_currency,
        coalesce(g.tags, '{}'), g.time_zone, g.country, g.region, coalesce(g.custom_fields, '{}'), g.assignee, team,
          import.created_by, import.id
    from new_rows g
  ), row_links as (
    insert into private.lead_import_rows (import_id, record_id, "row") select import.id, g.id, g."row" from new_rows g
  ), holders as (
    insert into public.lead_assignments (organization_id, lead_id, to_user, method, assigned_by)
    select import.organization_id, g.id, g.assignee, 'import', import.created_by
    from new_rows g where g.assignee is not null
  ), granted as (
    insert into public.consents (organization_id, lead_id, event, phone, scope, source, disclosure, disclosure_version,
      act, occurred_at, recorded_by)
    select import.organization_id, g.id, 'granted', g.phone, import.consent ->> 'scope', import.consent ->> 'source',
      import.consent ->> 'disclosure', import.consent ->> 'disclosure_version', import.consent ->> 'act',
        coalesce(g.consent_at, (import.consent ->> 'occurred_at')::timestamptz), import.created_by
    from new_rows g where import.consent is not null and g.consented and g.phone is not null
  )
  select count(*) into inserted from new_rows;
  return inserted;
end
$$;
