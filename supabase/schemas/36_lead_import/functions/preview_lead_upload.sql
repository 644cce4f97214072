-- Which of the contacts [{ row, phone, email }] exist in the organization: { in_organization, rows: [20] }. For a
-- lead that the caller may not see, only that it exists. For security definer functions.
create function private.known_contacts(organization_id uuid, contacts jsonb)
returns jsonb
language sql stable set search_path = '' set enable_nestloop = off set jit = off
as $$
  with given as (
    select c."row", c.phone, c.email from jsonb_to_recordset(contacts) as c ("row" integer, phone text, email text)
  ), found as materialized (
    select f.* from private.leads_by_contact(known_contacts.organization_id,
      array(select g.phone from given g where g.phone is not null),
        array(select g.email from given g where g.email is not null)) f
  ), known as (
    select g."row", case when p.lead_id is not null then 'phone' else 'email' end as field,
      coalesce(p.lead_id, e.lead_id) as lead_id
    from given g
    left join found p on p.contact = g.phone
    left join found e on e.contact = g.email
    where coalesce(p.lead_id, e.lead_id) is not null
  )
  select jsonb_build_object('in_organization', (select count(*) from known), 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', k."row", 'field', k.field, 'in', 'organization', 'first_row',
      null,
      'lead_id', case when (select private.lead_in_scope(l, 'leads:read') from public.leads l where l.id = k.lead_id)
        then k.lead_id end)
      order by k."row"), '[]')
    from (select * from known order by "row" limit 20) k))
$$;

-- Completes an upload (file not null) or previews a complete one again, adds the existing contacts to the answer and
-- stores it for a repeat of the request. Security definer because callers may not write uploads directly.
create function private.preview_lead_upload(organization_id uuid, upload_id uuid, file jsonb, contacts jsonb,
  answer jsonb, kind text)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  upload private.lead_uploads := private.require_lead_upload(organization_id, upload_id, file is null, kind);
  known jsonb := case kind when 'clients' then private.known_clients(organization_id, contacts)
    else private.known_contacts(organization_id, contacts) end;
begin
  if file is not null then
    update private.lead_uploads u
    set upload_complete = true, delimiter = file ->> 'delimiter', header_row = (file ->> 'header_row')::integer,
      width = (file ->> 'width')::integer, named = (file ->> 'named')::integer,
      is_unicode = (file ->> 'is_unicode')::boolean,
      hidden_rows = array(select jsonb_array_elements_text(file -> 'hidden_rows')::integer),
      columns = file -> 'columns', total_rows = (file ->> 'total_rows')::integer
    where u.id = upload.id;
  end if;
  return private.store_idempotent_response(organization_id, answer || jsonb_build_object('duplicates',
    answer -> 'duplicates' || jsonb_build_object('in_organization', known -> 'in_organization',
      'rows', answer -> 'duplicates' -> 'rows' || (known -> 'rows'))));
end
$$;
grant execute on function private.preview_lead_upload(uuid, uuid, jsonb, jsonb, jsonb, text) to authenticated;

create function public.preview_lead_upload(organization_id uuid, upload_id uuid, file jsonb, contacts jsonb,
  answer jsonb, kind text default 'leads')
returns jsonb
language sql set search_path = ''
as $$
  select private.preview_lead_upload(organization_id, upload_id, file, contacts, answer, kind)
$$;
comment on function public.preview_lead_upload is
  'Completes an upload (file not null) and adds the contacts that exist in the organization to the answer.';
grant execute on function public.preview_lead_upload(uuid, uuid, jsonb, jsonb, jsonb, text) to authenticated;
