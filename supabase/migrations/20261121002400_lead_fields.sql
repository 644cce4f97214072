-- The organization's own fields of a lead, and what their values must be.

-- Whether a JSON value fits a field. Dates are judged without being cast: a cast depends on settings and can fail.
-- In plpgsql, which evaluates such expressions without starting an executor.
create function private.fits_lead_field(type text, choices jsonb, value jsonb)
returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  kind text := jsonb_typeof(value);
  plain text := value #>> '{}';
begin
  case type
    when 'text' then
      return case when kind <> 'string' then 'must be a text'
        when char_length(plain) > 5000 then 'must have at most 5000 characters' end;
    when 'number' then
      return case when kind <> 'number' then 'must be a number'
        when abs(plain::numeric) >= 1e15 then 'must be smaller than 1,000,000,000,000,000' end;
    when 'boolean' then
      return case when kind <> 'boolean' then 'must be true or false' end;
    when 'date' then
      if kind = 'string' and plain ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
        and (right(plain, 2)::integer <= 28 or right(plain, 2)::integer <= extract(day from
          make_date(left(plain, 4)::integer, substr(plain, 6, 2)::integer, 1) + interval '1 month' - interval '1 day')) then
        return null;
      end if;
      return 'must be a date such as 2026-11-21';
    when 'choice' then
      return case when kind <> 'string' or not choices @> value then 'must be one of the field''s choices' end;
    when 'choices' then
      return case when kind <> 'array' or not choices @> value then 'must be a list of the field''s choices' end;
  end case;
  return null;
end
$$;
comment on function private.fits_lead_field is 'Null when the value fits, else what it must be.';

-- Set-friendly: it reads nothing but its arguments, so an import judges a hundred thousand rows in one statement.
create function private.custom_field_faults(definitions jsonb, custom_fields jsonb)
returns jsonb
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  definition jsonb;
  key text;
  value jsonb;
  fault text;
  faults jsonb := jsonb_build_array();
  unknown jsonb := custom_fields;
begin
  for i in 0 .. jsonb_array_length(definitions) - 1 loop
    definition := definitions -> i;
    key := definition ->> 'key';
    value := custom_fields -> key;
    unknown := unknown - key;
    fault := null;
    if value is null or value in ('null', '""', '[]') then
      if definition -> 'required' = 'true' then
        fault := 'is required';
      end if;
    else
      fault := private.fits_lead_field(definition ->> 'type', definition -> 'choices', value);
    end if;
    if fault is not null then
      faults := faults || jsonb_build_object('path', 'custom_fields.' || key, 'message', fault);
    end if;
  end loop;
  if unknown <> '{}' then
    for key in select k from jsonb_object_keys(unknown) k order by k loop
      faults := faults || jsonb_build_object('path', 'custom_fields.' || key, 'message', 'is not one of the organization''s lead fields');
    end loop;
  end if;
  return faults;
end
$$;
comment on function private.custom_field_faults is
  'What is wrong with a lead''s custom fields: [{ path, message }], empty when nothing is. definitions: what lead_field_definitions gives.';

create function private.lead_field_definitions(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('key', f.key, 'label', f.label, 'type', f.type, 'required', f.required,
    'choices', to_jsonb(f.choices)) order by f.position, f.key), '[]')
  from public.lead_fields f where f.organization_id = lead_field_definitions.organization_id
$$;
comment on function private.lead_field_definitions is 'The organization''s lead fields in their order: [{ key, label, type, required, choices }].';

-- The oldest living lead with this phone number (E.164) or e-mail address (lower case), or null.
create function private.duplicate_of(organization_id uuid, phone text, email text, except_id uuid default null)
returns uuid
language sql stable set search_path = ''
as $$
  select d.id
  from (
    select l.id, l.created_at from public.leads l
    where l.organization_id = duplicate_of.organization_id and l.phone = duplicate_of.phone and l.deleted_at is null
    union all
    select l.id, l.created_at from public.leads l
    where l.organization_id = duplicate_of.organization_id and l.email = duplicate_of.email and l.deleted_at is null
  ) d
  where d.id is distinct from except_id
  order by d.created_at, d.id limit 1
$$;

-- Two requests that would give two leads the same number or address wait for each other here, always in this order. An
-- import takes the first lock exclusively, so that it need not take one per row. These locks come first of all: who holds
-- them may wait for holders of leads (see assignment) and for leads, never the other way round.
create function private.lock_lead_contacts(organization_id uuid, phone text, email text)
returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('lead_import|' || organization_id, 0));
  if phone is not null then
    perform pg_advisory_xact_lock(hashtextextended('lead_phone|' || organization_id || '|' || phone, 0));
  end if;
  if email is not null then
    perform pg_advisory_xact_lock(hashtextextended('lead_email|' || organization_id || '|' || email, 0));
  end if;
end
$$;

-- GET /leads/fields. Definer: checks the permission itself, also where there are no rows for a policy to judge.
create function private.lead_fields(organization_id uuid)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform private.require_scope(organization_id, 'leads:read');
  return private.lead_field_definitions(organization_id);
end
$$;

create function public.lead_fields(organization_id uuid)
returns jsonb
language sql stable set search_path = ''
as $$
  select private.lead_fields(organization_id)
$$;
comment on function public.lead_fields is 'The organization''s lead fields, in their order.';

-- How many living leads hold a value that a field's new type could not hold: { key: leads }.
create function private.values_that_would_not_fit(organization_id uuid, fields jsonb)
returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(u.key, u.leads), '{}')
  from (
    select f.key, count(*) as leads
    from jsonb_array_elements(fields) n
    join public.lead_fields f on f.organization_id = values_that_would_not_fit.organization_id
      and f.key = n ->> 'key' and f.type <> n ->> 'type'
    join public.leads l on l.organization_id = f.organization_id and l.deleted_at is null and l.custom_fields ? f.key
    where private.fits_lead_field(n ->> 'type', n -> 'choices', l.custom_fields -> f.key) is not null
    group by f.key
  ) u
$$;

-- PUT /leads/fields: the list replaces what was there. Values of a field that goes stay in the leads, but nobody can
-- write them any more; likewise values of a choice that goes. A type changes only if all values fit the new one.
-- Definer: fields are written this way only.
create function private.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  unfit jsonb;
begin
  perform private.require_permission(organization_id, 'leads:configure');
  -- Whoever writes values holds this lock shared (checked_custom_fields): no value is judged by a list that goes.
  perform pg_advisory_xact_lock(hashtextextended('lead_fields|' || organization_id, 0));
  unfit := private.values_that_would_not_fit(organization_id, fields);
  if unfit <> '{}' then
    perform private.problem(409, 'values_do_not_fit', 'There are leads whose values the new types could not hold: '
      || (select string_agg(format('%s (%s)', u.key, u.value), ', ' order by u.key) from jsonb_each_text(unfit) u) || '.',
      jsonb_build_object('leads_by_field', unfit));
  end if;
  delete from public.lead_fields f
  where f.organization_id = set_lead_fields.organization_id
    and not exists (select from jsonb_array_elements(fields) n where n ->> 'key' = f.key);
  insert into public.lead_fields as f (organization_id, key, label, type, required, choices, position)
  select set_lead_fields.organization_id, n.value ->> 'key', n.value ->> 'label', n.value ->> 'type',
    coalesce((n.value ->> 'required')::boolean, false),
    array(select jsonb_array_elements_text(coalesce(n.value -> 'choices', '[]'))), n.ordinality
  from jsonb_array_elements(fields) with ordinality n
  on conflict on constraint lead_fields_key_unique do update
    set label = excluded.label, type = excluded.type, required = excluded.required, choices = excluded.choices,
      position = excluded.position
    where (f.label, f.type, f.required, f.choices, f.position)
      is distinct from (excluded.label, excluded.type, excluded.required, excluded.choices, excluded.position);
  return private.lead_field_definitions(organization_id);
end
$$;

create function public.set_lead_fields(organization_id uuid, fields jsonb)
returns jsonb
language sql set search_path = ''
as $$
  select private.set_lead_fields(organization_id, fields)
$$;
comment on function public.set_lead_fields is 'Replaces the organization''s lead fields: [{ key, label, type, required, choices }].';

grant execute on function private.lead_fields(uuid), private.set_lead_fields(uuid, jsonb) to authenticated;
grant execute on function public.lead_fields(uuid), public.set_lead_fields(uuid, jsonb) to authenticated;
