-- Existing leads and validation errors of the rows: [{ row, lead_id, kind, reason }], for rows that have either. No
-- two rows of one call have the same phone number or e-mail address.
create function private.validate_import_rows(import public.lead_imports, rows jsonb, definitions jsonb)
returns jsonb
language sql set search_path = '' set enable_nestloop = off set jit = off
as $$
  with found as materialized (
    select f.* from private.leads_by_contact(import.organization_id,
      array(select r.phone from private.import_rows(rows) r where r.phone is not null),
        array(select r.email from private.import_rows(rows) r where r.email is not null)) f
  ), new_rows as materialized (
    select r.*, p.lead_id as by_phone, e.lead_id as by_email, coalesce(p.status, e.status) as from_status
    from private.import_rows(rows) r
    left join found p on p.contact = r.phone
    left join found e on e.contact = r.email
    where p.lead_id is not null or e.lead_id is not null or definitions <> '[]'
  ), matched as (
    select g.*, coalesce(g.by_phone, g.by_email) as lead_id,
      coalesce((
        select min(t."row") from private.lead_import_rows t
        where t.import_id = import.id and t.record_id in (g.by_phone, g.by_email)
      ), nullif(min(g."row") over (partition by coalesce(g.by_phone, g.by_email)), g."row")) as first_row
    from new_rows g
  ), validated as (
    select m."row", m.lead_id, case
      when m.lead_id is not null and m.first_row is not null
        then jsonb_build_array('skipped', format('The phone number or e-mail address is already in row %s.',
          m.first_row))
      when m.lead_id is not null and import.on_duplicate = 'skip'
        then jsonb_build_array('skipped', format('There is a lead with this %s already.',
          case when m.by_phone is not null then 'phone number' else 'e-mail address' end))
      when m.by_phone <> m.by_email
        then jsonb_build_array('skipped', 'The phone number belongs to one lead and the e-mail address to another.')
      when definitions <> '[]' and f.errors <> '[]'
        then jsonb_build_array('invalid', (
          select string_agg(concat_ws(' ', x.error ->> 'path', x.error ->> 'message'), '; ') || '.'
          from jsonb_array_elements(f.errors) x (error)))
      when m.lead_id is not null and m.status <> m.from_status and exists (
          select from public.pipeline_stages s
          where s.organization_id = import.organization_id and s.key = m.from_status
            and m.status <> all (s.next_stages))
        then jsonb_build_array('skipped', format('A lead in the stage %s may not move to %s.', m.from_status, m.status))
      end as error
    from matched m
    cross join lateral (
      select case when definitions <> '[]' then private.custom_field_errors(
        case when m.lead_id is null then definitions
          -- Required fields that an existing lead lacks are not this row's error.
          else (select jsonb_agg(d - 'required') from jsonb_array_elements(definitions) d) end,
        coalesce(m.custom_fields, '{}')) end as errors
    ) f
  )
  select coalesce(jsonb_agg(jsonb_build_object('row', j."row", 'lead_id', j.lead_id, 'kind', j.error ->> 0, 'reason',
    j.error ->> 1)), '[]')
  from validated j where j.lead_id is not null or j.error is not null
$$;
